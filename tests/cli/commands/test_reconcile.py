"""`vidi reconcile`: what the providers know, and what only the user does."""

import contextlib
import os

import pytest

from support.servers.intervening import JOB
from support.servers.sandbox import serve_sandbox
from vidi.runs.records.folder import hold_folder

LOST = {"on": "submit", "fault": "reset-after", "times": 0}
NEVER_ARRIVED = {"on": "submit", "fault": "reset", "times": 0}
UNREADABLE = {"on": "list", "fault": "500", "times": 0}


@pytest.fixture
def doubtful(here):
    """A folder in which both inferences are in doubt, and the sandbox that may have them."""

    @contextlib.contextmanager
    def doubtful(*faults):
        here.write("job.yaml", JOB)
        here._monkeypatch.setenv("VIDI_RECONCILE_SECONDS", "0")
        with serve_sandbox(faults) as served:
            for name, value in served.environment.items():
                here._monkeypatch.setenv(name, value)
            assert here("vidi-run", "job.yaml").exit_code == 6
            served.sandbox.faults._rules.clear()
            yield served

    return doubtful


def requests_of(served):
    return {
        work.input["prompt"].removeprefix("a "): key for key, work in served.sandbox.works.items()
    }


def test_what_the_providers_list_is_adopted_and_fetched_by_the_next_run(here, doubtful):
    with doubtful(LOST, UNREADABLE) as served:
        made = requests_of(served)
        answer = here("vidi", "reconcile", "job.yaml")
        assert answer.exit_code == 0
        assert answer.stdout == (
            f"tree: bought, as {made['tree']}; the next run fetches it\n"
            f"card: bought, as {made['card']}; the next run fetches it\n"
            "nothing is in doubt\n"
        )
        assert here("vidi", "reconcile", "job.yaml").stdout == "nothing is in doubt\n"
        assert here("vidi-run", "job.yaml", "--frozen").exit_code == 0
        assert served.submits == 2


def test_what_the_providers_do_not_list_stays_in_doubt(here, doubtful):
    with doubtful(NEVER_ARRIVED) as served:
        answer = here("vidi", "reconcile", "job.yaml")
        assert answer.exit_code == 6
        assert answer.stdout == (
            "tree: it was sent, and it is not known whether it was bought: "
            "the provider lists nothing like it\n"
            "  hint: Look at the provider's own list of requests; then tell vidi with "
            "`vidi reconcile JOB_FILE --paid tree=REQUEST_ID` or `--not-paid tree`.\n"
            "card: it was sent, and it is not known whether it was bought: "
            "the provider lists nothing like it\n"
            "  hint: Look at the provider's own list of requests; then tell vidi with "
            "`vidi reconcile JOB_FILE --paid card=REQUEST_ID` or `--not-paid card`.\n"
            "still in doubt: tree, card\n"
        )
        assert served.submits == 2


def test_what_was_not_paid_is_released_and_may_be_bought(here, doubtful):
    with doubtful(NEVER_ARRIVED) as served:
        assert here("vidi", "costs", "--json").json["in_doubt_usd"] == 0.028
        answer = here("vidi", "reconcile", "job.yaml", "--not-paid", "tree")
        assert (answer.exit_code, answer.stdout) == (
            6,
            "tree: not bought; the next run may buy it\nstill in doubt: card\n",
        )
        assert here("vidi", "costs", "--json").json["in_doubt_usd"] == 0.025
        answer = here("vidi", "reconcile", "job.yaml", "--not-paid", "card")
        assert (answer.exit_code, answer.stdout) == (
            0,
            "card: not bought; the next run may buy it\nnothing is in doubt\n",
        )
        assert here("vidi", "costs", "--json").json["in_doubt_usd"] == 0
        plan = here("vidi-run", "job.yaml", "--estimate", "--json").json["jobs"][0]["inferences"]
        assert [line["reason"] for line in plan] == ["refused before", "refused before"]
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert len(served.sandbox.works) == 2


def test_what_was_paid_is_fetched_under_the_id_that_the_user_found(here, doubtful):
    with doubtful(LOST, UNREADABLE) as served:
        made = requests_of(served)
        pairs = [f"--paid={key}={request}" for key, request in made.items()]
        assert here("vidi", "reconcile", "job.yaml", *pairs).exit_code == 0
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 2
    rows = here.manifest("outputs/job")["inferences"]
    assert {row["id"]: row["request_id"] for row in rows} == made
    assert {row["status"] for row in rows} == {"succeeded"}


def test_several_words_at_once(here, doubtful):
    with doubtful(LOST, UNREADABLE) as served:
        words = ["--paid", f"tree={requests_of(served)['tree']}", "--not-paid", "card"]
        answer = here("vidi", "reconcile", "job.yaml", *words, "--json")
        assert answer.exit_code == 0
        assert answer.json == {
            "schema_version": 1,
            "command": "reconcile",
            "ok": True,
            "exit_code": 0,
            "job_file": "job.yaml",
            "in_doubt": [],
            "inferences": [
                {
                    "id": "tree",
                    "model": "replicate/black-forest-labs/flux-schnell",
                    "verdict": "adopted",
                    "request_id": requests_of(served)["tree"],
                    "message": "",
                    "hint": "",
                },
                {
                    "id": "card",
                    "model": "fal/fal-ai/flux/dev",
                    "verdict": "not_paid",
                    "request_id": None,
                    "message": "",
                    "hint": "",
                },
            ],
            "costs": [],
            "errors": [],
        }


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["--paid", "bush=1"],
            "bush is not in this folder's journal\n  hint: In doubt: tree, card.\n",
        ),
        (
            ["--not-paid", "tree", "--not-paid", "bush"],
            "bush is not in this folder's journal\n  hint: In doubt: tree, card.\n",
        ),
        (
            ["--paid", "tree=1", "--not-paid", "tree"],
            "tree is said to be paid and not paid\n  hint: Say one of them.\n",
        ),
        (
            ["--paid", "tree"],
            "--paid tree names no inference and its request\n"
            "  hint: Write --paid ID=REQUEST_ID, once for each inference.\n",
        ),
        (
            ["--paid", "tree=1", "--paid", "tree=2"],
            "--paid tree=2 names no inference and its request\n"
            "  hint: Write --paid ID=REQUEST_ID, once for each inference.\n",
        ),
        (
            ["--paid", "tree=1", "--paid", "card=1"],
            "1 cannot be card's: it is tree's already\n"
            "  hint: Look the right request up on the provider's page.\n",
        ),
    ],
)
def test_a_word_about_nothing_in_doubt_changes_nothing(here, doubtful, words, says):
    with doubtful(NEVER_ARRIVED):
        before = (here.folder / "outputs/job/log.jsonl").read_bytes()
        answer = here("vidi", "reconcile", "job.yaml", *words)
        assert (answer.exit_code, answer.stderr) == (2, says)
        assert (here.folder / "outputs/job/log.jsonl").read_bytes() == before


@pytest.mark.parametrize("key", ["tree", "card"])
def test_a_request_that_the_provider_does_not_know_is_not_taken(here, doubtful, key):
    with doubtful(NEVER_ARRIVED):
        before = (here.folder / "outputs/job/log.jsonl").read_bytes()
        words = ["--not-paid", {"tree": "card", "card": "tree"}[key], "--paid", f"{key}=wrong"]
        answer = here("vidi", "reconcile", "job.yaml", *words)
        assert answer.exit_code == 2
        assert answer.stderr.startswith(f"wrong cannot be taken for {key}: ")
        assert (here.folder / "outputs/job/log.jsonl").read_bytes() == before


def test_what_is_done_is_not_in_doubt(here):
    here.write("job.yaml", JOB)
    assert here("vidi-run", "job.yaml", "--sandbox").exit_code == 0
    assert here("vidi", "reconcile", "job.yaml", "--sandbox").stdout == "nothing is in doubt\n"
    answer = here("vidi", "reconcile", "job.yaml", "--sandbox", "--not-paid", "tree")
    assert (answer.exit_code, answer.stderr) == (
        2,
        "tree is not in doubt\n  hint: Nothing in this folder is in doubt.\n",
    )


def test_a_folder_without_a_run_has_nothing_to_reconcile(here):
    here.write("job.yaml", JOB)
    answer = here("vidi", "reconcile", "job.yaml", "--json")
    assert answer.exit_code == 2
    assert answer.json["errors"][0]["message"] == "outputs/job holds no run"
    assert not (here.folder / "outputs").exists()
    assert here("vidi", "reconcile", "job.yaml", "-C", "nowhere").stderr.startswith(
        "there is no folder nowhere\n"
    )


def test_without_a_key_nothing_is_found_out(here, doubtful):
    with doubtful(LOST, UNREADABLE):
        here._monkeypatch.delenv("REPLICATE_API_TOKEN")
        answer = here("vidi", "reconcile", "job.yaml")
        assert answer.exit_code == 6
        assert "the key may not read the provider's list" in answer.stdout


def test_the_folder_is_held(here, doubtful):
    with doubtful(NEVER_ARRIVED), hold_folder(here.folder / "outputs/job"):
        answer = here("vidi", "reconcile", "job.yaml")
    assert answer.exit_code == 7
    assert f"process {os.getpid()} on " in answer.stderr


def test_another_folder_and_project(here, doubtful):
    with doubtful(LOST, UNREADABLE):
        (here.folder / "outputs/job").rename(here.folder / "there")
        here.folder.joinpath("sub").mkdir()
        here._monkeypatch.chdir(here.folder / "sub")
        answer = here("vidi", "reconcile", "../job.yaml", "-C", "..", "-o", "there")
        assert answer.exit_code == 0
