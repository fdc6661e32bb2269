"""The commands of `vidi` around the runner."""

import json
import os
import re
import signal
import socket
import subprocess
import urllib.request

import jsonschema_rs
import pytest

from support.commands import installed, run_installed
from vidi.cli.toolbox import COMMANDS
from vidi.inference.tracking.ledger.connection import open_ledger

JOB = """\
version: 1
name: one
budget: 0.01
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: a tree}
    output: tree.webp
"""


@pytest.fixture
def one(here):
    here.write("one.yaml", JOB)
    return here


@pytest.fixture
def made(one):
    assert one("vidi-run", "one.yaml", "--sandbox", "-q").exit_code == 0
    return one


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS), ["models", "list"]])
def test_every_command_has_a_help_text(here, command):
    answer = here("vidi", *command, "--help")
    assert answer.exit_code == 0
    assert answer.stdout.startswith(f"Usage: {' '.join(['vidi', *command])} ")


@pytest.mark.parametrize("program", ["vidi", "vidi-run"])
def test_the_version(here, program):
    shown = here(program, "--version").stdout
    assert re.fullmatch(program + r" \d+\.\d+\.\d+ \(registry \d+ of \d{4}-\d\d-\d\d\)\n", shown)


def test_python_dash_m_is_the_toolbox():
    done = subprocess.run(
        [installed("python"), "-m", "vidi", "--version"], capture_output=True, text=True
    )
    assert done.stdout.startswith("vidi ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["run", "--nonsense", "x"], "No such option '--nonsense'"),
        (["schema", "nonsense"], "'nonsense' is not one of 'job', 'manifest', 'template'"),
    ],
)
def test_wrong_usage_is_told_in_one_line_with_where_to_look(here, arguments, says):
    answer = here("vidi", *arguments)
    assert answer.exit_code == 2
    assert says in answer.stderr
    assert "--help`." in answer.stderr


def test_run_is_the_runner(one):
    assert one("vidi", "run", "one.yaml", "--sandbox").exit_code == 0


def test_validate_says_that_all_is_well(one):
    answer = one("vidi", "validate", "one.yaml")
    assert (answer.exit_code, answer.stderr) == (0, "one.yaml: 1 inference, no mistakes\n")
    assert not (one.folder / "outputs").exists()


def test_validate_as_json(one):
    assert one("vidi", "validate", "one.yaml", "--json").json["ok"] is True
    one.write("bad.yaml", "version: 1\n")
    answer = one("vidi", "validate", "one.yaml", "bad.yaml", "--json")
    assert answer.exit_code == answer.json["exit_code"] == 2
    assert [job["exit_code"] for job in answer.json["jobs"]] == [0, 2]


@pytest.mark.parametrize("which", ["job", "manifest", "template", "answer"])
def test_schemas_are_schemas(here, which):
    schema = here("vidi", "schema", which).json
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(schema)


def test_verify_finds_what_was_spoilt(made):
    folder = "outputs/sandbox/one"
    assert made("vidi", "verify", folder).exit_code == 0
    (made.folder / folder / "tree.webp").write_bytes(b"x")
    answer = made("vidi", "verify", folder, "--json")
    assert answer.exit_code == 1
    assert answer.json["assets"] == [{"id": "tree", "path": "tree.webp", "verdict": "differs"}]
    (made.folder / folder / "tree.webp").unlink()
    assert made("vidi", "verify", folder).stderr == (
        "outputs/sandbox/one/tree.webp: missing (tree)\n0 of 1 assets are as they were made\n"
    )


def test_report_is_made_again(made):
    page = made.folder / "outputs/sandbox/one/report.html"
    page.unlink()
    assert made("vidi", "report", "outputs/sandbox/one").exit_code == 0
    assert "tree.webp" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("content", [None, "{", "{}", '{"schema_version": 1}'])
def test_report_needs_a_manifest(here, content):
    folder = here.folder / "empty"
    folder.mkdir()
    if content is not None:
        here.write("empty/manifest.json", content)
    answer = here("vidi", "report", "empty")
    assert answer.exit_code == 2
    assert answer.stderr.startswith(("cannot read empty/", "empty/manifest.json is not a manifest"))


def test_doctor_names_what_is_missing(here):
    answer = here("vidi", "doctor")
    assert answer.exit_code == 4
    assert "replicate: REPLICATE_API_TOKEN is not set\nfal: FAL_KEY is not set\n" in answer.stdout
    here.write(".env", "REPLICATE_API_TOKEN=a\nFAL_KEY=b\nVIDI_FAL_CDN_URL=http://127.0.0.1:1\n")
    answer = here("vidi", "doctor")
    assert answer.exit_code == 0
    assert "VIDI_FAL_CDN_URL is http://127.0.0.1:1\n" in answer.stdout


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"VIDI_LEDGER": "books.sqlite3"}, "books.sqlite3 (made by the first run)"),
        ({"VIDI_COSTS": "off"}, "none (VIDI_COSTS=off)"),
        ({"VIDI_LEDGER": "mysql://x"},
         "VIDI_LEDGER is a path or a postgresql:// URL, and mysql:// is neither"),
        ({"VIDI_LEDGER": "job.yaml"},
         "the ledger job.yaml cannot be used: file is not a database"),
    ],
)  # fmt: skip
def test_doctor_says_where_the_ledger_is(here, settings, said):
    here.write("job.yaml", JOB)
    for name, value in settings.items():
        here._monkeypatch.setenv(name, value)
    assert f"\nledger: {said}\n" in here("vidi", "doctor").stdout


def test_doctor_has_looked_into_the_ledger(here):
    open_ledger("books.sqlite3").close()
    here._monkeypatch.setenv("VIDI_LEDGER", "books.sqlite3")
    assert "\nledger: books.sqlite3\n" in here("vidi", "doctor").stdout


def test_the_sandbox_is_served_with_the_settings_that_lead_to_it(tmp_path):
    (tmp_path / "one.yaml").write_text(JOB, encoding="utf-8")
    process = subprocess.Popen(
        [installed("vidi"), "sandbox", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        lines = [process.stdout.readline().removeprefix("export ").strip() for _ in range(8)]
        environment = dict(line.split("=", 1) for line in lines)
        answer = run_installed("vidi-run", "one.yaml", cwd=tmp_path, **environment)
        assert answer.exit_code == 0, answer.stderr
        base = environment["VIDI_REPLICATE_URL"].removesuffix("/replicate")
        with urllib.request.urlopen(f"{base}/_sandbox/billing") as billed:
            assert len(json.load(billed)["charges"]) == 1
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def test_the_sandbox_says_when_its_port_is_taken(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        answer = run_installed("vidi", "sandbox", "--port", taken.getsockname()[1], cwd=tmp_path)
    assert answer.exit_code == 2
    assert "cannot listen on 127.0.0.1:" in answer.stderr
