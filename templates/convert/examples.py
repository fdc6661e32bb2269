"""The smallest input of a model that makes sense, as an example for people and for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from files import kind_of, takes_file

if TYPE_CHECKING:
    from facts import Fact

FILES = {
    "image": "./input.png",
    "video": "./input.mp4",
    "audio": "./input.mp3",
    "file": "./input.pdf",
}
SAY = "A paper boat drifts down a rainy street."

ADDED: dict[str, dict[str, Any]] = {
    "fal/fal-ai/any-llm/vision": {"image_urls": None},
    "fal/fal-ai/bria/expand": {"canvas_size": [1200, 800]},
    "fal/fal-ai/csm-1b": {"scene": [{"text": SAY, "speaker_id": 0}]},
    "fal/fal-ai/elevenlabs/audio-isolation": {"audio_url": None},
    "fal/fal-ai/elevenlabs/dubbing": {"video_url": None, "target_lang": "es"},
    "fal/fal-ai/elevenlabs/text-to-dialogue/eleven-v3": {
        "inputs": [{"text": SAY, "voice": "Aria"}]
    },
    "fal/fal-ai/fashn/tryon/v1.6": {"garment_image": None, "model_image": None},
    "fal/fal-ai/ffmpeg-api/compose": {
        "tracks": [
            {
                "id": "main",
                "type": "image",
                "keyframes": [
                    {"url": "https://example.com/a.png", "timestamp": 0, "duration": 2000}
                ],
            }
        ]
    },
    "fal/fal-ai/got-ocr/v2": {"input_image_urls": None},
    "fal/fal-ai/luma-dream-machine/ray-2-flash/image-to-video": {"image_url": None},
    "fal/fal-ai/luma-dream-machine/ray-2/image-to-video": {"image_url": None},
    "fal/fal-ai/sdxl-controlnet-union": {"canny_image_url": None},
    "fal/fal-ai/vibevoice": {"speakers": [{"preset": "Alice [EN]"}]},
    "fal/fal-ai/wan-vace-14b": {"video_url": None},
    "fal/xai/grok-imagine-image/edit": {"image_urls": None},
    "replicate/black-forest-labs/flux-kontext-max": {"input_image": None},
    "replicate/black-forest-labs/flux-kontext-pro": {"input_image": None},
    "replicate/bria/eraser": {"image": None, "mask": None},
    "replicate/bria/expand-image": {"image": None, "aspect_ratio": "16:9"},
    "replicate/bria/fibo-edit": {"image": None, "instruction": "make the sky overcast"},
    "replicate/bria/generate-background": {"image": None, "bg_prompt": "a marble table"},
    "replicate/bria/genfill": {"image": None, "mask": None},
    "replicate/bria/increase-resolution": {"image": None},
    "replicate/bria/remove-background": {"image": None},
    "replicate/bytedance/latentsync": {"video": None, "audio": None},
    "replicate/cjwbw/rembg": {"image": None},
    "replicate/fermatresearch/magic-image-refiner": {"image": None},
    "replicate/fofr/face-to-many": {"image": None},
    "replicate/kwaivgi/kling-lip-sync": {"video_url": "https://example.com/a.mp4", "text": SAY},
    "replicate/luma/modify-video": {"video": None},
    "replicate/luma/reframe-video": {"video": None},
    "replicate/minimax/music-01": {"song_file": None, "lyrics": SAY},
    "replicate/prunaai/hunyuan3d-2": {"image_path": None},
    "replicate/riffusion/riffusion": {"prompt_a": "calm piano with soft rain"},
    "replicate/tencent/hunyuan3d-2": {"image": None},
    "replicate/thomasmol/whisper-diarization": {"file": None},
    "replicate/wan-video/wan-2.7-i2v": {"first_frame": None},
    "replicate/yorickvp/llava-v1.6-mistral-7b": {"image": None},
    "replicate/zsxkib/realistic-voice-cloning": {"song_input": None},
}
"""What the catalogue's examples lack; None is a file of the kind that the input takes."""


def example_of(fact: Fact) -> dict[str, Any]:
    """The catalogue's example, completed, with files of the right kind."""
    example: dict[str, Any] = fact.data["example"] | ADDED.get(fact.id, {})
    return {name: _value(fact, name, value) for name, value in example.items()}


def _value(fact: Fact, name: str, value: object) -> object:
    if not takes_file(fact, name) or (isinstance(value, str) and value.startswith("https:")):
        return value
    file = FILES[kind_of(fact, name)]
    return [file] if fact.params[name]["type"] == "array" else file
