"""Run docs/notebook.ipynb and write down what its cells give: `python docs/notebook.py`.

The cells run here, in the sandbox and in a folder of their own, as a kernel would run them: what
they print, and what the last expression of each shows. A test runs them again and compares.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).with_name("notebook.ipynb")


def run_cells(cells: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """What each code cell gives, as a notebook keeps it; the working directory is the caller's."""
    names: dict[str, Any] = {"__name__": "__main__"}
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return [_run("".join(cell["source"]), names, number) for number, cell in enumerate(code, 1)]


def _run(source: str, names: dict[str, Any], number: int) -> list[dict[str, Any]]:
    printed, shown = io.StringIO(), None
    module = ast.parse(source)
    last = module.body.pop() if module.body and isinstance(module.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(printed):
        exec(compile(module, f"cell {number}", "exec"), names)
        if isinstance(last, ast.Expr):
            shown = eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), names)
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": _lines(printed)})
    if shown is not None:
        outputs.append(
            {
                "output_type": "execute_result",
                "execution_count": number,
                "metadata": {},
                "data": _show(shown),
            }
        )
    return outputs


def _show(value: object) -> dict[str, list[str]]:
    forms = {"text/plain": repr(value).splitlines(keepends=True)}
    if hasattr(value, "_repr_html_"):
        forms["text/html"] = value._repr_html_().splitlines(keepends=True)
    return forms


def _lines(text: io.StringIO) -> list[str]:
    return text.getvalue().splitlines(keepends=True)


def main() -> None:
    """Run the notebook in an empty folder, and write it with its outputs."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VIDI_STORE"] = f"{folder}/store"
        with contextlib.chdir(folder):
            outputs = run_cells(notebook["cells"])
    code = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    for number, (cell, made) in enumerate(zip(code, outputs, strict=True), 1):
        cell["outputs"], cell["execution_count"] = made, number
    text = json.dumps(notebook, ensure_ascii=False, indent=1)
    NOTEBOOK.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
