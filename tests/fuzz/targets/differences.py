"""Pairs of job files: compared through the command; a zero byte stands between them."""

from random import Random

from fuzz.inputs import edited
from fuzz.room import empty_room, run
from fuzz.target import Target
from fuzz.targets.job_bytes import SAMPLES

SIDE = edited(SAMPLES)
BETWEEN = b"\0\0--\0\0"


def make(chance: Random) -> bytes:
    sides = [SIDE(chance) if chance.randrange(3) else chance.choice(SAMPLES) for _ in range(2)]
    return BETWEEN.join(sides)


def check(data: bytes) -> str:
    before, _, after = data.partition(BETWEEN)
    with empty_room() as room:
        (room / "before.yaml").write_bytes(before)
        (room / "after.yaml").write_bytes(after)
        code = run("vidi", "diff", "before.yaml", "after.yaml", "--json")
        told = run("vidi", "diff", "before.yaml", "after.yaml", "--markdown", "-q")
    assert code in {"0", "2"}, code
    assert told == code
    return code


TARGET = Target(make, check)
