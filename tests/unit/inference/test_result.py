"""What an inference hands out."""

import pytest

from vidi.inference import InferenceEngine, InferenceResult, OutputType


def test_download(tmp_path):
    with InferenceEngine(sandbox=True) as engine:
        result = engine.infer(
            model="replicate/black-forest-labs/flux-schnell",
            prompt="a tree",
            num_outputs=2,
            output_format="png",
        )
    path = result.download(tmp_path / "tree.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [path.suffix for path in result.save_to(tmp_path / "all")] == [".png", ".png"]


@pytest.mark.parametrize(
    ("result", "extension"),
    [
        (InferenceResult(url="https://a.test/tree.webp"), ".webp"),
        (InferenceResult(url="https://a.test/tree"), ".png"),
        (InferenceResult(url="https://a.test/x", output_type=OutputType.AUDIO), ".mp3"),
        (InferenceResult(text="a poem", output_type=OutputType.TEXT), ".txt"),
    ],
)
def test_get_extension(result, extension):
    assert result.get_extension() == extension
