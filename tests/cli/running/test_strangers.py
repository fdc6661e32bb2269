"""What a stranger's branch may do to who runs it: its `.env`, through the command."""

import json

import pytest

from support.servers.sandbox import serve_sandbox
from vidi.inference.models.registry import ModelRegistry

JOB = """\
version: 1
name: job
budget: 5.00
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: a tree}
    output: tree.webp
"""


@pytest.fixture
def branch(here):
    here.write("job.yaml", JOB)
    return here


@pytest.mark.parametrize("line", ["VIDI_COSTS=off", "VIDI_LEDGER=fresh.sqlite3"])
def test_a_cap_of_the_environment_holds_whatever_the_branch_says(branch, line):
    branch._monkeypatch.setenv("VIDI_BUDGET_DAY", "0.002")
    branch._monkeypatch.delenv("VIDI_LEDGER", raising=False)
    branch._monkeypatch.delenv("VIDI_COSTS", raising=False)
    branch._monkeypatch.setenv("XDG_STATE_HOME", str(branch.folder / "state"))
    branch.write(".env", line)
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            if not name.startswith(("VIDI_COSTS", "VIDI_LEDGER")):
                branch._monkeypatch.setenv(name, value)
        answer = branch("vidi-run", "job.yaml")
    assert (answer.exit_code, served.submits) == (3, 0)
    assert f"{line.partition('=')[0]} in .env is left out" in answer.stderr


def test_a_budget_of_the_command_line_holds_whatever_the_branch_says(branch):
    branch._monkeypatch.delenv("VIDI_COSTS", raising=False)
    branch.write(".env", "VIDI_COSTS=off")
    answer = branch("vidi-run", "job.yaml", "--budget", "0.002", "--estimate")
    assert answer.exit_code == 3
    assert "VIDI_COSTS in .env is left out" in answer.stderr


def test_a_key_of_the_environment_never_goes_where_the_branch_says(branch):
    branch._monkeypatch.setenv("REPLICATE_API_TOKEN", "r8_from_the_environment")
    branch._monkeypatch.delenv("VIDI_REPLICATE_URL", raising=False)
    with serve_sandbox() as served:
        branch.write(".env", f"VIDI_REPLICATE_URL={served.environment['VIDI_REPLICATE_URL']}")
        answer = branch("vidi-run", "job.yaml")
    assert (answer.exit_code, served.requests) == (4, 0)
    assert "REPLICATE_API_TOKEN is not used: .env moves its provider" in answer.stderr


SCHNELL = "replicate/black-forest-labs/flux-schnell"


def change_template(branch, folder, change):
    registry = ModelRegistry()
    model = registry.get_template(SCHNELL)
    template = json.loads(registry.text_of(model))
    change(template)
    branch.write(f"{folder}/{'/'.join(model.path.parts[-2:])}", json.dumps(template))


def cheapen(template):
    template["pricing"]["rows"] = [
        {
            "from": "2026-01-01",
            "source": "https://example.com",
            "lines": [
                {
                    "label": "images",
                    "quantity": {"param": "num_outputs"},
                    "rates": [{"usd_per_image": 1e-6}],
                }
            ],
        }
    ]


def ask_for_none(template):
    template["params"]["properties"]["num_outputs"]["default"] = 4


@pytest.mark.parametrize("change", [cheapen, ask_for_none])
@pytest.mark.parametrize(
    ("folder", "options", "named"),
    [
        ("templates", (), "./templates"),
        ("theirs", ("--templates", "theirs"), "theirs"),
        ("templates", ("-C", "."), "./templates"),
    ],
)
def test_a_price_of_the_branch_is_named(branch, folder, options, named, change):
    change_template(branch, folder, change)
    for command in (("vidi-run", "--estimate"), ("vidi", "validate")):
        told = f"{SCHNELL}: price of {named}, not of vidi's own template"
        text = branch(*command, "job.yaml", *options)
        assert (text.exit_code, text.stderr.count(told)) == (0, 1), text.stderr
        answer = branch(*command, "job.yaml", "--json", *options).json
        assert [
            each["message"] for each in answer["warnings"] if "price of" in each["message"]
        ] == [told]


def test_a_template_of_the_branch_that_changes_no_price_is_not_named(branch):
    change_template(branch, "templates", lambda template: template.update(title="Mine"))
    assert "price of" not in branch("vidi-run", "job.yaml", "--estimate").stderr


def test_outputs_stay_in_the_project_whatever_the_branch_links(branch, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (branch.folder / "out").symlink_to(elsewhere)
    branch.write("job.yaml", JOB.replace("name: job", "name: job\noutput_dir: out/a"))
    for command in (("vidi-run", "--estimate"), ("vidi-run",), ("vidi", "validate")):
        refused = branch(*command, "job.yaml")
        assert refused.exit_code == 2, refused.stderr
    assert list(elsewhere.iterdir()) == []
    assert branch("vidi-run", "job.yaml", "--estimate", "--allow-outside").exit_code == 0


@pytest.mark.parametrize(
    "command", [("vidi-run", "--estimate"), ("vidi", "validate"), ("vidi", "diff", "HEAD")]
)
def test_a_look_sends_nothing(branch, command):
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            branch._monkeypatch.setenv(name, value)
        branch.write("templates/fal/x.json", "{}")
        branch(*command, "job.yaml")
        assert served.requests == 0
