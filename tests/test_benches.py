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


def check_kept(measured, benches):
    assert measured.keys() == {"benches", "figures"}
    assert measured["benches"].keys() == {each["bench"] for each in measured["figures"]} == benches
    for how in measured["benches"].values():
        assert how.keys() == {"measured_on", "python", "size"}
    check_form(measured["figures"])


@pytest.mark.parametrize("name", TRIED)
def test_a_bench_tells_its_figures(name, tmp_path):
    options = ("--size", "smallest", "--only", name, "--json")
    printed = json.loads(run_bench(tmp_path, BENCH / "table.py", *options))
    assert {figure["bench"] for figure in printed["figures"]} == {name}
    check_form(printed["figures"])


def test_what_is_measured_anew_takes_the_place_of_what_was_kept_of_it(tmp_path):
    kept = tmp_path / "kept.json"
    table = (BENCH / "table.py", "--size", "smallest", "--only", "journal")
    run_bench(tmp_path, *table, "--out", kept)
    first = json.loads(kept.read_text("utf-8"))
    check_kept(first, {"journal"})
    older = {"measured_on": "2020-02-20", "python": "3.11.0", "size": "full"}
    other = {**first["figures"][0], "bench": "starting", "name": "kept"}
    first["benches"] = {"starting": older, "journal": older}
    first["figures"] = [other, {**first["figures"][0], "name": "gone"}]
    kept.write_text(json.dumps(first), encoding="utf-8")
    printed = json.loads(run_bench(tmp_path, *table, "--out", kept, "--json"))
    merged = json.loads(kept.read_text("utf-8"))
    assert merged["benches"] == {"starting": older, **printed["benches"]}
    assert merged["figures"] == [other, *printed["figures"]]


def test_the_page_of_figures_is_made_of_figures_of_every_bench():
    measured = json.loads((TOP / "docs/figures.json").read_text("utf-8"))
    check_kept(measured, BENCHES)


def test_the_table_of_fleets_is_made_of_figures_of_all_of_it():
    measured = json.loads((TOP / "docs/fleet-figures.json").read_text("utf-8"))
    check_kept(measured, {"cost", "plan", "status", "rate", "end"})


@pytest.mark.skipif(not ALL, reason="starts a database and workers; with VIDI_ALL_BENCHES=1")
def test_the_bench_of_fleets_tells_its_figures(tmp_path):
    printed = json.loads(run_bench(tmp_path, BENCH / "fleet.py", "--size", "smallest", "--json"))
    check_form(printed["figures"])


@pytest.mark.skipif(not ALL, reason="draws a page in a browser; with VIDI_ALL_BENCHES=1")
def test_the_bench_of_the_page_prints_its_figures(tmp_path):
    printed = run_bench(tmp_path, BENCH / "gallery.py", "30", "--rounds", "1")
    assert "load event, ms" in printed
