"""What the manifest says stays true: what was paid is remembered, and who changes nothing writes
nothing."""

import json
import os
import signal
import subprocess
import time

import jsonschema_rs
import pytest

from support.commands import start_installed
from support.servers.sandbox import serve_sandbox
from vidi.runs.records.manifest.schema import manifest_schema

MODEL = "fal/fal-ai/flux/dev"
FOLDER = "outputs/job"
VALIDATOR = jsonschema_rs.Draft202012Validator(manifest_schema(), validate_formats=True)
OLD_FIELDS = ("paid", "paid_basis", "tags", "seed")


def job(*prompts, more="tags: [t], "):
    lines = "".join(
        f"  - {{id: {prompt}, {more}model: {MODEL}, "
        f"params: {{prompt: {prompt}, image_size: square}}, output: {prompt}.png}}\n"
        for prompt in prompts
    )
    return f"version: 1\nname: job\nbudget: 1\ninferences:\n{lines}"


@pytest.fixture(autouse=True)
def served(here):
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        yield served


def run(here, text, *options, code=0):
    here.write("job.yaml", text)
    answer = here("vidi-run", "job.yaml", *options)
    assert answer.exit_code == code, answer.stderr
    VALIDATOR.validate(here.manifest(FOLDER))
    return answer


def costs(here):
    rows = here.manifest(FOLDER)["inferences"]
    return {row["id"]: (row["cost_usd"]["actual"], row["cost_usd"]["paid"]) for row in rows}


def test_what_is_paid_does_not_go_back_to_nothing(here):
    run(here, job("a"))
    (row,) = here.manifest(FOLDER)["inferences"]
    assert row["cost_usd"]["paid_basis"] == "metered"
    assert (row["tags"], type(row["seed"])) == (["t"], int)
    assert costs(here) == {"a": (0.025, 0.025)}
    run(here, job("a", "b"))
    assert costs(here) == {"a": (0, 0.025), "b": (0.025, 0.025)}
    assert here.manifest(FOLDER)["cost_usd"]["paid"] == 0.05
    run(here, job("b"), "--rebuy", "b")
    assert costs(here) == {"b": (0.025, 0.05)}
    run(here, job("b").replace("id: b", "id: c"))
    assert costs(here) == {"c": (0, 0.05)}
    run(here, job("c"))
    assert costs(here) == {"c": (0.025, 0.025)}


@pytest.mark.parametrize(
    "options", [(), ("--json",), ("--select", "a"), ("--budget", "0.5"), ("--frozen",)]
)
def test_a_run_that_changes_nothing_leaves_manifest_and_page(here, options):
    run(here, job("a", "b"))
    folder = here.folder / FOLDER
    before = [(folder / name).read_bytes() for name in ("manifest.json", "report.html")]
    runs = (folder / "log.jsonl").read_text().count("run_started")
    answer = run(here, job("a", "b"), *options)
    assert before == [(folder / name).read_bytes() for name in ("manifest.json", "report.html")]
    assert (folder / "log.jsonl").read_text().count("run_started") == runs + 1
    if options == ():
        assert "2 unchanged" in answer.stderr
        assert "spent $0.00, budget $1.00, saved $0.05" in answer.stderr
    if options == ("--json",):
        (told,) = answer.json["jobs"]
        assert answer.json["spent_usd"] == 0
        assert [each["status"] for each in told["inferences"]] == ["unchanged", "unchanged"]
        assert [each["paid_usd"] for each in told["inferences"]] == [0.025, 0.025]


@pytest.mark.parametrize("indent", [None, 1, 4, "\t"])
def test_a_manifest_that_another_program_has_laid_out_is_left_as_it_is(here, indent):
    run(here, job("a", "b"))
    path = here.folder / FOLDER / "manifest.json"
    laid_out = json.dumps(json.loads(path.read_text()), indent=indent)
    path.write_text(laid_out)
    run(here, job("a", "b"))
    assert path.read_text() == laid_out


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text[:-2],
        lambda text: text.replace('"id": "b"', '"id": b'),
        lambda text: text.replace('"id": "b"', '"id": "c"'),
        lambda text: text.replace('"schema_version": 2', '"schema_version": 3'),
        lambda text: text.replace('"totals"', '"totals'),
        lambda text: json.dumps({**json.loads(text), "inferences": []}, indent=2),
        lambda text: json.dumps(add_row(json.loads(text)), indent=2),
        lambda text: json.dumps(add_row(json.loads(text))),
        lambda _: "[]",
        lambda _: "[" * 100_000,
        lambda _: '"text"',
        lambda _: "\udc80".encode("utf-8", "surrogateescape").decode("latin-1"),
    ],
)
def test_a_manifest_that_is_damaged_is_written_anew(here, damage):
    run(here, job("a", "b"))
    path = here.folder / FOLDER / "manifest.json"
    whole = json.loads(path.read_text())
    path.write_text(damage(path.read_text()))
    run(here, job("a", "b"))
    found = json.loads(path.read_text())
    assert [row["id"] for row in found["inferences"]] == ["a", "b"]
    assert found["schema_version"] == whole["schema_version"]


def add_row(manifest):
    return {**manifest, "inferences": manifest["inferences"] * 2}


def test_a_page_that_is_missing_is_made_of_what_is_on_record(here):
    run(here, job("a"))
    page = here.folder / FOLDER / "report.html"
    before = page.read_bytes()
    page.unlink()
    run(here, job("a"))
    assert page.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda text: text.replace("tags: [t]", "tags: [u]"), "tags"),
        (lambda text: text.replace("a.png", "new.png"), "assets"),
        (lambda text: text + "# a word\n", "job"),
    ],
)
def test_whatever_else_is_there_is_written(here, change, what):
    run(here, job("a"))
    before = here.manifest(FOLDER)
    run(here, change(job("a")))
    assert here.manifest(FOLDER) != before, what


def make_older(path):
    """Turn a manifest into one of format 1."""
    manifest = json.loads(path.read_text())
    manifest["schema_version"] = 1
    del manifest["cost_usd"]["paid"]
    for row in manifest["inferences"]:
        for name in ("paid", "paid_basis"):
            del row["cost_usd"][name]
        for name in ("tags", "seed"):
            del row[name]
    path.write_text(json.dumps(manifest, indent=2))


def test_an_older_manifest_is_read_and_brought_forward(here, served):
    run(here, job("a"))
    path = here.folder / FOLDER / "manifest.json"
    make_older(path)
    assert here("vidi", "report", FOLDER).exit_code == 0
    assert json.loads(path.read_text())["schema_version"] == 1
    run(here, job("a"))
    assert served.submits == 1
    assert here.manifest(FOLDER)["schema_version"] == 2
    assert costs(here) == {"a": (0, 0.025)}


def test_a_manifest_of_a_newer_vidi_is_not_guessed_at(here):
    run(here, job("a"))
    path = here.folder / FOLDER / "manifest.json"
    path.write_text(path.read_text().replace('"schema_version": 2', '"schema_version": 3'))
    answer = here("vidi", "report", FOLDER)
    assert (answer.exit_code, "a newer vidi has written" in answer.stderr) == (2, True)


@pytest.mark.parametrize("kept", [True, False])
def test_a_page_of_a_run_that_was_killed(here, served, kept):
    """The run has a manifest after a second; before, the page is made from the journal."""
    served.sandbox.latency = 30
    here.write("job.yaml", job("a", "b"))
    process = start_installed(
        "vidi-run",
        "job.yaml",
        "-j",
        "2",
        cwd=here.folder,
        env=os.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    manifest = here.folder / FOLDER / "manifest.json"
    for _ in range(600):
        if manifest.exists() and served.submits == 2:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    VALIDATOR.validate(json.loads(manifest.read_text()))
    if not kept:
        manifest.unlink()
    assert here("vidi", "report", FOLDER).exit_code == 0
    page = (here.folder / FOLDER / "report.html").read_text()
    assert ">a<" in page
    assert ">b<" in page
    assert "interrupted" in page


def test_the_page_says_what_was_paid_before(here):
    run(here, job("a"))
    run(here, job("a", "b"))
    page = (here.folder / FOLDER / "report.html").read_text(encoding="utf-8")
    assert "<strong>$0.025</strong> paid before" in page
    assert "not billed" not in page.partition("<details")[0]
    assert page.count("over all runs, for what is there") == 2
