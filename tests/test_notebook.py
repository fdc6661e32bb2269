"""The notebook of docs/: its cells run, and give what is written below them."""

import json
import re
import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PICTURE = re.compile(r"base64,[A-Za-z0-9+/=]+")


def told(outputs):
    """Outputs without the bytes of pictures, which another Pillow writes otherwise."""
    return PICTURE.sub("base64,…", json.dumps(outputs, ensure_ascii=False))


def test_every_cell_gives_what_is_below_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIDI_STORE", str(tmp_path / "store"))
    run_cells = runpy.run_path(str(DOCS / "notebook.py"))["run_cells"]
    cells = json.loads((DOCS / "notebook.ipynb").read_text("utf-8"))["cells"]
    written = [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]
    given = run_cells(cells)
    assert [told(each) for each in given] == [told(each) for each in written], (
        "python docs/notebook.py writes down what they give"
    )
    # Once more from the top, as after a restart of the kernel: nothing is bought.
    again = told(run_cells(cells))
    assert "True True" in again
    assert "spent in all: $0" in again
