"""Every template that vidi ships: valid, priced or saying why not, dated, made by its program."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path

import jsonschema_rs
import pytest

from support.media import make_example_files
from vidi.inference.models.ids import file_name
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.pricing import estimate
from vidi.inference.models.registry import ModelRegistry

ROOT = Path(__file__).parents[1]
PATHS = sorted((ROOT / "templates").glob("*/*.json"))
OUTPUT = re.compile(r"[a-z_]+(\[\])?(\.[a-z_]+(\[\])?)*( \((text|json|join)\))?")
FORMS = (
    "param", "seconds", "count", "characters", "tokens",
    "length", "frames", "fps", "width", "height", "megapixels", "output_megapixels",
)  # fmt: skip
AFTER_ALL = date(2026, 12, 31)
"""A day on which every price row is in force."""


def parse(path):
    return json.loads(path.read_text("utf-8"), parse_float=Decimal)


TEMPLATES = {path: parse(path) for path in PATHS}


def wrong(mistakes_of):
    """The mistakes of every template that has some, by its file."""
    found = {path.name: list(mistakes_of(template)) for path, template in TEMPLATES.items()}
    return {name: mistakes for name, mistakes in found.items() if mistakes}


def every_object(value):
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list):
            yield from every_object(item)


@pytest.fixture(scope="module")
def models():
    return ModelRegistry().list_models()


@pytest.fixture(scope="module")
def checked_examples(models, tmp_path_factory):
    """The example of every model after the check, with the files that the examples name."""
    folder = tmp_path_factory.mktemp("examples")
    make_example_files(folder)
    return {model.id: check_params(model, model.example, base=folder) for model in models}


@pytest.fixture(scope="module")
def prices(models, checked_examples):
    return {model.id: estimate(model, checked_examples[model.id], on=AFTER_ALL) for model in models}


def test_there_are_seven_hundred_each_with_a_file_of_its_own(models):
    assert Counter(model.provider for model in models) == {"replicate": 300, "fal": 400}
    assert [model.path for model in models] == [
        ROOT / "templates" / str(file_name(model.id)) for model in models
    ]
    assert {model.path for model in models} == set(PATHS)


def test_every_example_passes_its_own_params(checked_examples):
    problems = {
        model: [problem.message for problem in checked.problems]
        for model, checked in checked_examples.items()
    }
    assert {model: messages for model, messages in problems.items() if messages} == {}


def test_every_example_has_a_price_or_a_reason(prices):
    assert [
        model for model, price in prices.items() if price.high is None and not price.reason
    ] == []
    assert [model for model, price in prices.items() if price.high == 0] == []


def test_every_range_has_a_reason(prices):
    assert [
        model for model, price in prices.items() if price.low != price.high and not price.reason
    ] == []


def test_every_price_is_dated_and_sourced():
    def mistakes(template):
        for row in template["pricing"]["rows"]:
            if not date(2024, 1, 1) <= date.fromisoformat(row["from"]) <= datetime.now(UTC).date():
                yield row["from"]
            if date.fromisoformat(row["checked"]) < date.fromisoformat(row["from"]):
                yield f"checked {row['checked']}, before it held"
            if not row["source"].startswith(template["page"]):
                yield row["source"]

    assert wrong(mistakes) == {}


def test_every_template_has_one_row_that_prices_or_says_why_not():
    def mistakes(template):
        (row,) = template["pricing"]["rows"]
        if not row.get("unpriced") and not row.get("lines"):
            yield row

    assert wrong(mistakes) == {}


def test_no_price_is_zero_or_a_float_that_lost_its_way():
    def mistakes(template):
        for rate in every_object(template["pricing"]):
            for key, usd in rate.items():
                if key.startswith("usd_per_") and not (usd > 0 and usd == round(usd, 7)):
                    yield f"{key} {usd}"

    assert wrong(mistakes) == {}


def test_numbers_are_written_as_they_were_read():
    artefact = re.compile(r"\d\.\d*(0{6}|9{6})\d|\d[eE][+-]?\d")
    strings = re.compile(r'"(\\.|[^"\\])*"')
    texts = {path.name: strings.sub("", path.read_text("utf-8")) for path in PATHS}
    assert [name for name, text in texts.items() if artefact.search(text)] == []


def test_prices_speak_of_params_that_exist():
    def mistakes(template):
        params = template["params"]["properties"]
        parts = list(every_object(template["pricing"]["rows"]))
        conditions = [part["when"] for part in parts if "when" in part]
        for part in every_object(template["pricing"]["rows"]):
            for name in () if part in conditions else named_in(part):
                if name.partition("[]")[0] not in params:
                    yield name

    assert wrong(mistakes) == {}


def named_in(part):
    """The params that one object of a price rule names."""
    for form in FORMS:
        value = part.get(form, [])
        if isinstance(value, str | list):
            yield from [value] if isinstance(value, str) else value
    yield from (name for name in part.get("when", {}) if not name.startswith("@"))
    yield from part.get("when", {}).get("@any_of_present", [])


def test_conditions_ask_for_values_that_may_be_given():
    def mistakes(template):
        for part in every_object(template["pricing"]["rows"]):
            for name, wanted in part.get("when", {}).items():
                schema = template["params"]["properties"].get(name, {})
                yield from (f"{name}={one}" for one in asked(wanted) if not may_be(one, schema))

    assert wrong(mistakes) == {}


def asked(wanted):
    if isinstance(wanted, list):
        return wanted
    return [] if wanted in (None, "present") or isinstance(wanted, dict) else [wanted]


def may_be(value, schema):
    if isinstance(value, bool) or "enum" not in schema:
        return isinstance(value, bool) == (schema.get("type") == "boolean") or "type" not in schema
    return any(fnmatchcase(str(choice), str(value)) for choice in schema["enum"])


def test_derived_names_are_defined_where_they_are_used():
    def mistakes(template):
        (row,) = template["pricing"]["rows"]
        used = {key for part in every_object(row) for key in part.get("when", {}) if key[0] == "@"}
        operators = {"@any_of_present", "@any", "@all", "@not", "@compare"}
        yield from used - operators - set(row.get("where", {}))

    assert wrong(mistakes) == {}


def test_outputs_are_written_in_the_one_notation():
    def mistakes(template):
        yield from (part for part in template["output"].split(", ") if not OUTPUT.fullmatch(part))

    assert wrong(mistakes) == {}


def test_the_output_type_fits_the_output():
    def mistakes(template):
        is_text = template["output_type"] in {"text", "json"}
        if is_text != template["output"].partition(", ")[0].endswith(")"):
            yield f"{template['output_type']} at {template['output']}"

    assert wrong(mistakes) == {}


def test_runs_end_within_half_an_hour():
    deadlines = {template["timeout_s"] for template in TEMPLATES.values()}
    assert min(deadlines) == 300
    assert max(deadlines) == 1800


def test_inline_answers_are_refused_and_lip_sync_modes_are_not():
    def mistakes(template):
        mode = template["params"]["properties"].get("sync_mode", {"x-legacy": True})
        if "x-legacy" not in mode and (mode["type"] == "boolean") != ("x-refused" in mode):
            yield mode

    assert wrong(mistakes) == {}


def test_keys_of_other_vendors_are_secret():
    def mistakes(template):
        for name, schema in template["params"]["properties"].items():
            if re.search(r"(api_key|api_token|hf_token)$", name) and not schema.get("x-secret"):
                yield name

    assert wrong(mistakes) == {}


def test_every_default_is_allowed():
    def mistakes(template):
        for name, schema in template["params"]["properties"].items():
            if "default" in schema and not jsonschema_rs.is_valid(schema, schema["default"]):
                yield name

    assert wrong(mistakes) == {}


def test_what_is_gone_is_not_required_and_has_no_default():
    def mistakes(template):
        for name, schema in template["params"]["properties"].items():
            required = name in template["params"]["required"]
            if schema.get("x-legacy") and (required or "default" in schema):
                yield name

    assert wrong(mistakes) == {}


@pytest.mark.skipif("VIDI_CATALOGUE" not in os.environ, reason="VIDI_CATALOGUE names no facts")
def test_the_converter_makes_them_again_byte_by_byte(tmp_path):
    command = [sys.executable, str(ROOT / "templates/convert"), os.environ["VIDI_CATALOGUE"]]
    subprocess.run([*command, str(tmp_path)], check=True, capture_output=True)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.glob("*/*.json")}
    assert made == {path.relative_to(ROOT / "templates"): path.read_bytes() for path in PATHS}
