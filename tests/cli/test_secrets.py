"""A secret that is planted is nowhere: over every command, fault and log level, and in a crash."""

import logging
import os

import click
import pytest

from support.commands import run_installed
from support.secrets import find_leaks, read_all
from support.servers.sandbox import serve_sandbox
from vidi.cli.toolbox import toolbox
from vidi.errors import UsageError
from vidi.sandbox.faults import FATES, REFUSALS, SPOILERS, FaultPlan

SECRETS = {
    "the key of Replicate": "r8_S3ntinelOfTheHouse+first",
    "one half of the key of fal": "8d1f-S3ntinelOfTheDoor",
    "the other half": "77ffS3ntinelOfTheRoof",
    "a variable by its name": "var/S3ntinel of=the hall",
    "a param by its template": "sk-S3ntinelOfTheStairs",
    "something else in .env": "pw:S3ntinelOfTheCellar",
}
FIRST, ONE, OTHER, NAMED, PARAM, ELSE = SECRETS.values()
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
  - id: b
    model: fal/fal-ai/flux/dev
    params: {prompt: "a card {{ api_token }}", image_size: {width: 64, height: 64}}
    output: b.jpg
"""
VARS = ("--var", f"api_token={NAMED}", "--var", f"mine={PARAM}")
ENDLESS = {"sandbox", "open", "review"}
"""Commands that serve until they are stopped, or open another program."""
LONG = {("models", each) for each in ("check", "list", "refresh", "search")}
"""Commands that go through all models, which are no secret; not in an ordinary run."""
ALL = bool(os.environ.get("VIDI_ALL_SECRETS"))
FAULTS = (*REFUSALS, *SPOILERS, *FATES)
FEW = (REFUSALS[0], SPOILERS[0], FATES[0])
"""The faults of an ordinary run."""


def leaves(command, *path):
    """Every command below a group, by its path: a new one is in by itself."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        yield from leaves(command.get_command(context, name), *path, name)


COMMANDS = {
    " ".join(path): command
    for path, command in leaves(toolbox)
    if path[0] not in ENDLESS and (ALL or path not in LONG)
}


def arguments_of(command):
    """A value for each argument that a command must have."""
    known = {"job": "job.yaml", "folder": "outputs/job", "path": "job.yaml", "dir": "outputs/job"}
    for parameter in command.params:
        if isinstance(parameter, click.Argument) and (parameter.required or parameter.nargs < 0):
            name = str(parameter.metavar or parameter.name).lower()
            found = [value for word, value in known.items() if word in name]
            choices = getattr(parameter.type, "choices", ())
            yield next(iter(choices), found[0] if found else "replicate/openai/gpt-image-1.5")
    options = {option for parameter in command.params for option in parameter.opts}
    yield from VARS if "--var" in options else ()
    yield from ("--json",) if "--json" in options else ()
    yield from ("--no-report",) if "--no-report" in options else ()


@pytest.fixture
def house(here):
    """A project whose `.env` has the keys; what is written beside it is looked through too."""
    (here.folder / "project").mkdir()
    here._monkeypatch.chdir(here.folder / "project")
    here._monkeypatch.setenv("XDG_STATE_HOME", str(here.folder / "state"))
    here._monkeypatch.setenv("VIDI_LEDGER", str(here.folder / "state/ledger.sqlite3"))
    here.write("project/job.yaml", JOB)
    env = f"REPLICATE_API_TOKEN={FIRST}\nFAL_KEY={ONE}:{OTHER}\nOUR_PASSWORD={ELSE}\n"
    here.write("project/.env", env)
    return here


def use(house, served):
    """Lead the project to a sandbox by its own `.env`, keys and all."""
    urls = {name: url for name, url in served.environment.items() if name.endswith("_URL")}
    with (house.folder / "project/.env").open("a") as file:
        file.writelines(f"{name}={url}\n" for name, url in urls.items())


def check(house, said):
    """Look through everything that was written and said."""
    held = {**read_all(house.folder, ".env"), **{name: text.encode() for name, text in said}}
    assert find_leaks(SECRETS, held) == []


def speak(answer, name):
    return [(f"{name}: stdout", answer.stdout), (f"{name}: stderr", answer.stderr)]


def test_it_is_nowhere_whatever_command_is_given(house):
    with serve_sandbox() as served:
        use(house, served)
        house._monkeypatch.setenv("VIDI_STORE", str(house.folder / "store"))
        said = []
        for level in ("-q", "-v", "--json"):
            answer = house("vidi-run", "job.yaml", *VARS, level)
            assert answer.exit_code == 0, answer.stderr
            said += speak(answer, f"run {level}")
        for name, command in COMMANDS.items():
            answer = house("vidi", *name.split(), *arguments_of(command))
            assert answer.exit_code != 70, (name, answer.stderr)
            said += speak(answer, name)
    check(house, said)


@pytest.mark.parametrize("fault", FAULTS if ALL else FEW)
def test_it_is_nowhere_whatever_goes_wrong(house, fault):
    house._monkeypatch.setenv("VIDI_RECONCILE_SECONDS", "0.2")
    rules = [{"on": on, "fault": fault, "times": 1} for on in ("submit", "poll", "result")]
    with serve_sandbox([rule for rule in rules if fits(rule)]) as served:
        use(house, served)
        said = []
        for _ in range(2):
            answer = house("vidi-run", "job.yaml", *VARS, "-v", "--no-report")
            assert answer.exit_code != 70, answer.stderr
            said += speak(answer, fault)
        said += speak(house("vidi", "status", "outputs/job"), "status")
    check(house, said)


def fits(rule):
    """Whether a fault can happen at that moment."""
    try:
        FaultPlan([rule])
    except UsageError:
        return False
    return True


def test_it_is_in_no_log_of_a_library(house, caplog):
    caplog.set_level(logging.DEBUG)
    with serve_sandbox() as served:
        use(house, served)
        answer = house("vidi-run", "job.yaml", *VARS, "--no-report")
    assert answer.exit_code == 0, answer.stderr
    check(house, [("the logs", caplog.text)])


BROKEN = """\
raise RuntimeError("broken by " + repr(open(".env").read()) + repr({vars!r}))
"""


def test_it_is_in_no_crash_report(house):
    """A Pillow that does not load is a bug that can be had from outside; it knows every secret."""
    house.write("hook/PIL/__init__.py", BROKEN.format(vars=[NAMED, PARAM]))
    with serve_sandbox() as served:
        use(house, served)
        answer = run_installed(
            "vidi-run",
            "job.yaml",
            *VARS,
            cwd=house.folder / "project",
            PYTHONPATH=str(house.folder / "hook"),
        )
    assert answer.exit_code == 70, answer.stderr
    (report,) = (house.folder / "state/vidi/crashes").iterdir()
    assert "RuntimeError: broken by" in report.read_text(encoding="utf-8")
    (house.folder / "hook/PIL/__init__.py").unlink()
    for cached in (house.folder / "hook").rglob("*.pyc"):
        cached.unlink()
    check(house, speak(answer, "crash"))
