"""Journals, damaged in their bytes or written with right checksums and wrong words."""

import json
from pathlib import Path
from random import Random

from fuzz.inputs import ODD, altered, edited
from fuzz.room import empty_room, run
from fuzz.target import Target
from vidi.inference.tracking.journal.checksum import add_checksum

_RELEASED = Path(__file__).parents[3] / "inference/tracking/journals"
FOLDER = "outputs/job"
LINES = (_RELEASED / "v2" / FOLDER / "log.jsonl").read_bytes().splitlines(keepends=True)
FIRST = b"".join(
    (_RELEASED / "v1" / FOLDER / "log.jsonl").read_bytes().splitlines(keepends=True)[:20]
)
EVENTS = [{key: each for key, each in json.loads(line).items() if key != "sum"} for line in LINES]
JOB = json.dumps(
    {
        "version": 1,
        "budget": 1,
        "name": "job",
        "inferences": [
            {"id": key, "model": "fal/fal-ai/flux/schnell", "params": {"prompt": key},
             "output": f"{key}.jpg"}
            for key in ("raised", "drifted", "odd")
        ],
    }
)  # fmt: skip
KEYS = tuple({key for event in EVENTS for key in event})
COMMANDS = (
    ("vidi", "status", FOLDER, "--json"),
    ("vidi", "doctor", FOLDER),
    ("vidi", "verify", FOLDER, "--json"),
    ("vidi-run", "job.json", "--estimate", "--json"),
)


def _written(events: list[object]) -> bytes:
    """Events as a journal has them, with right checksums and in order."""
    lines, numbers = [], {}
    for place, event in enumerate(events):
        if isinstance(event, dict):
            run_id = str(event.get("run", "r"))
            numbers[run_id] = numbers.get(run_id, 0) + 1
            event = {"ts": "2026-11-29T00:00:00+00:00", "event": "intent", **event, "run": run_id}
            event["seq"] = numbers[run_id]
            line = json.dumps(event).encode()
            lines.append(add_checksum(line, place if event["seq"] == 1 else 0))
    return b"\n".join(lines) + b"\n"


def _some(begin: int, count: int) -> list[object]:
    return EVENTS[begin : begin + count]


def check(data: bytes) -> str:
    with empty_room() as room:
        folder = room / FOLDER
        folder.mkdir(parents=True)
        (folder / "log.jsonl").write_bytes(data)
        (room / "job.json").write_text(JOB, encoding="utf-8")
        codes = [run(*command) for command in COMMANDS]
        assert (folder / "log.jsonl").read_bytes() == data
    assert set(codes) <= {"0", "1", "2", "3"}, codes
    return " ".join(codes)


PARTS = [b"".join(LINES[at : at + 12]) for at in range(0, len(LINES), 12)]
SLICES = [_some(at, 10) for at in range(0, len(EVENTS), 5)]
DAMAGED = edited([*PARTS, FIRST])
ALTERED = altered(SLICES, KEYS)


def make(chance: Random) -> bytes:
    kind = chance.randrange(4)
    if kind == 0:
        return DAMAGED(chance)
    if kind == 1:
        events = ALTERED(chance)
        return _written(events if isinstance(events, list) else [])
    if kind == 2:
        return _written([chance.choice(EVENTS) for _ in range(chance.randrange(12))])
    *others, last = chance.choice(SLICES)
    key = chance.choice([*last]) if chance.randrange(4) else chance.choice(KEYS)
    return _written([*others, {**last, key: chance.choice(ODD)}])


TARGET = Target(make, check)
