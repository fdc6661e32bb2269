"""Job files as bytes: estimated through the command."""

from pathlib import Path

from fuzz.inputs import any_bytes, edited, one_of
from fuzz.room import empty_room, run
from fuzz.target import Target

_JOBS = Path(__file__).parents[3] / "jobs"
SAMPLES = [
    *(path.read_bytes() for path in sorted(_JOBS.glob("*.yaml"))),
    b"version: 1\nbudget: 1\ninferences:\n  - id: a\n    model: fal/fal-ai/flux/dev\n"
    b"    params: {prompt: x, seed: 5}\n    output: a.png\n",
    b"version: 1\nvars: {a: b}\ninferences:\n  - {id: 'x-{{ c }}', matrix: &m {c: [1, 2]},"
    b" model: replicate/black-forest-labs/flux-schnell, params: {prompt: '{{ a }}', seed: 1},"
    b" output: '{{ id }}'}\n  - {id: y, matrix: *m}\n",
]


def check(data: bytes) -> str:
    with empty_room() as room:
        (room / "job.yaml").write_bytes(data)
        code = run("vidi-run", "job.yaml", "--estimate", "--json")
    assert code in {"0", "2", "3"}, code
    return code


TARGET = Target(one_of(edited(SAMPLES), edited(SAMPLES), any_bytes), check)
