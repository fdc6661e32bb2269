"""Machines on which something is short, missing or odd: it ends in words, nothing is bought twice.

`MATRIX` names the test of each cell; what has none of its own elsewhere is tried here.
"""

import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.commands import installed
from support.disks import read_only
from support.servers.sandbox import serve_sandbox

TESTS = Path(__file__).parents[3]
STOPPED_S = 180 if os.environ.get("VIDI_ALL_SIGNALS") else 3
"""How long a run sleeps; minutes where all is tried."""
MATRIX = {
    "file descriptors": {
        "24 of them": "runs/execution/hostile/test_open_files.py::"
        "test_a_run_with_few_descriptors_goes_on_with_fewer_at_once",
    },
    "memory": {
        "256 MB less what Python needs": "::test_a_run_within_256_mb",
        "an estimate within 512 MiB": "cli/running/test_bounds.py::"
        "test_an_estimate_of_any_job_file_ends_soon_and_small_and_in_words",
    },
    "a full disk": {
        "before it begins": "runs/execution/test_disk.py::"
        "test_a_disk_that_is_full_before_it_begins_buys_nothing",
        "no more names": "runs/execution/test_disk.py::"
        "test_a_disk_that_holds_no_more_names_buys_nothing",
        "each event of the journal": "runs/execution/test_disk.py::"
        "test_wherever_the_journal_is_full_the_same_command_goes_on_from_there",
        "at the receipt": "runs/execution/test_disk.py::"
        "test_a_receipt_that_finds_no_room_is_named_and_taken_up_again",
        "at the asset": "runs/execution/test_disk.py::"
        "test_an_asset_that_finds_no_room_stops_every_purchase_and_is_fetched_later",
        "at the manifest": "runs/execution/test_disk.py::"
        "test_a_manifest_that_finds_no_room_loses_nothing",
        "of the ledger": "runs/execution/test_disk.py::"
        "test_a_ledger_that_has_no_room_for_itself_buys_nothing",
        "of the ledger, later": "runs/execution/test_disk.py::"
        "test_a_ledger_that_is_full_grants_nothing_more",
    },
    "a folder that is read-only": {
        "the output folder": "runs/execution/test_read_only.py::"
        "test_an_output_folder_that_cannot_be_written_is_refused",
        "the project": "runs/execution/test_read_only.py::"
        "test_a_project_that_cannot_be_written_is_refused",
        "a finished folder": "runs/execution/test_read_only.py::"
        "test_what_only_reads_works_on_a_read_only_folder",
        "the home": "::test_a_home_that_cannot_be_used",
    },
    "a home": {"none": "::test_a_home_that_cannot_be_used"},
    "the clock": {
        "another at each run": "runs/execution/test_clock.py::"
        "test_what_was_made_under_another_clock_is_made",
        "set between events": "runs/execution/test_clock.py::"
        "test_the_journals_order_is_its_own_whatever_its_times_say",
        "set while in doubt": "runs/execution/test_clock.py::"
        "test_a_doubt_is_settled_or_stays_whatever_the_clock_said",
        "of the pace": "runs/execution/test_clock.py::"
        "test_the_pace_of_a_clock_that_was_ahead_stalls_nothing",
        "of the periods": "runs/execution/test_clock.py::"
        "test_a_lost_ledger_gets_every_charge_in_the_period_of_its_journal",
        "jumping all the while": "runs/execution/test_clock.py::"
        "test_hours_come_and_go_during_a_run",
        "jumping at a deadline": "runs/execution/test_clock.py::test_a_deadline_is_no_time_of_day",
    },
    "asleep": {"SIGSTOP for a while": "::test_a_run_that_was_asleep_goes_on"},
    "a locale without UTF-8": {
        "names of any script": "cli/test_locale.py::test_names_of_any_script_work",
        "streams": "cli/test_locale.py::test_what_a_stream_cannot_hold_is_escaped",
        "file names": "cli/test_locale.py::"
        "test_a_python_that_cannot_name_them_is_refused_before_anything_is_sent",
        "a whole run": "::test_a_run_in_a_locale_without_utf_8",
    },
}
CELLS = {f"{what}: {how}": where for what, cells in MATRIX.items() for how, where in cells.items()}
JOB = """\
version: 1
name: job
budget: 1.00
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: a tree, num_outputs: 2}
    output: "tree-{{ index }}.webp"
  - id: card
    model: fal/fal-ai/flux/dev
    params: {prompt: una tarjeta ñ木, image_size: square}
    output: card.jpg
"""


@pytest.mark.parametrize("cell", CELLS)
def test_each_cell_has_its_test(cell):
    file, _, name = CELLS[cell].partition("::")
    path = TESTS / file if file else Path(__file__)
    assert re.search(rf"^def {name}\(", path.read_text("utf-8"), flags=re.MULTILINE)


@pytest.fixture
def served():
    with serve_sandbox(latency=0.3) as served:
        yield served


def start(here, served, *options, **more):
    """Begin a run of the installed command; `more` is of its process."""
    here.write("job.yaml", JOB)
    environment = {**os.environ, **served.environment, **more.pop("environment", {})}
    return subprocess.Popen(
        [installed("vidi-run"), "job.yaml", "-j", "2", "--no-progress", *options],
        cwd=here.folder,
        env={name: value for name, value in environment.items() if value is not None},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,
    )


def end(run):
    """How a run ended, and what it said."""
    out, err = run.communicate(timeout=120 + STOPPED_S)
    said = (out + err).decode(errors="replace")
    assert "Traceback" not in said
    return run.returncode, said


NEED = """
import vidi.cli.running.steps, vidi.runs.execution.run, vidi.inference.providers.fal.sdk
import vidi.inference.providers.replicate.sdk, PIL.Image, av, jinja2, vidi.runs.records.report.write
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmPeak")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="measured in /proc")
def test_a_run_within_256_mb(here, served):
    needs = int(subprocess.check_output([sys.executable, "-c", NEED])) * 1024
    most = needs + 256 * 1024 * 1024

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    code, said = end(start(here, served, preexec_fn=limit))
    assert (code, served.submits) == (0, 2), said


@pytest.mark.parametrize("home", ["read-only", "not said"])
def test_a_home_that_cannot_be_used(here, served, home):
    folder = here.folder / "home"
    folder.mkdir()
    where = str(folder) if home == "read-only" else None
    unset = dict.fromkeys(("VIDI_LEDGER", "XDG_STATE_HOME", "XDG_CACHE_HOME", "VIDI_REGISTRY"))
    with read_only(folder):
        run = start(here, served, environment={"HOME": where, **unset, "VIDI_COSTS": "off"})
        code, said = end(run)
        assert (code, served.submits) == (0, 2), said
        if home == "read-only":
            code, said = end(start(here, served, environment={"HOME": where, **unset}))
            assert code == 2, said
            assert "VIDI_LEDGER" in said
    assert served.submits == 2


def test_a_run_that_was_asleep_goes_on(here, served):
    run = start(here, served)
    for _ in range(600):
        if served.submits:
            break
        time.sleep(0.05)
    run.send_signal(signal.SIGSTOP)
    time.sleep(STOPPED_S)
    run.send_signal(signal.SIGCONT)
    code, said = end(run)
    assert (code, served.submits) == (0, 2), said


def test_a_run_in_a_locale_without_utf_8(here, served):
    odd = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    code, said = end(start(here, served, environment=odd))
    assert code in {0, 2}, said
    if code == 2:
        assert "PYTHONUTF8=1" in said
    assert served.submits == (2 if code == 0 else 0)
