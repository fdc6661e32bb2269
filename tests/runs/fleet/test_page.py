"""docs/fleet: the files for compose, Kubernetes and Slurm, each command of theirs carried out."""

import json
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from support.servers.object_storage import read_bucket

CHECKOUT = Path(__file__).parents[3]
PAGES = CHECKOUT / "docs" / "fleet"
COMPOSE = yaml.safe_load((PAGES / "compose.yaml").read_text("utf-8"))
SERVICES = COMPOSE["services"]
ASSETS = 3 + 2 + 4
"""Of jobs/thumbnails.yaml."""


@pytest.fixture
def composed(fleet, s3, monkeypatch):
    """The settings of the compose file, with its services at the addresses that they have here."""
    here = {"postgres": fleet.database, "s3": s3, "127.0.0.1": fleet.served.url}
    for name, value in SERVICES["worker"]["environment"].items():
        url = urlsplit(value)
        if url.hostname is not None:
            place = urlsplit(here[url.hostname])
            value = url._replace(netloc=place.netloc).geturl()
            if name == "VIDI_LEDGER":
                value = fleet.database
        monkeypatch.setenv(name, value)
    shutil.copytree(CHECKOUT / "jobs", fleet.here.folder / "jobs")
    return fleet


def test_what_compose_starts_does_its_work(composed):
    script = SERVICES["bucket"]["command"]
    assert script[:2] == ["python", "-c"]
    exec(compile(script[2], "compose.yaml", "exec"), {})
    job, work = SERVICES["job"]["command"], SERVICES["worker"]["command"]
    planned = composed.here(*job, "--detach")
    assert planned.exit_code == 0, planned.stderr
    worked = composed.here(*work, "--idle-exit", "0s")
    assert worked.exit_code == 0, worked.stderr
    watched = composed.here(*job)
    assert (watched.exit_code, composed.state()) == (0, "ended"), watched.stderr
    assert len(read_bucket(job[-1])) == ASSETS
    told = composed.here("vidi", "status", job[-1], "--fleet", "--json").json
    assert told["rows"] == {"succeeded": told["total"]}


def test_the_services_of_compose_are_what_the_tests_use(fleet):
    addresses = {
        name: urlsplit(value).path
        for name, value in fleet.served.environment.items()
        if name.startswith("VIDI_")
    }
    written = SERVICES["worker"]["environment"]
    assert {name: urlsplit(written[name]).path for name in addresses} == addresses
    assert SERVICES["s3"]["command"][:3] == ["python", "-m", "moto.server"]
    shown = fleet.here("vidi", "sandbox", "--help").stdout
    assert all(word in shown for word in SERVICES["sandbox"]["command"] if word.startswith("--"))
    lines = SERVICES["job"]["build"]["dockerfile_inline"].splitlines()
    copied = [name for line in lines if line.startswith("COPY") for name in line.split()[1:-1]]
    assert all((CHECKOUT / name).exists() for name in copied)
    extras = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {"fleet", "objects"} <= extras["optional-dependencies"].keys()


def test_each_part_of_a_cluster_and_of_slurm_is_worked_on(fleet, tmp_path):
    """Indices count from 0 there and from 1 here; all of them together are the whole job."""
    _, job = yaml.safe_load_all((PAGES / "kubernetes.yaml").read_text("utf-8"))
    (pod,) = job["spec"]["template"]["spec"]["containers"]
    count = job["spec"]["completions"]
    shell = [*pod["command"], *pod["args"]]
    said = [_say(tmp_path, shell, JOB_COMPLETION_INDEX=str(index)) for index in (0, count - 1)]
    expected = [["work", "--run", "s3://assets/spring", "--shard", f"{n}/50"] for n in (1, 50)]
    assert (count, said) == (50, expected)
    codes = job["spec"]["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"]
    assert codes == [2, 3, 4, 6]

    fleet.write_job(12)
    planned = fleet.here("vidi-run", "job.yaml", "--fleet", "--detach", "--no-input")
    name, script = planned.stdout.strip(), ["sh", str(PAGES / "array.sbatch")]
    for index in ("1", "50"):
        words = _say(tmp_path, script, SLURM_ARRAY_TASK_ID=index, JOB=name)
        worked = fleet.here("vidi", *words)
        assert worked.exit_code == 0, worked.stderr
    assert set(fleet.statuses()) <= {"succeeded", "new"}


def _say(tmp_path, command, **environment):
    """What a shell would call vidi with."""
    stub = tmp_path / "bin" / "vidi"
    stub.parent.mkdir(exist_ok=True)
    stub.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "
                    "'import sys, json; print(json.dumps(sys.argv[1:]))' \"$@\"\n")  # fmt: skip
    stub.chmod(0o755)
    path = f"{stub.parent}:{Path(shutil.which('sh')).parent}"
    done = subprocess.run(
        command, env={"PATH": path, **environment}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)
