"""What of the params may be logged."""

import hashlib
import io
from pathlib import Path

import pytest

from vidi.inference.tracking.sanitize import sanitize_parameters

SHA = hashlib.sha256(b"12345").hexdigest()


@pytest.mark.parametrize(
    ("name", "value", "logged"),
    [
        ("seed", 7, 7),
        ("prompt", "a tree", "a tree"),
        ("token", "abc", "[redacted]"),
        ("hf_api_token", "abc", "[redacted]"),
        ("Authorization", "abc", "[redacted]"),
        ("max_token", 7, 7),
        ("mask", b"12345", {"bytes": 5, "sha256": SHA}),
        ("mask", Path("nowhere/mask.png"), {"file": "mask.png"}),
        ("mask", io.BytesIO(b"1"), {"file": "BytesIO"}),
        ("url", "https://user:pass@a.test/x", "https://…@a.test/x"),
        ("items", [{"password": "x"}, "y"], [{"password": "[redacted]"}, "y"]),
        ("text", "x" * 500, "x" * 500),
    ],
)
def test_without_a_schema(name, value, logged):
    assert sanitize_parameters({name: value}) == {name: logged}


def test_with_a_schema(tmp_path):
    face = tmp_path / "face.png"
    face.write_bytes(b"12345")
    schema = {
        "properties": {
            "hidden": {"x-secret": True},
            "image": {"x-file": "image"},
            "images": {"items": {"x-file": "image"}},
            "deep": {"properties": {"image": {"x-file": "image"}}},
        }
    }
    seen = {"file": "face.png", "bytes": 5}
    params = {
        "hidden": [1, 2],
        "image": "https://a.test/a.png",
        "images": [str(face), "data:,x"],
        "deep": {"image": str(face)},
    }
    assert sanitize_parameters(params, schema) == {
        "hidden": "[redacted]",
        "image": "https://a.test/a.png",
        "images": [
            seen,
            {
                "data": "text/plain",
                "characters": 7,
                "sha256": hashlib.sha256(b"data:,x").hexdigest(),
            },
        ],
        "deep": {"image": seen},
    }
