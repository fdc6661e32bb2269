"""What is on disk before what: the order of writes, fsyncs, renames and requests of a real run."""

import json
import os
from itertools import pairwise

import pytest

from support.commands import run_installed
from support.servers.sandbox import serve_sandbox
from vidi.inference.tracking.journal.events import DURABLE

RECORDER = """\
import asyncio.selector_events as sockets
import atexit, json, os, sys

sys.modules |= {"sqlalchemy": None, "psycopg": None}  # a ledger in a file needs neither
steps = []
write, fsync, replace, rename = os.write, os.fsync, os.replace, os.rename
send = sockets._SelectorSocketTransport.write


def note_write(file, data):
    if bytes(data[:5]) == b'{"ts"':
        event = json.loads(bytes(data))
        steps.append(["event", event["event"], event.get("id"), file])
    return write(file, data)


def note_fsync(file):
    steps.append(["fsync", None, None, file])
    return fsync(file)


def note_send(self, data):
    method = bytes(data[:5]).partition(b" ")[0].decode("latin-1")
    if method in ("GET", "POST", "PUT"):
        steps.append(["send", method, None, -1])
    return send(self, data)


def note_rename(work):
    def rename(source, target, **options):
        if "/.vidi/" not in os.fspath(target):  # thumbnails can be made again
            steps.append(["rename", os.fspath(target), None, -1])
        return work(source, target, **options)

    return rename


os.write, os.fsync = note_write, note_fsync
os.replace, os.rename = note_rename(replace), note_rename(rename)
sockets._SelectorSocketTransport.write = note_send



def tell():
    with open(os.environ["TEST_STEPS"], "w") as file:
        json.dump(steps, file)


def tell_and_leave(code, leave=os._exit):
    tell()
    leave(code)


atexit.register(tell)
os._exit = tell_and_leave
"""
MODELS = {"replicate": "replicate/black-forest-labs/flux-schnell", "fal": "fal/fal-ai/flux/dev"}
JOB = """\
version: 1
name: job
budget: 1.00
inferences:
  - {id: a, model: MODEL, params: {prompt: a tree}, output: a.webp}
  - {id: b, model: MODEL, params: {prompt: a bush}, output: b.webp}
"""


@pytest.fixture(scope="module", params=list(MODELS))
def steps(request, tmp_path_factory):
    """Every step of a run of two inferences, one after the other."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "sitecustomize.py").write_text(RECORDER)
    (folder / "job.yaml").write_text(JOB.replace("MODEL", MODELS[request.param]))
    paths = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    with serve_sandbox() as served:
        answer = run_installed(
            "vidi-run",
            "job.yaml",
            cwd=folder,
            PYTHONPATH=paths,
            TEST_STEPS=str(folder / "steps.json"),
            VIDI_LEDGER=str(folder / "ledger.sqlite3"),
            **served.environment,
        )
    assert answer.exit_code == 0, answer.stderr
    return json.loads((folder / "steps.json").read_text())


def places(steps, kind, what=None):
    return [at for at, step in enumerate(steps) if step[0] == kind and what in (None, step[1])]


BOUGHT = DURABLE - {"renamed", "restored", "taken"}
"""Those of a run that buys: the others bring home what was bought before."""


@pytest.mark.parametrize("name", sorted(BOUGHT))
def test_a_durable_event_is_on_the_disk_before_anything_else_happens(steps, name):
    found = places(steps, "event", name)
    assert len(found) == 2
    for at in found:
        kind, _, _, file = steps[at + 1]
        assert (kind, file) == ("fsync", steps[at][3])


def test_no_other_event_costs_a_wait_for_the_disk(steps):
    after = [(steps[at], steps[at + 1]) for at in places(steps, "event")[:-1]]
    synced = {event[1] for event, then in after if then[0] == "fsync" and then[3] == event[3]}
    assert synced == BOUGHT


def test_the_paid_request_leaves_between_intent_and_receipt(steps):
    for intent, submitted in zip(
        places(steps, "event", "intent"), places(steps, "event", "submitted"), strict=True
    ):
        between = [step[1] for step in steps[intent:submitted] if step[0] == "send"]
        # A run that has begun may ask for base prices meanwhile, which costs nothing.
        assert [method for method in between if method != "GET"] == ["POST"]


def test_nothing_paid_leaves_at_any_other_time(steps):
    assert len(places(steps, "send", "POST")) == 2


def test_a_result_is_noted_before_its_file_is_fetched(steps):
    for completed, asset in zip(
        places(steps, "event", "completed"), places(steps, "event", "asset"), strict=True
    ):
        between = [step[:2] for step in steps[completed:asset] if step[0] in ("send", "rename")]
        # The manifest is written early, whenever its second is over.
        kinds = [kind for kind, what in between if not what.endswith("manifest.json")]
        assert kinds == ["send", "rename"]


def test_a_file_is_on_the_disk_before_it_gets_its_name(steps):
    named = [at for at in places(steps, "rename") if steps[at][1].endswith(".webp")]
    assert len(named) == 2
    for at in named:
        synced = [step for step in steps[:at] if step[0] == "fsync"]
        assert steps[at - 1][0] == "fsync" or synced, "the content, and then the name"
        assert "fsync" in {step[0] for step in steps[at + 1 : at + 3]}, "the name too"


def test_an_inference_goes_its_way_in_order(steps):
    for key in ("a", "b"):
        way = [step[1] for step in steps if step[0] == "event" and step[2] == key]
        assert way == ["intent", "submitted", "completed", "asset", "settled"]


def test_the_manifest_is_made_early_and_at_the_end_and_not_once_an_inference(steps):
    made = [at for at in places(steps, "rename") if steps[at][1].endswith("manifest.json")]
    assert len(made) in {1, 2}, "early only where the run lasts a second"
    assert made[-1] > places(steps, "event", "run_finished")[0]


def test_one_inference_after_the_other_unless_asked(steps):
    order = [step[2] for step in steps if step[0] == "event" and step[2]]
    changes = sum(before != after for before, after in pairwise(order))
    assert changes == 1
