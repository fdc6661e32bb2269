"""What a project needs beside its job file, written where nothing is yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

IGNORED = (".env", "outputs/")
GITIGNORE = "".join(f"{line}\n" for line in IGNORED)
ENV_EXAMPLE = """\
# Copy this file to .env, which git ignores, and fill in the keys that you need.
# https://replicate.com/account/api-tokens
REPLICATE_API_TOKEN=
# https://fal.ai/dashboard/keys
FAL_KEY=
"""


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        UsageError: It is there, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already", hint="Name another file.") from error
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def write_project_files(folder: Path) -> tuple[list[str], list[str]]:
    """Write .gitignore and .env.example; what was written, and what is left to be said.

    Raises:
        UsageError: One of them cannot be written.
    """
    written = []
    for name, text in ((".gitignore", GITIGNORE), (".env.example", ENV_EXAMPLE)):
        if not (folder / name).exists():
            write_new(folder / name, text)
            written.append(name)
    lacking = [] if ".gitignore" in written else _find_lacking(folder / ".gitignore")
    return written, [f"add {line} to .gitignore" for line in lacking]


def _find_lacking(path: Path) -> list[str]:
    """What an ignore file that was there already does not name."""
    try:
        lines = {line.strip().strip("/") for line in path.read_text("utf-8").splitlines()}
    except (OSError, UnicodeError):
        return []
    return [line for line in IGNORED if line.strip("/") not in lines]
