"""What is shown in a terminal steers no terminal."""

import json
import unicodedata

import pytest

from vidi.cli.display.visible import escape_json, make_visible

STEERING = [
    chr(code)
    for code in range(0x3000)
    if unicodedata.category(chr(code)) == "Cc"
    or unicodedata.bidirectional(chr(code))
    in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
]
JOB = """\
version: 1
name: "job [bold]\\e]0;owned\\a"
budget: 1.00
inferences:
  - id: "a"
    model: "replicate/black-forest-labs/\\e[2Jflux\\u202e"
    params: {prompt: x, "\\e[31mred": 1, num_outputs: "\\x9b2J"}
    output: a.webp
"""


@pytest.mark.parametrize("character", sorted({*STEERING} - {"\n", "\t"}), ids=ascii)
def test_what_steers_is_shown_as_its_number(character):
    shown = make_visible(f"a{character}b")
    assert (shown[0], shown[1], shown[-1]) == ("a", "\\", "b")
    assert character not in shown
    quoted = json.dumps({"a": character}, ensure_ascii=False)
    assert character not in escape_json(quoted)
    assert json.loads(escape_json(quoted)) == {"a": character}


def test_the_rest_stays_as_it_is():
    text = "tab\tline\nárbol 木 שלום مرحبا 👩‍🎨 é"
    assert make_visible(text) == text


@pytest.mark.parametrize("options", [(), ("--json",), ("--estimate",)])
def test_no_mistake_of_a_job_file_steers_the_terminal(here, options):
    here.write("job.yaml", JOB)
    answer = here("vidi-run", "job.yaml", *options)
    assert answer.exit_code == 2
    assert not [each for each in answer.stdout + answer.stderr if each in STEERING and each != "\n"]
