"""Models with params of our choice, their checks, and params that a schema allows."""

from pathlib import Path

from hypothesis import strategies as st

from vidi.inference.models.params.schema import check_params
from vidi.inference.models.template import ModelInfo, OutputType


def make_model(properties, required=(), provider="fal"):
    """A model that has these params and is nothing else."""
    params = {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }
    return ModelInfo(
        id=f"{provider}/acme/model",
        title="Model",
        category="text-to-image",
        output_type=OutputType.IMAGE,
        output="images[].url",
        params=params,
        pricing={"rows": []},
        example={},
        timeout_s=300,
        sources=("https://example.com",),
        as_of={"params": "2026-09-01"},
        confidence={"params": "high"},
        page="https://example.com",
        path=Path("model.json"),
    )


SIZE = {
    "anyOf": [
        {"type": "string", "enum": ["square", "wide"]},
        {
            "type": "object",
            "properties": {
                "width": {"type": "integer", "minimum": 64, "maximum": 4096},
                "height": {"type": "integer", "default": 512},
            },
            "required": ["width", "height"],
            "additionalProperties": False,
        },
    ],
    "default": "wide",
}
SCENE = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "minLength": 1},
        "seconds": {"type": "integer", "enum": [5, 10], "default": 5},
    },
    "required": ["text"],
}
VOICES = [f"Voice {number}" for number in range(1, 21)]
PARAMS = {
    "prompt": {"type": "string", "minLength": 2, "maxLength": 10},
    "ratio": {"type": "string", "enum": ["1:1", "16:9", "9:16"], "default": "1:1"},
    "duration": {"type": "string", "enum": ["5", "10"]},
    "seconds": {"type": "integer", "enum": [4, 8]},
    "speed": {"type": "string", "enum": ["0.5", "1.0", "2"]},
    "flag": {"type": "string", "enum": ["true", "false"]},
    "voice": {"type": "string", "enum": VOICES},
    "tolerance": {"type": "string", "enum": ["1", "2"], "x-enum-open": True},
    "factor": {"type": "number", "enum": [4], "x-enum-open": True},
    "mode": {"const": "fast"},
    "seed": {"type": "integer"},
    "count": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1},
    "steps": {"type": "integer", "minimum": 1},
    "cap": {"type": "integer", "maximum": 100},
    "scale": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "width": {"type": "integer", "multipleOf": 16, "minimum": 64, "maximum": 4096},
    "strict": {"type": "number", "multipleOf": 10, "minimum": 3, "maximum": 7},
    "guidance": {"type": "number"},
    "loop": {"type": "boolean"},
    "either": {"type": ["integer", "boolean"]},
    "language": {"type": "string", "pattern": "^[a-z]{2}$"},
    "size": SIZE,
    "amount": {"anyOf": [{"type": "integer", "maximum": 9}, {"type": "string", "enum": ["auto"]}]},
    "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
    "pair": {"type": "array", "minItems": 2, "items": {"type": "integer"}},
    "scenes": {"type": "array", "items": SCENE},
    "options": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}},
    "free": {"type": "object"},
    "none": {"type": "object", "additionalProperties": False},
    "anything": {},
    "token": {"type": "string", "minLength": 3, "pattern": "^r8", "x-secret": True},
    "kind": {"type": "string", "enum": ["a"], "x-secret": True},
    "gone": {"type": "string", "deprecated": True, "x-legacy": True},
    "old": {"type": "integer", "deprecated": True},
    "sync_mode": {"type": "boolean", "x-refused": "the provider then stores no result"},
}
MODEL = make_model(PARAMS, ["prompt"])


def check(**params):
    """Check params of MODEL; its one required param is given."""
    return check_params(MODEL, {"prompt": "cat", **params}, base=Path())


def said(checked):
    """Every problem with its hint, a line each."""
    return [f"{each.message} | {each.hint}" for each in checked.problems]


def values_of(schema):
    """Values that a template's schema allows; files are URLs."""
    branches = schema.get("anyOf") or _of_each_type(schema)
    if branches:
        return st.one_of([values_of(branch) for branch in branches])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("x-refused"):
        return st.just(False)
    match schema.get("type"):
        case "object":
            return _objects_of(schema)
        case "array":
            low = schema.get("minItems", 0)
            high = min(schema.get("maxItems", 3), low + 2)
            return st.lists(values_of(schema.get("items", {})), min_size=low, max_size=high)
        case "string":
            return _texts_of(schema)
        case "boolean":
            return st.booleans()
        case "integer":
            return _integers_of(schema)
        case "number":
            return st.sampled_from(_numbers_of(schema))
        case _:
            return st.text(max_size=3) | st.integers() | st.booleans()


def _of_each_type(schema):
    names = schema.get("type")
    return [{**schema, "type": each} for each in names] if isinstance(names, list) else []


def _integers_of(schema):
    low, high = (schema.get(key) for key in ("minimum", "maximum"))
    step = int(schema.get("multipleOf", 1))
    ends = (low and -(-low // step), high and high // step)
    return st.integers(*ends).map(lambda number: number * step)


def _objects_of(schema):
    fields, required = schema.get("properties", {}), schema.get("required", ())
    return st.fixed_dictionaries(
        {name: values_of(fields[name]) for name in required},
        optional={name: values_of(each) for name, each in fields.items() if name not in required},
    )


def _texts_of(schema):
    low = schema.get("minLength", 0)
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    if "x-file" in schema:
        return st.just("https://example.com/" + "x" * low)
    return st.text(min_size=low, max_size=min(schema.get("maxLength", low + 5), low + 5))


def _numbers_of(schema):
    """Both ends of the range and what lies between; a range that is open is some units wide."""
    least = schema.get("exclusiveMinimum", schema.get("maximum", 93) - 100)
    low = float(schema.get("minimum", least))
    high = float(schema.get("maximum", low + 100))
    inside = [low, (low + high) / 2, high]
    return [each for each in inside if each > schema.get("exclusiveMinimum", low - 1)]
