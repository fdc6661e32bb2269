"""Plan files: forged, cut and garbled, then applied: none buys more than was shown."""

import json
from functools import cache
from random import Random

from fuzz.inputs import any_bytes, edited, values
from fuzz.room import empty_room, run
from fuzz.target import Target

JOB = b"""version: 1
budget: 1
inferences:
  - {id: a, model: replicate/black-forest-labs/flux-schnell, params: {prompt: x}, output: a.webp}
"""


@cache
def sample() -> bytes:
    """The plan of the job."""
    with empty_room() as room:
        (room / "job.yaml").write_bytes(JOB)
        code = run("vidi-run", "job.yaml", "--sandbox", "--estimate", "--plan", "plan.json")
        assert code == "0"
        return (room / "plan.json").read_bytes()


def make(chance: Random) -> bytes:
    kind = chance.randrange(8)
    if kind == 0:
        return any_bytes(chance)
    if kind < 4:
        return edited([sample()])(chance)
    return json.dumps(alter(json.loads(sample()), chance)).encode("utf-8", "surrogatepass")


def alter(plan: dict, chance: Random) -> dict:
    """One value of the plan, wherever it is, is another."""
    where: dict | list = plan
    while True:
        keys = [*where] if isinstance(where, dict) else [*range(len(where))]
        if not keys:
            return plan
        key = chance.choice(keys)
        if not isinstance(where[key], dict | list) or not chance.randrange(4):
            where[key] = values(("a", "low"))(chance)
            return plan
        where = where[key]


def check(data: bytes) -> str:
    with empty_room() as room:
        (room / "job.yaml").write_bytes(JOB)
        (room / "plan.json").write_bytes(data)
        code = run("vidi-run", "--apply", "plan.json", "--json", "--no-report")
        log = room / "outputs/sandbox/job/log.jsonl"
        bought = log.read_text("utf-8").count('"event":"intent"') if log.exists() else 0
    assert code in {"0", "2", "3"}, code
    assert bought == (code == "0"), bought
    return code


TARGET = Target(make, check)
