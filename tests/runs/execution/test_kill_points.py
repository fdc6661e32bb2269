"""SIGKILL at the steps of a run of 12 inferences over both providers, and then again until done.

Each kind of step that changes anything outside of the process has its kills: at the first of its
kind, with three inferences at once, and at a later one in the runs after that, one at a time.
Between two such steps nothing changes that outlives the process, so "before" a step is the same as
"after" the one that came before it. With VIDI_ALL_KILL_POINTS=1 it is killed at later ones of each
kind, and at every single step, with three at once and with one, and so is a run that resumes.
"""

import itertools
import os
import shutil
from collections import Counter

import pytest

from support.commands import run_warmed
from support.killing.killed_run import ASSETS, COUNT, PRICE, Killable, run_hooked
from support.servers.sandbox import serve_sandbox

ALL = bool(os.environ.get("VIDI_ALL_KILL_POINTS"))
EVENTS = (
    *("run_started", "intent", "submitted", "completed", "asset", "base_prices", "settled"),
    "run_finished",
)
EXCHANGES = {
    "replicate": ("upload", "submit", "poll", "download"),
    "fal": ("prices", "upload", "submit", "watch", "result", "download"),
}
LEDGER = ("create about", "update about", "insert paces", "insert charges", "insert receipts")
CHANGES = {
    **{f"append {event}": ("torn", "unended", "after") for event in EVENTS},
    **{
        f"{provider} {exchange}": ("sent, after", "answered, after")
        for provider, exchanges in EXCHANGES.items()
        for exchange in exchanges
    },
    **{f"ledger {change}": ("after",) for change in (*LEDGER, "update charges")},
    **{f"{provider} upload body": ("sent, after",) for provider in EXCHANGES},
    **dict.fromkeys(("truncate journal", "rename to asset", "rename to manifest"), ("after",)),
}
"""What a run changes outside of itself, and the steps that doing so has."""
SYNCS = ("sync journal", "sync folder", "sync unfinished file", "remove unfinished file")
"""These change nothing that a kill could tell: the kernel has had it all from the write on."""
FINDING = (
    "PROVIDER list sent, after",
    "PROVIDER list answered, after",
    "append submitted, torn",
    "append submitted, after",
    "ledger insert receipts, after",
)
ONCE = ("ledger create about", "rename to manifest")
"""A ledger is made once, and a run that has nothing left to do leaves the manifest as it is."""
PARTS = 32
"""All kill points are spread over so many tests."""
MADE_OF_UPLOADS = {"edit-1.webp", "edit-2.jpg"}
"""They show the address of the upload, which is another one each time."""


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A run that was never killed."""
    with serve_sandbox() as served:
        whole = Killable(tmp_path_factory.mktemp("whole") / "run", served, run_warmed)
        assert whole.run().exit_code == 0
        whole.kinds = Counter(whole.steps)
        whole.check()
    return whole


@pytest.fixture
def killed(tmp_path):
    """A folder for a run that is to be killed."""
    with serve_sandbox() as served:
        yield Killable(tmp_path / "run", served, run_warmed)


def finish_and_check(killed, whole):
    killed.finish()
    killed.check()
    made, expected = killed.read_assets(), whole.read_assets()
    assert made.keys() == expected.keys()
    assert len(made) == ASSETS
    differ = {name for name, content in made.items() if content != expected[name]}
    assert differ <= MADE_OF_UPLOADS


def kill_finish_check(whole, folder, at_once, kills):
    """Kill one run after another; False where the last of them lived."""
    with serve_sandbox() as served:
        killed = Killable(folder, served, run_warmed)
        killed.at_once = at_once
        died = [killed.kill(die_at) for die_at in kills]
        finish_and_check(killed, whole)
    shutil.rmtree(folder)
    return died[-1]


def name_steps(change):
    joint = " " if is_exchange(change) else ", "
    return [f"{change}{joint}{step}" for step in CHANGES[change]]


def is_exchange(change):
    return change.startswith(tuple(EXCHANGES))


KINDS = [kind for change in CHANGES for kind in name_steps(change)]


def test_every_kind_of_step_that_a_run_has_is_killed(whole):
    others = {kind for kind in whole.kinds if kind.endswith("before") or kind.startswith(SYNCS)}
    assert whole.kinds.keys() - others == set(KINDS)


@pytest.mark.parametrize("change", CHANGES)
def test_killed_at_a_change_and_again_at_later_ones_it_loses_nothing(whole, killed, change):
    for kind in name_steps(change):
        assert killed.kill(f"1 {kind}")
        killed.at_once = 1
    for kind in name_steps(change) if ALL else name_steps(change)[-1:]:
        later = 2 if whole.kinds[kind] >= COUNT and not is_exchange(change) else 1
        assert killed.kill(f"{later} {kind}") or change in ONCE
    finish_and_check(killed, whole)


def test_killed_while_several_lines_are_written_and_synced_together(whole, killed):
    """Where the writer is busy, three intents or receipts are one batch; none is acknowledged."""
    assert killed.kill("3 sync journal, before")
    assert killed.kill("3 append intent, before")
    assert killed.kill("4 sync journal, after")
    finish_and_check(killed, whole)


@pytest.mark.parametrize("provider", EXCHANGES)
def test_killed_while_it_finds_out_what_was_bought_it_finds_it_again(whole, killed, provider):
    assert killed.kill(f"3 {provider} submit sent, after")
    killed.at_once = 1
    for step in FINDING:
        assert killed.kill(f"1 {step.replace('PROVIDER', provider)}")
    finish_and_check(killed, whole)


@pytest.mark.parametrize("provider", EXCHANGES)
def test_the_reconcile_command_is_killed_and_then_finds_it_again(whole, killed, provider):
    killed.at_once = 1
    assert killed.kill(f"3 {provider} submit sent, after")
    for step in FINDING[:4]:
        kind = step.replace("PROVIDER", provider)
        assert killed.kill(f"1 {kind}", "reconcile", "job.yaml", program="vidi")
    finish_and_check(killed, whole)
    assert killed.not_paid == []


@pytest.mark.parametrize(
    "kind", ["ledger insert charges, after", "append intent, torn", "append intent, after"]
)
def test_what_a_kill_left_reserved_does_not_keep_the_next_run_out(whole, killed, kind):
    """The day's budget has room for the job once."""
    killed.day_budget = PRICE
    assert killed.kill(f"1 {kind}")
    assert killed.kill(f"2 {kind}")
    finish_and_check(killed, whole)


@pytest.mark.parametrize(
    "kind",
    ["fal submit answered, after", "append submitted, after", "append completed, after",
     "fal download answered, after", "append asset, after"],
)  # fmt: skip
def test_who_buys_again_and_is_cut_off_and_says_so_again_buys_once_more(killed, kind):
    words = ("job.yaml", "--no-report", "--rebuy", "card-1")
    assert killed.run().exit_code == 0
    assert killed.kill(f"1 {kind}", *words)
    assert killed.run(*words).exit_code == 0
    prompts = Counter(work.input["prompt"] for work in killed.served.sandbox.works.values())
    assert prompts["card 1"] == 2


def test_the_word_of_the_user_is_cut_off_and_said_again(whole, killed):
    killed.at_once, killed.day_budget = 1, PRICE
    assert killed.kill("9 append intent, after")
    assert killed.run().exit_code == 6
    words = ("reconcile", "job.yaml", "--not-paid", *killed.account.doubted)
    assert killed.kill("1 append refused, torn", *words, program="vidi")
    assert killed.kill("1 append refused, after", *words, program="vidi")
    killed.not_paid += words[-1:]
    finish_and_check(killed, whole)


def test_what_a_kill_left_unfinished_is_gone_after_the_next_run(killed):
    assert killed.kill("1 sync unfinished file, before")
    assert list(killed.folder.rglob(".vidi-tmp-*"))
    killed.finish()
    assert list(killed.folder.rglob(".vidi-tmp-*")) == []


def test_a_file_without_its_record_is_still_known_when_it_cannot_be_fetched_again(tmp_path):
    """The second file of a pair has its name already; then its fetching fails once."""
    broken = {"on": "download", "fault": "wrong-type", "nth": 8}
    with serve_sandbox([broken]) as served:
        killed = Killable(tmp_path / "run", served, run_warmed)
        killed.faults = killed.at_once = 1
        assert killed.kill("6 rename to asset, after")
        assert killed.run().exit_code == 1
        assert killed.run().exit_code == 0
        killed.check()


def test_the_plainly_installed_command_is_killed_and_finishes(whole, killed):
    killed.start = run_hooked
    assert killed.kill("3 fal submit sent, after")
    killed.finish()
    killed.start = run_warmed
    finish_and_check(killed, whole)


if ALL:

    @pytest.mark.parametrize("at_once", [3, 1])
    @pytest.mark.parametrize("part", range(PARTS))
    def test_killed_at_every_single_step(whole, tmp_path, part, at_once):
        for nth in itertools.count(1 + part, PARTS):
            if not kill_finish_check(whole, tmp_path / str(nth), at_once, [f"{nth} "]):
                break

    @pytest.mark.parametrize("provider", EXCHANGES)
    @pytest.mark.parametrize("part", range(PARTS))
    def test_killed_at_every_step_of_the_run_that_resumes(whole, tmp_path, part, provider):
        first = f"5 {provider} submit sent, after"
        for nth in itertools.count(1 + part, PARTS):
            if not kill_finish_check(whole, tmp_path / str(nth), 3, [first, f"{nth} "]):
                break
