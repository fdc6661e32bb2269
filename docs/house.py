"""The tree of docs/architecture.md, from the first line of each package: it cannot go stale."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "runner" / "vidi"
WIDTH = 34


def make_tree() -> str:
    """Every room of the source, a line each, as its own docstring has it."""
    rooms = [path.parent for path in sorted(SOURCE.rglob("__init__.py"))]
    return "\n".join(["```text", *map(_describe, rooms), "```"]) + "\n"


def _describe(room: Path) -> str:
    depth = len(room.relative_to(SOURCE).parts)
    doc = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
    name = f"{'  ' * depth}{room.name}/"
    return f"{name:<{WIDTH}}{doc.partition(chr(10))[0]}"
