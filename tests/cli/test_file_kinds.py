"""Whatever kind of file a setting names: it is told in words, and nothing waits at it."""

import json
import os
import signal
import socket

import pytest

ESTIMATE = ("vidi-run", "job.json", "--estimate")
SETTINGS = {
    "a job file": ("job.json", {}, ESTIMATE),
    "--vars-file": ("it", {}, (*ESTIMATE, "--vars-file", "it")),
    "--env-file": ("it", {}, (*ESTIMATE, "--env-file", "it")),
    ".env": (".env", {}, ESTIMATE),
    "--junit": ("it", {}, (*ESTIMATE, "--junit", "it")),
    "--summary-markdown": ("it", {}, (*ESTIMATE, "--summary-markdown", "it")),
    "--plan": ("it", {}, (*ESTIMATE, "--plan", "it")),
    "--apply": ("it", {}, ("vidi-run", "--apply", "it")),
    "--templates": ("it", {}, (*ESTIMATE, "--templates", "it")),
    "templates": ("templates", {}, ESTIMATE),
    "a template": ("templates/fal/fal-ai-flux-dev.json", {}, ESTIMATE),
    "vidi.toml": ("vidi.toml", {}, ESTIMATE),
    "vidi.lock": ("vidi.lock", {}, (*ESTIMATE, "--locked")),
    "VIDI_LEDGER": ("it", {"VIDI_LEDGER": "it"}, ESTIMATE),
    "VIDI_STORE": ("it", {"VIDI_STORE": "it"}, ESTIMATE),
    "VIDI_REGISTRY": ("it", {"VIDI_REGISTRY": "it"}, ESTIMATE),
    "GITHUB_STEP_SUMMARY": ("it", {"GITHUB_STEP_SUMMARY": "it"}, ESTIMATE),
    "GITHUB_OUTPUT": ("it", {"GITHUB_OUTPUT": "it"}, ESTIMATE),
    "a manifest": ("outputs/job/manifest.json", {}, ("vidi", "report", "outputs/job")),
    "a journal": ("outputs/job/log.jsonl", {}, ESTIMATE),
    "a journal of a run": ("outputs/job/log.jsonl", {}, ("vidi-run", "job.json", "--no-report")),
    "an output folder": ("outputs/job", {}, ESTIMATE),
}
SAID = frozenset(
    {"VIDI_LEDGER", "vidi.lock", "vidi.toml", ".env", "--env-file", "a manifest", "a job file"}
)
"""Those at which something must be said, whatever kind it is."""


def make_pipe(path):
    os.mkfifo(path)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name if len(str(path)) > 100 else str(path))


KINDS = {
    "a pipe": make_pipe,
    "a folder": lambda path: path.mkdir(),
    "a socket": make_socket,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "links in a circle": lambda path: path.symlink_to(path.name),
}
NAMED = {"links in a circle": "a link to nothing that can be read"}
LONGEST_S = 30


@pytest.fixture
def in_time():
    """Ends what waits at a file; a busy machine needs some seconds for nothing."""

    def give_up(*_):
        raise TimeoutError("it waits")

    before = signal.signal(signal.SIGALRM, give_up)
    yield lambda: signal.alarm(LONGEST_S)
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_waits_at_it(here, in_time, kind):
    entry = {"id": "a", "model": "fal/fal-ai/flux/dev", "params": {"prompt": "x"}, "output": "a"}
    job = json.dumps({"version": 1, "budget": 1, "inferences": [entry]})
    for number, (name, (path, environment, command)) in enumerate(SETTINGS.items()):
        project = here.folder / str(number)
        project.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(project)
            if path != "job.json":
                (project / "job.json").write_text(job)
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            patch.chdir((project / path).parent)
            KINDS[kind](project / path)
            patch.chdir(project)
            patch.setenv("GITHUB_ACTIONS", "true")
            patch.setenv("FAL_KEY", "id:secret")
            patch.setenv("VIDI_FAL_QUEUE_URL", "http://127.0.0.1:9")
            for variable, value in environment.items():
                patch.setenv(variable, value)
            in_time()
            answer = here(*command)
        assert answer.exit_code in {0, 1, 2, 3}, (name, answer.exit_code, answer.stderr[-500:])
        assert "Traceback" not in answer.stderr
        if name in {"vidi.toml", ".env", "--env-file"}:  # it may hold a cap
            told = NAMED.get(kind, kind)
            if (kind, name) != ("a folder", "--env-file"):  # click has words of its own
                assert f"{path}: it is {told}, not a file" in answer.stderr
            assert answer.exit_code == 2
        if kind == "a pipe" and name in SAID:
            assert (answer.exit_code, "pipe" in answer.stderr or name == "a manifest") == (2, True)
