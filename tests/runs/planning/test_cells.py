"""Cells as params: each in its param's own type, and every mistake with its cell."""

import json

import pytest

from vidi.inference.models.params.text_values import read_text_value

HEAD = "version: 1\nbudget: 9\ninferences:\n"
FLUX = """\
  - id: "x{{ row }}"
    foreach: DATA
    model: replicate/black-forest-labs/flux-schnell
    params: PARAMS
    output: "x{{ row }}.webp"
"""
INTEGER, NUMBER, SWITCH = ({"type": each} for each in ("integer", "number", "boolean"))
LIST, TABLE, TEXT = ({"type": each} for each in ("array", "object", "string"))
READ = [
    ("42", INTEGER, 42),
    (" 42 ", INTEGER, 42),
    ("42.0", INTEGER, 42),
    ("007", INTEGER, 7),
    ("1e3", INTEGER, 1000),
    ("-3", INTEGER, -3),
    ("12345678901234567890", INTEGER, 12345678901234567890),
    ("0.1", NUMBER, 0.1),
    ("5", NUMBER, 5),
    (".5", NUMBER, 0.5),
    ("true", SWITCH, True),
    ("FALSE", SWITCH, False),
    ("[1, 2]", LIST, [1, 2]),
    ('{"a": "\\ud83d\\ude00"}', TABLE, {"a": "\U0001f600"}),
    ("00123", TEXT, "00123"),
    ("true", TEXT, "true"),
    (" x ", TEXT, " x "),
    ("[1]", TEXT, "[1]"),
    ("5", {"enum": ["5", "10"]}, "5"),
    ("5", {"enum": [5, 10]}, 5),
    (" 16:9 ", {"enum": ["16:9"]}, "16:9"),
    ("7", {"anyOf": [INTEGER, {"type": "null"}]}, 7),
    ("square", {"anyOf": [{"enum": ["square"]}, TABLE]}, "square"),
    ('{"width": 1}', {"anyOf": [{"enum": ["square"]}, TABLE]}, {"width": 1}),
    ("x", {}, "x"),
]
UNREAD = [
    ("1,5", NUMBER), ("1,000", INTEGER), ("1.5", INTEGER), ("1_000", INTEGER), ("x", INTEGER),
    ("1e999", NUMBER), ("0.12345678901234567890123", NUMBER), ("\u0661", INTEGER), ("yes", SWITCH),
    ("1", SWITCH), ("[1", LIST), ("a, b", LIST), ("[1]", TABLE), ("[NaN]", LIST), ("inf", NUMBER),
    ("nan", NUMBER), ("9" * 500, INTEGER), ("x", {"enum": ["y"]}), ("[" * 9999, LIST),
]  # fmt: skip


@pytest.mark.parametrize(("text", "schema", "value"), READ)
def test_what_loses_nothing_is_read(text, schema, value):
    read = read_text_value(text, schema)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(("text", "schema"), UNREAD)
def test_everything_else_stays_text(text, schema):
    assert read_text_value(text, schema) is text


def job(here, data, params, name="d.csv"):
    here.write(name, data)
    text = HEAD + FLUX.replace("DATA", name).replace("PARAMS", params)
    return here.write("a.yaml", text)


MISTAKES = {
    "comma": (
        "p,seed\nx,1\ny,abc\n",
        '{prompt: "{{ item.p }}", seed: "{{ item.seed }}"}',
        "d.csv:3:2 → a.yaml:7:44: 'seed' must be a whole number, not the text 'abc'\n"
        "    3 | seed: abc\n"
        "      hint: Write a whole number.",
    ),
    "empty": (
        "p\nx\n\n' '\n".replace("' '", '"  "'),
        '{prompt: "{{ item.p }}"}',
        "d.csv:4:1 → a.yaml:7:22: 'prompt' is required, and its cell is empty\n"
        "    4 | p:   \n"
        "      hint: Fill the cell in, or take the row out.",
    ),
    "mixed": (
        "p,q\nx,700\n",
        '{prompt: "{{ item.p }}", output_quality: "{{ item.q | int }}"}',
        "d.csv:2:2 → a.yaml:7:54: 'output_quality' must be at most 100, not 700\n"
        "    2 | q: 700\n"
        "      hint: Write a number from 0 to 100.",
    ),
    "switch": (
        "p,f\nx,ja\n",
        '{prompt: "{{ item.p }}", go_fast: "{{ item.f }}"}',
        "d.csv:2:2 → a.yaml:7:47: 'go_fast' must be true or false, not the text 'ja'\n"
        "    2 | f: ja\n"
        "      hint: Write true or false.",
    ),
    "variable": (
        "p,f\nx,9.5\n",
        '{prompt: "{{ item.p }}", seed: "{{ item.f }}"}',
        "d.csv:2:2 → a.yaml:7:44: 'seed' must be a whole number, not the text '9.5'\n"
        "    2 | f: 9.5\n"
        "      hint: Write a whole number.",
    ),
}


@pytest.mark.parametrize(("data", "params", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_the_cell_and_the_place_in_the_job_file(here, data, params, says):
    job(here, data, params)
    answer = here("vidi-run", "a.yaml", "--estimate")
    assert answer.exit_code == 2
    assert says in answer.stderr
    (error,) = here("vidi-run", "a.yaml", "--estimate", "--json").json["errors"]
    place, _, _ = says.partition(" → ")
    assert f"{error['path']}:{error['line']}:{error['column']}" == place
    assert error["used_at"]["path"] == "a.yaml"


def test_rows_with_one_cause_are_told_once_on_one_screen(here):
    rows = "".join(f"p{number},{number},5\n" for number in range(5000))
    job(
        here,
        f"p,s\n{rows}".replace("p,s", "p,s,x"),
        '{prompt: "{{ item.p }}", seed: "{{ item.p }}"}',
    )
    answer = here("vidi-run", "a.yaml", "--estimate")
    assert answer.exit_code == 2
    assert "rows: d.csv:2:1, 3:1, 4:1 and 4,997 more" in answer.stderr
    assert "5,000 mistakes; nothing was sent." in answer.stderr
    assert len(answer.stderr.splitlines()) < 24
    assert len(here("vidi-run", "a.yaml", "--estimate", "--json").json["errors"]) == 5000


def test_ragged_rows_are_told_once(here):
    job(here, "p,s\n" + "x\n" * 5000, '{prompt: "{{ item.p }}"}')
    answer = here("vidi-run", "a.yaml", "--estimate")
    assert "d.csv:2:1: 1 value in this row, 2 columns in the header" in answer.stderr
    assert "rows: d.csv:2:1, 3:1, 4:1 and 4,997 more" in answer.stderr
    assert len(answer.stderr.splitlines()) < 24


def test_outputs_that_meet_are_told_with_their_rows(here):
    here.write("d.csv", "p,n\na,x\nb,x\nc,y\nd,y\n")
    text = HEAD + FLUX.replace("DATA", "d.csv").replace("PARAMS", '{prompt: "{{ item.p }}"}')
    here.write("a.yaml", text.replace('"x{{ row }}.webp"', '"{{ item.n }}.webp"'))
    answer = here("vidi-run", "a.yaml", "--estimate")
    assert "d.csv:3:2 → a.yaml:8:13: output 'x.webp' is the same file as" in answer.stderr
    assert "rows: d.csv:3:2, 5:2" in answer.stderr


def test_null_leaves_a_param_out_also_where_there_is_none(here):
    job(here, "p\nx\n", '{prompt: "{{ item.p }}", seed: null, nope: null, n: "{{ none }}"}')
    assert here("vidi-run", "a.yaml", "--estimate").exit_code == 0


def test_a_job_file_as_json_writes_it(here):
    job(here, "p\nx\n", "{prompt: x}")
    entry = {
        "id": "a",
        "model": "replicate/black-forest-labs/flux-schnell",
        "params": {"prompt": "\U0001f600 \U0001f468\u200d\U0001f469", "sed": 1},
        "output": "a.webp",
    }
    whole = {"version": 1, "budget": 1, "inferences": [entry]}
    for indent in (None, 2, "\t"):
        text = json.dumps(whole, indent=indent)
        here.write("j.json", text)
        (error,) = here("vidi-run", "j.json", "--estimate", "--json").json["errors"]
        line = text.splitlines()[error["line"] - 1]
        assert line[error["column"] - 1 :].startswith('"sed"')
