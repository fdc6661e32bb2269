"""Texts that name a local file where none is taken: a mistake that says what would be sent."""

import pytest

from vidi.inference.models.params.texts import find_file_names

SCHEMA = {
    "type": "object",
    "properties": {
        "prompt": {"type": "string"},
        "voice": {"type": "string", "enum": ["a.mp3", "b"]},
        "style": {"type": "string", "x-suggested": ["photo.png"]},
        "image": {"type": "string", "x-file": "image"},
        "output_filename": {"type": "string"},
        "parts": {
            "type": "array",
            "items": {"type": "object", "properties": {"text": {"type": "string"}}},
        },
    },
}
IS, LOOKS = "is a local file", "looks like a local file"


def find(tmp_path, **params):
    return list(find_file_names(params, SCHEMA, tmp_path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("here.png", IS),
        ("a b.png", IS),
        ("in/猫.png", IS),
        ("notes.txt", IS),
        ("in/notes.md", IS),
        ("there.png", LOOKS),
        ("in/there.MP4", LOOKS),
        ("prompts/a.txt", LOOKS),
        ("./x", LOOKS),
        ("../x.y", LOOKS),
        ("~/x", LOOKS),
        ("C:\\me\\x", LOOKS),
        ("file:///x", LOOKS),
        ("a cat, as in cat.png", None),
        ("a tree", None),
        ("16:9", None),
        ("and/or", None),
        ("owner/model", None),
        ("v1.5", None),
        ("Makefile", None),
        ("end.", None),
        ("notes2.txt", None),
        ("https://example.com/a.png", None),
        ("s3://bucket/a.png", None),
        ("data:image/png;base64,aaaa.png", None),
        ("line\nbreak.png", None),
        ("x" * 300 + ".png", None),
        ("", None),
    ],
)
def test_a_text_that_names_a_file_is_a_mistake(tmp_path, text, said):
    (tmp_path / "in").mkdir()
    for name in ("here.png", "a b.png", "in/猫.png", "notes.txt", "in/notes.md", "Makefile"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    found = find(tmp_path, prompt=text)
    assert len(found) == (said is not None)
    for problem in found:
        assert (problem.code, problem.path) == ("file-as-text", ("prompt",))
        assert problem.severity == "error"
        assert said in problem.message
        assert "the model would get this name" in problem.message


@pytest.mark.parametrize("name", ["voice", "style", "image", "output_filename"])
def test_params_that_are_to_hold_such_a_text_may(tmp_path, name):
    value = {"voice": "a.mp3", "style": "photo.png"}.get(name, "made.png")
    assert not find(tmp_path, **{name: value})


def test_nested_texts_are_looked_at_too(tmp_path):
    (problem,) = find(tmp_path, parts=[{"text": "a"}, {"text": "in/a.png"}])
    assert problem.path == ("parts", 1, "text")
    assert "'parts.1.text'" in problem.message or "parts[1].text" in problem.message


def test_it_is_told_before_anything_is_sent(here):
    here.write("notes.txt", "a tree")
    here.write(
        "job.yaml",
        "version: 1\nname: job\nbudget: 1\ninferences:\n"
        "  - id: a\n    model: fal/fal-ai/flux/dev\n    output: a.png\n"
        "    params: {prompt: notes.txt}\n",
    )
    answer = here("vidi-run", "job.yaml", "--estimate")
    assert answer.exit_code == 2
    said = "job.yaml:8:22: 'prompt' is sent as text, and 'notes.txt' is a local file"
    assert said in answer.stderr
    assert "{{ file('notes.txt') }}" in answer.stderr
