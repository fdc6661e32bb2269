"""The plan of the house: folders instead of prefixes, and none with more files than one sees."""

import tomllib
from collections import Counter
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
MOST_FILES = 16
"""What one takes in at a glance."""
SAME_PREFIX = 3
"""A prefix that so many files share is a folder that nobody made."""
FOLDERS = sorted(
    {
        path.parent.relative_to(CHECKOUT).as_posix()
        for root in ("runner", "tests")
        for path in (CHECKOUT / root).rglob("*.py")
    }
)


def files_of(folder):
    found = (path.stem for path in (CHECKOUT / folder).glob("*.py"))
    return sorted(name for name in found if name != "__init__")


def test_no_folder_has_more_files_than_one_sees():
    assert {each: len(files_of(each)) for each in FOLDERS if len(files_of(each)) > MOST_FILES} == {}


def test_no_prefix_stands_for_a_folder():
    shared = {}
    for folder in FOLDERS:
        names = (name.removeprefix("test_").partition("_")[0] for name in files_of(folder))
        found = {prefix for prefix, count in Counter(names).items() if count >= SAME_PREFIX}
        if found:
            shared[folder] = found
    assert shared == {}


def test_every_package_has_its_floors():
    """Who adds a file says on which floor it stands: layers in pyproject.toml are exhaustive."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    floors = {each["containers"][0] for each in contracts if each.get("exhaustive")}
    source = CHECKOUT / "runner"
    packages = {
        path.parent.relative_to(source).as_posix().replace("/", ".")
        for path in (source / "vidi").rglob("__init__.py")
        if len(list(path.parent.glob("*.py"))) + len(list(path.parent.glob("*/__init__.py"))) > 2
    }
    assert packages == floors
