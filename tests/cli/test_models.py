"""`vidi models`, through the front door."""

import json
import os
import pty
import re
import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest

from commands import installed
from servers import serve_sandbox
from vidi.cli.model_page import describe_model, price_example
from vidi.inference.models.registry import ModelRegistry, shipped_templates
from vidi.jobs.job import load_job

SCHNELL = "replicate/black-forest-labs/flux-schnell"
DEV = "fal/fal-ai/flux/dev"
FILES = {
    SCHNELL: "replicate/black-forest-labs_flux-schnell.json",
    DEV: "fal/fal-ai-flux-dev.json",
}
TODAY = datetime.now(UTC).date().isoformat()


def models(here, *arguments):
    return here("vidi", "models", *arguments)


def own(here, model=SCHNELL, change=dict.copy, folder="templates"):
    """Put a changed copy of a shipped template into the project."""
    template = json.loads((shipped_templates() / FILES[model]).read_text(encoding="utf-8"))
    change(template)
    return here.write(f"{folder}/{FILES[model]}", json.dumps(template))


def written(here, model=SCHNELL, folder="templates"):
    return json.loads((here.folder / folder / FILES[model]).read_text(encoding="utf-8"))


def without_seed(template):
    del template["params"]["properties"]["seed"]


# --- list and search


def test_list_names_every_model_with_the_price_of_its_example(here):
    began = time.perf_counter()
    answer = models(here, "list")
    took = time.perf_counter() - began
    lines = answer.stdout.splitlines()
    assert (answer.exit_code, len(lines), answer.stderr) == (0, 700, "700 models\n")
    (line,) = [line for line in lines if line.startswith(f"{SCHNELL} ")]
    assert line.split() == [SCHNELL, "image", "text-to-image", "$0.003"]
    assert took < 1.5  # half a second on an idle machine


def test_list_is_aligned(here):
    lines = models(here, "list", "--provider", "fal", "--type", "3d").stdout.splitlines()
    assert len({re.search(r" {2}3d ", line).start() for line in lines}) == 1


@pytest.mark.parametrize(
    ("options", "right"),
    [
        (("--provider", "fal"), lambda model: model.provider == "fal"),
        (("--category", "lip-sync"), lambda model: model.category == "lip-sync"),
        (("--type", "audio"), lambda model: model.output_type == "audio"),
        (("--max-price", "0.003"), lambda model: (price_example(model).high or 1) <= 0.003),
    ],
)
def test_list_filters(here, options, right):
    chosen = [each["id"] for each in models(here, "list", *options, "--json").json["models"]]
    every = ModelRegistry().list_models()
    assert chosen == [model.id for model in every if right(model)]
    assert 0 < len(chosen) < len(every) == 700


def test_list_of_nothing(here):
    answer = models(here, "list", "--category", "none")
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "", "0 models\n")


def test_list_marks_what_is_retired(here):
    own(here, change=lambda template: template.update(retired="gone"))
    line = models(here, "search", SCHNELL).stdout.splitlines()[0]
    assert line.split() == [SCHNELL, "image", "text-to-image", "$0.003", "retired"]
    assert models(here, "search", SCHNELL, "--json").json["models"][0]["retired"] == "gone"


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (("flux-schnell",), SCHNELL),
        (("FLUX", "Schnell"), "fal/fal-ai/flux/schnell"),
        ((SCHNELL,), SCHNELL),
        (("eleven-v3",), "fal/fal-ai/elevenlabs/tts/eleven-v3"),
        (("whisp", "replicate"), "replicate/openai/whisper"),
        (("lip-sync", "latentsync", "fal"), "fal/fal-ai/latentsync"),
    ],
)
def test_search_puts_the_best_match_first(here, words, first):
    found = models(here, "search", *words, "--json").json["models"]
    assert found[0]["id"] == first
    for each in found:
        text = f"{each['id']} {each['title']} {each['category']}".casefold()
        assert all(word.casefold() in text for word in words)


def test_search_finds_parts_of_words(here):
    found = models(here, "search", "chnell", "--json").json["models"]
    assert SCHNELL in [each["id"] for each in found]


def test_templates_must_be_a_folder(here):
    answer = models(here, "list", "--templates", "none")
    assert (answer.exit_code, answer.stderr) == (
        2, "there is no folder none\n  hint: Check --templates.\n"
    )  # fmt: skip


# --- show


def test_show_works_the_price_out(here):
    shown = models(here, "show", SCHNELL).stdout
    assert (
        "price of the example below: $0.003\n"
        "  images: 1 × $0.003 per image = $0.003  "
        "(since 2026-09-16, https://replicate.com/black-forest-labs/flux-schnell)\n"
    ) in shown
    assert "  prompt: string, required\n" in shown
    assert '  megapixels: string, default 1, 1 | 0.25\n' in shown  # fmt: skip
    assert "as of: params 2026-05-07, prices 2026-09-16  (confidence high, high)\n" in shown


def test_show_in_json(here):
    shown = models(here, "show", SCHNELL, "--json").json
    assert (shown["ok"], shown["id"], shown["low_confidence"]) == (True, SCHNELL, [])
    assert shown["example_estimate_usd"]["high"] == 0.003
    assert f"model: {SCHNELL}\n" in shown["job_file"]


def test_show_marks_what_is_retired_and_what_is_trusted_little(here):
    def change(template):
        template["retired"] = "replaced by another"
        template["confidence"]["pricing"] = "low"
        template["pricing"]["rows"] = [
            {"from": "2026-01-01", "source": "https://a.b", "unpriced": "nobody knows"}
        ]

    own(here, change=change)
    shown = models(here, "show", SCHNELL).stdout
    assert "RETIRED: replaced by another\n" in shown
    assert "LOW CONFIDENCE: pricing; see https://replicate.com/black-forest-labs/" in shown
    assert "price of the example below: unpriced\n  nobody knows\n" in shown


def test_show_of_a_range_shows_both_ends(here):
    shown = models(here, "show", "fal/fal-ai/playai/tts/v3").stdout
    assert re.search(r"= \$[\d.]+–\$[\d.]+  \(since", shown) or "–" in shown


def test_every_model_s_page_ends_with_a_job_file(here):
    for model in ModelRegistry().list_models():
        text = describe_model(model).partition("a job file with it:\n\n")[2]
        job = load_job(here.write("job.yaml", text), project=here.folder)
        (spec,) = job.inferences()
        assert (spec.model, len(spec.params)) == (model.id, len(model.example)), model.id


def test_the_shown_job_file_runs(here):
    here.write("job.yaml", models(here, "show", SCHNELL, "--json").json["job_file"])
    assert here("vidi-run", "job.yaml", "--sandbox").exit_code == 0


def test_show_of_an_unknown_model_names_near_ones(here):
    answer = models(here, "show", "replicate/black-forest-labs/flux-schnel")
    assert answer.exit_code == 2
    assert f"Did you mean {SCHNELL}" in answer.stderr


# --- check


def test_all_shipped_templates_are_right(here):
    answer = models(here, "check", "--json")
    found = answer.json
    assert (answer.exit_code, found["ok"], found["models"], found["errors"]) == (0, True, 700, [])
    assert "live" not in found
    assert f"700 of 700 templates are right; {len(found['low_confidence'])} of low" in answer.stderr


def set_row(**change):
    return lambda template: template["pricing"]["rows"][0].update(change)


def add_row(template):
    template["pricing"]["rows"].append({**template["pricing"]["rows"][0], "from": "2026-01-01"})


TOMORROW = (datetime.now(UTC).date() + timedelta(days=2)).isoformat()

MISTAKES = {
    "example": (
        lambda template: template.update(example={"prompt": "a", "num_outputs": 9}),
        r"example: .*9.*",
    ),
    "no day": (set_row(**{"from": "2026-02-30"}), "price row of 2026-02-30: there is no day .*"),
    "checked ahead": (
        set_row(checked=TOMORROW), f"price row of 2026-09-16, checked: {TOMORROW} is in the future"
    ),
    "ends early": (
        set_row(until="2026-09-01"),
        "price row of 2026-09-16: it ends on 2026-09-01, before it begins",
    ),
    "order": (
        add_row,
        "price row of 2026-01-01: it stands after the row of 2026-09-16; the last one that began "
        "holds",
    ),
    "as of": (
        lambda template: template["as_of"].update(params=TOMORROW),
        f"as_of.params: {TOMORROW} is in the future",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_check_names_what_is_wrong(here, name):
    change, message = MISTAKES[name]
    own(here, change=change)
    answer = models(here, "check", SCHNELL, "--json")
    (error,) = answer.json["errors"]
    assert (answer.exit_code, answer.json["exit_code"]) == (2, 2)
    assert len(error["problems"]) == 1
    assert re.fullmatch(message, error["problems"][0])


def test_check_goes_on_after_a_broken_file(here):
    here.write("templates/fal/a.json", "{")
    here.write("templates/fal/b.json", '{"id": "fal/b"}')
    answer = models(here, "check")
    assert answer.exit_code == 2
    assert "templates/fal/a.json: " in answer.stderr
    assert "templates/fal/b.json: " in answer.stderr
    assert "700 of 702 templates are right" in answer.stderr


def test_check_of_named_models_and_of_a_job_file(here):
    here.write(
        "job.yaml",
        f"version: 1\ninferences:\n  - {{id: a, model: {DEV}, params: {{prompt: x}}, output: a}}\n",
    )
    assert models(here, "check", SCHNELL, SCHNELL).stderr == "1 of 1 templates are right\n"
    assert models(here, "check", "--job", "job.yaml", "--json").json["models"] == 1
    assert models(here, "check", SCHNELL, "--job", "job.yaml", "--json").json["models"] == 2


def test_check_of_an_unknown_model(here):
    assert models(here, "check", "fal/none").exit_code == 2


@pytest.mark.parametrize(("days", "warned"), [("0", True), ("100000", False)])
def test_check_warns_of_stale_prices(here, days, warned):
    own(here, change=set_row(checked="2026-09-17"))
    answer = models(here, "check", SCHNELL, "--stale-days", days)
    assert answer.exit_code == 0
    assert ("price last checked on 2026-09-17, " in answer.stderr) is warned


def test_check_names_a_few_of_many_stale_prices(here):
    answer = models(here, "check", "--stale-days", "0")
    assert re.search(
        r"^warning: \d+ prices were last checked long ago: \S+, \S+, \S+ and \d+ more "
        r"\(--json names all\)$",
        answer.stderr,
        re.MULTILINE,
    )
    assert len(models(here, "check", "--stale-days", "0", "--json").json["warnings"]) > 600


def test_a_price_that_is_in_force_only_later_is_not_stale(here):
    own(here, change=set_row(**{"from": "2999-01-01"}))
    answer = models(here, "check", SCHNELL, "--stale-days", "0", "--json").json
    assert (answer["ok"], answer["warnings"]) == (True, [])


# --- check --live


def test_every_template_is_as_the_sandbox_says(here):
    answer = models(here, "check", "--live", "--sandbox")
    assert answer.exit_code == 0, answer.stderr
    assert "700 of 700 models are as their templates say\n" in answer.stderr


def change_params(template):
    properties = template["params"]["properties"]
    del properties["seed"]
    properties["gone"] = {"type": "string"}
    properties["output_format"]["enum"] = ["webp", "bmp"]
    template["params"]["required"] = []


def test_live_check_names_what_changed_and_exits_1(here):
    own(here, change=change_params)
    answer = models(here, "check", "--live", "--sandbox", SCHNELL)
    assert answer.exit_code == 1
    assert answer.stderr == (
        "1 of 1 templates are right\n"
        "0 of 1 models are as their templates say\n"
        "`vidi models pull MODEL_ID` shows a change and writes it down\n"
    ) or set(answer.stderr.splitlines()) >= {
        f"{SCHNELL}: prompt: required now",
        f"{SCHNELL}: seed: new: integer, optional",
        f"{SCHNELL}: output_format: values: new jpg, png; gone bmp",
        f"{SCHNELL}: gone: no longer there",
    }


def test_live_check_in_json(here):
    own(here, change=without_seed)
    answer = models(here, "check", "--live", "--sandbox", SCHNELL, "--json")
    assert answer.json["live"] == [
        {
            "id": SCHNELL,
            "changes": [{"kind": "added", "param": "seed", "message": "new: integer, optional"}],
            "error": None,
        }
    ]


def test_live_check_notices_a_base_price(here):
    own(here, DEV, lambda t: t["pricing"]["rows"][0]["lines"][0].update(
        rates=[{"usd_per_megapixel": 0.02}]))  # fmt: skip
    answer = models(here, "check", "--live", "--sandbox", DEV)
    assert answer.exit_code == 1
    assert (
        f"{DEV}: price: fal's base price is 0.025 USD per megapixels now, which the template does "
        "not know\n"
    ) in answer.stderr


@pytest.fixture
def served(monkeypatch):
    with serve_sandbox() as sandbox:
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        yield sandbox


def test_live_check_over_real_sockets_only_reads(here, served):
    here.write(
        "job.yaml",
        f"version: 1\ninferences:\n"
        f"  - {{id: a, model: {DEV}, params: {{prompt: x}}, output: a}}\n"
        f"  - {{id: b, model: {SCHNELL}, params: {{prompt: x}}, output: b}}\n",
    )
    answer = models(here, "check", "--live", "--job", "job.yaml")
    assert answer.exit_code == 0, answer.stderr
    assert "2 of 2 models are as their templates say\n" in answer.stderr
    assert {kind.method for kind in served.sandbox.requests} == {"GET"}


@pytest.mark.usefixtures("served")
def test_live_check_of_a_model_that_is_gone(here):
    own(here, DEV)
    text = (here.folder / "templates" / FILES[DEV]).read_text().replace("fal-ai/flux/dev", "a/b")
    here.write("templates/fal/a-b.json", text)
    answer = models(here, "check", "--live", "fal/a/b")
    assert answer.exit_code == 1
    assert "fal/a/b: fal.ai has no such model: App not found\n" in answer.stderr


def test_live_check_of_a_model_that_retires(here, served):
    served.sandbox.registry = ModelRegistry([here.folder / "theirs"])
    own(here, DEV, lambda template: template.update(retired="old"), folder="theirs")
    answer = models(here, "check", "--live", DEV)
    assert answer.exit_code == 1
    assert f"{DEV}: fal lists it as deprecated\n" in answer.stderr


def test_live_check_names_the_model_that_could_not_be_asked_about(here, served, monkeypatch):
    monkeypatch.setenv("VIDI_FAL_SITE_URL", f"{served.url}/nowhere-at-all")
    answer = models(here, "check", "--live", DEV, SCHNELL, "--json")
    fal, replicate = answer.json["live"]
    assert (answer.exit_code, fal["id"], replicate["error"]) == (1, DEV, None)
    assert fal["error"] or fal["changes"]
    assert "Traceback" not in answer.stderr


def test_live_check_when_nobody_answers(here, monkeypatch):
    monkeypatch.setenv("REPLICATE_API_TOKEN", "some-key-of-ours")
    monkeypatch.setenv("VIDI_REPLICATE_URL", "http://127.0.0.1:9")
    answer = models(here, "check", "--live", SCHNELL)
    assert answer.exit_code == 1
    assert re.search(f"^{SCHNELL}: no answer from Replicate: ", answer.stderr, re.MULTILINE)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (DEV, "no key for fal.ai: FAL_KEY is not set\n  hint: Get a key at "
              "https://fal.ai/dashboard/keys and put it in FAL_KEY or in .env.\n"),
        (SCHNELL, "no key for Replicate: REPLICATE_API_TOKEN is not set\n  hint: Get a key at "
                  "https://replicate.com/account/api-tokens and put it in REPLICATE_API_TOKEN or "
                  "in .env.\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", [("check", "--live"), ("pull",)])
def test_without_a_key(here, command, model, message):
    answer = models(here, *command, model)
    assert (answer.exit_code, answer.stderr) == (4, message)
    assert list(here.folder.iterdir()) == []


@pytest.mark.usefixtures("served")
def test_keys_come_from_an_env_file(here, monkeypatch):
    monkeypatch.delenv("FAL_KEY")
    here.write("keys.env", "FAL_KEY=some-key-of-ours\n")
    assert models(here, "check", "--live", DEV, "--env-file", "keys.env").exit_code == 0


# --- pull


@pytest.mark.parametrize("model", FILES)
def test_pull_writes_the_template_that_the_provider_describes(here, model):
    answer = models(here, "pull", model, "--sandbox")
    assert (answer.exit_code, answer.stdout) == (0, f"templates/{FILES[model]}\n")
    assert answer.stderr.startswith(f"{model}: as the template that vidi ships says\n")
    shipped = json.loads((shipped_templates() / FILES[model]).read_text(encoding="utf-8"))
    made = written(here, model)
    assert made["as_of"]["params"] == TODAY
    for key in set(shipped) - {"as_of", "sources", "confidence"}:
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
    priced = "lines" in made["pricing"]["rows"][0]
    assert priced is (model == DEV)
    job = models(here, "show", new, "--json").json["job_file"]
    here.write("job.yaml", job)
    allowed = job if priced else job.replace("    output:", "    assume_cost: 0.01\n    output:")
    here.write("job.yaml", allowed)
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


def test_pull_appends_a_price_and_changes_none(here):
    def change(template):
        line = template["pricing"]["rows"][0]["lines"][0]
        line["rates"] = [{"usd_per_megapixel": 0.02}]
        template["pricing"]["notes"] = "Look at the page."

    own(here, DEV, change)
    old = written(here, DEV)["pricing"]["rows"]
    answer = models(here, "pull", DEV, "--sandbox", "--json")
    (price,) = answer.json["changes"]
    assert price == {
        "kind": "price", "param": None,
        "message": "price: fal's base price is 0.025 USD per megapixels now; a row is added, the "
                   "old ones stay",
    }  # fmt: skip
    first, second = written(here, DEV)["pricing"]["rows"]
    assert [first] == old
    assert second["from"] == second["checked"] == TODAY
    assert second["lines"][0]["rates"] == [{"usd_per_megapixel": 0.025}]
    assert second["lines"][0]["quantity"] == first["lines"][0]["quantity"]
    assert models(here, "pull", DEV, "--sandbox", "--json").json["changes"] == []
    assert len(written(here, DEV)["pricing"]["rows"]) == 2


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
        ("flux", 2, "'flux' is no model id\n  hint: Write replicate/OWNER/NAME or fal/ENDPOINT.\n"),
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
    assert answer.stderr.startswith(f"what the provider says of {DEV} makes no template: example: ")
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
