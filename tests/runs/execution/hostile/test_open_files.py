"""Out of file descriptors is no failure of an inference: fewer at once, and then again."""

import json
import os
import subprocess
import sys

from support.commands import installed
from support.servers.sandbox import serve_sandbox
from vidi.inference.outputs.fetching import wire as download_wire
from vidi.inference.providers.transport import wire as provider_wire
from vidi.runs.execution.at_once import ALONE_S, ALONE_TRIES, LONGEST_ALONE_S

COUNT, AT_ONCE = 24, 24
LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]),) * 2)
os.execv(sys.argv[2], sys.argv[2:])
"""
MODEL = "fal/fal-ai/flux/dev"


def test_a_run_with_few_descriptors_goes_on_with_fewer_at_once(here):
    entries = "".join(
        f"  - {{id: e{at}, model: {MODEL}, params: {{prompt: p{at}}}, output: e{at}.png}}\n"
        for at in range(COUNT)
    )
    here.write("job.yaml", f"version: 1\nname: job\nbudget: 5\ninferences:\n{entries}")
    with serve_sandbox(latency=0.2) as served:
        done = subprocess.run(
            [sys.executable, "-c", LIMITED, "22", installed("vidi-run"), "job.yaml",
             "-j", str(AT_ONCE), "--no-report", "--json"],
            cwd=here.folder, env={**os.environ, **served.environment}, capture_output=True,
            encoding="utf-8", check=False, timeout=120,
        )  # fmt: skip
        answer = json.loads(done.stdout)
        assert (done.returncode, served.submits) == (0, COUNT), done.stderr[-2000:]
    assert "too many open files" in done.stderr
    assert {each["status"] for each in answer["jobs"][0]["inferences"]} == {"succeeded"}


def test_one_that_is_alone_waits_for_longer_than_idle_connections_are_kept():
    waits = sum(min(ALONE_S * 2**tries, LONGEST_ALONE_S) for tries in range(ALONE_TRIES))
    assert waits > 2 * max(provider_wire.KEEPALIVE_S, download_wire.KEEPALIVE_S)
