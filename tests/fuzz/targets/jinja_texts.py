"""Jinja2 in the strings of a job file: expressions and statements of every kind."""

import json
from random import Random

from fuzz.inputs import edited, one_of
from fuzz.room import empty_room, run
from fuzz.target import Target

NUMBERS = ("0", "1", "-1", "3", "7", "99999", "100001", "1e9", "10**9", "2**64", "0.5", "nan", "[]")
NAMES = (
    "a", "b", "n", "d", "x", "loop", "loop.index", "self", "range(3)", "range(99999)", "'t'", "{}",
    "dict(a=1)", "namespace(a=1)", "none", "true", "(1, 2)", "[1, 'z']", "index", "id", "row",
    "item",
    "file('x.txt')", "file('/etc/passwd')", "d.k", "a.__class__", "a.upper", "cycler", "''", "'%s'",
    "'{:>999999}'", "'%999999d'", "'{0.__class__}'", "caller", "varargs", "(a)(b)",
)  # fmt: skip
FILTERS = (
    "abs", "attr('upper')", "batch(2)", "capitalize", "center(9)", "default('x')", "dictsort",
    "escape", "filesizeformat", "first", "float", "forceescape", "format(1)", "groupby('k')",
    "indent(3)", "int", "items", "join('-')", "last", "length", "list", "lower", "map('upper')",
    "map(attribute='k')", "max", "min", "pprint", "reject", "rejectattr('k')", "replace('a', 'b')",
    "reverse", "round(2)", "safe", "select", "selectattr('k')", "slice(2)", "slug", "sort",
    "string",
    "striptags", "sum", "title", "tojson", "trim", "truncate(3)", "unique", "upper", "urlencode",
    "urlize", "wordcount", "wordwrap(5)", "xmlattr", "sum(start='')", "sum(start=[])", "nonesuch",
    "map('nonesuch')", "map('map')", "sort(attribute='a.b')", "truncate(-1)", "batch(0)",
    "slice(0)",
    "round(99)", "int(base=99)", "center(99999)", "indent(99999)", "wordwrap(0)", "join(a)",
)  # fmt: skip
METHODS = (
    "upper()", "format(1)", "center(50)", "translate({97: 'b'})", "expandtabs(9)", "zfill(9)",
    "encode()", "split()", "join('abc')", "replace('', 'x')", "ljust(9)", "mro()", "items()",
    "get('k')", "pop()", "append(1)", "count('a')", "__len__()", "format_map(d)",
    "maketrans('a','b')",
    "splitlines()", "partition('a')", "rindex('q')", "casefold()", "decode()",
)  # fmt: skip
OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "and", "or", "is", "is not")


WHOLE = (
    "{{{{ {0} }}}}", "x {{{{ {0} }}}} y {{{{ {1} }}}}",
    "{{% for x in {0} %}}{{{{ {1} }}}}{{% endfor %}}",
    "{{% set x = {0} %}}{{{{ x }}}}", "{{% if {0} %}}a{{% endif %}}",
    "{{% with x = {0} %}}{{{{ x }}}}{{% endwith %}}",
)  # fmt: skip


def expression(chance: Random, left: int = 3) -> str:
    """An expression of Jinja2: names, numbers, filters, methods, operators."""
    kind = chance.randrange(5) if left else 0
    if kind == 0:
        return chance.choice(NAMES if chance.randrange(3) else NUMBERS)
    inner = expression(chance, left - 1)
    if kind == 1:
        return f"{inner}|{chance.choice(FILTERS)}"
    if kind == 2:
        return f"({inner}).{chance.choice(METHODS)}"
    other = expression(chance, left - 1)
    if kind == 3:
        return f"({inner} {chance.choice(OPERATORS)} {other})"
    form = chance.choice(("({})[{}]", "[{}, {}]", "({} if {} else a)", "({})({})"))
    return form.format(inner, other)


def text(chance: Random) -> bytes:
    """A string of a job file with expressions in it."""
    form = chance.choice(WHOLE)
    return form.format(expression(chance), expression(chance)).encode()


SAMPLES = [b"{{ a }}", b"{% for x in b %}{{ loop.index }}{% endfor %}", b"{{ d.k|upper }} {# c #}"]


def check(data: bytes) -> str:
    said = data.decode(errors="replace")
    job = {
        "version": 1,
        "budget": 1,
        "vars": {"a": "text", "b": [1, 2, {"k": 3}], "n": 5, "d": {"k": "v"}},
        "inferences": [
            {
                "id": "i",
                "model": "fal/fal-ai/flux/dev",
                "params": {"prompt": said},
                "output": "i.png",
            },
            {"id": "{{ a }}", "model": "fal/fal-ai/flux/dev", "params": {"prompt": "{{ b ~ d }}"},
             "output": said if len(said) % 2 else "{{ n }}.png"},
        ],
    }  # fmt: skip
    with empty_room() as room:
        (room / "job.yaml").write_text(json.dumps(job), encoding="utf-8")
        code = run("vidi-run", "job.yaml", "--estimate", "--json")
    assert code in {"0", "2", "3"}, code
    return code


TARGET = Target(one_of(text, text, text, edited(SAMPLES)), check)
