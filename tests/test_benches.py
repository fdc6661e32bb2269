"""Every bench runs and prints its figures; how good they are is for people to read.

An ordinary run tries those that are done in a second; all of them run with VIDI_ALL_BENCHES=1.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
BENCH = TOP / "bench"
FIELDS = {
    "bench", "name", "value", "unit", "beside", "other", "ratio", "target", "at_least", "ok",
}  # fmt: skip
BENCHES = {path.stem for path in BENCH.glob("*.py") if "def measure(" in path.read_text("utf-8")}
ALL = bool(os.environ.get("VIDI_ALL_BENCHES"))
TRIED = sorted(BENCHES) if ALL else ["download", "journal"]


def run_bench(tmp_path, *command):
    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_form(figures):
    for figure in figures:
        assert figure.keys() == FIELDS
        assert (figure["other"] is None) == (figure["ratio"] is None) == (not figure["beside"])
        assert (figure["ok"] is None) == (figure["target"] is None)
    names = [figure["name"] for figure in figures]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", TRIED)
def test_a_bench_tells_its_figures(name, tmp_path):
    options = ("--size", "smallest", "--only", name, "--json")
    printed = json.loads(run_bench(tmp_path, BENCH / "table.py", *options))
    assert {figure["bench"] for figure in printed["figures"]} == {name}
    check_form(printed["figures"])


def test_the_page_of_figures_is_made_of_figures_of_every_bench():
    measured = json.loads((TOP / "docs/figures.json").read_text("utf-8"))
    assert measured.keys() == {"measured_on", "python", "size", "figures"}
    assert {figure["bench"] for figure in measured["figures"]} == BENCHES
    check_form(measured["figures"])


def test_the_table_of_fleets_is_made_of_figures_of_all_of_it():
    measured = json.loads((TOP / "docs/fleet-figures.json").read_text("utf-8"))
    parts = {"cost", "plan", "status", "rate", "end"}
    assert {figure["bench"] for figure in measured["figures"]} == parts
    check_form(measured["figures"])


@pytest.mark.skipif(not ALL, reason="starts a database and workers; with VIDI_ALL_BENCHES=1")
def test_the_bench_of_fleets_tells_its_figures(tmp_path):
    printed = json.loads(run_bench(tmp_path, BENCH / "fleet.py", "--size", "smallest", "--json"))
    check_form(printed["figures"])


@pytest.mark.skipif(not ALL, reason="draws a page in a browser; with VIDI_ALL_BENCHES=1")
def test_the_bench_of_the_page_prints_its_figures(tmp_path):
    printed = run_bench(tmp_path, BENCH / "gallery.py", "30", "--rounds", "1")
    assert "load event, ms" in printed
