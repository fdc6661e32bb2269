"""The documents of shipped models, as the sandbox serves them."""

import httpx
import pytest

from vidi.inference.models.registry import ModelRegistry
from vidi.sandbox.app import create_app
from vidi.sandbox.serving.transport import SandboxTransport

VOICE = "fal-ai/elevenlabs/tts/eleven-v3"


@pytest.fixture
async def get():
    wire = SandboxTransport(create_app(ModelRegistry()))

    async def ask(url, **query):
        scheme = "Bearer" if "replicate" in url else "Key"
        headers = {"Authorization": f"{scheme} some-key"}
        return (await client.get(url, params=query, headers=headers)).json()

    async with httpx.AsyncClient(transport=wire) as client:
        yield ask


async def test_fal_shows_neither_legacy_params_nor_our_marks(get):
    document = await get("https://fal.ai/api/openapi/queue/openapi.json", endpoint_id=VOICE)
    (given,) = (
        each for name, each in document["components"]["schemas"].items() if name.endswith("Input")
    )
    assert "similarity_boost" not in given["properties"]
    assert given["properties"]["voice"]["examples"][0] == "Aria"
    assert "x-" not in "".join(key for each in given["properties"].values() for key in each)


async def test_fal_names_units_in_its_own_words(get):
    (price,) = (await get("https://api.fal.ai/v1/models/pricing", endpoint_id=VOICE))["prices"]
    assert (price["unit_price"], price["unit"]) == (0.1, "1000 characters")


@pytest.mark.parametrize(
    ("model", "output"),
    [
        ("black-forest-labs/flux-schnell", ["https://replicate.delivery/sandbox/example.webp"]),
        ("google/veo-3", "https://replicate.delivery/sandbox/example.mp4"),
    ],
)
async def test_replicate_shows_a_run(get, model, output):
    document = await get(f"https://api.replicate.com/v1/models/{model}")
    assert document["default_example"]["output"] == output
    assert document["default_example"]["input"]["prompt"]


async def test_replicate_marks_secrets_as_cog_does(get):
    document = await get("https://api.replicate.com/v1/models/openai/gpt-image-1.5")
    given = document["latest_version"]["openapi_schema"]["components"]["schemas"]["Input"]
    key = given["properties"]["openai_api_key"]
    assert (key["format"], key["x-cog-secret"]) == ("password", True)
