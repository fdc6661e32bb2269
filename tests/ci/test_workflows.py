"""The workflows of the repository, of docs/ci.md and of action.yml hold to what keeps them safe."""

import re
from pathlib import Path

import pytest
import yaml

from support.actions.expressions import holes_in
from support.actions.runner import PINNED

CHECKOUT = Path(__file__).parents[2]
BLOCK = re.compile(r"```yaml\n# (\.github/\S+)\n(.*?)```", re.DOTALL)
WORKFLOWS = {
    **{path.name: path.read_text("utf-8") for path in (CHECKOUT / ".github/workflows").iterdir()},
    **{
        f"docs/ci.md: {name}": text
        for name, text in BLOCK.findall((CHECKOUT / "docs/ci.md").read_text("utf-8"))
    },
}
ACTION = (CHECKOUT / "action.yml").read_text("utf-8")
WRITES = {  # who may write what, and why nobody else needs it
    ("registry.yml", "refresh"): {"contents", "pull-requests"},
    ("registry.yml", "publish"): {"contents"},
    ("release.yml", "attest"): {"id-token", "attestations"},
    ("release.yml", "publish"): {"id-token"},
    ("release.yml", "attach"): {"contents"},
    ("docs/ci.md: .github/workflows/assets.yml", "estimate"): {"pull-requests"},
    ("docs/ci.md: .github/workflows/gallery.yml", "gallery"): {"pages", "id-token"},
}
OURS = {"OWNER/vidi@v1", "./"}
FIXED = re.compile(r"^matrix\.\w+$")
"""What a workflow file itself says, and nobody else."""


@pytest.mark.parametrize("name", WORKFLOWS)
def test_each_job_may_do_what_it_needs_and_no_more(name):
    workflow = yaml.load(WORKFLOWS[name], yaml.BaseLoader)
    assert set(workflow["permissions"].values()) <= {"read"}, "what may write is said by each job"
    for job_name, job in workflow["jobs"].items():
        assert int(job["timeout-minutes"]) <= 180
        granted = job.get("permissions", {})
        writes = {what for what, how in granted.items() if how == "write"}
        assert writes == WRITES.get((name, job_name), set()), job_name
    triggers = workflow["on"]
    assert "pull_request_target" not in triggers
    assert "workflow_run" not in triggers


@pytest.mark.parametrize("name", [*WORKFLOWS, "action.yml"])
def test_each_action_of_others_is_pinned_to_a_commit_and_says_its_version(name):
    text = WORKFLOWS.get(name, ACTION)
    for used, comment in re.findall(r"\buses: (\S+)(.*)", text):
        if used not in OURS:
            assert PINNED.match(used), used
            assert re.match(r" # v\d+\.\d+\.\d+$", comment), used
    assert text.count("uses:") == len(re.findall(r"\buses: (?:\S+@|\./$)", text, re.MULTILINE))


@pytest.mark.parametrize("name", [*WORKFLOWS, "action.yml"])
def test_nothing_from_outside_stands_in_a_shell_script(name):
    """An expression in `run:` is pasted into the script before a shell reads it."""
    parsed = yaml.load(WORKFLOWS.get(name, ACTION), yaml.BaseLoader)
    jobs = [parsed["runs"]] if name == "action.yml" else parsed["jobs"].values()
    scripts = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    for script in scripts:
        assert [hole for hole in holes_in(script) if not FIXED.match(hole)] == [], script
    assert "toJSON(" not in yaml.dump(parsed)


def test_keys_are_given_to_the_steps_that_need_them():
    for name, text in WORKFLOWS.items():
        workflow = yaml.load(text, yaml.BaseLoader)
        for where in (workflow, *workflow["jobs"].values()):
            told = "".join(str(value) for value in where.get("env", {}).values())
            assert not re.search(r"secrets\.(?!VIDI_LEDGER)", told), name


def test_every_input_of_the_action_says_what_it_is():
    action = yaml.safe_load(ACTION)
    used = set(re.findall(r"inputs\.([\w-]+)", ACTION))
    assert used == action["inputs"].keys()
    assert all(each["description"] for each in action["inputs"].values())
