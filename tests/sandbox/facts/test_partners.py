"""What partners leave out, and what some give twice: as recorded."""

import pytest

from vidi.inference.models.registry import ModelRegistry

REGISTRY = ModelRegistry()


@pytest.mark.parametrize(
    ("endpoint", "field", "told"),
    [
        ("fal-ai/veo3.1", "video", {"url", "content_type", "file_name", "file_size"}),
        ("fal-ai/wan/v2.2-a14b/text-to-video", "video",
         {"url", "content_type", "file_name", "file_size", "width", "height", "duration"}),
        ("fal-ai/flux/dev", "images", {"url", "content_type", "width", "height"}),
    ],
)  # fmt: skip
async def test_the_fields_of_a_file(call, endpoint, field, told):
    body = (await call(registry=REGISTRY).result(endpoint)).json()
    file = body[field][0] if isinstance(body[field], list) else body[field]
    assert file.keys() == told


async def test_a_picture_without_a_size(call):
    body = (await call(registry=REGISTRY).result("fal-ai/nano-banana-pro")).json()
    (file,) = body["images"]
    assert (file["width"], file["height"], file["file_size"]) == (None, None, None)


async def test_a_file_that_is_named_twice_and_a_preview_are_one_file_and_no_more_units(call):
    caller = call(registry=REGISTRY)
    answer = await caller.result("fal-ai/hunyuan3d-v3/text-to-3d")
    body = answer.json()
    assert body["model_urls"]["glb"]["url"] == body["model_glb"]["url"]
    assert body["model_urls"]["fbx"] is None
    assert body["thumbnail"]["content_type"] == "image/png"
    assert (await caller.http.get(body["thumbnail"]["url"])).content
    assert answer.headers["x-fal-billable-units"] == "25.0"


async def test_the_previews_of_a_video(call):
    body = (await call(registry=REGISTRY).result("fal-ai/sora-2/text-to-video", duration=4)).json()
    assert body["thumbnail"]["content_type"] == "image/webp"
    assert body["spritesheet"]["url"] not in {body["video"]["url"], body["thumbnail"]["url"]}
