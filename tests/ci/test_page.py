"""Every workflow of docs/ci.md and action.yml, carried out by a small runner of our own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.actions import gitlab
from support.actions.comments import Comments
from support.actions.runner import Runner
from support.commands import put_on_path
from support.servers.sandbox import serve_sandbox

CHECKOUT = Path(__file__).parents[2]
BLOCK = re.compile(r"```yaml\n# (\S+)\n(.*?)```", re.DOTALL)
PAGE = (CHECKOUT / "docs/ci.md").read_text("utf-8")
BLOCKS = dict(BLOCK.findall(PAGE))
JOB = """\
version: 1
name: shop
inferences:
  - id: tree
    model: fal/fal-ai/flux/dev
    params: {prompt: PROMPT, image_size: square}
    output: tree.jpg
"""
ANOTHER = """\
  - {id: house, model: fal/fal-ai/flux/dev, params: {prompt: a house}, output: house.jpg}
"""
PIP = """\
#!/bin/sh
# What would install something has it already.
case "$0 $1 $2" in
  *pip\\ install*|*python\\ -m\\ pip) echo "would install: $*" >> "$INSTALLED" ;;
  *) exec PYTHON "$@" ;;
esac
"""


@pytest.fixture
def tools(tmp_path):
    """A folder for PATH: our commands, and a pip that notes what it was asked for."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("vidi", "vidi-run"):
        put_on_path(folder, name)
    for name in ("pip", "python"):
        (folder / name).write_text(PIP.replace("PYTHON", sys.executable))
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def shop(tmp_path, tools):
    """A repository with one job file, and what its machines have in their environment."""
    folder = tmp_path / "shop"
    (folder / "jobs").mkdir(parents=True)
    (folder / "jobs/shop.yaml").write_text(JOB.replace("PROMPT", "a tree"))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    with serve_sandbox() as served, Comments() as comments:
        keys = ("FAL_KEY", "REPLICATE_API_TOKEN")
        secrets = {name: served.environment[name] for name in keys}
        secrets["VIDI_LEDGER"] = os.environ["VIDI_LEDGER"]
        addresses = {k: v for k, v in served.environment.items() if k not in keys}
        environment = {
            "HOME": str(tmp_path),
            "INSTALLED": str(tmp_path / "installed"),
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "GITHUB_API_URL": comments.url,
            "VIDI_LEDGER": os.environ["VIDI_LEDGER"],
            "VIDI_REGISTRY": os.environ["VIDI_REGISTRY"],
            **addresses,
        }

        def machine(name, event_name="push", **more):
            event = {"pull_request": {"number": 12, "base": {"sha": base}}}
            github = {"event_name": event_name, "event": event if "pull" in event_name else {}}
            return Runner(folder, tmp_path / name, environment, github=github, secrets=secrets,
                          cache=tmp_path / "cache", artifacts=tmp_path / "artifacts",
                          **more)  # fmt: skip

        base = git(folder, "rev-parse", "HEAD").strip()
        machine.folder, machine.served, machine.comments = folder, served, comments
        machine.environment = environment
        yield machine


def git(folder, *arguments):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True,
                          capture_output=True, text=True).stdout  # fmt: skip


def read_block(name):
    return yaml.load(BLOCKS[name], yaml.BaseLoader)


def test_every_block_of_the_page_is_tried():
    assert len(BLOCKS) == PAGE.count("```yaml")
    assert BLOCKS.keys() == {
        ".github/workflows/assets.yml",
        ".github/workflows/by-hand.yml",
        ".github/workflows/costs.yml",
        ".github/workflows/gallery.yml",
        ".github/workflows/shards.yml",
        ".gitlab-ci.yml",
        ".pre-commit-config.yaml",
    }


def test_a_pull_request_is_priced_and_commented_on_once(shop):
    """An estimate of a change, a second commit, the merge, and a machine that knows nothing."""
    assets = read_block(".github/workflows/assets.yml")
    shop.comments.write("stranger", "<!-- comment of vidi: vidi --> look, I am the comment")
    (shop.folder / "jobs/shop.yaml").write_text(JOB.replace("PROMPT", "a house"))
    for number in (1, 2):
        machine = shop(f"estimate-{number}", "pull_request")
        assert machine.run_job(assets["jobs"]["estimate"]), machine.log
        assert "### ✓ vidi estimate: $" in machine.summary
        assert "vidi diff" in machine.summary
    stranger, ours = shop.comments.found
    assert stranger["body"].endswith("look, I am the comment")
    assert ours["body"].startswith("<!-- comment of vidi: vidi -->\n\n### ✓ vidi estimate")
    assert "a house" in ours["body"]
    assert shop.comments.tokens == {"Bearer workflow-token", None}
    assert shop.served.submits == 0

    machine = shop("buy")
    assert machine.run_job(assets["jobs"]["buy"]), machine.log
    assert re.search(r"bought 1 for 0\.0\d+ USD", machine.ended[-1].log)
    assert shop.served.submits == 1
    git(shop.folder, "clean", "-qfdx")
    again = shop("again")
    assert again.run_job(assets["jobs"]["buy"]), again.log
    assert "bought 0 for 0.00 USD" in again.ended[-1].log
    uploaded = [given for name, given in again.used if "upload-artifact" in name]
    assert uploaded[0]["path"].endswith("vidi-contact-sheet.png")
    assert Path(uploaded[0]["path"]).is_file()
    assert uploaded[1]["path"] == "outputs"
    tell_costs(shop)
    show(shop)


def tell_costs(shop):
    """The weekly overview reads the ledger that the runs wrote."""
    costs = read_block(".github/workflows/costs.yml")
    machine = shop("costs")
    assert machine.run_job(costs["jobs"]["costs"], costs), machine.log
    assert re.search(r"^    jobs/shop\.yaml .*0\.0", machine.summary, re.MULTILINE)


def show(shop):
    """The gallery's workflow buys nothing, and leaves a page that leads to the report."""
    gallery = read_block(".github/workflows/gallery.yml")["jobs"]["gallery"]
    git(shop.folder, "clean", "-qfdx")
    machine = shop("gallery")
    assert machine.run_job(gallery), machine.log
    assert shop.served.submits == 1
    page = re.search(r"url=([^\"]+)", (shop.folder / "outputs/index.html").read_text())[1]
    assert (shop.folder / "outputs" / page).is_file()


def test_what_is_refused_or_may_not_comment_ends_as_the_command_did(shop):
    """A fork's token may not write; a price over the budget is exit 3, and said all the same."""
    estimate = read_block(".github/workflows/assets.yml")["jobs"]["estimate"]
    step = estimate["steps"][-1]
    step["with"] = {**step["with"], "budget": "0.001"}
    shop.comments.refused = 403
    machine = shop("refused", "pull_request")
    assert not machine.run_job(estimate)
    assert [each.code for each in machine.ended][-2:] == [0, 3]
    assert "::notice::no comment: Forbidden" in machine.log
    assert "over the" in machine.summary


HOSTILE = '$(touch owned)"; touch owned; #\n--rebuy=*\n`touch owned`'


def test_no_input_is_a_command(shop):
    """Inputs that a pull request may have shaped reach the shell as values."""
    given = dict.fromkeys(("jobs", "budget", "args", "project", "comment-author"), HOSTILE)
    machine = shop("hostile", "pull_request")
    assert not machine.run_job({"steps": [{"uses": "./", "with": given}]})
    assert machine.ended[-1].code == 2, machine.log
    assert not list(shop.folder.rglob("owned"))
    assert len(shop.comments.found) == 1


def test_the_workflow_by_hand(shop):
    (shop.folder / "jobs/shop.yaml").write_text(JOB.replace("PROMPT", "a house"))
    machine = shop("by-hand", "pull_request")
    assert machine.run_job(read_block(".github/workflows/by-hand.yml")["jobs"]["estimate"])
    assert "a house" in machine.summary
    assert (shop.folder / "junit.xml").is_file()
    installed = Path(shop.environment["INSTALLED"]).read_text()
    assert installed == "would install: install vidi-run\n"


def test_shards_are_bought_apart_and_merged(shop):
    """Each machine has what the one before left in the artifacts, and nothing else."""
    shards = read_block(".github/workflows/shards.yml")["jobs"]
    two = JOB.replace("name: shop", "name: shop\nbudget: 1") + ANOTHER
    (shop.folder / "jobs/shop.yaml").write_text(two)
    for number in shards["buy"]["strategy"]["matrix"]["shard"]:
        machine = shop(f"buy-{number}")
        assert machine.run_job(shards["buy"], matrix={"shard": number}), machine.log
        assert shop.served.submits == int(number)
        git(shop.folder, "clean", "-qfdx")
    machine = shop("merge")
    assert machine.run_job(shards["merge"]), machine.log
    assert {path.name for path in (shop.folder / "outputs/shop").glob("*.jpg")} == {
        "tree.jpg", "house.jpg",
    }  # fmt: skip


def test_the_action_is_tried_by_our_own_workflow(shop):
    """What ci.yml does with the action, on the README's sample; and a name that is none."""
    ci = yaml.load((CHECKOUT / ".github/workflows/ci.yml").read_text("utf-8"), yaml.BaseLoader)
    (shop.folder / "jobs/thumbnails.yaml").write_bytes(
        (CHECKOUT / "jobs/thumbnails.yaml").read_bytes()
    )
    steps = ci["jobs"]["action"]["steps"]
    steps[1]["with"] |= {"comment": "true", "name": HOSTILE}
    machine = shop("ci", "pull_request")
    assert machine.run_job(ci["jobs"]["action"]), machine.log
    assert not list(shop.folder.rglob("owned"))
    (comment,) = shop.comments.found
    assert re.match(r"<!-- comment of vidi: [\w-]+ -->\n", comment["body"])
    assert "[contact sheet](https://github.example/artifacts/" in comment["body"]


def test_the_pipeline_of_gitlab(shop):
    pipeline = read_block(".gitlab-ci.yml")
    environment = {
        **shop.environment, "CI_API_V4_URL": shop.comments.url, "CI_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_IID": "4", "VIDI_NOTE_TOKEN": "note-token",
    }  # fmt: skip
    job = gitlab.run_job(pipeline, "estimate", shop.folder, environment)
    assert job.code == 0, job.log
    (note,) = shop.comments.found
    assert "### ✓ vidi estimate" in note["body"]
    assert "note-token" in shop.comments.tokens
    keys = {**shop.served.environment, **environment}
    job = gitlab.run_job(pipeline, "buy", shop.folder, keys)
    assert (job.code, shop.served.submits) == (0, 1), job.log


def test_the_hooks_of_pre_commit(here):
    """Each hook of the page is there, and runs over the files that it names as pre-commit does."""
    hooks = {
        hook["id"]: hook
        for hook in yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    }
    (repo,) = read_block(".pre-commit-config.yaml")["repos"]
    assert [each["id"] for each in repo["hooks"]] == list(hooks)
    files = ["jobs/a.yaml", "jobs/b.json", "jobs/data/c.yaml", "jobs/d.csv", "e.yaml"]
    for text, codes in ((JOB, [0, 0]), (JOB + "budget: 0.001\n", [0, 3]), (JOB[5:], [2, 2])):
        here.write("jobs/a.yaml", text.replace("PROMPT", "x"))
        for hook, code in zip(hooks.values(), codes, strict=True):
            assert hook["require_serial"] is True, "all files together have one cap"
            assert [each for each in files if re.search(hook["files"], each)] == files[:2]
            program, *arguments = hook["entry"].split()
            assert here(program, *arguments, "jobs/a.yaml").exit_code == code, (hook, text)
