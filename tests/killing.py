"""A real run that is killed at its n-th step, and what must be true when it has been run again.

The steps are counted inside the child by a `sitecustomize` on its PYTHONPATH: each write of the
journal (before it, in the middle of the line, after it), each fsync, each rename (before, after)
and each piece that goes out over a socket (before, after). Nothing in vidi knows of it.
"""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

from commands import installed
from servers import Served

HOOK = """\
import asyncio.selector_events as sockets
import atexit, os, signal

at = int(os.environ.get("TEST_DIE_AT", "0"))
steps = 0


def step():
    global steps
    steps += 1
    if steps == at:
        os.kill(os.getpid(), signal.SIGKILL)


def around(holder, name):
    work = getattr(holder, name)

    def stepping(*arguments, **options):
        step()
        result = work(*arguments, **options)
        step()
        return result

    setattr(holder, name, stepping)


write = os.write


def write_in_steps(file, data):
    if not bytes(data[:5]) == b'{"ts"':
        return write(file, data)
    step()
    if steps + 1 == at:
        write(file, data[: len(data) // 2])
    step()
    written = write(file, data)
    step()
    return written


os.write = write_in_steps
for name in ("fsync", "replace", "rename"):
    around(os, name)
for name in ("write", "writelines"):
    around(sockets._SelectorSocketTransport, name)
if "TEST_TALLY" in os.environ:
    atexit.register(lambda: open(os.environ["TEST_TALLY"], "w").write(str(steps)))
"""

JOB = """\
version: 1
name: job
budget: 1.00
concurrency: 3
inferences:
  - id: "tree-{{ n }}"
    matrix: {n: [1, 2, 3, 4, 5]}
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: "tree {{ n }}", aspect_ratio: "1:1"}
    output: "trees/{{ n }}.webp"
  - id: pair
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: a pair, num_outputs: 2}
    output: pair.webp
  - id: "card-{{ n }}"
    matrix: {n: [1, 2, 3, 4, 5, 6]}
    model: fal/fal-ai/flux/dev
    params: {prompt: "card {{ n }}", image_size: square}
    output: "cards/{{ n }}.jpg"
"""
COUNT = 12
PATHS = [path for path in [os.environ.get("PYTHONPATH")] if path]


class Killable:
    """A folder with the job, and runs of it that may die."""

    def __init__(self, folder: Path, served: Served) -> None:
        self.folder = folder
        self.served = served
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hook").mkdir()
        (folder / "hook/sitecustomize.py").write_text(HOOK)
        (folder / "job.yaml").write_text(JOB)

    def run(self, *arguments, program="vidi-run", die_at=0):
        """Run a command, killed at a step of it; 0 lets it live."""
        environment = {
            **os.environ,
            **self.served.environment,
            "PYTHONPATH": os.pathsep.join([str(self.folder / "hook"), *PATHS]),
            "VIDI_LEDGER": str(self.folder / "ledger.sqlite3"),
            "VIDI_RECONCILE_SECONDS": "1",
            "TEST_DIE_AT": str(die_at),
            "TEST_TALLY": str(self.folder / "tally"),
        }
        return subprocess.run(
            [sys.executable, installed(program), *(arguments or ["job.yaml", "--no-report"])],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def run_until_done(self):
        """Run the same command until it is done; the user's word settles what was never sent."""
        for _ in range(4):
            answer = self.run()
            if answer.returncode == 0:
                return
            assert answer.returncode == 6, (answer.returncode, answer.stderr)
            self._say_what_was_never_sent()
        raise AssertionError("it is never done")

    @property
    def steps(self) -> int:
        """How many steps the last run that lived had."""
        return int((self.folder / "tally").read_text())

    def check(self) -> None:
        """Bought once each, everything there, and every cent accounted for."""
        works = list(self.served.sandbox.works.values())
        prompts = [work.input["prompt"] for work in works]
        assert sorted(prompts) == sorted(set(prompts)), "something was bought twice"
        assert len(works) == COUNT
        rows = json.loads((self.folder / "outputs/job/manifest.json").read_text())["inferences"]
        assert {row["status"] for row in rows} <= {"succeeded", "unchanged"}
        verified = self.run("verify", "outputs/job", program="vidi")
        assert verified.returncode == 0, verified.stderr
        assert f"{COUNT + 1} of {COUNT + 1} assets" in verified.stderr
        status = json.loads(self.run("status", "job.yaml", "--json", program="vidi").stdout)
        billed = self.served.sandbox.billing.total
        assert Decimal(str(status["cost_usd"])) == billed
        assert status["may_be_billed_usd"] == 0
        costs = json.loads(self.run("costs", "--json", program="vidi").stdout)
        assert Decimal(str(costs["total_usd"])) == billed

    def _say_what_was_never_sent(self) -> None:
        """At most one inference a worker was cut off before it left; see that it was not bought."""
        status = json.loads(self.run("status", "job.yaml", "--json", program="vidi").stdout)
        doubts = [row["id"] for row in status["inferences"] if row["status"] == "in_doubt"]
        bought = {work.input["prompt"] for work in self.served.sandbox.works.values()}
        assert len(doubts) <= 3
        assert not bought & {doubt.replace("-", " ").replace("pair", "a pair") for doubt in doubts}
        words = [part for doubt in doubts for part in ("--not-paid", doubt)]
        answer = self.run("reconcile", "job.yaml", *words, program="vidi")
        assert answer.returncode == 0, answer.stderr
