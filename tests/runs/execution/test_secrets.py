"""A secret that comes with a job is in no record and no output, whatever route it took."""

import sys

import pytest

from support.secrets import find_leaks, read_all
from vidi.cli.crash import write_crash_report
from vidi.inference.tracking.redaction import says_secret

SECRET = "S3ntinel/of+the=house"
JOB = """\
version: 1
name: job
budget: 5.00
vars: {api_token: none, mine: none}
inferences:
  - id: a
    model: replicate/openai/gpt-image-1.5
    params: {prompt: "a tree {{ api_token }}", openai_api_key: "{{ mine }}"}
    output: a.webp
"""
ROUTES = {
    "by the name of its variable": ("--var", f"api_token={SECRET}", "--var", "mine=abcdefghij"),
    "by the param that it feeds": ("--var", f"mine={SECRET}"),
    "by both": ("--var", f"mine={SECRET}", "--var", f"api_token={SECRET}"),
}
SAID = ("token", "api_token", "API-KEY", "apiKey", "openaiKey", "db_password", "clientSecret")
UNSAID = ("max_tokens", "monkey", "keys", "tokenizer", "secretary", "")


@pytest.mark.parametrize("options", ROUTES.values(), ids=ROUTES.keys())
@pytest.mark.parametrize("more", [(), ("-v",), ("--json",)])
def test_it_is_nowhere(here, options, more):
    here.write("job.yaml", JOB)
    said = ""
    for _ in range(2):
        answer = here("vidi-run", "job.yaml", "--sandbox", *options, *more)
        assert answer.exit_code == 0, answer.stderr
        said += answer.stdout + answer.stderr
    for command in (("status",), ("report",), ("verify",)):
        answer = here("vidi", *command, "outputs/sandbox/job")
        said += answer.stdout + answer.stderr
    held = {"what was said": said.encode(), **read_all(here.folder / "outputs")}
    assert find_leaks({"it": SECRET}, held) == []


@pytest.mark.parametrize("name", SAID)
def test_a_name_that_says_secret(name):
    assert says_secret(name)


@pytest.mark.parametrize("name", UNSAID)
def test_a_name_that_does_not(name):
    assert not says_secret(name)


@pytest.mark.parametrize("given", [("--var", f"mine={SECRET}"), (f"--var=mine={SECRET}",)])
def test_it_is_in_no_crash_report(here, given):
    here._monkeypatch.setattr(sys, "argv", ["vidi-run", "job.yaml", *given])
    here._monkeypatch.setenv("XDG_STATE_HOME", str(here.folder))
    path = write_crash_report(ValueError("a bug"))
    text = path.read_text(encoding="utf-8")
    assert "mine=…" in text
    assert SECRET not in text
