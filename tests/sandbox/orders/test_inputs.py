"""The output follows the input files where the params say nothing."""

from base64 import b64encode

import pytest

from vidi.sandbox.media import make_media
from vidi.sandbox.media.order import MediaOrder
from vidi.sandbox.orders.inputs import follow_inputs

IMAGE = MediaOrder("image", "png", "", "in", width=300, height=200)
FILM = MediaOrder("video", "mp4", "", "in", width=320, height=240, duration_s=2)
SOUND = MediaOrder("audio", "wav", "", "in", duration_s=1.25)


def _uri(order):
    made = make_media(order)
    return f"data:{made.content_type};base64,{b64encode(made.data).decode()}"


@pytest.fixture
def follow(call):
    registry = call().sandbox.registry
    return lambda name, **params: follow_inputs(registry.get_template(name), params, {}.get)


@pytest.mark.parametrize(
    ("params", "asked"),
    [
        ({}, {"width": 300, "height": 200}),
        ({"upscale_factor": 4}, {"width": 1200, "height": 800}),
        ({"upscale_factor": "1.5x"}, {"width": 450, "height": 300}),
        ({"megapixels": 4}, {"aspect_ratio": "300:200"}),
        ({"megapixels": 4, "aspect_ratio": "1:1"}, {}),
        ({"aspect_ratio": "16:9"}, {}),
        ({"image_size": {"width": 64, "height": 64}}, {}),
    ],
)
def test_the_size_of_an_image(follow, params, asked):
    assert follow("fal/acme/enlarge", image_url=_uri(IMAGE), **params) == asked


@pytest.mark.parametrize(
    ("files", "params", "asked"),
    [
        ({"video_url": FILM}, {}, {"width": 320, "height": 240, "duration": 2.0}),
        ({"video_url": FILM, "audio_url": SOUND}, {},
         {"width": 320, "height": 240, "duration": 1.25}),
        ({"audio_url": SOUND}, {}, {"duration": 1.25}),
        ({"audio_url": SOUND}, {"duration": 9}, {}),
        ({"audio_url": SOUND}, {"num_frames": 90}, {}),
        ({"video_url": FILM}, {"resolution": "480p"}, {"aspect_ratio": "320:240", "duration": 2.0}),
    ],
)  # fmt: skip
def test_the_length_of_a_video(follow, files, params, asked):
    uris = {name: _uri(order) for name, order in files.items()}
    assert follow("fal/acme/sync", **uris, **params) == asked


def test_a_video_from_images_has_their_shape(follow):
    assert follow("fal/acme/sync", images=[_uri(IMAGE)]) == {"aspect_ratio": "300:200"}


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/cat.png",
        "data:image/png;base64,AAAA",
        "data:,",
        "data:abc",
        "data:;base64,@",
        None,
        5,
    ],
)
def test_files_that_tell_nothing(follow, url):
    assert follow("fal/acme/enlarge", image_url=url) == {}
    assert follow("fal/acme/sync", video_url=url, images=[]) == {}


def test_a_model_of_words_follows_nothing(follow):
    assert follow("fal/acme/say", image_url=_uri(IMAGE)) == {}


@pytest.mark.parametrize("at", ["replicate", "fal"])
async def test_uploaded_files_are_looked_into(call, at):
    caller = call()
    data = make_media(IMAGE).data
    if at == "replicate":
        created = await caller.replicate("POST", "/files", files={"content": ("a.png", data)})
        body = await caller.prediction(image=created.json()["urls"]["get"], output_format="png")
        (url,) = body["output"]
    else:
        token = {"Authorization": "Bearer sandbox-upload-token"}
        uploaded = "https://v3.fal.media/files/upload"
        answer = await caller.http.post(uploaded, headers=token, content=data)
        image_url = answer.json()["access_url"]
        url = (await caller.result("acme/enlarge", image_url=image_url)).json()["image"]["url"]
    made = (await caller.http.get(url)).content
    assert (int.from_bytes(made[16:20]), int.from_bytes(made[20:24])) == (300, 200)
