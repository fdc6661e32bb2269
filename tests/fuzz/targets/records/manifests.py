"""Manifests: what reads one says what is wrong with it."""

import json
from pathlib import Path

from fuzz.inputs import altered, as_json, edited, one_of, piped, values
from fuzz.room import empty_room, run
from fuzz.target import Target

_RELEASED = Path(__file__).parents[3] / "inference/tracking/journals/v2/outputs/job"
TEXT = (_RELEASED / "manifest.json").read_bytes()
SAMPLE = json.loads(TEXT)
SMALL = {**SAMPLE, "inferences": SAMPLE["inferences"][:2]}
KEYS = tuple(
    {*SAMPLE, *SAMPLE["run"], *SAMPLE["cost_usd"], *SAMPLE["inferences"][0], "path", "sha256"}
)
JOURNAL = b"".join((_RELEASED / "log.jsonl").read_bytes().splitlines(keepends=True)[:12])
COMMANDS = (
    ("vidi", "report", "outputs/job"),
    ("vidi", "status", "outputs/job"),
    ("vidi", "doctor", "outputs/job"),
)


def check(data: bytes) -> str:
    with empty_room() as room:
        folder = room / "outputs/job"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_bytes(data)
        (folder / "log.jsonl").write_bytes(JOURNAL[:-40] + b'"}\n' if len(data) % 2 else JOURNAL)
        codes = [run(*command) for command in COMMANDS]
    assert set(codes) <= {"0", "1", "2"}, codes
    return " ".join(codes)


TARGET = Target(
    one_of(
        piped(altered([SAMPLE, SMALL], KEYS), as_json),
        piped(altered([SMALL], KEYS), as_json),
        edited([TEXT]),
        piped(values(KEYS), as_json),
    ),
    check,
)
