"""A real run over both providers that is killed at a step of it, run again, and looked into."""

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import certifi
from PIL import Image

from support.commands import Answer, run_installed
from support.killing.accounts import CostAccount
from support.servers.object_storage import read_bucket
from support.servers.sandbox import Served
from vidi.inference.lifecycle.sends import SENDS_AT_ONCE

JOB = """\
version: 1
name: job
budget: 0.208
concurrency: 3
inferences:
  - id: "tree-{{ n }}"
    matrix: {n: [1, 2, 3, 4]}
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: "tree {{ n }}", aspect_ratio: "1:1", megapixels: "0.25"}
    output: "trees/{{ n }}.webp"
  - id: pair
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: pair, num_outputs: 2, megapixels: "0.25"}
    output: pair.webp
  - id: edit-1
    model: replicate/black-forest-labs/flux-kontext-dev
    params: {prompt: edit 1, input_image: photo.png}
    output: edit-1.webp
  - id: "card-{{ n }}"
    matrix: {n: [1, 2, 3, 4, 5]}
    model: fal/fal-ai/flux/dev
    params: {prompt: "card {{ n }}", image_size: {width: 256, height: 256}}
    output: "cards/{{ n }}.jpg"
  - id: edit-2
    model: fal/fal-ai/flux-pro/kontext
    params: {prompt: edit 2, image_url: photo.png}
    output: edit-2.jpg
"""
PRICE = "0.208"
"""Of the job, in USD: its budget has room for it and no more."""
COUNT = 12
ASSETS = 13
ROUNDS = 10
"""After the last kill: more runs than these are never needed."""

Start = Callable[..., Answer]
"""Starts a command: `run_hooked`, or `run_warmed`."""


def run_hooked(program: str, *arguments: str, cwd: Path, environment: dict[str, str]) -> Answer:
    """Start the command as it is installed, with its steps counted."""
    hook = cwd / "hook"
    hook.mkdir(exist_ok=True)
    (hook / "sitecustomize.py").write_text(
        "from support.killing import steps\n\nsteps.count_steps()\n"
    )
    paths = [str(hook), str(Path(__file__).parents[2]), environment.get("PYTHONPATH", "")]
    hooked = {**environment, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return run_installed(program, *arguments, cwd=cwd, **hooked)


class Killable:
    """A folder with the job, and runs of it that may die."""

    def __init__(
        self, folder: Path, served: Served, start: Start, ledger: str = "", address: str = ""
    ) -> None:
        self.folder = folder
        self.address = address
        """The bucket and prefix of the assets; empty where they are in the folder."""
        self.output = f"outputs/{address.replace('://', '/')}" if address else "outputs/job"
        self.served = served
        self.start = start
        self.at_once = 3
        """How many inferences at a time the next run may have under way."""
        self.day_budget = ""
        """In USD; empty is no cap."""
        self.faults = 0
        """How many requests may go wrong at the sandbox."""
        self.not_paid: list[str] = []
        """The ids that the user said were not bought, as often as it was said."""
        self._cut_off: dict[str, str] = {}
        """The ids that were ever under way at a kill."""
        folder.mkdir(parents=True)
        head = f"output_dir: {address}\n" if address else ""
        (folder / "job.yaml").write_text(head + JOB)
        (folder / "vidi.toml").write_text("[limits.replicate]\ncreates_per_minute = 60000\n")
        _make_photo(folder / "photo.png")
        one = certifi.contents().partition("-----END CERTIFICATE-----\n")
        (folder / "trusted.pem").write_text(one[0] + one[1])  # all of them take their time
        self.ledger = ledger or str(folder / "ledger.sqlite3")
        self.account = CostAccount(folder / self.output, self.ledger)

    def run(self, *arguments: str, program: str = "vidi-run", die_at: str = "0 none") -> Answer:
        """Run a command, by default the job, killed at its "NTH NAME" step; 0 lets it live."""
        environment = {
            **os.environ,
            **self.served.environment,
            "VIDI_LEDGER": self.ledger,
            "VIDI_BUDGET_DAY": self.day_budget,
            "VIDI_RECONCILE_SECONDS": "0.1",
            "SSL_CERT_FILE": str(self.folder / "trusted.pem"),
            "TEST_DIE_AT": die_at,
            "TEST_TALLY": str(self.folder / "tally"),
        }
        job = ("job.yaml", "--no-report", "-j", str(self.at_once))
        return self.start(program, *(arguments or job), cwd=self.folder, environment=environment)

    @property
    def steps(self) -> list[str]:
        """The names of all steps of the last command that lived."""
        return json.loads((self.folder / "tally").read_text())

    def kill(self, die_at: str, *arguments: str, program: str = "vidi-run") -> bool:
        """Run until its death, and see that nothing is lost; False where it lived."""
        before = self.account.cut_off
        answer = self.run(*arguments, program=program, die_at=die_at)
        assert answer.exit_code in {-9, 0, 6} or self._may_fail(answer), answer
        self._let_the_sandbox_finish()
        assert self.account.held >= self.served.sandbox.billing.total, "the ledger holds too little"
        new = {key: run for key, run in self.account.cut_off.items() if before.get(key) != run}
        assert len(new) <= min(self.at_once, SENDS_AT_ONCE), "more is in doubt than was sent"
        self._cut_off |= new
        if answer.exit_code == 6:
            self._settle_doubts()
        return answer.exit_code == -9

    def finish(self) -> None:
        """Run the same command until it is done; the user's word settles what was never sent."""
        for _ in range(ROUNDS):
            answer = self.run()
            if answer.exit_code == 0:
                return
            assert answer.exit_code == 6 or self._may_fail(answer), answer
            self._settle_doubts()
        raise AssertionError("it is never done")

    def check(self) -> None:
        """Bought once each, everything there, and every cent accounted for."""
        works = self.served.sandbox.works
        bought = Counter(work.input["prompt"] for work in works.values())
        rows = self.account.manifest["inferences"]
        assert bought == Counter(_prompt_of(row["id"]) for row in rows), "not each bought once"
        for row in rows:
            assert row["status"] in {"succeeded", "unchanged"}, row
            assert works[row["request_id"]].input["prompt"] == _prompt_of(row["id"])
        assert 0 <= self.served.submits - COUNT <= len(self.not_paid) + self.faults
        billing = self.served.sandbox.billing
        billed = {row["id"]: billing.find(row["request_id"]).usd for row in rows}
        assert sum(billed.values()) == billing.total
        self.account.check(billed, self.not_paid, refusals=self.faults)
        self._check_words()

    def read_assets(self) -> dict[str, bytes]:
        """The content of every picture in the output folder."""
        if self.address:
            return read_bucket(self.address, (".webp", ".jpg"))
        output = self.folder / self.output
        files = [path for path in output.rglob("*") if path.suffix in {".webp", ".jpg"}]
        return {path.relative_to(output).as_posix(): path.read_bytes() for path in files}

    def _check_words(self) -> None:
        """The toolbox says the same."""
        verified = self.run("verify", self.output, program="vidi")
        assert verified.stderr == f"{ASSETS} of {ASSETS} assets are as they were made\n"
        billed = float(self.served.sandbox.billing.total)
        status = self.run("status", "job.yaml", "--json", program="vidi").json
        assert (status["cost_usd"], status["may_be_billed_usd"]) == (billed, 0)
        costs = self.run("costs", "--json", program="vidi").json
        assert (costs["total_usd"], costs["in_doubt_usd"]) == (billed, 0)

    def _settle_doubts(self) -> None:
        """What the list shows is found; the rest was cut off before it left, and the user says so.

        Nothing that was bought is still in doubt: the run has just read the provider's list, and
        where the list itself may go wrong, the user asks again.
        """
        for _ in range(self.faults):
            self.run("reconcile", "job.yaml", program="vidi")
        status = self.run("status", "job.yaml", "--json", program="vidi").json
        doubts = [row["id"] for row in status["inferences"] if row["status"] == "in_doubt"]
        bought = {work.input["prompt"] for work in self.served.sandbox.works.values()}
        assert not bought & {_prompt_of(doubt) for doubt in doubts}, "it was bought, and is listed"
        if not self.faults:
            assert doubts
            assert set(doubts) <= self._cut_off.keys(), "it was not under way at a kill"
        words = [part for doubt in doubts for part in ("--not-paid", doubt)]
        answer = self.run("reconcile", "job.yaml", *words, program="vidi")
        assert answer.exit_code == 0, answer
        self.not_paid += doubts

    def _may_fail(self, answer: Answer) -> bool:
        """A download that keeps going wrong fails; the next run fetches it again."""
        return self.faults > 0 and answer.exit_code == 1

    def _let_the_sandbox_finish(self) -> None:
        """Return when it has taken in whatever was sent before the kill."""
        url = f"{self.served.url}/_sandbox/requests"
        for _ in range(2):
            with urlopen(url) as answer:
                answer.read()


def _make_photo(path: Path) -> None:
    """Noise, so large that both providers want it uploaded."""
    Image.frombytes("RGB", (400, 300), random.Random(1).randbytes(360_000)).save(path)


def _prompt_of(inference: str) -> str:
    return inference.replace("-", " ")
