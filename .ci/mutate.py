"""Mutation testing of what money and safety stand on: `python .ci/mutate.py [PATTERN...] [-s]`.

Changes one thing at a time in each module that `.ci/mutate.toml` names, runs those of the tests
beside it there that reach the changed function, and says which changes none of them noticed. A
PATTERN picks modules (`ledger`, `prices/*`). mutmut makes the changes and runs the tests, each
change in a process forked from one that has all of it imported. Each group of modules has a folder
below `.mutants/`: what was killed there stays killed until its function changes (`--again` forgets
that), all else is tried once more, so a run that was broken off goes on where it was.

Types count as tests do: `mypy` looks at all changes of a module at once, and what it refuses no
test need run for. Functions with a decorator (properties, context managers) are left as they are,
which is mutmut's rule.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "vidi"
MUTMUT = "mutmut==3.8.1"
LEAST = 95.0
"""Percent of all mutants that tests or types must notice: a small module may have more alike."""
KILLED = {1: "killed", 3: "killed", 37: "types", 33: "untested", 5: "untested", 0: "survived"}
"""What mutmut's exit codes mean; any other is a change that made the tests hang or crash."""
COLUMNS = ("mutants", "killed", "types", "timeouts", "survived", "untested")


@dataclass(frozen=True)
class Group:
    """Modules that the same tests are to notice.

    Attributes:
        name: What its folder is called.
        modules: Each below `runner/vidi/`, such as `runs/planning/gate.py`.
        tests: Files, folders or node ids below `tests/`, and options of pytest.
    """

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where mutmut works on it."""
        return ROOT / ".mutants" / self.name

    def find_meta(self, module: str) -> Path:
        """Where mutmut notes what became of a module's mutants."""
        return self.folder / "mutants" / f"{name_source(module)}.meta"


def name_source(module: str) -> str:
    """The path of a module below the folder that mutmut works in."""
    return f"src/{PACKAGE}/{module}"


@dataclass
class Result:
    """What became of a module's mutants.

    Attributes:
        module: Its path.
        group: What it belongs to.
        outcomes: mutmut's name of each mutant, and what became of it.
    """

    module: str
    group: Group
    outcomes: dict[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[str]:
        """How many there are, and how many ended in which way."""
        return Counter({"mutants": len(self.outcomes)}) + Counter(self.outcomes.values())

    @property
    def percent(self) -> float:
        """How many of a hundred were noticed."""
        noticed = sum(self.counts[name] for name in ("killed", "types", "timeouts"))
        return 100 * noticed / len(self.outcomes) if self.outcomes else 0.0


def main() -> None:
    """Try the modules that were asked for; ends with 1 where too much survived."""
    options = _read_options()
    groups = [found for each in read_groups() if (found := _narrow(each, options.patterns)).modules]
    if not groups:
        sys.exit("no such module in .ci/mutate.toml")
    _install()
    results = []
    for group in groups:
        if not options.results:
            run(group, again=options.again)
        found = [read_result(module, group) for module in group.modules]
        if options.show:
            show(found)
        results += found
    print_table(results)
    sys.exit(_sum_up(results).percent < options.least)


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("patterns", nargs="*", help="part of a module's path, or a glob of it")
    parser.add_argument("-s", "--show", action="store_true", help="show each survivor as a diff")
    parser.add_argument("-r", "--results", action="store_true", help="run nothing, tell the last")
    parser.add_argument("--again", action="store_true", help="forget what was killed before")
    parser.add_argument("--least", type=float, default=LEAST, help="percent to be killed (95)")
    return parser.parse_args()


def read_groups() -> list[Group]:
    """The modules of `.ci/mutate.toml`, in its order."""
    return [
        Group(name, tuple(found["modules"]), tuple(found["tests"]))
        for name, found in _read_table()["groups"].items()
    ]


def _read_table() -> dict[str, Any]:
    return tomllib.loads((ROOT / ".ci/mutate.toml").read_text(encoding="utf-8"))


def _narrow(group: Group, patterns: list[str]) -> Group:
    """The group with those of its modules that were asked for."""
    asked = [
        module
        for module in group.modules
        if not patterns or any(each in module or fnmatch(module, each) for each in patterns)
    ]
    return replace(group, modules=tuple(asked))


def _install() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import mutmut"], capture_output=True, check=False
    )
    if found.returncode:
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", MUTMUT], check=True)


def run(group: Group, *, again: bool) -> None:
    """Let mutmut change the modules of a group and run its tests."""
    _set_up(group)
    _forget(group, everything=again)
    log = group.folder / "log.txt"
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1"]
    with log.open("w", encoding="utf-8") as out:
        done = subprocess.run(command, cwd=group.folder, stdout=out, stderr=out, check=False)
    if done.returncode:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:]
        sys.exit(f"{group.name}: mutmut ended with {done.returncode}\n" + "\n".join(lines))


def _set_up(group: Group) -> None:
    """Make the folder that mutmut works in: it knows packages in `src` alone, and one setting."""
    work = group.folder / "mutants"
    work.mkdir(parents=True, exist_ok=True)
    for link, target in (
        (group.folder / "src", ROOT / "runner"),
        (group.folder / "tests", ROOT / "tests"),
        *((work / name, ROOT / name) for name in ("templates", "docs", "jobs", "README.md")),
        (work / "runner", work / "src"),
    ):
        if not link.is_symlink():
            link.symlink_to(target)
    sources = [name_source(module) for module in group.modules]
    for source in sources:  # may be a plain copy, of a time when others were asked for
        (work / source).unlink(missing_ok=True)
    config = _read_table()["mutmut"] | {
        "source_paths": ["src"],
        "only_mutate": sources,
        "pytest_add_cli_args_test_selection": [
            name if name.startswith("-") else f"tests/{name}" for name in group.tests
        ],
        "type_check_command": [
            *(sys.executable, "-m", "mypy", "--output=json", "--no-error-summary"),
            "--no-warn-unused-ignores",
            # The changed modules alone are looked at; the cache of the others is shared.
            *("--follow-imports=silent", f"--cache-dir={ROOT / '.mutants/mypy'}", *sources),
        ],
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in config.items()]
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    made = text + "\n[tool.mutmut]\n" + "\n".join(lines) + "\n"
    (group.folder / "pyproject.toml").write_text(made, encoding="utf-8")


def _forget(group: Group, *, everything: bool) -> None:
    """Have mutmut try again what was not killed, by the tests as they are now."""
    (group.folder / "mutants/mutmut-stats.json").unlink(missing_ok=True)
    for path in map(group.find_meta, group.modules):
        if not path.exists():
            continue
        meta = json.loads(path.read_text(encoding="utf-8"))
        for name, code in meta["exit_code_by_key"].items():
            if everything or KILLED.get(code) not in ("killed", "types"):
                meta["exit_code_by_key"][name] = None
        path.write_text(json.dumps(meta), encoding="utf-8")


def read_result(module: str, group: Group) -> Result:
    """What mutmut has noted of a module."""
    try:
        meta = json.loads(group.find_meta(module).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Result(module, group)
    outcomes = {name: _name_outcome(code) for name, code in meta["exit_code_by_key"].items()}
    return Result(module, group, outcomes)


def _name_outcome(code: int | None) -> str:
    return "untested" if code is None else KILLED.get(code, "timeouts")


def show(results: list[Result]) -> None:
    """Print each change of a group that nothing noticed."""
    diff: Any
    with contextlib.chdir(results[0].group.folder):
        from mutmut.configuration import reset_config
        from mutmut.mutation.diff_apply import get_diff_for_mutant as diff

        reset_config()
        for result in results:
            for name, outcome in result.outcomes.items():
                if outcome in ("survived", "untested"):
                    print(f"\n# {outcome}: {name.removeprefix(f'{PACKAGE}.')}")
                    lines = diff(name, path=name_source(result.module)).splitlines()[2:]
                    print("\n".join(lines))


def print_table(results: list[Result]) -> None:
    """Print a line for each module, and one for all, as Markdown."""
    print("\n| module |", " | ".join(COLUMNS), "| noticed |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    for result in results:
        _print_line(f"`{result.module}`", result)
    if len(results) > 1:
        _print_line("all", _sum_up(results))


def _sum_up(results: list[Result]) -> Result:
    everything = {name: what for each in results for name, what in each.outcomes.items()}
    return Result("all", results[0].group, everything)


def _print_line(name: str, result: Result) -> None:
    counts = " | ".join(str(result.counts[column]) for column in COLUMNS)
    print(f"| {name} | {counts} | {result.percent:.1f} % |")


if __name__ == "__main__":
    main()
