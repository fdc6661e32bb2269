"""The schema of params for editors gives the verdict of the checker, by another validator."""

import os
from pathlib import Path

from jsonschema import Draft202012Validator

from support.models.share import share
from vidi.inference.models.loading import load_template
from vidi.inference.models.params.schema import check_params
from vidi.runs.editing.params import PARTS, params_schema

ONLY_FILES_TELL = {"missing-file", "bad-file", "file-as-text", "outside", "file-too-large"}
ANYTHING = (
    None, True, False, 0, 1, -1, 5, 3.5, 1e9, "x", "", "5", "true", [], {}, ["x"], [1], {"zzz": 1},
    "https://example.org/a.png",
)  # fmt: skip
SMALL = (None, True, 1, 3.5, "x", [], {})


def values_of(field, anything=ANYTHING):
    """Values that a field takes, that it nearly takes, and of every other type."""
    yield from anything
    for choice in field.get("enum", ())[:3]:
        yield from (choice, str(choice))
    for bound in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        if bound in field:
            yield from (float(field[bound]) + step for step in (-1, 0, 1))
    if "maxLength" in field:
        yield from ("a" * length for length in (field["maxLength"], field["maxLength"] + 1))
    for branch in field.get("anyOf", ()):
        yield from values_of(branch, ())
    if "items" in field:
        yield from ([each] for each in values_of(field["items"], SMALL))
    for name, inner in field.get("properties", {}).items():
        yield from ({name: each} for each in values_of(inner, SMALL))


def cases_of(model):
    example = dict(model.example)
    yield example
    yield from ({**example, "zzz": each} for each in (1, None))
    for name, field in model.params["properties"].items():
        yield {key: value for key, value in example.items() if key != name}
        yield from ({**example, name: each} for each in values_of(field))


def chosen():
    return share() if os.environ.get("VIDI_ALL_TEMPLATES") == "1" else share()[::5]


def test_what_the_checker_refuses_the_schema_refuses_and_nothing_else():
    for path in chosen():
        model = load_template(path)
        schema = {"$defs": PARTS, **params_schema(model), "required": [*model.required_params]}
        validator = Draft202012Validator(schema)
        for params in cases_of(model):
            problems = check_params(model, params, base=Path("nowhere")).errors
            if problems and {each.code for each in problems} <= ONLY_FILES_TELL:
                continue
            assert validator.is_valid(params) == (not problems), (model.id, params, problems)
