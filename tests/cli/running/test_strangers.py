"""What a stranger's branch may do to who runs it: its `.env`, through the command."""

import pytest

from support.servers.sandbox import serve_sandbox

JOB = """\
version: 1
name: job
budget: 5.00
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: a tree}
    output: tree.webp
"""


@pytest.fixture
def branch(here):
    here.write("job.yaml", JOB)
    return here


@pytest.mark.parametrize("line", ["VIDI_COSTS=off", "VIDI_LEDGER=fresh.sqlite3"])
def test_a_cap_of_the_environment_holds_whatever_the_branch_says(branch, line):
    branch._monkeypatch.setenv("VIDI_BUDGET_DAY", "0.002")
    branch._monkeypatch.delenv("VIDI_LEDGER", raising=False)
    branch._monkeypatch.delenv("VIDI_COSTS", raising=False)
    branch._monkeypatch.setenv("XDG_STATE_HOME", str(branch.folder / "state"))
    branch.write(".env", line)
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            if not name.startswith(("VIDI_COSTS", "VIDI_LEDGER")):
                branch._monkeypatch.setenv(name, value)
        answer = branch("vidi-run", "job.yaml")
    assert (answer.exit_code, served.submits) == (3, 0)
    assert f"{line.partition('=')[0]} in .env is left out" in answer.stderr


def test_a_budget_of_the_command_line_holds_whatever_the_branch_says(branch):
    branch._monkeypatch.delenv("VIDI_COSTS", raising=False)
    branch.write(".env", "VIDI_COSTS=off")
    answer = branch("vidi-run", "job.yaml", "--budget", "0.002", "--estimate")
    assert answer.exit_code == 3
    assert "VIDI_COSTS in .env is left out" in answer.stderr


def test_a_key_of_the_environment_never_goes_where_the_branch_says(branch):
    branch._monkeypatch.setenv("REPLICATE_API_TOKEN", "r8_from_the_environment")
    branch._monkeypatch.delenv("VIDI_REPLICATE_URL", raising=False)
    with serve_sandbox() as served:
        branch.write(".env", f"VIDI_REPLICATE_URL={served.environment['VIDI_REPLICATE_URL']}")
        answer = branch("vidi-run", "job.yaml")
    assert (answer.exit_code, served.requests) == (4, 0)
    assert "REPLICATE_API_TOKEN is not used: .env moves its provider" in answer.stderr
