"""Where the assets are in a provider's answer.

The notation, which `vidi.inference.outputs` reads, and nothing else occurs:

- dotted names, `[]` for "each item": `images[].url`, `video.url`, `output`, `output.mesh`;
- a marker where the place holds no URL: ` (text)`, ` (json)`, or ` (join)` for chunks of one text:
  `output (text)`, `output[] (join)`, `results (json)`;
- several places are separated by `, `; the first is the main one, any of them may be missing from
  an answer, and `output[]` also stands for a single URL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facts import Fact

REPLICATE = {
    "output (URI)": "output",
    "output[] (list of URIs)": "output[]",
    "output (URI or list of URIs)": "output[]",
    "output[] (text chunks, join)": "output[] (join)",
    "output (text)": "output (text)",
    "output": "output (json)",
    "output (object)": (
        "output.vocals, output.drums, output.bass, output.other, output.guitar, output.piano"
    ),
    "output.{mesh (URI)}": "output.mesh",
    "output.{mesh_paint (URI)}": "output.mesh_paint",
    "output.{audio (URI),spectrogram (URI)}": "output.audio, output.spectrogram",
    "output.{melspectrogram (URI),wav (URI)}": "output.wav, output.melspectrogram",
    "output.{model,preview (URI),voice_id}": "output.preview, output (json)",
    "output.{language,num_speakers,segments}": "output (json)",
    "output.{page_count,pages,text,visualizations}": "output (json)",
    "output.{extraction_schema_json,images,json_data,markdown,metadata,page_count}": (
        "output (json)"
    ),
    (
        "output.{detected_language,segments,srt_file (URI),transcription,translation,"
        "txt_file (URI)}"
    ): "output (json), output.srt_file, output.txt_file",
    (
        "output.{color_video (URI),combined_video (URI),gaussian_ply (URI),model_file (URI),"
        "no_background_images,normal_video (URI)}"
    ): (
        "output.model_file, output.color_video, output.normal_video, output.combined_video, "
        "output.gaussian_ply, output.no_background_images[]"
    ),
}
"""What the catalogue says of Replicate's answers."""

FAL_BY_MODEL = {
    "fal/fal-ai/video-prompt-generator": "prompt (text)",
    "fal/fal-ai/demucs": ("vocals.url, drums.url, bass.url, other.url, guitar.url, piano.url"),
    "fal/fal-ai/minimax/voice-clone": "audio.url, custom_voice_id (text)",
    "fal/fal-ai/minimax/voice-design": "audio.url, custom_voice_id (text)",
    "fal/fal-ai/sam-3/image": "image.url, masks[].url",
}
"""Answers whose other places are what one pays for, too."""

OUTPUT_TYPES = {
    "fal/bria/video/background-removal": "video",
    "fal/veed/video-background-removal": "video",
    "fal/fal-ai/elevenlabs/dubbing": "video",
    "fal/fal-ai/video-prompt-generator": "text",
    "replicate/lucataco/modelscope-facefusion": "image",
}
"""Models that make something else than their category says."""


def output_of(fact: Fact) -> str:
    """The places of this model's assets."""
    path = str(fact.data["output_path"])
    if fact.provider == "replicate":
        return REPLICATE[path]
    if fact.id in FAL_BY_MODEL:
        return FAL_BY_MODEL[fact.id]
    if path.endswith((".url", "video_url")):
        return path
    return f"{path} (json)" if fact.data["output_type"] == "json" else f"{path} (text)"


def output_type_of(fact: Fact) -> str:
    """What a model makes: the catalogue goes by category, which is not right for every model."""
    if fact.id in OUTPUT_TYPES:
        return OUTPUT_TYPES[fact.id]
    return str(fact.data["output_type"])
