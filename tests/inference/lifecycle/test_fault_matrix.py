"""The fault matrix: every fault in every phase at both providers, through the command.

What each cell must come to is in `tests/support/faults/matrix.txt`; what must hold in all of them
is here. An ordinary run plays each fault, and each ending of a phase at each provider; with
VIDI_ALL_CELLS=1 it plays every cell.
"""

import io
import os
from decimal import Decimal
from itertools import product
from pathlib import Path

import certifi
import pytest
from PIL import Image

from support.faults.cells import Cell
from support.faults.matrix import (
    ENDINGS,
    FAULTS,
    IMPOSSIBLE,
    LIES,
    PHASES,
    PROVIDERS,
    TABLE,
    Ending,
    read_cell,
)
from support.faults.play import playing
from support.servers.shared_port import Stage
from vidi.sandbox.faults import ACTIONS, FATES, REFUSALS, SPOILERS

PRODUCT = list(product(FAULTS, PHASES, PROVIDERS))
ALL = bool(os.environ.get("VIDI_ALL_CELLS"))


def choose_cells():
    """All, or the first cell of each fault, and of each ending of a phase at a provider."""
    seen = set()
    for fault, phase, provider in PRODUCT:
        ending = read_cell(fault, phase, provider)
        shown = {fault, (phase, ending, provider)}
        if ending not in IMPOSSIBLE and (ALL or not shown <= seen):
            yield Cell(fault, phase, provider)
        seen |= shown


CELLS = list(choose_cells())
BUDGET = Decimal("0.10")
ON_LISTS = {"unlisted", "listed-twice"}
ONE_SIDED = set(FATES[FATES.index("e003") :])
"""Faults that one provider has alone."""
FIELDS = {"missing-id", "unknown-status", "nulls"}
"""Faults of the fields of an answer."""
WITH_EFFECT = {"upload", "submit", "cancel"}
CODES = {
    "in doubt": "in-doubt", "unknown": "in-doubt", "twins": "in-doubt", "rejected": "rejected",
    "halts": "credentials", "halts unsent": "credentials", "unfinished": "unfinished",
    "never shown": "lost", "not fetched": "download",
}  # fmt: skip
"""The error's code, where an ending has just one."""


@pytest.fixture(scope="module")
def stage():
    with Stage().serving() as stage:
        yield stage


@pytest.fixture(scope="module")
def picture():
    """A picture too large for a data URI."""
    file = io.BytesIO()
    Image.frombytes("RGB", (260, 260), os.urandom(3 * 260 * 260)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """One of those that are trusted: no cell needs any, and reading all takes long each time."""
    end = "-----END CERTIFICATE-----\n"
    first, _, _ = Path(certifi.where()).read_text(encoding="utf-8").partition(end)
    path = tmp_path_factory.mktemp("trusted") / "one.pem"
    path.write_text(first + end, encoding="utf-8")
    return path


@pytest.fixture
def play(here, stage, picture, certificate, monkeypatch):
    """Play a cell: what its run leaves, and if there is anything left to do, what the next does."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def play(cell, ending):
        with playing(cell, stage, here, picture) as played:
            first = played.run()
            assert played.script.struck, f"nothing went wrong: {first.stderr}"
            seen = played.script.seen.copy()
            if ending.next_run == "unchanged":
                return first, seen, None
            played.script.end()
            return first, seen, played.run()

    yield play
    assert not stage.broken


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_fault_comes_to_what_the_table_says_and_costs_what_it_may(play, cell):
    code = read_cell(cell.fault, cell.phase, cell.provider)
    first, seen, second = play(cell, ENDINGS[code])
    check_ending(first, ENDINGS[code])
    check_money(first, ENDINGS[code])
    check_disk(first)
    check_way(first, code, seen[cell.phase], cell)
    if second is not None:
        check_next_run(second, ENDINGS[code])
        check_disk(second)


LOCKED_OUT = Ending("the key is refused", 4, "unfinished", booked="reserved", next_run="succeeded")
LASTING = {
    ("poll", "503"): ENDINGS["unfinished"],
    ("poll", "html"): ENDINGS["unfinished"],
    ("poll", "401"): LOCKED_OUT,
    ("result", "500"): ENDINGS["unfinished"],
    ("result", "429"): ENDINGS["unfinished"],
    ("result", "empty"): ENDINGS["unfinished"],
    ("list", "503"): ENDINGS["unknown"],
}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(("phase", "fault"), LASTING)
def test_a_fault_that_lasts_leaves_everything_to_the_next_run(play, phase, fault, provider):
    ending = LASTING[phase, fault]
    first, _, second = play(Cell(fault, phase, provider, lasting=True), ending)
    check_ending(first, ending)
    check_money(first, ending)
    check_disk(first)
    check_next_run(second, ending)
    check_disk(second)


@pytest.mark.parametrize(("provider", "name"), [("replicate", "results"), ("fal", "items")])
def test_a_list_that_is_no_list_proves_nothing(play, provider, name):
    first, _, _ = play(Cell("nulls", "list", provider, lasting=True), ENDINGS["unknown"])
    assert first.row["error"]["message"] == (
        "it was sent, and it is not known whether it was bought: the provider's list cannot be "
        f"read: a list of requests cannot be read: '{name}' is not a list"
    )


def check_ending(played, ending):
    """As the command, the manifest, the journal and the provider tell it."""
    told = (played.exit_code, played.row["status"], played.submits, played.bought)
    assert told == (ending.exit_code, ending.status, ending.submits, ending.bought), played.stderr
    assert played.manifest["run"]["exit_code"] == ending.exit_code
    ended_well = ending.status in {"succeeded", "unchanged"}
    assert bool(played.row["error"]) != ended_well
    assert ended_well or played.row["error"]["message"]
    intents = [event["attempt"] for event in played.events if event["event"] == "intent"]
    assert len(intents) >= ending.submits, "every paid request is written down before it leaves"
    assert sorted(set(intents)) == list(range(1, 1 + min(ending.submits, max(ending.bought, 1))))
    assert played.row["attempts"] == len(set(intents))


def check_money(played, ending):
    """Manifest, journal and ledger agree with each other, and with what the provider bills."""
    costs = played.manifest["cost_usd"]
    actual, held = Decimal(str(costs["actual"])), Decimal(str(costs["in_doubt"]))
    assert actual == played.settled == played.costs["total_usd"]
    assert held == played.costs["in_doubt_usd"]
    assert actual + held <= BUDGET
    match ending.booked:
        case "billed":
            assert (actual, held) == (played.billed, 0)
        case "estimate":
            assert (actual, held) == (Decimal(str(costs["estimated_high"])), 0)
        case "reserved":
            assert (actual, held) == (0, Decimal(str(costs["estimated_high"])))
    assert actual + held >= played.billed


def check_disk(played):
    """Every file is an asset of the manifest, whole; what succeeded has its own."""
    assets = {asset["path"]: asset["sha256"] for asset in played.row["assets"]}
    assert played.files == assets
    assert bool(assets) == (played.row["status"] in {"succeeded", "unchanged"})


def check_way(played, code, seen, cell):
    """That it came to this end by the way that the table tells."""
    warnings = [asset["warning"] for asset in played.row["assets"] if "warning" in asset]
    match code:
        case "again" | "follows":
            assert seen > cell.times
        case "goes on" if cell.phase not in {"result", "poll"}:
            assert seen == 1
        case "kept":
            assert any("filter" in warning for warning in warnings)
        case "not cancelled":
            assert "tree: not cancelled: " in played.stderr
        case "too late":
            assert "tree: could not be cancelled any more\n" in played.stderr
    if code in CODES:
        assert played.row["error"]["code"] == CODES[code]
    adopted = any(event.get("adopted") for event in played.events)
    doubted = cell.phase == "list" or code == "adopts"
    assert adopted == (doubted and played.row["status"] == "succeeded")


def check_next_run(played, ending):
    """Given again, the command buys only what the provider does not have, and loses nothing."""
    new = ending.next_run == "buys"
    status = "succeeded" if new else ending.next_run
    assert (played.row["status"], played.bought) == (status, ending.bought + new), played.stderr
    assert played.submits == ending.submits + new
    assert played.settled == played.costs["total_usd"]
    assert played.settled + played.costs["in_doubt_usd"] >= played.billed
    if status == "succeeded" and ending.booked != "estimate":
        assert played.settled == played.billed


def test_the_matrix_has_a_cell_for_every_fault_of_the_sandbox_in_every_phase():
    assert list(TABLE) == list(product(FAULTS, PHASES))
    assert tuple(PHASES) == ACTIONS
    afters = {f"{name}-after" for name in REFUSALS if name not in LIES}
    assert set(FAULTS) == {*REFUSALS, *afters, *SPOILERS, *FATES}
    assert len(FAULTS) >= 25


@pytest.mark.parametrize("code", sorted({read_cell(*place) for place in PRODUCT}))
def test_every_cell_has_an_ending_or_a_reason_why_it_cannot_be(code):
    assert (code in ENDINGS) != (code in IMPOSSIBLE)


def test_only_what_cannot_be_is_left_out():
    for fault, phase in TABLE:
        why = {
            "-fate": fault in FATES and phase != "result",
            "-list": fault in ON_LISTS and phase != "list",
            "-file": fault in FIELDS and phase == "download",
            "-read": fault.endswith("-after") and phase not in WITH_EFFECT,
            "-one": fault in ONE_SIDED and phase == "result",
        }
        reasons = [reason for reason, holds in why.items() if holds]
        told = {read_cell(fault, phase, provider) for provider in PROVIDERS}
        assert (told & IMPOSSIBLE.keys()) == set(reasons), (fault, phase)
        assert len(told) == (2 if reasons == ["-one"] else 1) or not reasons, (fault, phase)
