"""A result shows itself: in a line, as a picture, and in a notebook without an address."""

import re
import traceback

import pytest
from PIL import Image

from vidi.errors import DownloadError, JobFileError, Place, Problem, UsageError
from vidi.inference import InferenceEngine
from vidi.inference.outputs.finding.find import InlineJson, InlineText, RemoteFile
from vidi.inference.outputs.result import InferenceResult

HOSTILE = '"><script>alert(1)</script>'
SHOWN = {
    "replicate/black-forest-labs/flux-schnell": ({"prompt": HOSTILE}, "<img src"),
    "fal/fal-ai/elevenlabs/tts/eleven-v3": ({"text": "hola", "voice": "Rachel"}, "<audio controls"),
    "fal/fal-ai/kling-video/v2.5-turbo/pro/text-to-video": ({"prompt": "a"}, "<video controls"),
    "replicate/openai/gpt-4o-mini": ({"prompt": HOSTILE}, "<pre "),
}


@pytest.fixture(scope="module")
def engine():
    with InferenceEngine(sandbox=True) as engine:
        yield engine


@pytest.mark.parametrize("model", SHOWN)
def test_each_kind_is_shown(engine, model):
    params, tag = SHOWN[model]
    result = engine.infer(model, params=params)
    page = result._repr_html_()
    assert tag in page
    assert "script>" not in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert model in page
    assert re.fullmatch(rf"<InferenceResult {model}: 1 output, \$[\d.]+>", repr(result))
    if tag == "<img src":
        assert isinstance(result.image, Image.Image)
        assert result.image.size == (1024, 1024)
    elif "pre" not in tag:
        with pytest.raises(DownloadError, match="made no image"):
            result.image  # noqa: B018  # it is the reading that fails


def test_what_cannot_be_had_is_said():
    gone = InferenceResult(url="http://127.0.0.1:9/x.png", model="m")
    assert "x.png: " in gone._repr_html_()
    with pytest.raises(DownloadError, match="there is no asset 1"):
        gone.read(1)


def test_many_outputs_are_counted():
    outputs = (InlineText(HOSTILE), InlineJson({"a": HOSTILE}), *[InlineText("x")] * 4)
    page = InferenceResult(outputs=outputs, model=HOSTILE)._repr_html_()
    assert "and 2 more" in page
    assert "<script>" not in page


def test_a_file_that_nothing_plays_is_named(engine):
    result = engine.infer("fal/fal-ai/triposr", image_url="https://example.org/a.png")
    assert isinstance(result.outputs[0], RemoteFile)
    assert re.search(r"<div>.+\.glb, [\d,]+ bytes</div>", result._repr_html_())


def test_lists_are_short(engine):
    models = engine.list_models("image")
    assert len(repr(models)) < 1000
    assert repr(models).endswith(f"… {len(models) - 12:,} more]")
    assert models._repr_html_().count("<tr>") == 200
    assert repr(models[0]) == f"<ModelInfo {models[0].id}: {models[0].category}>"
    assert repr(engine.estimate_cost("fal/fal-ai/flux/dev", {"prompt": "x"})) == "<Estimate $0.025>"


def test_tracebacks_have_the_hints():
    error = UsageError("wrong", hint="First.")
    error.add_note("mine")
    error.hint = "Write it so."
    shown = "".join(traceback.format_exception(error))
    assert shown.endswith("wrong\nmine\nhint: Write it so.\n")
    problems = [Problem("x", "bad", Place("a.yaml", 3, 4), "Mend it.")] * 30
    noted = JobFileError(problems).__notes__
    assert noted[0] == "a.yaml:3:4: bad\n  hint: Mend it."
    assert len(noted) == 20
