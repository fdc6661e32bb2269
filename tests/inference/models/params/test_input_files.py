"""Files that params name: sent, passed on as a URL, or refused with the reason."""

import os
import socket
from pathlib import Path

import pytest

from support.models.params import make_model
from vidi.inference.models.params.checked import InputFile
from vidi.inference.models.params.input_files import MIB
from vidi.inference.models.params.schema import check_params

FILE = {"type": "string", "x-file": "image"}
PARAMS = {
    "image": FILE,
    "images": {"type": "array", "items": FILE, "maxItems": 3},
    "control": {"type": "object", "properties": {"image": FILE, "note": {"type": "string"}}},
    "scene": {"anyOf": [FILE, {"type": "object", "properties": {"mask": FILE}}]},
    "short": {"type": "string", "x-file": "image", "maxLength": 3},
    "text": {"type": "string"},
}
MODEL = make_model(PARAMS)
RELATIVE = "Paths are relative to the project directory."
INSTEAD = "Write a path relative to the project directory, or an https URL."


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "tom.png").write_bytes(b"12345")
    (tmp_path / "felix.png").write_bytes(b"123")
    (tmp_path / "empty.png").touch()
    (tmp_path / "link.png").symlink_to(tmp_path / "link.png")
    return tmp_path


def problems(folder, params, model=MODEL):
    return check_params(model, params, base=folder).problems


@pytest.mark.parametrize(
    ("params", "at", "name"),
    [
        ({"image": "felix.png"}, ("image",), "felix.png"),
        ({"image": "./cats/../felix.png"}, ("image",), "./cats/../felix.png"),
        ({"image": Path("felix.png")}, ("image",), "felix.png"),
        ({"images": ["https://a.b/c", "felix.png"]}, ("images", 1), "felix.png"),
        ({"control": {"note": "x", "image": "felix.png"}}, ("control", "image"), "felix.png"),
        ({"scene": "felix.png"}, ("scene",), "felix.png"),
        ({"scene": {"mask": "felix.png"}}, ("scene", "mask"), "felix.png"),
    ],
)
def test_files_are_found_wherever_they_are_named(folder, params, at, name):
    checked = check_params(MODEL, params, base=folder)
    assert checked.problems == ()
    assert checked.files == (InputFile(at, folder / name, name, 3),)


def test_an_absolute_path_is_itself(folder):
    name = str(folder / "felix.png")
    (file,) = check_params(MODEL, {"image": name}, base=Path("elsewhere")).files
    assert file.path == folder / "felix.png"


def test_each_file_is_listed_as_often_as_it_is_named(folder):
    params = {"images": ["felix.png", "felix.png", "cats/tom.png"]}
    checked = check_params(MODEL, params, base=folder)
    assert [(file.at, file.size) for file in checked.files] == [
        (("images", 0), 3),
        (("images", 1), 3),
        (("images", 2), 5),
    ]


@pytest.mark.parametrize(
    "url",
    ["https://a.b/c.png", "HTTP://a.b/c.png", "data:image/png;base64,AA", "DATA:,x"],
)
def test_urls_pass_as_they_are(folder, url):
    checked = check_params(MODEL, {"image": url}, base=folder)
    assert (checked.params, checked.files, checked.problems) == ({"image": url}, (), ())


def test_a_file_in_a_text_is_never_sent(folder):
    checked = check_params(MODEL, {"text": "felix.png", "control": {"x": "no.png"}}, base=folder)
    assert checked.files == ()
    assert [problem.code for problem in checked.problems] == ["file-as-text", "file-as-text"]


REFUSED = [
    (
        "Felix.png ",
        "missing-file",
        "names no file: 'Felix.png '",
        "Did you mean 'felix.png' in the same folder?",
    ),
    (
        "cats/tim.png",
        "missing-file",
        "names no file: 'cats/tim.png'",
        "Did you mean 'tom.png' in the same folder?",
    ),
    ("zzzzzzzzzz", "missing-file", "names no file: 'zzzzzzzzzz'", RELATIVE),
    (
        "dogs/rex.png",
        "missing-file",
        "names no file: 'dogs/rex.png'",
        f"There is no folder 'dogs'. {RELATIVE}",
    ),
    (
        "felix.png/a",
        "missing-file",
        "names no file: 'felix.png/a'",
        f"There is no folder 'felix.png'. {RELATIVE}",
    ),
    (
        "",
        "missing-file",
        "is empty; it names a file",
        "Write a path or an https URL, or take the param out.",
    ),
    (
        "  ",
        "missing-file",
        "is empty; it names a file",
        "Write a path or an https URL, or take the param out.",
    ),
    ("cats", "bad-file", "names a folder: 'cats'", "Name a file in it."),
    (
        "empty.png",
        "bad-file",
        "names an empty file: 'empty.png'",
        "Write the file, or name another.",
    ),
    ("/dev/null", "bad-file", "names no regular file: '/dev/null'", "Copy it to a file first."),
    (
        "link.png",
        "bad-file",
        "names a file that cannot be read: 'link.png' (Too many levels of symbolic links)",
        RELATIVE,
    ),
    (
        "a\0b",
        "bad-file",
        "is no file name: 'a\\x00b'",
        "Base64 starts with its type: data:image/png;base64,…",
    ),
    (
        "A" * 5000,
        "bad-file",
        f"is no file name: '{'A' * 59}…'",
        "Base64 starts with its type: data:image/png;base64,…",
    ),
    ("file:///etc/passwd", "bad-url", "is a URL that is not sent: 'file:///etc/passwd'", INSTEAD),
    ("FILE:a.png", "bad-url", "is a URL that is not sent: 'FILE:a.png'", INSTEAD),
    ("s3://bucket/a.png", "bad-url", "is a URL that is not sent: 's3://bucket/a.png'", INSTEAD),
]


@pytest.mark.parametrize(("name", "code", "what", "hint"), REFUSED)
def test_what_cannot_be_sent_is_refused(folder, name, code, what, hint):
    (problem,) = problems(folder, {"image": name})
    assert (problem.path, problem.on_key, problem.severity) == (("image",), False, "error")
    assert (problem.code, problem.message, problem.hint) == (code, f"'image' {what}", hint)


def test_the_place_of_a_nested_file_is_named(folder):
    found = problems(folder, {"images": ["felix.png", "no"], "control": {"image": "cats"}})
    assert [(each.path, each.message) for each in found] == [
        (("images", 1), "'images[1]' names no file: 'no'"),
        (("control", "image"), "'control.image' names a folder: 'cats'"),
    ]


def test_a_socket_is_no_file(folder):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "s"))
        (problem,) = problems(folder, {"image": "s"})
    assert problem.message == "'image' names no regular file: 's'"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_others_is_refused(folder):
    (folder / "felix.png").chmod(0)
    (problem,) = problems(folder, {"image": "felix.png"})
    assert problem.message == "'image' names a file that may not be read: 'felix.png'"
    assert problem.hint == "Give yourself the right to read it."


@pytest.mark.parametrize(
    ("provider", "limit", "rule"),
    [
        ("replicate", 100 * MIB, "100.0 MiB, Replicate takes at most 100 MiB"),
        ("fal", 1024 * MIB, "1,024.0 MiB, vidi uploads at most 1,024 MiB to fal"),
    ],
)
def test_the_largest_file_is_sent_and_a_byte_more_is_not(folder, provider, limit, rule):
    model = make_model(PARAMS, provider=provider)
    for size in (limit, limit + 1):
        with (folder / "felix.png").open("wb") as file:
            file.truncate(size)
        found = problems(folder, {"image": "felix.png"}, model)
        assert len(found) == (size > limit)
    assert [(each.code, each.message, each.hint) for each in found] == [
        (
            "file-too-large",
            f"'image' names a file that is too large: 'felix.png' has {rule}",
            "Make it smaller, or write the https URL of a copy.",
        )
    ]


def test_a_value_with_another_mistake_is_not_looked_for(folder):
    (problem,) = problems(folder, {"short": "gone.png"})
    assert problem.message == "'short' has 8 characters; at most 3 are allowed"


URL_ONLY = {"type": "string", "x-file": "image", "x-file-as": "url"}
ADDRESSES = {"image": FILE, "image_url": {**URL_ONLY, "x-twin": "image"}, "mask_url": URL_ONLY}
TEXT = "'{}' is sent as text and must be an http(s) address, not '{}'"


@pytest.mark.parametrize(
    ("params", "message", "hint"),
    [
        (
            {"image_url": "felix.png"},
            TEXT.format("image_url", "felix.png"),
            "Use 'image' for a file of your own.",
        ),
        (
            {"mask_url": "data:image/png;base64,aa"},
            TEXT.format("mask_url", "data:image/png;base64,aa"),
            "Write the https URL of the file.",
        ),
    ],
)
def test_where_only_an_address_will_do(folder, params, message, hint):
    (problem,) = problems(folder, params, make_model(ADDRESSES))
    assert (problem.message, problem.hint, problem.code) == (message, hint, "bad-url")
    assert problems(folder, dict.fromkeys(params, "https://a.b/c.png"), make_model(ADDRESSES)) == ()


@pytest.mark.parametrize("name", ["acme/lora", "https://a.b/c.safetensors", "felix.png"])
def test_weights_are_a_file_or_a_name_at_a_hub(folder, name):
    lora = {"type": "string", "x-file": "file", "x-file-or-id": True}
    checked = check_params(make_model({"lora": lora}), {"lora": name}, base=folder)
    assert (checked.problems, checked.params) == ((), {"lora": name})
    assert [file.name for file in checked.files] == (["felix.png"] if name == "felix.png" else [])
