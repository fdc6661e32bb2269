"""The shape of an answer follows from the template's notation."""

from dataclasses import replace

import pytest

from vidi.sandbox.answers.answers import (
    FileLeaf,
    build_answer,
    file_leaves,
    read_notation,
    replace_leaves,
)


def _shape(tree):
    return replace_leaves(tree, lambda leaf: "URL" if leaf.as_url else {"url": leaf.order.kind})


@pytest.mark.parametrize(
    ("model", "params", "answer"),
    [
        ("replicate/acme/paint", {"num_outputs": 2}, {"output": ["URL", "URL"]}),
        ("replicate/acme/film", {}, {"output": "URL"}),
        ("replicate/acme/talk", {"prompt": "hi you"}, {"output": ["SANDBOX:", " hi", " you"]}),
        ("replicate/acme/parts", {}, {"output": {"audio": "URL", "spectrogram": "URL"}}),
        ("replicate/acme/facts", {"prompt": "hi"},
         {"output": {"sandbox": True, "text": "SANDBOX: hi", "srt_file": "URL"}}),
        ("fal/acme/paint/fast", {"prompt": "hi", "num_images": 2, "seed": 7},
         {"images": [{"url": "image"}, {"url": "image"}], "seed": 7, "prompt": "hi",
          "timings": {"inference": 0.5}, "has_nsfw_concepts": [False, False]}),
        ("fal/acme/film", {}, {"video": {"url": "video"}}),
        ("fal/acme/voice", {}, {"audio": {"url": "audio"}}),
        ("fal/acme/mesh", {}, {"model_mesh": {"url": "3d"}}),
        ("fal/acme/say", {"prompt": "hi"}, {"text": "SANDBOX: hi"}),
        ("fal/acme/judge", {}, {"results": {"sandbox": True, "text": "SANDBOX: "}}),
        ("fal/acme/link", {}, {"video_url": "URL"}),
    ],
)  # fmt: skip
def test_shapes(call, model, params, answer):
    template = call().sandbox.registry.get_template(model)
    assert _shape(build_answer(template, params)) == answer


def test_a_list_in_the_middle_gets_a_row_for_each_output():
    (slot,) = read_notation("results[].image.url")
    assert slot.path == (("results", True), ("image", False))
    assert (slot.leaf, slot.field, slot.many) == ("file", "image", True)


def test_rows_of_a_list_are_filled_each(call):
    template = call().sandbox.registry.get_template("fal/acme/paint/fast")
    template = replace(template, output="results[].image.url, results[].label (text)")
    tree = _shape(build_answer(template, {"num_images": 2, "prompt": "hi"}))
    assert tree["results"] == [{"image": {"url": "image"}, "label": "SANDBOX: hi"}] * 2


def test_two_json_places_share_an_object():
    slots = read_notation("output.preview, output (json)")
    assert [(slot.path[0][0], slot.leaf, slot.field) for slot in slots] == [
        ("output", "url", "preview"), ("output", "json", "")]  # fmt: skip


def test_the_outputs_of_one_inference_differ(call):
    template = call().sandbox.registry.get_template("fal/acme/paint/fast")
    leaves = file_leaves(build_answer(template, {"num_images": 4}))
    assert len({leaf.order for leaf in leaves}) == 4
    assert all(isinstance(leaf, FileLeaf) for leaf in leaves)


def test_a_broken_notation_is_said():
    with pytest.raises(ValueError, match=r"not a place in an answer: 'output \(a\) b'"):
        read_notation("output (a) b")
