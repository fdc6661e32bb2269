"""Every template that vidi ships: valid, priced or saying why not, dated, with its sources."""

import re
from collections import Counter
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase

import jsonschema_rs
import pytest

from support.media import make_example_files
from support.models.share import PATHS, ROOT, share, templates
from vidi.inference.models.ids import file_name
from vidi.inference.models.loading import load_template
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.pricing import estimate
from vidi.inference.models.prices.witness import disagreement

OUTPUT = re.compile(r"[a-z_0-9]+(\[\])?(\.[a-z_0-9]+(\[\])?)*( \((text|json|join)\))?")
FORMS = (
    "param", "seconds", "count", "characters", "tokens",
    "length", "frames", "fps", "width", "height", "megapixels", "pages", "output_megapixels",
)  # fmt: skip
AFTER_ALL = date(2026, 12, 31)
"""A day on which every price row is in force."""


TEMPLATES = templates()


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
    """Those of this run: a share, or all of them."""
    return [load_template(path) for path in share()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The files that the examples name."""
    made = tmp_path_factory.mktemp("examples")
    make_example_files(made)
    return made


@pytest.fixture(scope="module")
def checked_examples(models, folder):
    """The example of every model after the check."""
    return {model.id: check_params(model, model.example, base=folder) for model in models}


@pytest.fixture(scope="module")
def prices(models, checked_examples):
    return {model.id: estimate(model, checked_examples[model.id], on=AFTER_ALL) for model in models}


def test_each_has_a_file_of_its_own():
    places = {template["id"]: path for path, template in TEMPLATES.items()}
    assert Counter(name.partition("/")[0] for name in places) == {"replicate": 392, "fal": 1494}
    assert places == {name: ROOT / "templates" / str(file_name(name)) for name in places}


def test_the_share_of_a_run_has_every_pricing_shape_and_output_kind():
    chosen = [TEMPLATES[path] for path in share()]
    assert {each["output_type"] for each in chosen} == {
        each["output_type"] for each in TEMPLATES.values()
    }
    assert units_of(chosen) == units_of(TEMPLATES.values())


def units_of(several):
    return {
        key
        for template in several
        for part in every_object(template["pricing"]["rows"])
        for rate in part.get("rates", ())
        for key in rate
        if key.startswith("usd_per_")
    }


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


def test_no_choice_makes_a_paid_model_free(models, folder):
    """A length of nothing, a file left out, a switch: what is not known is a range, never zero."""
    found = []
    for model in models:
        for params in variations(model):
            checked = check_params(model, params, base=folder)
            if not checked.errors and estimate(model, checked, on=AFTER_ALL).high == 0:
                found.append((model.id, params))
    assert [each for each in found if any(map(str, each[1].values()))] == []


def variations(model):
    """The example with one value exchanged, and what must be given alone."""
    yield {name: model.example[name] for name in model.required_params if name in model.example}
    for name, schema in model.params["properties"].items():
        yield from ({**model.example, name: choice} for choice in schema.get("enum", ())[:12])
        if "minimum" in schema:
            yield {**model.example, name: schema["minimum"]}


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


def test_every_row_prices_or_says_why_not_and_later_ones_come_later():
    def mistakes(template):
        rows = template["pricing"]["rows"]
        yield from (row for row in rows if not row.get("unpriced") and not row.get("lines"))
        if [row["from"] for row in rows] != sorted({row["from"] for row in rows}):
            yield [row["from"] for row in rows]

    assert wrong(mistakes) == {}


def test_two_readings_of_a_price_agree_or_the_row_is_a_range():
    def mistakes(template):
        yield from filter(None, map(disagreement, template["pricing"]["rows"]))

    assert wrong(mistakes) == {}
    witnessed = [each for each in TEMPLATES.values() if "witness" in each["pricing"]["rows"][-1]]
    assert len(witnessed) >= 400


def test_no_price_is_zero_or_a_float_that_lost_its_way():
    def mistakes(template):
        for rate in every_object(template["pricing"]):
            for key, usd in rate.items():
                if key.startswith("usd_per_") and not (usd > 0 and usd == round(usd, 7)):
                    yield f"{key} {usd}"

    assert wrong(mistakes) == {}


def test_numbers_are_written_as_they_were_read():
    artefact = re.compile(r"\d\.\d*[1-9]\d*?(0{6}|9{6})\d|\d[eE][+-]?\d")
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
                if re.split(r"\[\]|\.", name)[0] not in params:
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
        row = template["pricing"]["rows"][-1]
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


def test_runs_end_within_half_an_hour_and_trainings_within_two():
    def mistakes(template):
        limit = 7200 if template["category"] == "training" else 1800
        if not 300 <= template["timeout_s"] <= limit:
            yield template["timeout_s"]

    assert wrong(mistakes) == {}


def test_replicates_models_say_how_they_are_run():
    def mistakes(template):
        if template["id"].startswith("replicate/") != ("call" in template):
            yield template.get("call")
        if "version" in template:
            yield template["version"]

    assert wrong(mistakes) == {}
    ways = Counter(next(iter(each["call"])) for each in TEMPLATES.values() if "call" in each)
    assert ways == {"official": 286, "version": 106}


def test_a_base_price_per_second_of_a_machine_is_of_models_sold_so():
    def mistakes(template):
        unit = template.get("billing", {}).get("unit", "")
        sold = {key for part in every_object(template["pricing"]["rows"][-1]) for key in part}
        if unit.startswith("compute") and "usd_per_compute_second" not in sold:
            yield from sold & units_of([template])

    assert wrong(mistakes) == {}
    assert sum("billing" in each for each in TEMPLATES.values()) >= 1000


def test_what_is_retired_names_successors_that_vidi_knows():
    known = {template["id"] for template in TEMPLATES.values()}

    def mistakes(template):
        yield from set(template.get("replaced_by", ())) - known
        if "replaced_by" in template and not template.get("retired"):
            yield "replaced, but not retired"

    assert wrong(mistakes) == {}
    assert sum("retired" in each for each in TEMPLATES.values()) >= 80


def test_inline_answers_are_refused_and_lip_sync_modes_are_not():
    def mistakes(template):
        mode = template["params"]["properties"].get("sync_mode", {"x-legacy": True})
        if "x-legacy" not in mode and (mode.get("type") == "boolean") != ("x-refused" in mode):
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
        for part in every_object(template["params"]):
            for name, schema in part.get("properties", {}).items():
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
