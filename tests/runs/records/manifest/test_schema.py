"""The published schema: what it lets through, what it refuses, and that docs/ holds it."""

from pathlib import Path

import jsonschema_rs
import pytest

from support.manifests import ERROR, FLUX, make_asset, make_cost, make_inference, make_manifest
from vidi.runs.records.manifest.schema import (
    BASES,
    INFERENCE_STATUSES,
    RUN_STATUSES,
    manifest_schema,
    render_manifest_schema,
)

PUBLISHED = Path(__file__).parents[4] / "docs" / "manifest.schema.json"
VALIDATOR = jsonschema_rs.Draft202012Validator(manifest_schema(), validate_formats=True)
FULL = make_manifest(make_inference(assets=[make_asset()], error=ERROR))
TOTAL = {"inferences": 1, "assets": 1, "actual_usd": 0.003, "in_doubt_usd": 0}


def paths_to_objects(value, path=()):
    """Yield where each object with fixed keys is; params, vars and the totals have free ones."""
    if isinstance(value, dict):
        yield path
        for name in value.keys() - {"params", "vars", "totals"}:
            yield from paths_to_objects(value[name], (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths_to_objects(item, (*path, index))


def with_change(value, path, change):
    """Copy `value` with the object at `path` replaced by what `change` makes of it."""
    if not path:
        return change(value)
    copy = value.copy()
    copy[path[0]] = with_change(value[path[0]], path[1:], change)
    return copy


def at(path):
    value = FULL
    for step in path:
        value = value[step]
    return value


OBJECTS = sorted(paths_to_objects(FULL), key=str)
FIELDS = [(path, name) for path in OBJECTS for name in at(path)]


def test_docs_hold_the_schema():
    assert PUBLISHED.read_text("utf-8") == render_manifest_schema(), (
        'python -c "from vidi.runs.records.manifest.schema import render_manifest_schema as r; '
        "print(r(), end='')\" > docs/manifest.schema.json"
    )


def test_it_is_a_schema():
    jsonschema_rs.meta.validate(manifest_schema())


def test_a_full_manifest_is_valid():
    VALIDATOR.validate(FULL)


def test_an_empty_run_is_valid():
    VALIDATOR.validate(make_manifest())


@pytest.mark.parametrize("path", OBJECTS, ids=str)
def test_every_object_refuses_unknown_fields(path):
    assert not VALIDATOR.is_valid(with_change(FULL, path, lambda value: {**value, "extra": 1}))


@pytest.mark.parametrize(("path", "name"), FIELDS, ids=str)
def test_every_field_is_required(path, name):
    def drop(value):
        return {key: kept for key, kept in value.items() if key != name}

    assert not VALIDATOR.is_valid(with_change(FULL, path, drop))


NULLABLE = {
    ("budget_usd",),
    ("run", "exit_code"),
    ("run", "finished_at"),
    ("cost_usd", "estimated_high"),
    *(
        ("inferences", 0, name)
        for name in ("fingerprint", "request_id", "submitted_at", "completed_at", "duration_s")
    ),
    ("inferences", 0, "error"),
    ("inferences", 0, "seed"),
    ("inferences", 0, "cost_usd", "paid_basis"),
    *(("inferences", 0, "cost_usd", name) for name in ("estimated_high", "actual", "basis")),
    *(
        ("inferences", 0, "assets", 0, name)
        for name in ("width", "height", "duration_s", "replaced")
    ),
}


@pytest.mark.parametrize(("path", "name"), FIELDS, ids=str)
def test_null_stands_only_where_something_may_be_unknown(path, name):
    changed = with_change(FULL, path, lambda value: {**value, name: None})
    assert VALIDATOR.is_valid(changed) == ((*path, name) in NULLABLE)


@pytest.mark.parametrize("status", RUN_STATUSES)
def test_every_run_status_is_valid(status):
    VALIDATOR.validate(make_manifest(run={"status": status}))


@pytest.mark.parametrize("status", INFERENCE_STATUSES)
def test_every_inference_status_is_valid(status):
    VALIDATOR.validate(make_manifest(make_inference(status=status)))


@pytest.mark.parametrize("basis", [*BASES, None])
def test_every_basis_is_valid(basis):
    VALIDATOR.validate(make_manifest(make_inference(cost_usd=make_cost(basis=basis))))


@pytest.mark.parametrize("amount", [0, 0.000001, 0.1, 0.3, 1.005, 123456.789012])
def test_amounts_of_six_decimals_are_valid(amount):
    VALIDATOR.validate(make_manifest(budget_usd=amount))


@pytest.mark.parametrize(
    "fields",
    [
        {"schema_version": 1},
        {"schema_version": 3},
        {"budget_usd": -0.01},
        {"budget_usd": "0.5"},
        {"run": {"status": "running"}},
        {"run": {"started_at": "yesterday"}},
        {"run": {"job_sha256": "abc"}},
        {"run": {"exit_code": 256}},
        {"totals": {"by_status": {"lost": 1}, "by_model": {}, "by_provider": {}}},
        {"totals": {"by_status": {"failed": 0}, "by_model": {}, "by_provider": {}}},
    ],
    ids=str,
)
def test_wrong_runs_are_refused(fields):
    assert not VALIDATOR.is_valid(make_manifest(**fields))


@pytest.mark.parametrize(
    "fields",
    [{"status": "done"}, {"model": "flux"}, {"attempts": -1}, {"id": ""}, {"duration_s": -1}],
    ids=str,
)
def test_wrong_inferences_are_refused(fields):
    assert not VALIDATOR.is_valid(make_manifest({**make_inference(), **fields}))


def test_totals_are_counts_by_status_and_sums_by_model_and_provider():
    totals = {
        "by_status": {"succeeded": 1},
        "by_model": {FLUX: TOTAL},
        "by_provider": {"replicate": TOTAL},
    }
    VALIDATOR.validate(make_manifest(make_inference(), totals=totals))


def test_an_asset_may_carry_a_warning():
    asset = make_asset(warning="The extension is .png, but the file is image/jpeg.")
    VALIDATOR.validate(make_manifest(make_inference(assets=[asset])))


def test_every_field_is_described():
    def fields_of(schema):
        for name, field in schema.get("properties", {}).items():
            yield name, field
            yield from fields_of(field)

    schema = manifest_schema()
    for part in (schema, *schema["$defs"].values()):
        for name, field in fields_of(part):
            assert field.get("description", "").endswith("."), name
