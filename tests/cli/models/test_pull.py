"""`vidi models pull`, through the front door."""

import json
import os
import pty
import subprocess
import urllib.request

import pytest

from support.commands import installed
from support.models.commands import DEV, FILES, SCHNELL, TODAY, change_params, models, own, written
from support.servers.answering import answering
from support.servers.sandbox import serve_sandbox
from vidi.inference.models.loading import load_template
from vidi.inference.models.registry import ModelRegistry, shipped_templates

BILLING = {
    "unit": "megapixels", "unit_usd": 0.025, "as_of": TODAY,
    "source": "https://api.fal.ai/v1/models/pricing?endpoint_id=fal-ai/flux/dev",
}  # fmt: skip


@pytest.fixture
def served(monkeypatch):
    with serve_sandbox() as sandbox:
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        yield sandbox


@pytest.mark.parametrize("model", FILES)
def test_pull_writes_the_template_that_the_provider_describes(here, model):
    answer = models(here, "pull", model, "--sandbox")
    assert (answer.exit_code, answer.stdout) == (0, f"templates/{FILES[model]}\n")
    assert answer.stderr.startswith(f"{model}: as the template that vidi ships says\n")
    shipped = json.loads((shipped_templates() / FILES[model]).read_text(encoding="utf-8"))
    made = written(here, model)
    assert made["as_of"]["params"] == TODAY
    for billing in (each["billing"] for each in (made, shipped) if "billing" in each):
        assert (billing["unit"], billing["unit_usd"]) == ("megapixels", 0.025)
    for key in set(shipped) - {"as_of", "sources", "confidence", "billing"}:
        assert made[key] == shipped[key], key
    assert made["sources"][:-1] == shipped["sources"]
    assert models(here, "check", model).exit_code == 0


@pytest.mark.parametrize("model", FILES)
def test_pull_of_a_model_that_vidi_does_not_know(here, served, model):
    own(here, model, folder="theirs")
    path = here.folder / "theirs" / FILES[model]
    name = "new-paint"
    text = path.read_text(encoding="utf-8").replace(model, f"{model}-{name}")
    path.unlink()
    new = f"{model}-{name}"
    file = FILES[model].replace(".json", f"-{name}.json")
    here.write(f"theirs/{file}", text)
    served.sandbox.registry = ModelRegistry([here.folder / "theirs"])
    answer = models(here, "pull", new)
    assert (answer.exit_code, answer.stdout) == (0, f"templates/{file}\n"), answer.stderr
    assert answer.stderr.startswith(f"{new}: new, text-to-image, makes image, 10 params\n")
    made = json.loads((here.folder / "templates" / file).read_text(encoding="utf-8"))
    theirs = json.loads(text)
    assert made["output"] == theirs["output"]
    assert set(made["params"]["properties"]) == set(theirs["params"]["properties"])
    assert "unpriced" in made["pricing"]["rows"][0]
    source = f"https://api.fal.ai/v1/models/pricing?endpoint_id={new.removeprefix('fal/')}"
    assert made.get("billing") == ({**BILLING, "source": source} if model == DEV else None)
    add = f"unpriced: add one with `vidi models price {new} --per "
    add += "megapixel 0.025" if model == DEV else "UNIT USD"
    assert f"{add} --source {made['page']}`\n" in answer.stderr
    assert ("proposed row, of the base price alone: {" in answer.stderr) is (model == DEV)
    job = models(here, "show", new, "--json").json["job_file"]
    here.write("job.yaml", job.replace("    output:", "    assume_cost: 0.01\n    output:"))
    run = here("vidi-run", "job.yaml")
    assert run.exit_code == 0, run.stderr


def test_pull_shows_what_changed_and_keeps_what_people_wrote(here):
    def change(template):
        change_params(template)
        template["title"] = "My Flux"
        template["notes"] = "Ours."
        template["params"]["properties"]["output_format"]["description"] = "How it is packed"

    own(here, change=change)
    answer = models(here, "pull", SCHNELL, "--sandbox")
    assert answer.stderr == (
        "~ prompt: required now\n"
        "+ seed: new: integer, optional\n"
        "~ output_format: values: new jpg, png; gone bmp\n"
        "- gone: no longer there\n"
        "price of its example: $0.003\n"
        f"wrote templates/{FILES[SCHNELL]}\n"
    )
    made = written(here)
    assert (made["title"], made["notes"]) == ("My Flux", "Ours.")
    properties = made["params"]["properties"]
    assert properties["output_format"]["description"] == "How it is packed"
    assert properties["output_format"]["enum"] == ["webp", "jpg", "png"]
    assert properties["gone"]["x-legacy"] is True
    again = models(here, "pull", SCHNELL, "--sandbox")
    assert again.stderr.startswith(f"{SCHNELL}: as templates/{FILES[SCHNELL]} says\n")


def test_what_is_gone_still_runs_with_a_warning(here):
    own(here, change=change_params)
    models(here, "pull", SCHNELL, "--sandbox")
    here.write(
        "job.yaml",
        "version: 1\nbudget: 1\ninferences:\n"
        f"  - {{id: a, model: {SCHNELL}, params: {{prompt: x, gone: y}}, output: a.webp}}\n",
    )
    answer = here("vidi-run", "job.yaml", "--sandbox")
    assert answer.exit_code == 0, answer.stderr
    assert "gone" in answer.stderr


def test_pull_tells_of_a_new_base_price_and_writes_no_row(here):
    own(here, DEV, lambda template: template["billing"].update(unit_usd=0.02))
    old = written(here, DEV)["pricing"]
    answer = models(here, "pull", DEV, "--sandbox", "--json")
    (change,) = answer.json["changes"]
    assert change == {
        "kind": "billing", "param": None,
        "message": "base price: 0.025 USD per megapixels now, was 0.02 USD per megapixels; the "
                   "price rows are kept",
    }  # fmt: skip
    made = written(here, DEV)
    assert (made["pricing"], made["billing"]) == (old, BILLING)
    proposal = answer.json["proposal"]
    page = made["page"]
    assert proposal["command"] == (f"vidi models price {DEV} --per megapixel 0.025 --source {page}")
    assert proposal["row"]["lines"][0]["rates"] == [{"usd_per_megapixel": 0.025}]
    again = models(here, "pull", DEV, "--sandbox", "--json").json
    assert (again["changes"], again["proposal"]) == ([], None)


VERSION = "5" * 64


def serve_community(here, served, **change):
    own(here, SCHNELL, lambda template: template.update(call={"version": VERSION}, **change),
        folder="theirs")  # fmt: skip
    served.sandbox.registry = ModelRegistry([here.folder / "theirs"])


def test_pull_of_a_version(here, served):
    serve_community(here, served)
    model = f"{SCHNELL}:{VERSION}"
    answer = models(here, "pull", model)
    file = FILES[SCHNELL].replace(".json", f"@{VERSION}.json")
    assert (answer.exit_code, answer.stdout) == (0, f"templates/{file}\n"), answer.stderr
    made = json.loads((here.folder / "templates" / file).read_text(encoding="utf-8"))
    assert (made["id"], made["call"]) == (model, {"version": VERSION})
    assert models(here, "check", model).exit_code == 0
    assert models(here, "pull", f"{SCHNELL}:{'6' * 64}").exit_code == 2


@pytest.mark.usefixtures("served")
def test_pull_keeps_every_form_in_which_a_model_was_called(here):
    """What was bought by its version is had when it is called by name, and the other way round."""
    first, then = "4" * 64, "6" * 64
    shipped = load_template(shipped_templates() / "replicate/stability-ai_sdxl.json")
    cases = [
        (SCHNELL, {"version": then, "before": [first]}, {"before": [first, then]}),
        (SCHNELL, {"official": True, "before": [first]}, {"before": [first]}),
        (shipped.id, {"official": True, "before": [first]}, {"before": [first, "official"]}),
        (shipped.id, {"version": shipped.version, "before": [first]}, {"before": [first]}),
        (shipped.id, {"version": then, "before": [first]}, {}),  # another version: another model
    ]
    for model, was, kept in cases:
        now = {"official": True} if model == SCHNELL else {"version": shipped.version}
        name = f"replicate/{model.split('/', 1)[1].replace('/', '_')}.json"
        whole = json.loads((shipped_templates() / name).read_text(encoding="utf-8"))
        here.write(f"templates/{name}", json.dumps({**whole, "call": was}))
        assert models(here, "pull", model).exit_code == 0
        made = json.loads((here.folder / "templates" / name).read_text(encoding="utf-8"))
        assert made["call"] == now | kept


def test_pull_of_a_deployment(here, served, monkeypatch):
    serve_community(here, served)
    document = {"current_release": {"model": "black-forest-labs/flux-schnell", "version": VERSION}}
    behind = served.environment["VIDI_REPLICATE_URL"]
    with answering({"/v1/deployments/acme/painter": document}, behind) as url:
        monkeypatch.setenv("VIDI_REPLICATE_URL", url)
        model = "replicate/deployments/acme/painter"
        answer = models(here, "pull", model)
    assert (answer.exit_code, answer.stdout) == (
        0, "templates/replicate/deployments_acme_painter.json\n"
    ), answer.stderr  # fmt: skip
    made = json.loads((here.folder / answer.stdout.strip()).read_text(encoding="utf-8"))
    assert (made["id"], made["call"]) == (model, {"deployment": "acme/painter"})
    assert "unpriced" in made["pricing"]["rows"][0]


@pytest.mark.parametrize("name", ["workflows/me/two-steps", "me/my-app", "me/my-app/fast"])
def test_pull_of_a_workflow_and_of_an_app_of_ones_own(here, served, name):
    model = f"fal/{name}"
    file = f"fal/{name.replace('/', '-')}.json"
    own(here, DEV, folder="theirs")
    path = here.folder / "theirs" / FILES[DEV]
    here.write(f"theirs/{file}", path.read_text(encoding="utf-8").replace(DEV, model))
    path.unlink()
    served.sandbox.registry = ModelRegistry([here.folder / "theirs"])
    answer = models(here, "pull", model)
    assert (answer.exit_code, answer.stdout) == (0, f"templates/{file}\n"), answer.stderr
    here.write("job.yaml", models(here, "show", model, "--json").json["job_file"])
    assert here("vidi", "validate", "job.yaml").exit_code == 0


def test_pull_does_not_guess_what_a_model_makes(here, served):
    def change(template):
        del template["params"]["properties"]["output_format"]
        template |= {"id": "fal/acme/thing", "output": "thing.url", "output_type": "file"}
        template["category"] = "other"

    own(here, DEV, change, folder="theirs")
    path = here.folder / "theirs" / FILES[DEV]
    path.rename(path.with_name("acme-thing.json"))
    served.sandbox.registry = ModelRegistry([here.folder / "theirs"])
    answer = models(here, "pull", "fal/acme/thing")
    assert "could not tell what it makes: any file will do" in answer.stderr
    made = json.loads((here.folder / "templates/fal/acme-thing.json").read_text(encoding="utf-8"))
    assert made["output_type"] == "file"


def test_what_its_provider_calls_by_another_name_is_said(here, served, monkeypatch):
    behind = served.environment["VIDI_REPLICATE_URL"]
    with urllib.request.urlopen(urllib.request.Request(
        f"{behind}/v1/models/black-forest-labs/flux-schnell",
        headers={"Authorization": "Bearer sandbox-key"},
    )) as answer:  # fmt: skip
        document = {**json.load(answer), "name": "flux-quick"}
    with answering({"/v1/models/black-forest-labs/flux-schnell": document}, behind) as url:
        monkeypatch.setenv("VIDI_REPLICATE_URL", url)
        pulled, checked = models(here, "pull", SCHNELL), models(here, "check", "--live", SCHNELL)
    told = f"its provider calls it {SCHNELL.replace('schnell', 'quick')} now"
    assert f"{told}: `vidi models pull " in pulled.stderr
    assert (checked.exit_code, f"{SCHNELL}: {told}\n" in checked.stderr) == (1, True)


def test_pull_of_an_older_name_says_the_new_one(here):
    own(here, DEV, lambda template: template.update(aliases=["fal/fal-ai/flux/old"]))
    answer = models(here, "pull", "fal/fal-ai/flux/old", "--sandbox")
    assert answer.exit_code == 2
    assert answer.stderr.endswith(f"hint: Write {DEV}.\n")


def test_pull_in_json(here):
    answer = models(here, "pull", SCHNELL, "--sandbox", "--json", "--templates", "mine")
    assert {key: answer.json[key] for key in ("ok", "id", "path", "new", "written", "changes")} == {
        "ok": True, "id": SCHNELL, "path": f"mine/{FILES[SCHNELL]}", "new": False,
        "written": True, "changes": [],
    }  # fmt: skip
    assert answer.json["example_estimate_usd"]["high"] == 0.003
    assert written(here, folder="mine")["id"] == SCHNELL


@pytest.mark.parametrize(
    ("model", "code", "message"),
    [
        ("flux", 2, "'flux' is no model id\n  hint: Write replicate/OWNER/NAME, "),
        ("replicate/../x", 2, "'replicate/../x' is no model id\n"),
        ("replicate/acme/none", 2, "Replicate has no such model: "),
        ("fal/acme/none", 2, "fal.ai has no such model: App not found\n"),
    ],
)
def test_ids_that_cannot_be_pulled(here, model, code, message):
    answer = models(here, "pull", model, "--sandbox")
    assert answer.exit_code == code
    assert answer.stderr.startswith(message)
    assert list(here.folder.iterdir()) == []


def test_two_models_do_not_share_a_file(here):
    own(here, DEV)
    answer = models(here, "pull", "fal/fal-ai/flux-dev", "--sandbox")
    assert (answer.exit_code, answer.stderr) == (
        2,
        f"templates/{FILES[DEV]} is the template of {DEV}\n"
        "  hint: Two ids share this file name: write the new one to another --templates.\n",
    )


def test_a_broken_file_is_not_pulled_over(here):
    path = here.write(f"templates/{FILES[DEV]}", "{")
    answer = models(here, "pull", DEV, "--sandbox")
    assert answer.exit_code == 2
    assert path.read_text() == "{"


def test_what_makes_no_template_is_not_written(here, served):
    def change(template):
        template["params"]["properties"]["guidance"] = {"type": "number", "minimum": 1}
        template["params"]["properties"]["guidance"]["maximum"] = 0
        template["params"]["required"].append("guidance")
        template["example"]["guidance"] = 1

    own(here, DEV, change, folder="theirs")
    served.sandbox.registry = ModelRegistry([here.folder / "theirs"])
    answer = models(here, "pull", DEV)
    assert answer.exit_code == 1
    assert answer.stderr.startswith(f"this makes no template of {DEV}: example: ")
    assert answer.stderr.endswith(
        "  hint: Write the template by hand, as docs/add-a-model.md shows.\n"
    )
    assert not (here.folder / "templates").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(here):
    (here.folder / "templates/fal").mkdir(parents=True)
    (here.folder / "templates/fal").chmod(0o500)
    answer = models(here, "pull", DEV, "--sandbox")
    assert answer.exit_code == 1
    assert answer.stderr.endswith(
        f"cannot write templates/{FILES[DEV]}: Permission denied\n"
        "  hint: Make the folder writable, or name another with --templates.\n"
    )


def test_a_file_where_the_folder_should_be(here):
    here.write("templates", "")
    answer = models(here, "pull", DEV, "--sandbox", "--templates", "templates/mine")
    assert answer.exit_code == 1
    assert "cannot write templates/mine" in answer.stderr
    assert "  hint: Make the folder writable, or name another with --templates.\n" in answer.stderr


@pytest.mark.parametrize(
    ("answer", "options", "code", "is_there"),
    [("y\n", (), 0, True), ("n\n", (), 1, False), ("", ("--yes",), 0, True)],
)
def test_at_a_terminal_it_asks(here, answer, options, code, is_there):
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        terminal.write(answer.encode())
        done = subprocess.run(
            [installed("vidi"), "models", "pull", DEV, "--sandbox", *options],
            cwd=here.folder, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
            timeout=30, check=False,
        )  # fmt: skip
        os.close(theirs)
        said = terminal.read(4096).decode()
    assert done.returncode == code, said
    assert (f"Write templates/{FILES[DEV]}? [Y/n]" in said) is bool(answer)
    assert (here.folder / "templates" / FILES[DEV]).exists() is is_there
