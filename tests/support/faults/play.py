"""A cell of the fault matrix, played: the command against a sandbox where just that goes wrong."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from hashlib import sha256

from support.commands import Answer, Here
from support.faults.cells import Cell
from support.faults.script import SHUT_S, Script
from support.servers.closable_port import Gate
from support.servers.shared_port import Stage
from vidi.sandbox.app import sandbox_environment
from vidi.sandbox.state import Sandbox

FOLDER = "outputs/job"
NO_ASSETS = {".vidi", "log.jsonl", "manifest.json"}
FOR_EVER_S = 60.0


class Played:
    """What a run left behind, and what the provider has."""

    def __init__(self, here: Here, answer: Answer, sandbox: Sandbox) -> None:
        folder = here.folder / FOLDER
        self.exit_code = answer.exit_code
        self.stderr = answer.stderr
        self.manifest = here.manifest(FOLDER)
        self.row = self.manifest["inferences"][0]
        log = (folder / "log.jsonl").read_text(encoding="utf-8")
        self.events = [json.loads(line, parse_float=Decimal) for line in log.splitlines()]
        self.costs = json.loads(here("vidi", "costs", "--json").stdout, parse_float=Decimal)
        self.bought = len(sandbox.works)
        self.billed = sandbox.billing.total
        self.submits = sum(
            count
            for kind, count in sandbox.requests.items()
            if kind.method == "POST"
            and (kind.route.endswith("/predictions") or kind.service == "fal-queue")
        )
        self.files = {
            path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*")
            if path.is_file() and path.relative_to(folder).parts[0] not in NO_ASSETS
        }

    @property
    def settled(self) -> Decimal:
        """What everything has cost by the journal. USD."""
        return sum(
            (Decimal(each["actual_usd"]) for each in self.events if each["event"] == "settled"),
            Decimal(0),
        )


class Play:
    """A cell on the stage; each run of it is the command, as a user gives it."""

    def __init__(self, here: Here, script: Script, sandbox: Sandbox) -> None:
        self.script = script
        self._here = here
        self._sandbox = sandbox

    def run(self) -> Played:
        answer = self._here("vidi-run", "job.yaml", "--no-report")
        return Played(self._here, answer, self._sandbox)


@contextmanager
def playing(cell: Cell, stage: Stage, here: Here, picture: bytes) -> Iterator[Play]:
    """Set the stage for a cell, and lead the commands to it."""
    gate = Gate(stage.port)
    script = Script(cell, gate)
    latency = FOR_EVER_S if cell.phase == "cancel" else 0.0
    refused = cell.fault == "refused"
    sandbox = stage.show(script, latency=latency, closing=refused)
    script.begin(sandbox)
    here.write("job.yaml", cell.job)
    (here.folder / "in.png").write_bytes(picture)
    url = f"http://127.0.0.1:{gate.port if refused else stage.port}"
    patience = {"VIDI_RECONCILE_SECONDS": "0" if cell.asked_once else "60"}
    for name, value in {**sandbox_environment(url), **patience}.items():
        here._monkeypatch.setenv(name, value)
    if refused:
        stage.run(_open_gate(gate, late=cell.phase in {"upload", "submit"}))
    yield Play(here, script, sandbox)
    if refused:
        stage.run(gate.aclose())


async def _open_gate(gate: Gate, *, late: bool) -> None:
    if late:
        gate.shut(SHUT_S)
    else:
        await gate.open()
