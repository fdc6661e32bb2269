"""`vidi models check`, alone and with the providers, through the front door."""

import os
import re
from datetime import UTC, datetime, timedelta

import pytest

from support.models.commands import (
    DEV,
    FILES,
    SCHNELL,
    TODAY,
    change_params,
    models,
    own,
    without_seed,
)
from support.servers.sandbox import serve_sandbox
from vidi.inference.models.registry import ModelRegistry


@pytest.fixture
def served(monkeypatch):
    with serve_sandbox() as sandbox:
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        yield sandbox


def test_all_shipped_templates_are_right(here):
    answer = models(here, "check", "--json")
    found = answer.json
    assert (answer.exit_code, found["ok"], found["models"], found["errors"]) == (0, True, 1886, [])
    assert "live" not in found
    assert (
        f"1886 of 1886 templates are right; {len(found['low_confidence'])} of low" in answer.stderr
    )


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
    assert "1886 of 1888 templates are right" in answer.stderr


def test_check_of_named_models_and_of_a_job_file(here):
    here.write(
        "job.yaml",
        f"version: 1\ninferences:\n  - {{id: a, model: {DEV}, params: {{prompt: x}}, output: a}}\n",
    )
    assert models(here, "check", SCHNELL, SCHNELL).stderr.endswith("1 of 1 templates are right\n")
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
        r"^warning: \d+ prices were last checked long ago: \S+, \S+, \S+ and [\d,]+ more "
        r"\(--json names all\)$",
        answer.stderr,
        re.MULTILINE,
    )
    assert len(models(here, "check", "--stale-days", "0", "--json").json["warnings"]) > 500


def test_check_says_how_far_a_price_may_be_trusted(here):
    def change(template):
        template["pricing"]["rows"][0].update(confidence="low", checked="2020-01-01")
        template["pricing"]["rows"][0]["from"] = "2020-01-01"
        template["pricing"]["rows"][0].pop("witness", None)
        del template["billing"]

    own(here, DEV, change=change)
    answer = models(here, "check", DEV)
    assert answer.exit_code == 0
    for told in (
        "price last checked on 2020-01-01, ",
        "price of low confidence: look at https://fal.ai/models/fal-ai/flux/dev",
        "price of one witness only: nobody else was seen to say so",
        "no base price in `billing`: fal's bill cannot be counted in it",
    ):
        assert f"{DEV}: warning: {told}" in answer.stderr
    (warning,) = models(here, "check", DEV, "--json").json["warnings"]
    assert warning["kinds"] == ["age", "confidence", "witness", "billing"]


def test_what_has_two_witnesses_is_not_warned_of(here):
    witness = {"source": "y", "as_of": "2026-01", "says": {"usd_per_image": 0.003}}
    own(here, change=set_row(witness=witness, checked=TODAY, confidence="high"))
    assert models(here, "check", SCHNELL).stderr == "1 of 1 templates are right\n"


def test_a_price_that_is_in_force_only_later_is_not_stale(here):
    own(here, change=set_row(**{"from": "2999-01-01"}))
    answer = models(here, "check", SCHNELL, "--stale-days", "0", "--json").json
    assert (answer["ok"], answer["warnings"]) == (True, [])


@pytest.mark.skipif(not os.environ.get("VIDI_ALL_TEMPLATES"), reason="all: VIDI_ALL_TEMPLATES=1")
def test_every_template_is_as_the_sandbox_says(here):
    answer = models(here, "check", "--live", "--sandbox", "--json")
    changes = [change for news in answer.json["live"] for change in news["changes"]]
    # The sandbox names a base price also where none is known.
    assert [each for each in changes if each["kind"] != "billing"] == []
    assert len(answer.json["live"]) == answer.json["models"]


def test_live_check_names_what_changed_and_exits_1(here):
    own(here, change=change_params)
    answer = models(here, "check", "--live", "--sandbox", SCHNELL)
    assert answer.exit_code == 1
    assert answer.stderr.endswith(
        f"{SCHNELL}: prompt: required now\n"
        f"{SCHNELL}: seed: new: integer, optional\n"
        f"{SCHNELL}: output_format: values: new jpg, png; gone bmp\n"
        f"{SCHNELL}: gone: no longer there\n"
        "1 of 1 templates are right\n"
        "0 of 1 models are as their templates say\n"
        "`vidi models pull MODEL_ID` shows a change and writes it down\n"
    )


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
    own(here, DEV, lambda template: template["billing"].update(unit_usd=0.02))
    answer = models(here, "check", "--live", "--sandbox", DEV)
    assert answer.exit_code == 1
    assert (
        f"{DEV}: base price: 0.025 USD per megapixels now, was 0.02 USD per megapixels; the price "
        "rows are kept\n"
    ) in answer.stderr


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


@pytest.mark.usefixtures("served")
def test_live_check_names_the_model_that_could_not_be_asked_about(here, monkeypatch):
    monkeypatch.setenv("VIDI_REPLICATE_URL", "http://127.0.0.1:9")
    answer = models(here, "check", "--live", SCHNELL, DEV, "--json")
    replicate, fal = answer.json["live"]
    assert (answer.exit_code, fal) == (1, {"id": DEV, "changes": [], "error": None})
    assert replicate["error"]["code"] == "poll"
    assert re.search(f"^{SCHNELL}: no answer from Replicate: ", answer.stderr, re.MULTILINE)
    assert "1 of 2 models are as their templates say\n" in answer.stderr


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
