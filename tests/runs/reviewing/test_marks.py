"""Marks by command: what is approved stays, what is rejected is bought again once, and no more."""

import json
import re
import shutil

import jsonschema_rs
import pytest

from support.journals import rewrite
from support.servers.sandbox import serve_sandbox
from vidi.jobs.reviews.schema import reviews_schema

SEEDED, SEEDLESS = "replicate/black-forest-labs/flux-schnell", "fal/fal-ai/luma-photon/flash"
FOLDER = "outputs/job"
HARM = ("<img", "](http", "\n::error", "\u202e")
NOTE = "too dark\u202e | <img src=x onerror=alert(1)>\n::error::[x](http://evil.example)"


def job(word="postcard", **more):
    entries = "".join(
        f"  - id: {key}\n    model: {model}\n    params: {{prompt: {word} {key}}}\n"
        f"    output: '{key}'\n"
        for key, model in {"a": SEEDED, "b": SEEDED, "c": SEEDLESS, **more}.items()
    )
    return f"version: 1\nname: job\nbudget: 5\ninferences:\n{entries}"


@pytest.fixture
def made(here, monkeypatch):
    """Three inferences that were bought from a served sandbox."""
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        here.write("jobs/job.yaml", job())
        assert run(here).exit_code == 0
        yield here


def run(here, *options):
    return here("vidi-run", "jobs/job.yaml", *options)


def plan(here, *options):
    answer = run(here, "--estimate", "--json", *options)
    return {
        row["id"]: (row["action"], row["reason"]) for row in answer.json["jobs"][0]["inferences"]
    }


def seeds(here):
    return {row["id"]: row["params"].get("seed") for row in here.manifest(FOLDER)["inferences"]}


def submits(here):
    lines = (here.folder / FOLDER / "log.jsonl").read_text("utf-8").splitlines()
    return sum(json.loads(line)["event"] == "submitted" for line in lines)


def said(here):
    import yaml

    data = yaml.safe_load((here.folder / "jobs/reviews.yaml").read_text("utf-8"))
    jsonschema_rs.validator_for(reviews_schema(), validate_formats=True).validate(data)
    return {each["id"]: each for each in data["reviews"]}


def test_what_is_rejected_is_bought_again_once_and_with_another_seed(made, monkeypatch):
    answer = made("vidi", "mark", "reject", "a", "c", "--note", NOTE)
    assert (answer.exit_code, answer.stdout) == (0, "jobs/reviews.yaml\n")
    marks = said(made)
    assert {key: mark["note"] for key, mark in marks.items()} == dict.fromkeys("ac", NOTE)
    waits = ("unchanged", "rejected: buy it again with --rejected")
    assert plan(made) == {"a": waits, "b": ("unchanged", "made before"), "c": waits}
    assert run(made).exit_code == 0
    assert submits(made) == 3
    again = plan(made, "--rejected")
    assert {key for key, (action, _) in again.items() if action == "run"} == {"a", "c"}
    assert again["a"][1].startswith("rejected: too dark")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    told = run(made, "--rejected", "--estimate", "--summary-markdown", "s.md")
    summary = (made.folder / "s.md").read_text("utf-8")
    assert "rejected: too dark" in summary
    assert [each for each in HARM if each in summary] == []
    assert "\n::error::[x]" not in told.stdout + told.stderr
    # What is said in a review changes what is asked for, and a diff of two branches shows it.
    made.write("old/job.yaml", job())
    changes = made("vidi", "diff", "old/job.yaml", "jobs/job.yaml", "--json").json["changes"]
    assert [each["params"] for each in changes if each["change"] != "unchanged"] == [
        {"seed": {"from": None, "to": marks["a"]["seed"]}}
    ]
    made.write("old/reviews.yaml", (made.folder / "jobs/reviews.yaml").read_text("utf-8"))
    changes = made("vidi", "diff", "old/job.yaml", "jobs/job.yaml", "--json").json["changes"]
    assert {each["change"] for each in changes} <= {"unchanged"}
    # Cut off right after it was submitted, and repeated: fetched, not bought.
    assert run(made, "--rejected", "--detach").exit_code == 5
    assert submits(made) == 5
    for options in (["--rejected"], ["--rejected"], []):
        assert run(made, *options).exit_code == 0
    assert submits(made) == 5
    assert seeds(made) == {"a": marks["a"]["seed"], "b": None, "c": None}
    assert [line for line in plan(made, "--rejected").values() if line[0] != "unchanged"] == []
    # The second try is rejected in its turn: its own seed comes after it.
    made("vidi", "mark", "reject", "a")
    assert run(made, "--rejected").exit_code == 0
    assert submits(made) == 6
    assert seeds(made)["a"] not in {None, marks["a"]["seed"]}
    page = (made.folder / FOLDER / "report.html").read_text("utf-8")
    assert page.count('class="earlier"') == 1  # the other came out the same to the last bit


def test_what_is_approved_is_neither_bought_again_nor_written_over(made):
    before = (made.folder / FOLDER / "a.webp").read_bytes()
    made("vidi", "mark", "approve", "a", "--in", "jobs/job.yaml")
    assert 'class="mark approved"' in (made.folder / FOLDER / "report.html").read_text("utf-8")
    made.write("jobs/job.yaml", job("picture"))
    answer = run(made, "--rebuy", "a", "--select", "a")
    assert answer.exit_code == 0
    assert "a is approved and stays as it is: its entry asks for something else" in answer.stderr
    assert (made.folder / FOLDER / "a.webp").read_bytes() == before
    assert plan(made)["a"] == ("unchanged", "approved")
    (made.folder / FOLDER / "a.webp").unlink()
    assert plan(made)["a"][0] == "fetch"
    made("vidi", "mark", "reset", "a", "--in", FOLDER)
    assert said(made) == {}
    assert plan(made)["a"] == ("run", "params changed: prompt")


def test_what_is_approved_is_had_from_the_store_in_a_fresh_clone(made, monkeypatch):
    """Its entry has changed since, and the clone has no log.jsonl to say what was approved."""
    monkeypatch.setenv("VIDI_STORE", "store")
    made.write("jobs/job.yaml", job("drawing"))
    assert run(made, "--rebuy", "*").exit_code == 0
    before = (made.folder / FOLDER / "a.webp").read_bytes()
    made("vidi", "mark", "approve", "a", "b", "--in", "jobs/job.yaml")
    shutil.rmtree(made.folder / "outputs")
    twin = f"  - {{id: z, model: {SEEDED}, params: {{prompt: drawing a}}, output: z}}\n"
    changed = job("picture").replace("prompt: picture b", "prompt: drawing b")
    made.write("jobs/job.yaml", changed + twin)
    planned = plan(made)
    assert planned["a"] == planned["b"] == ("fetch", "from the store")
    assert {planned["c"][0], planned["z"][0]} == {"run"}  # a's purchase is a's
    answer = run(made, "--select", "a", "--select", "b")
    assert (answer.exit_code, submits(made)) == (0, 0)
    assert "a is approved and stays as it is: its entry asks for something else" in answer.stderr
    assert "b is approved and stays" not in answer.stderr
    assert (made.folder / FOLDER / "a.webp").read_bytes() == before
    assert plan(made)["a"] == ("unchanged", "approved")
    marks = (made.folder / "jobs/reviews.yaml").read_text("utf-8")
    made("vidi", "mark", "reset", "a", "--in", FOLDER)
    after = plan(made)
    assert (after["a"], after["z"][0]) == (("run", "new"), "move")
    made.write("jobs/reviews.yaml", marks)
    shutil.rmtree(made.folder / "outputs")
    (record,) = (
        path
        for path in (made.folder / "store/records").rglob("*.json")
        if "drawing a" in path.read_text()
    )
    record.write_text("{}")
    damaged = run(made, "--estimate", "--select", "a")
    assert (damaged.exit_code, "of the store cannot be read" in damaged.stderr) == (2, True)
    record.unlink()
    assert plan(made)["a"] == ("run", "new")


def test_an_entry_that_was_given_another_id_keeps_what_was_said_of_it(made):
    made("vidi", "mark", "reject", "b")
    assert run(made, "--rejected").exit_code == 0
    renamed = job().replace("id: b", "id: new").replace("'b'", "'new'")
    made.write("jobs/job.yaml", renamed)
    assert plan(made)["new"][0] == "move"
    assert run(made).exit_code == 0
    assert submits(made) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["approve", "z"], "no folder below outputs/ has z"),
        (["approve", "a", "z", "--in", FOLDER], "there is no z in outputs/job"),
        (["reject", "a", "--note", "\x1b[31m"], "'note' holds a control character"),
        (["approve", "a", "--in", "jobs"], "jobs is no output folder of vidi"),
    ],
    ids=str,
)
def test_a_mark_of_nothing_is_a_mistake_and_marks_nothing(made, arguments, message):
    answer = made("vidi", "mark", *arguments)
    assert (answer.exit_code, message in answer.stderr) == (2, True), answer.stderr
    assert not (made.folder / "jobs/reviews.yaml").exists()


HASH = '"' + "0" * 64 + '"'
ROW = "- {id: a, mark: approved, fingerprint: HASH, asset: HASH, at: 2026-11-29T16:00:00Z}\n"
DAMAGES = {
    "<<<<<<< ours\n" + ROW: "4:1",
    ROW + ROW.replace("approved", "aproved"): "4:17",
    ROW.replace("}", ", sead: 1}"): "3:",
    ROW.replace("HASH", "../../x", 1): "3:",
    ROW.replace("2026-11-29T16:00:00Z", "yesterday"): "3:",
    ROW.replace("at:", "note: 1, at:"): "3:",
    ROW.replace("at:", "seed: 99999999999, at:"): "3:",
    ROW.replace(", asset: HASH", ""): "3:3",
    "- 12\n": "3:3",
    "\x00": "3:1",
    ROW.replace("id: a", "id: !!python/object/apply:os.system [id]"): "3:",
}


def test_a_damaged_file_is_a_mistake_with_its_line_and_is_left_alone(here):
    here.write("jobs/job.yaml", job())
    assert run(here, "--sandbox", "--select", "a").exit_code == 0
    commands = (
        ["vidi-run", "jobs/job.yaml", "--sandbox", "--estimate"],
        ["vidi", "mark", "reset", "a"],
        ["vidi", "report", "outputs/sandbox/job"],
    )
    for text, place in DAMAGES.items():
        whole = "version: 1\nreviews:\n" + text.replace("HASH", HASH)
        path = here.write("jobs/reviews.yaml", whole)
        for command in commands:
            answer = here(*command)
            assert answer.exit_code == 2
            assert f"jobs/reviews.yaml:{place}" in answer.stderr
        assert path.read_text("utf-8") == whole


def test_of_two_lines_about_the_same_the_later_holds(here):
    """As a merge leaves them that keeps the lines of both sides."""
    here.write("jobs/job.yaml", job())
    assert run(here, "--sandbox", "--select", "a").exit_code == 0
    for act in ("approve", "reject"):
        here("vidi", "mark", act, "a")
        here.write(f"{act}.txt", (here.folder / "jobs/reviews.yaml").read_text("utf-8"))
    approved, rejected = (here.folder / f"{act}.txt" for act in ("approve", "reject"))
    lines = rejected.read_text("utf-8") + approved.read_text("utf-8").splitlines()[-1] + "\n"
    here.write("jobs/reviews.yaml", lines)
    found = plan(here, "--sandbox")["a"]
    assert found == ("unchanged", "rejected: buy it again with --rejected")
    here("vidi", "mark", "reject", "a")
    assert (here.folder / "jobs/reviews.yaml").read_text("utf-8").count("id:") == 1


COMMENTED = """\
# Ours: ask Ana before you reject.
version: 1  # of the file
reviews:
  # the forest, in three lines
  - id: a
    # for the cover
    mark: approved
    note: |
      # this is the note
    fingerprint: FINGERPRINT  # of the prompt
    asset: ASSET
    sandbox: true
    at: "2026-11-29T16:20:00.000+00:00"
  # gone since
  - {id: "#gone", note: "#1", fingerprint: HASH, asset: HASH, at: "2026-11-29T16:20:00Z"} # why
# that is all
"""


def test_what_people_write_beside_the_marks_stays_there(here):
    here.write("jobs/job.yaml", job())
    assert run(here, "--sandbox", "--select", "a").exit_code == 0
    here("vidi", "mark", "approve", "a")
    made = said(here)["a"]
    text = COMMENTED.replace("FINGERPRINT", f'"{made["fingerprint"]}"').replace("HASH", HASH)
    path = here.write("jobs/reviews.yaml", text.replace("ASSET", f'"{made["asset"]}"'))
    for note in ("x # y", 'it is "#"'):  # the second time in the form that the first has given it
        assert here("vidi", "mark", "reject", "a", "--note", note).exit_code == 0
        lines = path.read_text("utf-8").splitlines()
        kept = [*lines[:2], *(re.sub("{.*}", "…", each) for each in lines[2:])]
        assert kept == [
            "# Ours: ask Ana before you reject.", "# of the file", "version: 1", "reviews:",
            "# gone since", "- …  # why", "# the forest, in three lines", "# for the cover",
            "- …  # of the prompt", "# that is all",
        ]  # fmt: skip
        assert said(here)["a"]["note"] == note
    here("vidi", "mark", "reset", "a")
    assert path.read_text("utf-8").endswith("# for the cover\n# of the prompt\n# that is all\n")


def test_a_strangers_folder_leads_neither_reading_nor_writing_elsewhere(here, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "notes.yaml").write_text("secret: 1\n", "utf-8")
    here.write("jobs/job.yaml", job())
    assert run(here, "--sandbox", "--select", "a").exit_code == 0
    journal = here.folder / "outputs/sandbox/job/log.jsonl"
    named = json.dumps(str(outside / "notes.yaml"))
    rewrite(journal, lambda line: line.replace('"jobs/job.yaml"', named))
    refused = here("vidi", "mark", "approve", "a", "--in", "outputs/sandbox/job")
    assert (refused.exit_code, "is not found" in refused.stderr) == (2, True), refused.stderr
    assert [path.name for path in outside.iterdir()] == ["notes.yaml"]
    (here.folder / "jobs/reviews.yaml").symlink_to(outside / "notes.yaml")
    linked = run(here, "--sandbox", "--estimate")
    assert (linked.exit_code, "secret" in linked.stderr) == (2, False), linked.stderr
