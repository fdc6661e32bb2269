"""What the ledger has open for a folder is not bought again there, though its log.jsonl is gone."""

import contextlib
import shutil

import pytest

from support.servers.intervening import JOB
from support.servers.sandbox import serve_sandbox
from vidi.errors import BegunElsewhereError, InDoubtError
from vidi.inference import InferenceEngine

NEVER_ARRIVED = {"on": "submit", "fault": "reset", "times": 0}
LOST = {"on": "submit", "fault": "reset-after", "times": 0}
FOLDER = "outputs/job"


@contextlib.contextmanager
def forgotten(here, *options, faults=(), code):
    """A run that leaves something open, and then a folder that knows nothing of it."""
    here.write("job.yaml", JOB)
    here._monkeypatch.setenv("VIDI_RECONCILE_SECONDS", "0")
    with serve_sandbox(faults) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        assert here("vidi-run", "job.yaml", *options).exit_code == code
        shutil.rmtree(here.folder / "outputs")  # as `git clean -fdX` does
        served.sandbox.faults._rules.clear()
        yield served


def statuses(here):
    (folder,) = (here.folder / "outputs").iterdir()
    rows = here.manifest(folder.relative_to(here.folder))["inferences"]
    return {row["id"]: row["status"] for row in rows}


@pytest.mark.parametrize(
    ("options", "faults", "code"),
    [((), (LOST,), 6), ((), (NEVER_ARRIVED,), 6), (("--detach",), (), 5)],
    ids=["bought and in doubt", "not bought and in doubt", "submitted"],
)
def test_what_is_open_in_the_ledger_is_not_bought_again(here, options, faults, code):
    lists_nothing = {"on": "list", "fault": "500", "times": 0}
    with forgotten(here, *options, faults=[*faults, lists_nothing], code=code) as served:
        sent, known = served.submits, list(served.sandbox.works)
        again = here("vidi-run", "job.yaml")
        assert (again.exit_code, served.submits) == (6, sent)
        assert statuses(here) == {"tree": "in_doubt", "card": "in_doubt"}
        assert "was begun by another run of this folder" in again.stderr
        assert not options or all(request in again.stderr for request in known)
        assert here("vidi-run", "job.yaml").exit_code == 6  # and so it stays
        doubtful = here("vidi", "costs", "--json").json["in_doubt_usd"]

        paid = here("vidi", "reconcile", "job.yaml", "--paid", "tree=some-request")
        assert (paid.exit_code, "log.jsonl is gone" in paid.stderr) == (2, True)
        assert "--rebuy tree" in paid.stderr
        assert here("vidi", "costs", "--json").json["in_doubt_usd"] == doubtful

        released = here("vidi", "reconcile", "job.yaml", "--not-paid", "tree")
        assert (released.exit_code, released.stdout.splitlines()[0]) == (
            0, "tree: not bought; the next run may buy it"
        )  # fmt: skip
        assert here("vidi-run", "job.yaml").exit_code == 6
        assert statuses(here) == {"tree": "succeeded", "card": "in_doubt"}
        before = here("vidi", "costs", "--json").json
        assert 0 < before["in_doubt_usd"] < doubtful

        assert here("vidi-run", "job.yaml", "--rebuy", "card").exit_code == 0
        after = here("vidi", "costs", "--json").json
        assert (served.submits, after["in_doubt_usd"]) == (sent + 2, 0)
        booked = after["total_usd"] - before["total_usd"]
        assert booked > before["in_doubt_usd"]  # the forgotten one at its estimate, and the new one


def test_a_word_about_what_nobody_has_begun_is_a_mistake(here):
    with forgotten(here, faults=[NEVER_ARRIVED], code=6):
        here("vidi-run", "job.yaml")
        refused = here("vidi", "reconcile", "job.yaml", "--not-paid", "tree", "--not-paid", "no")
        assert refused.exit_code == 2
        assert here("vidi-run", "job.yaml").exit_code == 6  # nothing was released


def test_a_program_whose_journal_is_gone_does_not_buy_a_key_again(here):
    journal = here.folder / "journal.jsonl"

    def infer(key):
        with InferenceEngine(journal=journal) as engine:
            return engine.infer(
                model="fal/fal-ai/flux/dev", prompt="a", image_size="square", idempotency_key=key
            )

    here._monkeypatch.setenv("VIDI_RECONCILE_SECONDS", "0")
    with serve_sandbox([{**NEVER_ARRIVED, "times": 1}]) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        with pytest.raises(InDoubtError):
            infer("k")
        journal.unlink()
        sent = served.submits
        with pytest.raises(BegunElsewhereError) as refused:
            infer("k")
        assert "Another key" in refused.value.hint
        assert served.submits == sent
        infer("l")
        assert served.submits == sent + 1
