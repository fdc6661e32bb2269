"""The end of a run, told to a webhook: what it is told, when, and that nothing comes of it."""

import json

import pytest

from support.servers.sandbox import serve_sandbox
from support.servers.webhook import serve_webhook

FLUX = "replicate/black-forest-labs/flux-schnell"
JOB = f"""\
version: 1
name: job
budget: 1
inferences:
  - {{id: "tree <!here>", model: {FLUX}, params: {{prompt: sentinel-prompt}}, output: tree.webp}}
  - {{id: sea, model: fal/fal-ai/flux/dev, params: {{prompt: sentinel-prompt}}, output: sea.jpg}}
"""
FAILS = {"on": "submit", "fault": "422", "model": FLUX}


@pytest.fixture
def run(here):
    """Runs the job with a webhook in vidi.toml, against a served sandbox."""
    here.write("job.yaml", JOB)

    def run(hook, *options, notify=None, faults=(), command="vidi-run"):
        here.write("vidi.toml", notify or f'notify = "{hook.url}"\n')
        with serve_sandbox(faults) as served:
            for name, value in served.environment.items():
                here._monkeypatch.setenv(name, value)
            keys = [served.environment[name] for name in ("FAL_KEY", "REPLICATE_API_TOKEN")]
            answer = here(command, *options)
        for body in [*hook.bodies, json.dumps(hook.headers)]:
            assert not [each for each in ("sentinel", *keys) if each in body]
        assert "hook-secret" not in answer.stderr
        assert "hook-secret" not in answer.stdout
        return answer

    run.here = here
    return run


def test_it_is_told_how_the_run_ended_and_what_it_spent(run):
    with serve_webhook() as hook:
        run.here._monkeypatch.setenv("CI_JOB_URL", "https://ci.example/1")
        answer = run(hook, "job.yaml", faults=[FAILS])
        assert answer.exit_code == 1
        (body,) = hook.bodies
        told = json.loads(body)
        assert 0 < told.pop("spent_usd") < 0.1
        assert isinstance(told.pop("vidi_version"), str)
        (job,) = told.pop("jobs")
        assert (job["job_file"], job["status"], job["exit_code"]) == ("job.yaml", "partial", 1)
        assert told == {
            "schema_version": 1, "event": "run_finished", "ok": False, "exit_code": 1,
            "meaning": "ended, at least one failed or was moderated; the manifest is complete",
            "sandbox": False, "in_doubt_usd": 0, "budget_usd": 1,
            "by_status": {"succeeded": 1, "failed": 1}, "run_url": "https://ci.example/1",
            "not_well": [{"job_file": "job.yaml", "id": "tree <!here>", "status": "failed",
                          "code": "rejected"}],
        }  # fmt: skip


def test_slack_is_told_in_its_own_words_and_nobody_is_called(run):
    with serve_webhook() as hook:
        table = f'[notify]\nurl = "{hook.url}"\nshape = "slack"\n'
        run(hook, "job.yaml", notify=table, faults=[FAILS])
        assert hook.told.keys() == {"text"}
        assert hook.told["text"].splitlines()[0] == ":x: *vidi*: job.yaml: 1 failed, 1 succeeded"
        assert "• tree &lt;!here&gt;: failed" in hook.told["text"]
        run(hook, "job.yaml", notify=table)
        assert hook.told["text"].startswith(":white_check_mark:")


@pytest.mark.parametrize(
    ("statuses", "tries", "said"),
    [
        ((500, 429, 204), 3, ""),
        ((503,), 3, "nobody was notified: 127.0.0.1 answers 503"),
        ((404,), 1, "nobody was notified: 127.0.0.1 answers 404"),
        ((302,), 1, "nobody was notified: 127.0.0.1 answers 302"),
    ],
)
def test_it_is_tried_again_and_never_the_reason_for_a_failure(run, statuses, tries, said):
    with serve_webhook(*statuses) as hook:
        answer = run(hook, "job.yaml", "--select", "sea")
        assert answer.exit_code == 0, answer.stderr
        assert len(hook.bodies) == tries
        assert answer.stderr.count("nobody was notified") == bool(said)
        assert said in answer.stderr


def test_nobody_waits_for_one_that_does_not_answer(run):
    with serve_webhook(0) as hook:
        answer = run(hook, "job.yaml", "--select", "sea")
        assert answer.exit_code == 0
        assert "nobody was notified: 127.0.0.1 " in answer.stderr


def test_only_a_run_tells_and_only_when_it_should(run):
    with serve_webhook() as hook:
        for command, *options in (
            ("vidi-run", "job.yaml", "--estimate"),
            ("vidi", "validate", "job.yaml"),
            ("vidi", "diff", "job.yaml", "job.yaml"),
            ("vidi-run", "job.yaml", "--select", "nothing"),
        ):
            assert run(hook, *options, command=command).exit_code in (0, 2)
        failure = f'notify = {{url = "{hook.url}", on = "failure"}}\n'
        assert run(hook, "job.yaml", notify=failure).exit_code == 0
        assert hook.bodies == []
        assert run(hook, "job.yaml", "--frozen", "--rebuy", "*", notify=failure).exit_code == 3
        assert hook.told["exit_code"] == 3


def test_the_environment_names_another_address_or_none(run):
    with serve_webhook() as hook, serve_webhook() as other:
        run.here._monkeypatch.setenv("VIDI_NOTIFY", other.url)
        run(hook, "job.yaml", "--sandbox")
        run.here._monkeypatch.setenv("VIDI_NOTIFY", "off")
        run(hook, "job.yaml", "--sandbox")
        assert (len(hook.bodies), len(other.bodies)) == (0, 1)
        assert other.told["sandbox"] is True


@pytest.mark.parametrize(
    ("named_in", "host"),
    [
        (".env", "127.0.0.1"),
        *(("vidi.toml", host) for host in ("localhost", "169.254.169.254", "10.0.0.1", "[::1]")),
    ],
)
def test_a_file_of_the_project_names_no_address_within(here, named_in, host):
    """A stranger's branch does not have us ask our own machines for something."""
    here.write("job.yaml", JOB)
    with serve_webhook() as hook:
        url = hook.url.replace("127.0.0.1", host)
        here.write(
            named_in, f'notify = "{url}"\n' if named_in == "vidi.toml" else f"VIDI_NOTIFY={url}"
        )
        answer = here("vidi-run", "job.yaml", "--sandbox", "--select", "sea", "--no-report")
        assert answer.exit_code == 0
        assert "is not on the open internet, and only VIDI_NOTIFY may name it" in answer.stderr
        assert hook.bodies == []


@pytest.mark.parametrize(
    "setting",
    ['"ftp://a.example"', '"/etc/passwd"', "3", '{url = "https://a.example", when = "now"}',
     '{url = "https://a.example", on = "sunday"}', '"https://a b.example"'],
)  # fmt: skip
def test_a_wrong_setting_is_a_mistake_before_anything(here, setting):
    here.write("job.yaml", JOB)
    here.write("vidi.toml", f"notify = {setting}\n")
    for options in (["--sandbox"], ["--estimate"]):
        answer = here("vidi-run", "job.yaml", *options)
        assert (answer.exit_code, "notify in vidi.toml" in answer.stderr) == (2, True)
