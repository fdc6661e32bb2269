"""What people tried, through the installed command, with the paid requests counted."""

import pytest

from support.commands import run_installed
from support.servers.sandbox import serve_sandbox

DEAR = """\
version: 1
inferences:
  - id: "{{ n }}"
    matrix: {n: "{{ range(400) }}"}
    model: fal/fal-ai/veo3.1
    params: {prompt: "a fox, take {{ n }}"}
    output: "{{ id }}.mp4"
"""
CHEAP = """\
version: 1
defaults: {model: replicate/black-forest-labs/flux-schnell, output: "{{ id }}.webp"}
inferences:
  - {id: "1", params: {prompt: an ash}}
  - {id: "2", params: {prompt: a birch}}
"""


@pytest.fixture
def tried(tmp_path):
    with serve_sandbox() as served:

        def run(*arguments):
            return run_installed("vidi-run", *arguments, cwd=tmp_path, **served.environment)

        run.folder, run.served = tmp_path, served
        yield run


def test_two_files_under_one_budget_that_each_of_them_fits(tried):
    """It bought for $0.012 under --budget 0.007, with exit 0."""
    for name in ("a", "b"):
        (tried.folder / f"{name}.yaml").write_text(CHEAP, encoding="utf-8")
    answer = tried("a.yaml", "b.yaml", "--budget", "0.007")
    assert (answer.exit_code, tried.served.submits) == (3, 0)
    assert "these 2 job files cost up to $0.012, which is $0.005 over" in answer.stderr
    answer = tried("a.yaml", "b.yaml", "--budget", "0.012")
    assert (answer.exit_code, tried.served.submits) == (0, 4)


def test_a_dear_job_with_no_cap_and_nobody_to_ask(tried):
    """It began, without any cap and without -y."""
    (tried.folder / "dear.yaml").write_text(DEAR, encoding="utf-8")
    answer = tried("dear.yaml")
    assert (answer.exit_code, tried.served.submits) == (3, 0)
    assert "no budget is set, and nobody can be asked: this costs up to $" in answer.stderr
    assert not (tried.folder / "outputs").exists()


def test_a_slip_of_the_pen_is_no_success(tried):
    (tried.folder / "a.yaml").write_text(CHEAP, encoding="utf-8")
    for options in (["--select", "3"], ["--var", "stile=flat"], ["--exclude", "tag:none"]):
        answer = tried("a.yaml", "--budget", "1", *options)
        assert (answer.exit_code, tried.served.submits) == (2, 0)


def test_a_ledger_that_cannot_be_used(tried):
    (tried.folder / "a.yaml").write_text(CHEAP, encoding="utf-8")
    (tried.folder / "ledger").mkdir()
    for options in ([], ["--json"]):
        answer = run_installed(
            "vidi-run", "a.yaml", "--budget", "1", *options,
            cwd=tried.folder, **{**tried.served.environment, "VIDI_LEDGER": "ledger"},
        )  # fmt: skip
        assert (answer.exit_code, tried.served.submits) == (2, 0)
