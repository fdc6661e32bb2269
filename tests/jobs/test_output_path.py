import pytest

from vidi.jobs.mistakes import MistakeError
from vidi.jobs.output_path import read_output, same_file_key

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


@pytest.mark.parametrize(("text", "says"), BAD)
def test_bad(text, says):
    with pytest.raises(MistakeError) as caught:
        read_output(text)
    assert caught.value.message == says


@pytest.mark.parametrize(
    ("one", "other"), [("A.png", "a.PNG"), ("é.png", "e\u0301.png"), ("Straße", "STRASSE")]
)
def test_one_file_on_some_file_system(one, other):
    assert same_file_key(one) == same_file_key(other)
