import pytest

from support.assets import model_of
from vidi.inference.models.template import OutputType as Kind
from vidi.inference.outputs.finding.find import InlineJson, InlineText, RemoteFile, find_outputs

A, B = "https://v3.fal.media/a.png", "https://v3.fal.media/b.png"
DATA = "data:image/png;base64,AA=="
ANY = tuple(Kind)


def file(url, name=None, content_type=None, **more):
    return RemoteFile(url, url.rpartition("/")[2] if name is None else name, content_type, **more)


FAL = [
    ("images[].url", {"images": [{"url": A}, {"url": B}]}, (file(A), file(B))),
    ("images[].url", {"images": [{"url": A}, {"url": A}]}, (file(A),)),
    ("images[].url", {"images": {"url": A}}, (file(A),)),
    ("images[]", {"images": [{"url": A}, B]}, (file(A), file(B))),
    ("image", {"image": {"url": A}}, (file(A),)),
    ("image.url", {"image": [{"url": A}]}, (file(A),)),
    (
        "image.url",
        {"image": {"url": A, "file_name": "cat.png", "content_type": "image/png"}},
        (file(A, "cat.png", "image/png"),),
    ),
    (
        "image.url",
        {"image": {"url": A, "file_name": None, "content_type": None, "width": None}},
        (file(A),),
    ),
    ("video_url", {"video_url": "https://x.test/bare"}, (file("https://x.test/bare"),)),
    ("image.url", {"image": {"url": DATA}}, (file(DATA, ""),)),
    (
        "images[].url",
        {"images": [{"url": A}, {"url": B}], "has_nsfw_concepts": [False, True]},
        (file(A), file(B, nsfw=True)),
    ),
    (
        "images[].url",
        {"images": [{"url": None}, {"url": B}], "has_nsfw_concepts": [False, True]},
        (file(B, nsfw=True),),
    ),
    ("images[].url", {"images": [{"url": A}], "has_nsfw_concepts": []}, (file(A),)),
    ("images[].url", {"images": [{"url": A}], "has_nsfw_concepts": True}, (file(A),)),
    ("a.url, b.url", {"a": {"url": A}, "b": {"url": B}}, (file(A), file(B, kinds=ANY))),
    ("video[].url", {"video": [{"url": A}]}, (file(A, kinds=(Kind.IMAGE, Kind.VIDEO)),)),
    ("images[].url", {"images": []}, ()),
    ("images[].url", {"images": None}, ()),
    ("images[].url", None, ()),
    ("images[].url", [], ()),
    ("images[].url", {"images": [{"url": "not a URL"}]}, ()),
    ("images[].url", {"images": [{"url": 5}]}, ()),
    ("no path at all", {"images": [{"url": A}]}, (file(A, kinds=ANY),)),
    ("image.url (a remark, with a comma)", {"image": {"url": A}}, (file(A),)),
]  # fmt: skip


@pytest.mark.parametrize(("path", "answer", "outputs"), FAL)
def test_the_path_of_a_fal_template_is_followed(path, answer, outputs):
    assert find_outputs(model_of(path), answer) == outputs


REPLICATE = [
    ("output", A, (file(A),)),
    ("output", [A, B], (file(A), file(B))),
    ("output[]", [A, B], (file(A), file(B))),
    ("output[]", A, (file(A),)),
    ("output", {"mesh": A, "parts": [B]}, (file(A), file(B))),
    ("output.mesh", {"mesh": A}, (file(A),)),
    ("output.mesh, output.video", {"mesh": A, "video": B}, (file(A), file(B, kinds=ANY))),
    ("output", None, ()),
    ("output", [], ()),
    ("output", "no URL", ()),
]


@pytest.mark.parametrize(("path", "answer", "outputs"), REPLICATE)
def test_the_path_of_a_replicate_template_starts_at_its_output(path, answer, outputs):
    assert find_outputs(model_of(path, provider="replicate"), answer) == outputs


TEXT = [
    ("output[] (join)", ["Ho", "la"], (InlineText("Hola"),)),
    ("output (join)", ["Ho", "la"], (InlineText("Hola"),)),
    ("output[]", ["Ho", "la"], (InlineText("Hola"),)),
    ("output", ["Ho", "la"], (InlineText("Hola"),)),
    ("output (text)", "Hola", (InlineText("Hola"),)),
    ("output", "https://example.com/a.png", (InlineText("https://example.com/a.png"),)),
    ("output", "", (InlineText(""),)),
    ("output", {"a": 1}, (InlineJson({"a": 1}),)),
    ("output", [], (InlineText(""),)),
    ("output[]", [], (InlineText(""),)),
    ("output.text", {"text": []}, (InlineText(""),)),
    ("output.text", {"other": []}, ()),
    ("output", None, ()),
    ("output.text (text), output.pages (json)", {"text": "a", "pages": [1]},
     (InlineText("a"), InlineJson([1]))),
    ("output.items[].text", {"items": [{"text": "a"}, {"text": "b"}]},
     (InlineText("a"), InlineText("b"))),
    ("output.text, output.file (file)", {"text": "a", "file": A},
     (InlineText("a"), file(A, kinds=ANY))),
    ("output.gone", "still text", (InlineText("still text"),)),
    ("output.gone", ["a", "b"], (InlineText("ab"),)),
    ("output.gone", {"text": "found"}, (InlineText("found"),)),
]  # fmt: skip


@pytest.mark.parametrize(("path", "answer", "outputs"), TEXT)
def test_text_is_taken_from_the_answer_itself(path, answer, outputs):
    assert find_outputs(model_of(path, Kind.TEXT, "replicate"), answer) == outputs


JSON = [
    ("results", {"results": {"boxes": []}}, (InlineJson({"boxes": []}),)),
    ("score", {"score": 0.5}, (InlineJson(0.5),)),
    ("flags", {"flags": False}, (InlineJson(False),)),
    ("flags[]", {"flags": [True, False]}, (InlineJson([True, False]),)),
    ("link", {"link": A}, (InlineJson(A),)),
    ("text (text)", {"text": A}, (InlineText(A),)),
    (
        "a (json), srt, txt, vtt",
        {"a": 1, "srt": A, "txt": None, "vtt": "WEBVTT"},
        (InlineJson(1), file(A, kinds=ANY), InlineJson("WEBVTT")),
    ),
    ("gone", {"other": 1}, (InlineJson({"other": 1}),)),
    ("gone", {}, (InlineJson({}),)),
    ("results[]", {"results": []}, (InlineJson([]),)),
    ("gone", None, ()),
]


@pytest.mark.parametrize(("path", "answer", "outputs"), JSON)
def test_json_is_taken_from_the_answer_itself(path, answer, outputs):
    assert find_outputs(model_of(path, Kind.JSON), answer) == outputs


def test_an_output_is_known_by_what_the_answer_calls_it():
    stems = {"vocals": A, "other": {"url": B}, "parts": [f"{A}?1", f"{A}?2"]}
    found = find_outputs(model_of("output", Kind.AUDIO, "replicate"), stems)
    assert [each.key for each in found] == ["vocals", "other", "parts", "parts"]
    found = find_outputs(
        model_of("mesh.url, parts[].file"), {"mesh": {"url": A}, "parts": [{"file": B}]}
    )
    assert [each.key for each in found] == ["mesh", "file"]
    found = find_outputs(model_of("gone", Kind.IMAGE), {"preview": {"url": A}})
    assert [each.key for each in found] == ["preview"]
    assert [each.key for each in find_outputs(model_of("output[]", provider="replicate"), [A])] == [
        ""
    ]


WALKED = [
    ({"new": {"url": "https://x.test/blob"}}, ["https://x.test/blob"]),
    ({"deep": [{"er": [{"url": A, "thumbnail": {"url": B}}]}]}, [A]),
    ({"a": A, "b": [B, A]}, [A, B]),
    ({"a": DATA}, [DATA]),
    ({"page": "https://x.test/about", "seed": 5, "none": None}, []),
    ({"url": 5, "file": A}, [A]),
    (A, [A]),
    ({"a": "https://[broken/a.png"}, []),
]


@pytest.mark.parametrize(("answer", "urls"), WALKED)
def test_an_answer_of_another_shape_is_searched(answer, urls):
    found = find_outputs(model_of("images[].url"), answer)
    assert [output.url for output in found] == urls
    assert all(output.kinds == ANY for output in found)


def test_an_escaped_name_is_read():
    (output,) = find_outputs(
        model_of("url"), {"url": "https://x.test/d/a%C3%B1o%20nuevo.png?sig=1/2"}
    )
    assert output.name == "año nuevo.png"
