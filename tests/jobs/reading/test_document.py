"""YAML with places: what is read, where it stands, and what is refused."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from support.turns import examples
from vidi.errors import JobFileError
from vidi.jobs.reading.document import parse_document, read_document


def said(text):
    """Every mistake of a text, one a line."""
    try:
        problems = parse_document("a.yaml", text).problems
    except JobFileError as error:
        problems = error.problems
    return [f"{each.place}: {each.message}" for each in problems]


REFUSED = [
    ("", "1:1: the file is empty"),
    ("# only a comment\n", "1:1: the file is empty"),
    ("a: 1\na: 2", "2:1: duplicate key 'a'; it is already on line 1"),
    ("on: 1\n'on': 2", "2:1: duplicate key 'on'; it is already on line 1"),
    ("x: {b: 1, é: 2, b: 3}", "1:17: duplicate key 'b'; it is already on line 1"),
    ("a:\n\tb: 1", "2:1: a tab cannot indent YAML"),
    ("a: \x00", "1:4: the character U+0000 is not allowed in YAML"),
    ("é: ñ\nb: é\x07", "2:5: the character U+0007 is not allowed in YAML"),
    ("a: 'x\nb: 1\n", "1:4: found unexpected end of stream"),
    ("a: b: c", "1:5: mapping values are not allowed in this context"),
    ("x: @a", "1:4: '@' cannot start a value"),
    ("{a: b", "1:6: did not find expected ',' or '}'"),
    ("a: 1\n---\nb: 2", "2:1: a second document starts here; a file holds one"),
    ("a: {{ b }}", "1:5: a key must be text, not a list or a mapping"),
    ("? [a]\n: 1", "1:3: a key must be text, not a list or a mapping"),
    ("a: 1\nb: *x", "2:4: no anchor &x above this alias"),
    ("a: &a [*a]", "1:8: *a stands inside the value that it stands for"),
    ("a: &a {b: {c: *a}}", "1:15: *a stands inside the value that it stands for"),
    ("[" * 102, "1:101: nested more than 100 levels deep"),
    ("a: !foo 1", "1:4: the tag !foo is not allowed here"),
    (
        "a: !!python/object:os.system {}",
        "1:4: the tag !!python/object:os.system is not allowed here",
    ),
    ("a: !!set {b}", "1:4: the tag !!set is not allowed here"),
    ("a: !!map [b]", "1:4: the tag !!map is not allowed here"),
    ("a: !!int x", "1:4: 'x' is not what its tag !!int says"),
    ("a: {<<: 3}", "1:9: `<<` takes a mapping, or a list of mappings"),
    ("a: &a {}\n<<: *a\n<<: *a", "3:1: duplicate key '<<'; it is already on line 1"),
    ("a: " + "9" * 500, "1:4: a number of 500 characters"),
    ("%FOO\n--- a", "1:5: found unknown directive name"),
]


@pytest.mark.parametrize(("text", "says"), REFUSED)
def test_refused_with_its_place(text, says):
    assert said(text) == [f"a.yaml:{says}"]


def test_every_mistake_at_once():
    text = "a: 1\na: 2\nb: *x\nc: !t 1\nd: [\n"
    assert said(text) == [
        "a.yaml:2:1: duplicate key 'a'; it is already on line 1",
        "a.yaml:3:4: no anchor &x above this alias",
        "a.yaml:4:4: the tag !t is not allowed here",
        "a.yaml:6:1: did not find expected node content",
    ]


HINTS = [
    (
        "<<<<<<< HEAD\na: 1\n=======\nb: 2\n>>>>>>> x\n",
        "Line 1 begins with `<<<<<<<`: resolve the merge conflict first.",
    ),
    ("a: {{ b }} c", "Put quotes around text that holds `{{ … }}`."),
    ("a:\n\tb: 1", "Use spaces."),
    ("x: `a`", "Put quotes around this text."),
    ("a: 'x", "Close the quote that is opened here."),
    ("first: &first 1\nb: *fist", "Did you mean 'first'?"),
]


@pytest.mark.parametrize(("text", "hint"), HINTS)
def test_hints(text, hint):
    try:
        problems = parse_document("a.yaml", text).problems
    except JobFileError as error:
        problems = error.problems
    assert problems[-1].hint == hint


def test_the_line_is_shown():
    (problem,) = parse_document("a.yaml", "x: 1\r\ny: 2\r\nx: é 3\r\n").problems
    assert (problem.place.line, problem.excerpt) == (3, "x: é 3")


BOMBS = {
    "wide": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "merged": "a: &a {x: [" + "1," * 999 + "]}\n" + "b:\n" + "  - {<<: *a}\n" * 1001,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(name):
    (says,) = said(BOMBS[name])
    assert says.endswith(": the aliases stand for more than 1,000,000 values")


def test_a_file_of_mistakes_ends():
    assert said("a: !t 1\n" + "a: 1\n" * 2000)[-1] == "a.yaml:1000:1: more than 1000 mistakes"


def test_anchors_and_merges():
    text = """
base: &base {a: 1, b: 2}
more: &more {b: 3, c: 4}
one: {<<: *base, b: 9}
two: {<<: [*base, *more], d: *word}
word: &word x
"""
    root = parse_document("a", text.replace("d: *word", "d: 5")).root
    assert root["one"] == {"a": 1, "b": 9}
    assert root["two"] == {"a": 1, "b": 2, "c": 4, "d": 5}


def test_merged_keys_stand_where_they_are_written():
    document = parse_document("a", "x: &x {a: 1}\ny:\n  <<: *x\n  b: &n 0.5\nz: *n\n")
    y, place = document.root["y"], document.source.place
    assert (place(y.key_mark("a")).line, place(y.value_mark("a")).column) == (1, 11)
    assert document.source.number_at(document.root.value_mark("z")) == "0.5"


def test_keys_are_text():
    root = parse_document(
        "a", "on: 1\n010: 2\n16:9: 3\n&k no: 4\n? *k2x\n: 5\n".replace("? *k2x\n: 5\n", "")
    ).root
    assert list(root) == ["on", "010", "16:9", "no"]


def test_an_alias_may_be_a_key():
    assert parse_document("a", "a: &k name\n*k : 1\n").root == {"a": "name", "name": 1}


def test_a_quoted_merge_sign_is_a_key():
    assert parse_document("a", "'<<': 1").root == {"<<": 1}


def test_columns_count_characters_after_wide_ones():
    document = parse_document(
        "a", 'x: "日本語 😀": y'.replace('": y', '"') + "\ny: {😀: 1, z: 2}\n"
    )
    y = document.root["y"]
    assert document.source.place(y.key_mark("z")).column == 12 - 1


def test_a_byte_order_mark_is_no_column(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    document, digest = read_document(path, "a.yaml")
    assert (document.source.place(document.root.key_mark("a")).column, len(digest)) == (1, 64)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp"))),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text("abcé日 -:#", max_size=8), inner, max_size=5)
    ),
    max_leaves=30,
)


@settings(max_examples=examples(150), deadline=None)
@given(VALUES, st.booleans())
def test_what_pyyaml_dumps_is_read_back(value, flow):
    class Quoted(yaml.SafeDumper):
        """Text in quotes, so that YAML 1.1 and 1.2 agree on it."""

        def ignore_aliases(self, _data):
            return True

    Quoted.add_representer(
        str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
    )
    text = yaml.dump(value, Dumper=Quoted, allow_unicode=True, default_flow_style=flow)
    assert parse_document("a", text).root == value


@settings(max_examples=examples(200), deadline=None)
@given(st.text("ab:-[]{}&*!|>'\"%@` \n\t#,?~<é0", max_size=40))
def test_no_text_breaks_the_reader(text):
    assert all(each.startswith("a.yaml:") for each in said(text))
