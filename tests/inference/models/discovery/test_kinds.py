"""What a model makes, and where it is in an answer."""

import pytest

from support.models.provider_documents import FILE, URI
from vidi.inference.models.discovery.cog import describe_output as describe_cog
from vidi.inference.models.discovery.kinds import category_of, guess_kind, kind_of_address
from vidi.inference.models.discovery.queue_api import describe_output as describe_fal
from vidi.inference.models.template import OutputType

BOX = {"type": "object", "properties": {"label": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "output"),
    [
        (URI, "output"),
        ({"type": "array", "items": URI}, "output[]"),
        ({"type": "array", "items": {"type": "string"}, "x-cog-array-display": "concatenate"},
         "output[] (join)"),
        ({"type": "array", "items": {"type": "string"}}, "output (json)"),
        ({"type": "string"}, "output (text)"),
        ({"type": "number"}, "output (json)"),
        ({}, "output (json)"),
        ({"properties": {"mesh": URI, "views": {"type": "array", "items": URI}, "n": {}}},
         "output.mesh, output.views[]"),
        ({"properties": {"image": URI, "boxes": {"type": "array", "items": BOX}, "logs": BOX}},
         "output.image, output.boxes (json)"),
        ({"properties": {"n": {"type": "number"}}}, "output (json)"),
        ({"type": "array", "items": {"properties": {"image": URI}}}, "output[].image"),
    ],
)  # fmt: skip
def test_outputs_of_replicate(schema, output):
    assert describe_cog(schema) == output


@pytest.mark.parametrize(
    ("fields", "made", "output"),
    [
        ({"images": {"type": "array", "items": FILE}}, "image", "images[].url"),
        ({"image": FILE, "images": {"type": "array", "items": FILE}}, "image", "images[].url"),
        ({"video": FILE, "thumbnail": FILE}, "video", "video.url"),
        ({"vocals": FILE, "drums": FILE}, "audio", "vocals.url, drums.url"),
        ({"thumbnail": FILE}, "video", "thumbnail.url"),
        (
            {
                "image": FILE,
                "detections": {"type": "array", "items": BOX},
                "timings": BOX,
                "has_nsfw_concepts": {"type": "array", "items": {"type": "boolean"}},
            },
            "image",
            "image.url, detections (json)",
        ),
        ({"video_url": {"type": "string"}}, "video", "video_url"),
        ({"seed": {"type": "integer"}, "output": {"type": "string"}}, "text", "output (text)"),
        ({"answer": {"type": "string"}}, "text", "answer (text)"),
        ({"scores": {"type": "array"}}, "json", "scores (json)"),
        ({}, "audio", "audio.url"),
    ],
)
def test_outputs_of_fal(fields, made, output):
    assert describe_fal(fields, OutputType(made)) == output


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://a.b/c.webp", "image"),
        ("https://a.b/c.MP4?x=1", "video"),
        ("https://a.b/c.mp3", "audio"),
        ("https://a.b/c.glb", "3d"),
        ("https://a.b/c.srt", "text"),
        ("https://a.b/c", None),
        ("https://[bad/c.png", None),
        (5, None),
    ],
)
def test_kind_of_address(url, kind):
    assert kind_of_address(url) == kind


@pytest.mark.parametrize(
    ("params", "text", "kind"),
    [
        ({"output_format": {"enum": ["png", "jpg"]}}, "makes videos", "image"),
        ({"format": {"enum": ["mp3"]}}, "", "audio"),
        ({}, "Image to video, in seconds", "video"),
        ({}, "Audio-driven video of a portrait", "video"),
        ({}, "text-to-speech in ten languages", "audio"),
        ({}, "turns a photo into a 3D mesh", "image"),
        ({}, "A 3D mesh maker", "3d"),
        ({"fps": {}}, "", "video"),
        ({}, "", "file"),
    ],
)
def test_guess_kind(params, text, kind):
    assert guess_kind(params, text) == kind


@pytest.mark.parametrize(
    ("made", "params", "category"),
    [
        ("image", {}, "text-to-image"),
        ("image", {"image": {"x-file": "image"}}, "image-edit"),
        ("video", {}, "text-to-video"),
        ("video", {"images": {"items": {"x-file": "image"}}}, "image-to-video"),
        ("video", {"video": {"x-file": "video"}}, "video-edit"),
        ("audio", {"text": {}}, "text-to-speech"),
        ("audio", {"prompt": {}}, "text-to-music"),
        ("text", {}, "llm"),
        ("text", {"image": {"x-file": "image"}}, "vision-language"),
        ("text", {"audio": {"x-file": "audio"}}, "speech-to-text"),
        ("3d", {}, "text-to-3d"),
        ("3d", {"image": {"x-file": "image"}}, "image-to-3d"),
        ("json", {}, "utility"),
    ],
)
def test_category_of(made, params, category):
    assert category_of(OutputType(made), params) == category
