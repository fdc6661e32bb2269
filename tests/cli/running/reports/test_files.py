"""The same as files, wherever a command runs: in Markdown, and as GitLab shows it."""

import json

import pytest

from support.servers.sandbox import serve_sandbox

FLUX = "replicate/black-forest-labs/flux-schnell"
HEAD = (
    f"version: 1\nname: job\nbudget: 5\ndefaults: {{output: '{{{{ id }}}}.webp', model: {FLUX}}}\n"
)
ENTRY = "  - {id: '%s', params: {prompt: '%s'}}\n"


def write_job(here, *entries, head=HEAD):
    here.write("job.yaml", head + "inferences:\n" + "".join(ENTRY % each for each in entries))


def row_of(text, inference):
    (row,) = [line for line in text.splitlines() if line.startswith(f"| {inference} |")]
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_each_change_is_counted_and_told(here):
    """new, changed, again, restored, unchanged and skipped, in an estimate and in a run."""
    write_job(here, *((name, name) for name in ("same", "changed", "lost", "back", "left")))
    with serve_sandbox() as served:
        for key, value in served.environment.items():
            here._monkeypatch.setenv(key, value)
        assert here("vidi-run", "job.yaml").exit_code == 0
        write_job(here, ("back", "other"), ("same", "same"))
        assert here("vidi-run", "job.yaml").exit_code == 0
        entries = [("same", "same"), ("changed", "changed 2"), ("lost", "lost"), ("back", "back"),
                   ("left", "left"), ("fresh", "fresh")]  # fmt: skip
        write_job(here, *entries)
        for path in (here.folder / "outputs/job").rglob("lost*.webp"):
            path.unlink()
        options = ("job.yaml", "--exclude", "left", "--rebuy", "lost", "--summary-markdown", "s.md")
        assert here("vidi-run", *options, "--estimate").exit_code == 0
        estimate = (here.folder / "s.md").read_text("utf-8")
        assert here("vidi-run", *options).exit_code == 0
        run = (here.folder / "s.md").read_text("utf-8")
    assert row_of(estimate, "job.yaml") == [
        "job.yaml", "1", "1", "1", "1", "1", "1", "$0.009", "$5.00",
    ]  # fmt: skip
    assert row_of(run, "job.yaml") == [
        "job.yaml", "1", "1", "1", "1", "1", "1", "0", "$0.009", "$0.009", "$5.00",
    ]  # fmt: skip
    assert row_of(estimate, "changed")[1:] == ["params changed: prompt", FLUX, "$0.003"]
    assert row_of(run, "back")[3:] == ["$0.00", "succeeded", "$0.00"]
    assert not [line for line in run.splitlines() if line.startswith(("| same |", "| left |"))]


def test_a_long_summary_is_folded_and_fits_a_comment(here):
    write_job(here, *((f"e{number}-" + "x" * 99, "p") for number in range(140)))
    here("vidi-run", "job.yaml", "--estimate", "--summary-markdown", "s.md")
    text = (here.folder / "s.md").read_text("utf-8")
    assert "<details><summary>What a run does (140)</summary>" in text
    assert "\n\nand 40 more\n" in text
    assert len(text) < 65_536


def test_code_quality_names_each_finding_where_it_is(here):
    """docs.gitlab.com/ci/testing/code_quality: these fields, and no two fingerprints alike."""
    (here.folder / "media").mkdir()
    here._monkeypatch.setenv("CI_PROJECT_DIR", str(here.folder))
    here._monkeypatch.chdir(here.folder / "media")
    here.folder = here.folder / "media"
    found = {}
    for gap in ("", "\n\n"):
        write_job(here, ("a", "x"), ("b", "x"), head=gap + HEAD.replace("model:", "modle:"))
        answer = here("vidi-run", "job.yaml", "--code-quality", "cq.json")
        assert answer.exit_code == 2
        found[gap] = json.loads((here.folder / "cq.json").read_text("utf-8"))
    for each in found[""]:
        assert each["location"]["path"] == "media/job.yaml"
        assert each["location"]["lines"]["begin"] >= 1
        assert each["severity"] == "major"
        assert each["check_name"].startswith("vidi/")
    prints = [[each["fingerprint"] for each in found[gap]] for gap in found]
    assert prints[0] == prints[1], "the same mistake further down is the same mistake"
    assert len(set(prints[0])) == len(prints[0]) > 1


@pytest.mark.parametrize("option", ["--summary-markdown", "--code-quality", "--junit"])
def test_what_cannot_be_written_is_told_before_anything_is_sent(here, option):
    write_job(here, ("a", "x"))
    answer = here("vidi-run", "job.yaml", option, "job.yaml/x", "--sandbox")
    assert (answer.exit_code, answer.stderr) == (
        2,
        f"cannot write job.yaml/x\n  hint: Name another file with {option}.\n",
    )


def test_no_file_holds_a_key(here):
    write_job(here, ("a", "sentinel-key-1234"))
    here._monkeypatch.setenv("REPLICATE_API_TOKEN", "sentinel-key-1234")
    for options in (("--estimate",), ("--var", "sentinel-key-1234=1")):
        here("vidi-run", "job.yaml", *options, "--summary-markdown", "s", "--code-quality", "c")
        for name in "sc":
            assert "sentinel-key" not in (here.folder / name).read_text("utf-8")
