"""Two folders that bought the same thing: each request at the provider belongs to one of them."""

import json

import pytest

from support.servers.sandbox import serve_sandbox, unreadable_lists

MODELS = {"replicate": "replicate/black-forest-labs/flux-schnell", "fal": "fal/fal-ai/flux/dev"}
LOST = {"on": "submit", "fault": "reset-after"}
NEVER_ARRIVED = {"on": "submit", "fault": "reset"}
FOLDERS = ("one", "two")
providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


@pytest.fixture
def serve(here):
    """Serve a sandbox with faults to two job files that ask for the same thing."""

    def serve(provider, *faults):
        for name in FOLDERS:
            here.write(
                f"{name}.yaml",
                f"version: 1\nname: {name}\nbudget: 1.00\ninferences:\n  - id: tree\n"
                f"    model: {MODELS[provider]}\n"
                "    params: {prompt: a tree}\n    output: tree.webp\n",
            )
        return serve_sandbox(faults)

    return serve


def run(here, served, name, *, command=("vidi-run",), words=()):
    for setting, value in served.environment.items():
        here._monkeypatch.setenv(setting, value)
    return here(*command, f"{name}.yaml", *words)


def find_receipts(here, name):
    log = (here.folder / f"outputs/{name}/log.jsonl").read_text(encoding="utf-8")
    events = [json.loads(line) for line in log.splitlines()]
    return [event["request_id"] for event in events if event["event"] == "submitted"]


@providers
def test_what_another_folder_has_a_receipt_for_is_no_match(here, serve, provider):
    with serve(provider, {**NEVER_ARRIVED, "nth": 2}) as served:
        assert run(here, served, "one").exit_code == 0
        for _ in range(2):
            answer = run(here, served, "two")
            assert answer.exit_code == 6
            assert "the provider lists nothing like it" in answer.stderr
        assert (served.submits, len(served.sandbox.works)) == (2, 1)
    assert find_receipts(here, "two") == []


@providers
def test_what_one_folder_has_adopted_the_other_does_not(here, serve, provider):
    unread = unreadable_lists(provider, 6)
    with serve(provider, LOST, {**NEVER_ARRIVED, "nth": 2}, unread) as served:
        assert [run(here, served, name).exit_code for name in FOLDERS] == [6, 6]
        assert [run(here, served, name).exit_code for name in FOLDERS] == [0, 6]
        assert find_receipts(here, "one") == list(served.sandbox.works)


@providers
def test_once_the_user_has_told_one_apart_the_other_is_found(here, serve, provider):
    with serve(provider, {**LOST, "times": 2}, unreadable_lists(provider, 6)) as served:
        assert [run(here, served, name).exit_code for name in FOLDERS] == [6, 6]
        assert [run(here, served, name).exit_code for name in FOLDERS] == [6, 6]
        first, second = served.sandbox.works
        words = ("--paid", f"tree={first}")
        told = run(here, served, "one", command=("vidi", "reconcile"), words=words)
        assert told.exit_code == 0
        assert [run(here, served, name).exit_code for name in FOLDERS] == [0, 0]
        assert served.submits == 2
    assert [find_receipts(here, name) for name in FOLDERS] == [[first], [second]]


@providers
def test_the_users_word_cannot_take_what_another_folder_has(here, serve, provider):
    with serve(provider, {**NEVER_ARRIVED, "nth": 2}) as served:
        assert [run(here, served, name).exit_code for name in FOLDERS] == [0, 6]
        (bought,) = served.sandbox.works
        words = ("--paid", f"tree={bought}")
        answer = run(here, served, "two", command=("vidi", "reconcile"), words=words)
    assert answer.exit_code == 2
    assert answer.stderr == (
        f"{bought} cannot be tree's: it was bought in another folder\n"
        "  hint: Look the right request up on the provider's page. Nothing was changed.\n"
    )


@providers
def test_without_a_ledger_a_folder_knows_only_its_own(here, serve, provider):
    here._monkeypatch.setenv("VIDI_COSTS", "off")
    unread = unreadable_lists(provider, 3)
    with serve(provider, LOST, unread) as served:
        assert run(here, served, "one").exit_code == 6
        told = run(here, served, "one", command=("vidi", "reconcile"))
        assert told.exit_code == 0
        assert run(here, served, "one").exit_code == 0
        assert served.submits == 1
