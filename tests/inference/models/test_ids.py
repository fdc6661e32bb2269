"""Which file a model's template is, and which ids no model can have."""

import pytest

from vidi.inference.models.ids import deployment_of, file_name, split_version

VERSION = "0f" * 32


@pytest.mark.parametrize(
    ("model_id", "name"),
    [
        ("replicate/acme/painter", "replicate/acme_painter.json"),
        (f"replicate/acme/painter:{VERSION}", f"replicate/acme_painter@{VERSION}.json"),
        ("replicate/deployments/acme/painter", "replicate/deployments_acme_painter.json"),
        ("fal/acme/painter/fast", "fal/acme-painter-fast.json"),
        ("fal/workflows/me/steps", "fal/workflows-me-steps.json"),
        ("fal/app", "fal/app.json"),
        *((wrong, None) for wrong in (
            "", "fal", "fal/", "fal//a", "fal/..", "fal/a/../b", "fal/a\\b", "fal/a:b", 'fal/a"b',
            "fal/a@b", "fal/a*", "fal/a\0b", "replicate/a", "replicate/a/b/c", "none/a/b",
            "replicate/deployments/a", "replicate/deployments/a/b/c", "replicate/a/b:short",
            f"replicate/a/b:{VERSION}0", f"replicate/a/b:{VERSION.upper()}",
            f"replicate/deployments/a/b:{VERSION}", f"fal/a/b:{VERSION}",
        )),
    ],
)  # fmt: skip
def test_the_file_of_an_id(model_id, name):
    assert file_name(model_id) == name


def test_a_version_and_a_deployment_are_read_from_the_id():
    assert split_version(f"replicate/a/b:{VERSION}") == ("replicate/a/b", VERSION)
    assert split_version("replicate/a/b:latest") == ("replicate/a/b:latest", "")
    assert deployment_of("replicate/deployments/a/b") == "a/b"
    assert deployment_of("replicate/a/b") == deployment_of("fal/deployments/a/b") == ""
