"""Models with params of our choice, and params that a schema allows."""

from pathlib import Path

from hypothesis import strategies as st

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


def values_of(schema):
    """Values that a template's schema allows; files are URLs."""
    if "anyOf" in schema:
        return st.one_of([values_of(branch) for branch in schema["anyOf"]])
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
            low, high = (schema.get(key) for key in ("minimum", "maximum"))
            return st.integers(low, high)
        case "number":
            return st.sampled_from(_numbers_of(schema))
        case _:
            return st.text(max_size=3) | st.integers() | st.booleans()


def _objects_of(schema):
    fields, required = schema.get("properties", {}), schema.get("required", ())
    return st.fixed_dictionaries(
        {name: values_of(fields[name]) for name in required},
        optional={name: values_of(each) for name, each in fields.items() if name not in required},
    )


def _texts_of(schema):
    low = schema.get("minLength", 0)
    if "x-file" in schema:
        return st.just("https://example.com/" + "x" * low)
    return st.text(min_size=low, max_size=min(schema.get("maxLength", low + 5), low + 5))


def _numbers_of(schema):
    """Both ends of the range and what lies between; a range that is open is some units wide."""
    low = float(schema.get("minimum", schema.get("maximum", 93) - 100))
    high = float(schema.get("maximum", low + 100))
    return [low, (low + high) / 2, high]
