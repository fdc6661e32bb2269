"""The plan of the house: folders instead of prefixes, and none with more files than one sees."""

import ast
import re
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


SOURCE = sorted((CHECKOUT / "runner").rglob("*.py"))
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BRANCHES = (
    *(ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.Assert),
    *(ast.comprehension, ast.match_case),
)
DEEPER = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match)
"""What one reads on in, a level deeper."""
MOST = {"lines": 60, "paths": 12, "depth": 4, "params": 10}
"""Of a function: what can still be read aloud."""


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


def measure(function):
    """The lines, the ways through, the depth and the params of a function."""
    own = list(_own_nodes(function))
    given = function.args
    params = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    names = [each.arg for each in params if each is not None]
    boolean = sum(len(each.values) - 1 for each in own if isinstance(each, ast.BoolOp))
    return {
        "lines": function.end_lineno - function.lineno + 1,
        "paths": 1 + boolean + sum(isinstance(each, BRANCHES) for each in own),
        "depth": _depth(function),
        "params": len([name for name in names if name not in {"self", "cls"}]),
    }


def _own_nodes(node):
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            yield child
            yield from _own_nodes(child)


def _depth(node, within=0):
    deepest = within
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            continue
        elif_ = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deeper = isinstance(child, DEEPER) and not elif_
        deepest = max(deepest, _depth(child, within + deeper))
    return deepest


def test_what_is_written_can_be_read_aloud():
    long, hard, broad = {}, {}, []
    for path in SOURCE:
        text, name = path.read_text("utf-8"), path.relative_to(CHECKOUT).as_posix()
        if (lines := len(text.splitlines())) > 400:
            long[name] = lines
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, FUNCTIONS):
                found = measure(node)
                over = {key: found[key] for key, most in MOST.items() if found[key] > most}
                if over:
                    hard[f"{name}:{node.lineno} {node.name}"] = over
            elif isinstance(node, ast.ExceptHandler) and _is_broad(node):
                broad.append(name)
    assert (long, hard) == ({}, {})
    assert broad == ["runner/vidi/cli/boundary.py", *["runner/vidi/errors.py"] * 2]


def _is_broad(handler):
    kind = handler.type
    return kind is None or (
        isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"}
    )


def test_seconds_are_counted_by_no_time_of_day():
    """It may be set at any moment. These few must know it as files, servers, processes do."""
    asking = [
        path.relative_to(CHECKOUT / "runner/vidi").as_posix()
        for path in SOURCE
        if re.search(r"\btime\.time(_ns)?\b", path.read_text("utf-8"))
    ]
    assert asking == [
        "cli/running/job_run.py", "inference/tracking/fleet/server.py",
        "inference/tracking/ledger/sqlite.py", "sandbox/app.py", "sandbox/state.py",
    ]  # fmt: skip
