"""Templates: what values they make, what they cannot do, and how they say what is wrong."""

import pytest

from vidi.jobs.mistakes import MistakeError
from vidi.jobs.rendering.detect import has_template
from vidi.jobs.rendering.rendering import compile_text

NAMES = {
    "width": 5,
    "s": "a",
    "xs": [1, 2],
    "none_": None,
    "real": 1.5,
    "yes": True,
    "zip": "00123",
    "item": {"sku": "001", "title": "T é", "items": 3, "copy": "c"},
    "café": "latte",
}

RENDERED = [
    ("{{ width }}", 5),
    ("{{width}}", 5),
    ("{{ '16:9' }}", "16:9"),
    ("{{ zip }}", "00123"),
    ("{{ real }}", 1.5),
    ("{{ yes }}", True),
    ("{{ none_ }}", None),
    ("{{ xs }}", [1, 2]),
    ("{{ item.sku }}", "001"),
    ("{{ item.title }}", "T é"),
    ("{{ item.items }}", 3),
    ("{{ item.copy }}", "c"),
    ("{{ item['sku'] }}", "001"),
    ("{{ café }}", "latte"),
    ("{{ width * 2 + 1 }}", 11),
    ("{{ xs[0] + width }}", 6),
    ("{{ [1] + [2] }}", [1, 2]),
    ("{{ width > 3 }}", True),
    ("{{ 'x' * 3 }}", "xxx"),
    ("{{ 2 ** 10 }}", 1024),
    ("{{ 1.5 * 2 }}", 3.0),
    ("{{ '%s!' % s }}", "a!"),
    ("{{ '{}!'.format(s) }}", "a!"),
    ("{{ xs | map('string') }}", ["1", "2"]),
    ("{{ range(3) }}", [0, 1, 2]),
    ("{{ true }}", True),
    ("{{ {'a': (1, 2)} }}", {"a": [1, 2]}),
    ("{{ s | escape }}", "a"),
    ("{{ dict(a=1) }}", {"a": 1}),
    ("{{ item.title | slug }}", "t-e"),
    ("{{ item.title.upper() }}", "T É"),
    ("{{ missing | default('d') }}", "d"),
    ("{{ width if yes else 0 }}", 5),
    ("{{ xs | join(', ') }}", "1, 2"),
    ("{{ s ~ width }}", "a5"),
    ("{{ 'a' | replace('a', 'b') }}", "b"),
    ("{{ s | center(5) }}", "  a  "),
    ("{{- s -}}", "a"),
    ("{{ xs | tojson }}", "[1, 2]"),
    ("a {{ width }} b {{ s }}", "a 5 b a"),
    (" {{ width }}", " 5"),
    ("{{ width }}\n", "5\n"),
    ("{{ s }}{{ s }}", "aa"),
    ("{{ s }}}", "a}"),
    ("{ {{ s }} }", "{ a }"),
    ("{# c #}hi", "hi"),
    ("{% for x in xs %}{{ x }},{% endfor %}", "1,2,"),
    ("{% if yes %}y{% else %}n{% endif %}", "y"),
    ("{% set t = s ~ s %}{{ t }}", "aa"),
    ("{% with t = 1 %}{{ t }}{% endwith %}", "1"),
    ("{% for x in xs %}{{ loop.index }}/{{ loop.length }} {% endfor %}", "1/2 2/2 "),
    ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
    ("x {{ none_ }}", "x None"),
]


@pytest.mark.parametrize(("text", "value"), RENDERED)
def test_renders(text, value):
    found = compile_text(text).render(NAMES)
    assert (found, type(found)) == (value, type(value))


REFUSED = [
    ("{{ styel }}", "'styel' is not defined"),
    ("a {{ widht }} b", "'widht' is not defined"),
    ("{{ nope.deeper }}", "'nope' is not defined"),
    ("{{ nope + 1 }}", "'nope' is not defined"),
    ("{{ item.skuu }}", "'skuu' is not there"),
    ("{{ item['skuu'] }}", "'skuu' is not there"),
    ("{{ none_.x }}", "'None' has no attribute 'x'"),
    (
        "{{ s if not yes }}",
        "the inline if-expression on line 1 evaluated to false and no else section was defined.",
    ),
    ("{{ s | slugg }}", "no filter 'slugg'"),
    ("{{ s is odded }}", "no test 'odded'"),
    ("{{ s | random }}", "no filter 'random'"),
    ("{{ lipsum() }}", "'lipsum' is not defined"),
    ("{{ s", "template syntax: unexpected end of template, expected 'end of print statement'"),
    ("{{ }}", "template syntax: Expected an expression, got 'end of print statement'"),
    ("{{ a b }}", "template syntax: expected token 'end of print statement', got 'b'"),
    ("{% include 'x' %}", "templates in a job file have no 'include' statement"),
    ("{% import 'x' as y %}", "templates in a job file have no 'import' statement"),
    ("{% extends 'x' %}", "templates in a job file have no 'extends' statement"),
    ("{% block x %}{% endblock %}", "templates in a job file have no 'block' statement"),
    ("{% macro f() %}{% endmacro %}", "templates in a job file have no 'macro' statement"),
    ("{% set x %}a{% endset %}", "templates in a job file have no 'assignblock' statement"),
    (
        "{% filter upper %}a{% endfilter %}",
        "templates in a job file have no 'filterblock' statement",
    ),
    ("{% for x in xs recursive %}{% endfor %}", "loops in a job file cannot be recursive"),
    ("{{ 1 / 0 }}", "the template failed: division by zero"),
    ("{{ s + 1 }}", 'the template failed: can only concatenate str (not "int") to str'),
    ("{{ s.upper }}", "a builtin_function_or_method is no value for a job"),
    (
        "{{ xs.append(3) }}",
        "the template failed: access to attribute 'append' of 'list' object is unsafe.",
    ),
    (
        "{{ ''.__class__ }}",
        "the template failed: access to attribute '__class__' of 'str' object is unsafe.",
    ),
]


@pytest.mark.parametrize(("text", "says"), REFUSED)
def test_refused(text, says):
    with pytest.raises(MistakeError) as caught:
        compile_text(text).render(NAMES)
    assert caught.value.message == says


GREEDY = [
    "{{ 'a' * 10000000 }}",
    "{{ 10000000 * 'a' }}",
    "{{ [0] * 10000000 }}",
    "{{ 9 ** 99999999 }}",
    "{{ (2 ** 4000) * (2 ** 4000) }}",
    "{{ 'a'.ljust(1000000000) }}",
    "{{ s | center(1000000000) }}",
    "{{ range(1000000000) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{{ '%*d' % (1000000000, 1) }}",
    "{{ '%1000000000d' | format(1) }}",
    "{{ '{:{w}}'.format(1, w=1000000000) }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% set a = 'x' * 1000000 %}{% set a = a ~ a ~ a %}{{ a }}",
    "{% set a = 'x' * 1000000 %}{% set a = a + a %}{% set a = a + a %}",
    "{% set a = 'x' * 1000000 %}{{ a }}{{ a }}",
    "{% set a = 'x' * 1000000 %}{{ [a] * 1000 }}",
    "{% set a = 'x' * 1000000 %}{{ ([a] * 1000) | join }}",
    "{{ ('x' * 1000000) | replace('x', 'y' * 1000) }}",
    "{{ ('x' * 1000000).replace('x', 'y' * 1000) }}",
    "{{ [[0] * 60000] * 20 }}",
    "{{ ('x' * 9999) | map('center', 1000000000) | list }}",
    "{{ ({'a': 'x' * 1000000}, 'x' * 1000000) | string }}",
]


def test_many_long_pieces_are_too_long_together():
    with pytest.raises(MistakeError) as caught:
        compile_text("{{ long }} and " * 1000).render({"long": "x" * 1_000_000})
    assert caught.value.message == "a text of more than 1,048,576 characters"


@pytest.mark.parametrize("text", GREEDY)
def test_nothing_grows_without_bounds(text):
    with pytest.raises(MistakeError):
        compile_text(text).render(NAMES)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{{ widht }}", "Did you mean 'width'?"),
        ("{{ item.skuu }}", "What is there: sku."),
        ("{{ s | slugg }}", "Did you mean 'slug'?"),
        ("{{ item.zzzz }}", "What is there: sku, title, items, copy."),
        ("{{ qqqq }}", "Defined here: café, item, none_, real, s, width, xs, yes, zip."),
    ],
)
def test_hints(text, hint):
    with pytest.raises(MistakeError) as caught:
        compile_text(text).render(NAMES)
    assert caught.value.hint == hint


@pytest.mark.parametrize("name", ["item", "index", "id"])
def test_names_that_vidi_gives_say_where(name):
    with pytest.raises(MistakeError) as caught:
        compile_text(f"{{{{ {name} }}}}").render({"items": 1})
    assert caught.value.hint.startswith(f"`{name}` is ")


def test_nothing_is_defined_where_there_are_no_names():
    with pytest.raises(MistakeError) as caught:
        compile_text("{{ a }}").render({})
    assert caught.value.hint == "Defined here: nothing."


@pytest.mark.parametrize("text", ["", "a { b", "}}", "{a}", "{ {", "100%}"])
def test_no_template(text):
    assert not has_template(text)
