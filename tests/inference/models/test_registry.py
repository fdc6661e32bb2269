"""Where models are found, and what is said where they are not."""

import time
from decimal import Decimal

import pytest

from support.models.templates import write_template
from vidi.errors import VidiError
from vidi.inference.models.loading import TemplateError
from vidi.inference.models.registry import (
    ModelRegistry,
    OfficialVersionError,
    ParamsError,
    UnknownModelError,
    shipped_templates,
)
from vidi.inference.models.template import Call, OutputType

SCHNELL = "replicate/black-forest-labs/flux-schnell"
ELEVEN = "fal/fal-ai/elevenlabs/tts/eleven-v3"


@pytest.fixture(scope="module")
def registry():
    return ModelRegistry()


@pytest.mark.parametrize("model_id", [SCHNELL, ELEVEN])
def test_shipped_models_are_found_by_their_id(registry, model_id):
    model = registry.get_template(model_id)
    assert model.id == model_id
    assert model.path.parent.parent == shipped_templates()
    assert registry.get_template(model_id) is model


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("black-forest-labs/flux-schnell", SCHNELL),
        ("fal-ai/elevenlabs/tts/eleven-v3", ELEVEN),
        ("replicate/black-forest-labs/flux-schnel", SCHNELL),
        ("replicate/black-forest-labs/flux_schnell", SCHNELL),
        ("replicate/black-forest-labs-flux/schnell", SCHNELL),
        ("Replicate/Black-Forest-Labs/Flux-Schnell", SCHNELL),
        ("fal/fal-ai/elevenlabs-tts/eleven-v3", ELEVEN),
        ("fal/fal-ai/elevenlabs/tts/eleven-v4", ELEVEN),
    ],
)
def test_the_nearest_ids_of_a_mistyped_one(registry, wrong, right):
    with pytest.raises(UnknownModelError) as caught:
        registry.get_template(wrong)
    assert caught.value.nearest[0] == right
    assert caught.value.message == f"unknown model '{wrong}'"
    assert caught.value.hint.startswith(f"Did you mean {right}")
    assert (caught.value.exit_code, caught.value.code) == (2, "unknown-model")


FORMS = (
    "Ids look like replicate/OWNER/NAME, replicate/OWNER/NAME:VERSION, "
    "replicate/deployments/OWNER/NAME or fal/ENDPOINT; `vidi models list` shows all."
)


@pytest.mark.parametrize(
    "model_id",
    ["", "fal", "fal/", "zzzz", "replicate/a/b/qqqqqqqqqqqqqq", "replicate/zzzzzzzzzzzz",
     "fal/../../qqqqqqqqqqqqqqqqqqqq", "fal/\0/zzzzzzzzzzzzz", "xyz/qqqqqqqqqqqqqqqqqqqq/wwww",
     f"replicate/qqqqqqqqq/wwwwwwwwwww:{'f' * 63}", "fal/qqqqqqqqqqqqqqq/wwwwwwwww:vvvvvvvvvvv"],
)  # fmt: skip
def test_an_id_that_is_near_to_nothing(registry, model_id):
    with pytest.raises(UnknownModelError) as caught:
        registry.get_template(model_id)
    assert caught.value.nearest == ()
    assert caught.value.hint == FORMS


VERSION = "5" * 64


@pytest.mark.parametrize(
    "model_id",
    ["replicate/qqqqqqqqqqqqq/wwwwwwwwwwwwww", f"replicate/qqqqqqqqqqqqq/wwwwwwwwwww:{VERSION}",
     "replicate/deployments/qqqqqqqqqqqqq/wwwwwwwwwwwwwwwwww", "fal/workflows/qqqqqqqqq/wwwwwwwwww",
     "fal/qqqqqqqqqqqqq/wwwwwwwwwwwwww/zzzzzzzzzz"],
)  # fmt: skip
def test_an_id_that_its_provider_may_know_can_be_pulled(registry, model_id):
    with pytest.raises(UnknownModelError) as caught:
        registry.get_template(model_id)
    how = f"`vidi models pull {model_id}` makes a template from what its provider says."
    assert caught.value.hint == how
    with pytest.raises(UnknownModelError) as caught:
        registry.get_template(f"{SCHNELL}x")
    assert caught.value.hint == (
        f"Did you mean {' or '.join(caught.value.nearest)}? {how}".replace(model_id, f"{SCHNELL}x")
    )


def community(folder, version="1" * 64, **changes):
    write_template(
        folder, "replicate/acme_painter.json", model_id="replicate/acme/painter",
        call={"version": version}, **changes,
    )  # fmt: skip
    return ModelRegistry((folder,))


def test_a_version_of_a_model(tmp_path):
    registry = community(tmp_path)
    pinned = registry.get_template(f"replicate/acme/painter:{VERSION}")
    assert (pinned.id, pinned.version) == (f"replicate/acme/painter:{VERSION}", VERSION)
    assert (pinned.name, pinned.described_version) == ("acme/painter", "1" * 64)
    same = registry.get_template(f"replicate/acme/painter:{'1' * 64}")
    assert same.described_version == ""
    assert same.identity == registry.get_template("replicate/acme/painter").identity


def test_a_version_with_a_template_of_its_own(tmp_path):
    registry = community(tmp_path)
    model_id = f"replicate/acme/painter:{VERSION}"
    name = f"replicate/acme_painter@{VERSION}.json"
    path = write_template(tmp_path, name, model_id=model_id, call={"version": VERSION})
    model = registry.get_template(model_id)
    assert (model.path, model.described_version) == (path, "")


def test_a_version_of_an_official_model_is_refused(registry):
    with pytest.raises(OfficialVersionError) as caught:
        registry.get_template(f"{SCHNELL}:{VERSION}")
    assert caught.value.hint == f"Write `model: {SCHNELL}`."


def test_a_deployment_is_a_template_like_others(tmp_path):
    model_id = "replicate/deployments/acme/painter"
    call = {"deployment": "acme/painter"}
    name = "replicate/deployments_acme_painter.json"
    write_template(tmp_path, name, model_id=model_id, call=call)
    model = ModelRegistry((tmp_path,)).get_template(model_id)
    assert model.call == Call(deployment="acme/painter")


def test_an_alias_leads_to_the_model_and_names_the_same_purchase(tmp_path):
    write_template(tmp_path, aliases=["fal/acme/brush", "fal/acme/pencil"])
    write_template(tmp_path, "fal/acme-broken.json", '{"aliases"')
    registry = ModelRegistry((tmp_path,))
    model = registry.get_template("fal/acme/pencil")
    assert model is registry.get_template("fal/acme/painter")
    assert (model.id, model.identity) == ("fal/acme/painter", "fal/acme/brush")


def test_both_ids_of_a_renamed_model_are_one_purchase(registry):
    """The old one has a file of its own and may still answer; it says what took its place."""
    new = registry.get_template("fal/bytedance/seedream/v5/lite/edit")
    old = registry.get_template("fal/fal-ai/bytedance/seedream/v5/lite/edit")
    assert (old.replaced_by, old.identity) == ((new.id,), new.identity)
    assert old.retired
    assert not new.retired


def test_an_unknown_id_is_told_each_time(registry):
    for _ in range(2):
        with pytest.raises(UnknownModelError, match="unknown model 'flux'"):
            registry.get_template("flux")


def test_a_folder_adds_a_model(tmp_path):
    path = write_template(tmp_path)
    model = ModelRegistry((tmp_path,)).get_template("fal/acme/painter")
    assert (model.title, model.path, model.output_type) == ("Painter", path, OutputType.IMAGE)
    assert (model.required_params, model.optional_params) == (("prompt",), ("num_images",))


def test_the_first_folder_wins(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    name = "replicate/black-forest-labs_flux-schnell.json"
    write_template(first, name, model_id=SCHNELL, title="mine")
    write_template(second, name, model_id=SCHNELL, title="theirs")
    registry = ModelRegistry((first, second))
    assert registry.get_template(SCHNELL).title == "mine"
    assert [model.title for model in registry.list_models() if model.id == SCHNELL] == ["mine"]


def test_only_the_one_file_is_read(tmp_path):
    write_template(tmp_path)
    write_template(tmp_path, "fal/acme-broken.json", "{")
    registry = ModelRegistry((tmp_path,))
    assert registry.get_template("fal/acme/painter").title == "Painter"
    with pytest.raises(TemplateError):
        registry.list_models()


def test_a_broken_neighbour_does_not_hide_the_nearest(tmp_path):
    write_template(tmp_path)
    write_template(tmp_path, "fal/acme-paintes.json", "{")
    with pytest.raises(UnknownModelError) as caught:
        ModelRegistry((tmp_path,)).get_template("fal/acme/paint")
    assert "fal/acme/painter" in caught.value.nearest


def test_two_ids_that_share_a_file_name(tmp_path):
    write_template(tmp_path)
    with pytest.raises(UnknownModelError) as caught:
        ModelRegistry((tmp_path,)).get_template("fal/acme-painter")
    assert caught.value.nearest == ("fal/acme/painter",)


def test_what_was_read_is_kept(tmp_path):
    path = write_template(tmp_path)
    registry = ModelRegistry((tmp_path,))
    model = registry.get_template("fal/acme/painter")
    path.unlink()
    assert registry.get_template("fal/acme/painter") is model


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert ModelRegistry((tmp_path / "no",)).get_template(SCHNELL).id == SCHNELL


def test_all_models_are_listed_once_sorted(registry):
    ids = [model.id for model in registry.list_models()]
    assert len(ids) >= 1886
    assert ids == sorted(set(ids))


def test_listing_by_output_type_and_provider(registry):
    both = registry.list_models("audio", "fal")
    assert both
    assert {(model.output_type, model.provider) for model in both} == {(OutputType.AUDIO, "fal")}
    assert registry.list_models(OutputType.AUDIO, "fal") == both
    assert registry.list_models(provider="acme") == []


def test_listing_eighteen_hundred_models_takes_about_a_second():
    began = time.process_time()
    ModelRegistry().list_models()
    assert time.process_time() - began < 1.2


def test_params_are_converted_and_priced_by_the_registry(registry):
    params = {"prompt": "a forest", "num_outputs": 4.0}
    sent = registry.validate_parameters(SCHNELL, params)
    assert (sent["num_outputs"], type(sent["num_outputs"])) == (4, int)
    assert registry.estimate_cost(SCHNELL, params).high == Decimal("0.012")  # 4 x 0.003


@pytest.mark.parametrize("ask", ["validate_parameters", "estimate_cost"])
def test_wrong_params_are_all_named(registry, ask):
    with pytest.raises(ParamsError) as caught:
        getattr(registry, ask)(SCHNELL, {"num_outputs": 9, "promt": "x"})
    assert isinstance(caught.value, VidiError)
    assert caught.value.exit_code == 2
    assert {problem.path for problem in caught.value.problems} >= {("num_outputs",), ("promt",)}
    assert str(caught.value).startswith(f"{SCHNELL}: ")
