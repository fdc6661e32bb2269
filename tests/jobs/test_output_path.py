import pytest

from vidi.jobs.mistakes import MistakeError
from vidi.jobs.output_path import read_output, refuse_unportable, same_file_key

GOOD = [
    ("a.png", "a.png"),
    ("./a//b.png", "a/b.png"),
    ("日本/ñ é.webp", "日本/ñ é.webp"),
    ("a", "a"),
    ("sub/manifest.json", "sub/manifest.json"),
    ("...a", "...a"),
    (".hidden", ".hidden"),
    ("x-{index}.png", "x-{index}.png"),
    ("con.png", "con.png"),
    ("a:b.png".replace("a:", "aa:"), "aa:b.png"),
    ("é" * 110, "é" * 110),
    (f"{'a/' * 1499}bb", f"{'a/' * 1499}bb"),
]


@pytest.mark.parametrize(("text", "path"), GOOD)
def test_good(text, path):
    assert read_output(text) == path


BAD = [
    ("/etc/passwd", "'output' must be relative, not '/etc/passwd'"),
    ("C:/x.png", "'output' must be relative, not 'C:/x.png'"),
    ("C:x.png", "'output' must be relative, not 'C:x.png'"),
    ("\\\\host\\x", r"'output' must be relative, not '\\\\host\\x'"),
    ("a\\b.png", r"'output' has a backslash: 'a\\b.png'"),
    ("../x.png", "'output' leaves the output folder: '../x.png'"),
    ("a/../../x", "'output' leaves the output folder: 'a/../../x'"),
    ("a/..", "'output' leaves the output folder: 'a/..'"),
    ("a/", "'output' names a folder, not a file: 'a/'"),
    (".", "'output' names no file: '.'"),
    ("./.", "'output' names no file: './.'"),
    (".vidi/x", "'output' is a name that vidi writes itself: '.vidi/x'"),
    (".VIDI", "'output' is a name that vidi writes itself: '.VIDI'"),
    ("Manifest.json", "'output' is a name that vidi writes itself: 'Manifest.json'"),
    ("./log.jsonl", "'output' is a name that vidi writes itself: './log.jsonl'"),
    ("report.html", "'output' is a name that vidi writes itself: 'report.html'"),
    ("a/.vidi-tmp-1", "'output' has a name that vidi uses itself: 'a/.vidi-tmp-1'"),
    ("a\0b", "'output' holds a line break or a control character"),
    ("a\nb", "'output' holds a line break or a control character"),
    ("", "'output' is empty"),
    (3, "'output' must be text, not 3"),
    ("é" * 111, f"'output' has a name longer than 220 bytes: {'é' * 40!r}…"),
    ("a/" * 1600 + "b", "'output' is longer than 3000 bytes"),
]
HINTS = {
    "must be relative": "It starts at `output_dir`.",
    "has a backslash": "Write folders with `/`.",
    "leaves the output folder": "Remove the `..`.",
    "names a folder": "Add a file name.",
    "names no file": "Add a file name.",
    "writes itself": "Choose another name.",
    "uses itself": "Choose another name.",
    "longer than": "",
}
"""Those of a path; what is no text at all has its own."""


@pytest.mark.parametrize(("text", "says"), BAD)
def test_bad(text, says):
    with pytest.raises(MistakeError) as caught:
        read_output(text)
    assert caught.value.message == says
    for words, hint in HINTS.items():
        if words in says:
            assert (caught.value.kind, caught.value.hint) == ("bad-output", hint)


@pytest.mark.parametrize(
    "path",
    ["a.png", "a/{index:03}.png", "{key}", "X", "a X/b", "a.con", "com10", "console", "a con.png"],
)
def test_what_every_system_can_hold(path):
    refuse_unportable(path)


DEVICE = "the name {!r}, which is a device on Windows"
ENDING = "a name that ends with a dot or a space, which not every system can hold"
CHARACTER = "the character {!r}, which not every system can have in a name"


@pytest.mark.parametrize(
    ("path", "what"),
    [
        *((f"a/{name}", DEVICE.format(name)) for name in ("con", "CON.png", "nul.tar.gz", "com1")),
        *((f"a/{name}", DEVICE.format(name)) for name in ("lpt9 .txt", "COM¹", "conin$.x", "aux")),
        ("con/x.png", DEVICE.format("con")),
        ("com{index}", DEVICE.format("com1")),
        ("a./x", ENDING),
        ("a/x ", ENDING),
        *((f"a/x{each}y.png", CHARACTER.format(each)) for each in '<>:"|?*'),
        ("{other}|", CHARACTER.format("|")),
    ],
)
def test_what_some_system_cannot_hold_is_refused_unless_that_does_not_matter(path, what):
    with pytest.raises(MistakeError) as caught:
        refuse_unportable(path)
    assert (caught.value.kind, caught.value.message) == (
        "bad-output", f"'output' has {what}: {path!r}",
    )  # fmt: skip
    assert caught.value.hint == (
        "Choose another name (the filter `slug` makes safe ones), or write "
        "`portable_names: false` at the top of the job file."
    )


@pytest.mark.parametrize(
    ("one", "other"), [("A.png", "a.PNG"), ("é.png", "e\u0301.png"), ("Straße", "STRASSE")]
)
def test_one_file_on_some_file_system(one, other):
    assert same_file_key(one) == same_file_key(other)
