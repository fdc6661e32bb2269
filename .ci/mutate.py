"""Mutation testing of what money and safety stand on: `python .ci/mutate.py [PATTERN...] [-s]`.

Changes one thing at a time in each module that `.ci/mutate.toml` names, runs the test files that
stand beside it there, and says which changes none of them noticed. A PATTERN picks modules
(`ledger`, `prices/*`). mutmut makes the changes and runs the tests, each change in a process forked
from one that has all of it imported. Each module has a folder below `.mutants/`: what was killed
there stays killed until its function changes (`--again` forgets that), all else is tried once more,
so a run that was broken off goes on where it was.

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
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "vidi"
MUTMUT = "mutmut==3.8.1"
LEAST = 95.0
"""Percent of a module's mutants that tests or types must notice."""
KILLED = {1: "killed", 3: "killed", 37: "types", 33: "untested", 5: "untested", 0: "survived"}
"""What mutmut's exit codes mean; any other is a change that made the tests hang or crash."""
COLUMNS = ("mutants", "killed", "types", "timeouts", "survived", "untested")


@dataclass(frozen=True)
class Module:
    """A module to change, and the test files that are to notice.

    Attributes:
        path: Below `runner/vidi/`, such as `runs/planning/gate.py`.
        tests: Files, folders or node ids below `tests/`, and options of pytest.
    """

    path: str
    tests: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where mutmut works on it."""
        return ROOT / ".mutants" / self.path.removesuffix(".py").replace("/", ".")

    @property
    def source(self) -> str:
        """Its path below that folder."""
        return f"src/{PACKAGE}/{self.path}"

    @property
    def meta(self) -> Path:
        """Where mutmut notes what became of its mutants."""
        return self.folder / "mutants" / f"{self.source}.meta"


@dataclass
class Result:
    """What became of a module's mutants.

    Attributes:
        module: The module.
        outcomes: mutmut's name of each mutant, and what became of it.
    """

    module: Module
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
    modules = [each for each in read_modules() if _is_asked_for(each, options.patterns)]
    if not modules:
        sys.exit("no such module in .ci/mutate.toml")
    _install()
    results = []
    for module in modules:
        if not options.results:
            run(module, again=options.again)
        results.append(read_result(module))
        if options.show:
            show(results[-1])
    print_table(results)
    sys.exit(any(result.percent < options.least for result in results))


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("patterns", nargs="*", help="part of a module's path, or a glob of it")
    parser.add_argument("-s", "--show", action="store_true", help="show each survivor as a diff")
    parser.add_argument("-r", "--results", action="store_true", help="run nothing, tell the last")
    parser.add_argument("--again", action="store_true", help="forget what was killed before")
    parser.add_argument("--least", type=float, default=LEAST, help="percent to be killed (95)")
    return parser.parse_args()


def read_modules() -> list[Module]:
    """The modules of `.ci/mutate.toml`, in its order."""
    table = tomllib.loads((ROOT / ".ci/mutate.toml").read_text(encoding="utf-8"))
    return [Module(path, tuple(tests)) for path, tests in table["modules"].items()]


def _is_asked_for(module: Module, patterns: list[str]) -> bool:
    return not patterns or any(
        pattern in module.path or fnmatch(module.path, pattern) for pattern in patterns
    )


def _install() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import mutmut"], capture_output=True, check=False
    )
    if found.returncode:
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", MUTMUT], check=True)


def run(module: Module, *, again: bool) -> None:
    """Let mutmut change a module and run its tests."""
    _set_up(module)
    _forget(module, everything=again)
    log = module.folder / "log.txt"
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1"]
    with log.open("w", encoding="utf-8") as out:
        done = subprocess.run(command, cwd=module.folder, stdout=out, stderr=out, check=False)
    if done.returncode:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:]
        sys.exit(f"{module.path}: mutmut ended with {done.returncode}\n" + "\n".join(lines))


def _set_up(module: Module) -> None:
    """Make the folder that mutmut works in: it knows packages in `src` alone, and one setting."""
    work = module.folder / "mutants"
    work.mkdir(parents=True, exist_ok=True)
    for link, target in (
        (module.folder / "src", ROOT / "runner"),
        (module.folder / "tests", ROOT / "tests"),
        *((work / name, ROOT / name) for name in ("templates", "docs", "jobs", "README.md")),
        (work / "runner", work / "src"),
    ):
        if not link.is_symlink():
            link.symlink_to(target)
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    config = tomllib.loads((ROOT / ".ci/mutate.toml").read_text(encoding="utf-8"))["mutmut"]
    config |= {
        "source_paths": ["src"],
        "only_mutate": [module.source],
        "pytest_add_cli_args_test_selection": [
            name if name.startswith("-") else f"tests/{name}" for name in module.tests
        ],
        "type_check_command": [
            *(sys.executable, "-m", "mypy", "--output=json", "--no-error-summary"),
            "--no-warn-unused-ignores",
            # The changed module alone is looked at; the cache of the others is shared.
            *("--follow-imports=silent", f"--cache-dir={ROOT / '.mutants/mypy'}", module.source),
        ],
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in config.items()]
    made = text + "\n[tool.mutmut]\n" + "\n".join(lines) + "\n"
    (module.folder / "pyproject.toml").write_text(made, encoding="utf-8")


def _forget(module: Module, *, everything: bool) -> None:
    """Have mutmut try again what was not killed, by the tests as they are now."""
    (module.folder / "mutants/mutmut-stats.json").unlink(missing_ok=True)
    try:
        meta = json.loads(module.meta.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    for name, code in meta["exit_code_by_key"].items():
        if everything or KILLED.get(code) not in ("killed", "types"):
            meta["exit_code_by_key"][name] = None
    module.meta.write_text(json.dumps(meta), encoding="utf-8")


def read_result(module: Module) -> Result:
    """What mutmut has noted of a module."""
    try:
        codes = json.loads(module.meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    except FileNotFoundError:
        return Result(module)
    return Result(module, {name: _name_outcome(code) for name, code in codes.items()})


def _name_outcome(code: int | None) -> str:
    return "untested" if code is None else KILLED.get(code, "timeouts")


def show(result: Result) -> None:
    """Print each change that nothing noticed."""
    diff: Any
    with contextlib.chdir(result.module.folder):
        from mutmut.configuration import reset_config
        from mutmut.mutation.diff_apply import get_diff_for_mutant as diff

        reset_config()
        for name, outcome in result.outcomes.items():
            if outcome in ("survived", "untested"):
                print(f"\n# {outcome}: {name.rpartition('.')[2]}")
                lines = diff(name, path=result.module.source).splitlines()[2:]
                print("\n".join(lines))


def print_table(results: list[Result]) -> None:
    """Print a line for each module, and one for all, as Markdown."""
    print("\n| module |", " | ".join(COLUMNS), "| noticed |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    for result in results:
        _print_line(f"`{result.module.path}`", result)
    if len(results) > 1:
        everything = {name: what for each in results for name, what in each.outcomes.items()}
        _print_line("all", Result(results[0].module, everything))


def _print_line(name: str, result: Result) -> None:
    counts = " | ".join(str(result.counts[column]) for column in COLUMNS)
    print(f"| {name} | {counts} | {result.percent:.1f} % |")


if __name__ == "__main__":
    main()
