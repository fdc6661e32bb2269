"""Providers of other distributions, by entry point."""

import json

import pytest

from vidi.errors import UsageError
from vidi.inference import ModelRegistry, Provider
from vidi.inference.models.ids import file_name
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.provider_names import provider_names
from vidi.inference.providers import describe_keyless, open_provider
from vidi.inference.providers.fal.provider import FalProvider
from vidi.inference.settings import Settings

MODULE = """\
from vidi.inference import FalProvider

class Shouting(FalProvider):
    name = "shouting"

words = "no provider"
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a distribution with an entry point of a provider."""

    def install(value, name="shouting"):
        info = tmp_path / "vidi_shouting-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: vidi-shouting\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[vidi.providers]\n{name} = {value}\n")
        (tmp_path / "shouting_module.py").write_text(MODULE)
        monkeypatch.syspath_prepend(tmp_path)

    return install


def test_it_is_opened_by_its_name(install):
    install("shouting_module:Shouting")
    provider = open_provider("shouting", Settings())
    assert isinstance(provider, Provider)
    assert provider.get_provider_name() == "shouting"
    assert provider_names() == ("replicate", "fal", "shouting")


def test_a_built_in_one_stays_what_it_is(install):
    install("shouting_module:Shouting", name="fal")
    assert type(open_provider("fal", Settings())) is FalProvider
    assert provider_names() == ("replicate", "fal")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "nowhere_module:Shouting",
            "the provider 'shouting' cannot be loaded from nowhere_module:Shouting: "
            "No module named 'nowhere_module'",
        ),
        (
            "shouting_module:Other",
            "the provider 'shouting' cannot be loaded from shouting_module:Other: "
            "module 'shouting_module' has no attribute 'Other'",
        ),
        (
            "shouting_module:words",
            "the provider 'shouting' (shouting_module:words) is no vidi.inference.Provider",
        ),
    ],
)
def test_one_that_cannot_be_used_is_told_of(install, value, message):
    install(value)
    with pytest.raises(UsageError) as caught:
        open_provider("shouting", Settings())
    assert caught.value.message == message


def test_an_unknown_one_is_told_of():
    with pytest.raises(UsageError, match=r"(?m)^there is no provider 'shouting'$") as caught:
        open_provider("shouting", Settings())
    assert caught.value.hint == "Model ids begin with fal and replicate."


def test_its_models_are_found(install, tmp_path):
    assert file_name("shouting/very/loud") is None
    install("shouting_module:Shouting")
    assert file_name("shouting/very/loud") == "shouting/very-loud.json"
    model = ModelRegistry().get_template("fal/fal-ai/nano-banana/edit")
    template = json.loads(model.path.read_text(encoding="utf-8"))
    template["id"] = "shouting/very/loud"
    (tmp_path / "templates/shouting").mkdir(parents=True)
    (tmp_path / "templates/shouting/very-loud.json").write_text(json.dumps(template))
    registry = ModelRegistry([tmp_path / "templates"])
    loud = registry.get_template("shouting/very/loud")
    assert loud in registry.list_models(provider="shouting")
    (tmp_path / "face.png").write_bytes(b"12345")
    params = {"prompt": "older", "image_urls": ["face.png"]}
    assert [each.size for each in check_params(loud, params, base=tmp_path).files] == [5]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fal", "no key for fal.ai: FAL_KEY is not set"),
        ("replicate", "no key for Replicate: REPLICATE_API_TOKEN is not set"),
        ("shouting", "the provider 'shouting' is not available: it has no key"),
    ],
)
def test_one_without_a_key(name, message):
    assert describe_keyless(name).message == message
