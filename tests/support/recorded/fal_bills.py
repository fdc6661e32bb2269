"""fal's bills: what a call of each endpoint answered, how many units it said, what they cost.

The calls were recorded as direct runs (2026-04-16 to 2026-10-08); here their answers come through
the queue, with the headers that all of them had.
"""

from collections.abc import Mapping
from typing import Any

from support.recorded.course import Course, Ending, bill
from support.recorded.queue import COMPLETED, IN_QUEUE, RECEIPT
from support.servers.loopback import Reply

SERVED = {
    "x-fal-request-id": "{id}",
    "x-fal-served-from": "00000000-0000-4000-8000-000000000015",
    "x-robots-tag": "noindex",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}
FRAME = {"generate_audio": False, "duration": "5"}
PICTURE = "in/cat.jpg"
CLIP = "in/clip.mp3"


def image(name: str = "out.png", **more: Any) -> dict[str, Any]:
    """A partner's picture: no size, in bytes or pixels."""
    kind = {"png": "image/png", "jpg": "image/jpeg"}[name.rpartition(".")[2]]
    unknown = {"file_name": "NAME", "file_size": None, "width": None, "height": None}
    return {"url": f"{{media}}/{name}", "content_type": kind, **unknown, **more}


def video(**more: Any) -> dict[str, Any]:
    """A video as partners tell of it: neither its size nor its length."""
    name = {"file_name": "output.mp4", "file_size": 6180084}
    return {"video": {"url": "{media}/out.mp4", "content_type": "video/mp4", **name, **more}}


def unshipped(
    endpoint: str, output_type: str, output: str, usd: str, params: Mapping[str, Any]
) -> dict[str, Any]:
    """A template of an endpoint that has none: just these params, and one price."""
    kinds = {str: "string", int: "integer", float: "number", bool: "boolean"}
    given = {name: {"type": kinds[type(value)]} for name, value in params.items()}
    row = {"from": "2026-01-01", "source": "https://fal.ai", "checked": "2026-10-01",
           "confidence": "high",
           "lines": [{"label": "calls", "rates": [{"usd_per_request": float(usd)}]}]}  # fmt: skip
    return {
        "id": f"fal/{endpoint}", "title": endpoint, "category": f"text-to-{output_type}",
        "output_type": output_type, "output": output, "example": dict(params),
        "params": {"type": "object", "properties": given, "required": [],
                   "additionalProperties": False},
        "pricing": {"rows": [row]}, "timeout_s": 600, "sources": ["https://fal.ai"],
        "as_of": {"params": "2026-10", "pricing": "2026-10"},
        "confidence": {"params": "high", "pricing": "high"}, "page": "https://fal.ai",
    }  # fmt: skip


def receipt(
    name: str,
    endpoint: str,
    params: Mapping[str, Any],
    units: str,
    base_usd: str,
    answer: Mapping[str, Any],
    files: tuple[str, ...],
    **more: Any,
) -> Course:
    """A call that was billed: units times the base price, to the micro-dollar."""
    usd = more.pop("usd", None) or bill(units, base_usd)
    basis = more.pop("basis", "metered")
    result = Reply(200, dict(answer), {"x-fal-billable-units": units, **SERVED})
    turns = {"submit": [RECEIPT], "status": [IN_QUEUE, COMPLETED], "result": [result]}
    ending = Ending("succeeded", usd, basis, files=files)
    short = name.removeprefix("apicity/").removesuffix("-200")
    return Course(short, (name,), f"fal/{endpoint}", params, turns, ending, **more)


PNG, JPG, MP4, MP3, GLB = ("out.png",), ("out.jpg",), ("out.mp4",), ("out.mp3",), ("out.glb",)
SHIPPED = (
    receipt(
        "apicity/nano-banana-pro-edit-200", "fal-ai/nano-banana-pro/edit",
        {"prompt": "an edit", "image_urls": [PICTURE]}, "1", "0.15",
        {"images": [image()], "description": ""}, PNG),
    receipt(
        "apicity/bytedance-seedream-v5-lite-text-to-image-200",
        "bytedance/seedream/v5/lite/text-to-image",  # recorded under its name of then, fal-ai/…
        {"prompt": "a hill", "num_images": 1}, "1", "0.035",
        {"images": [image(file_size=4352742)], "seed": 977618444}, PNG, base=("0.035", "images")),
    receipt(
        "apicity/elevenlabs-speech-to-text-scribe-v2-200",
        "fal-ai/elevenlabs/speech-to-text/scribe-v2",
        {"audio_url": CLIP, "language_code": "eng", "diarize": True}, "1", "0.008",
        {"text": "Hey, this is it.", "language_code": "eng", "language_probability": 1.0,
         "words": [{"text": "Hey,", "start": 0.079, "end": 0.319, "type": "word",
                    "speaker_id": "speaker_0"}]}, ("out.txt",)),
    receipt(
        "apicity/nano-banana-pro-200", "fal-ai/nano-banana-pro",
        {"prompt": "a pear", "num_images": 1, "aspect_ratio": "1:1", "output_format": "png",
         "resolution": "1K"}, "1", "0.15", {"images": [image()], "description": ""}, PNG),
    receipt(
        "apicity/wan-v2p7-text-to-image-200", "fal-ai/wan/v2.7/text-to-image",
        {"prompt": "a lake", "max_images": 1}, "1", "0.03",
        {"images": [{"url": "{media}/out.png", "content_type": "image/png",
                     "file_name": "output_1.png", "file_size": 2189202}],
         "generated_text": None, "seed": 1623629923}, PNG),
    receipt(
        "apicity/xai-grok-imagine-image-200", "xai/grok-imagine-image",
        {"prompt": "a fox", "num_images": 1, "resolution": "1k", "output_format": "jpeg"}, "1.0",
        "0.02", {"images": [image("out.jpg")], "revised_prompt": ""}, JPG),
    receipt(
        "apicity/nano-banana-2-200", "fal-ai/nano-banana-2",
        {"prompt": "a plum", "num_images": 1, "aspect_ratio": "1:1", "resolution": "1K"}, "1.0",
        "0.08", {"images": [image()], "description": ""}, PNG),
    receipt(
        "apicity/qwen-image-200", "fal-ai/qwen-image",
        {"prompt": "a sign", "num_images": 1, "image_size": "square_hd", "output_format": "png",
         "num_inference_steps": 30}, "1", "0.02",
        {"images": [{"url": "{media}/out.png", "width": 1024, "height": 1024,
                     "content_type": "image/png"}],
         "timings": {"inference": 5.127555969000241}, "seed": 900380537,
         "has_nsfw_concepts": [False], "prompt": "a sign"}, PNG),
    receipt(
        "apicity/gpt-image-1-5-200", "fal-ai/gpt-image-1.5",
        {"prompt": "a cup", "num_images": 1, "image_size": "1024x1024", "output_format": "png",
         "quality": "low"}, "0.02", "1", {"images": [image()]}, PNG),
    receipt(
        "apicity/nano-banana-edit-200", "fal-ai/nano-banana/edit",
        {"prompt": "an edit", "image_urls": [PICTURE]}, "1", "0.0398",
        {"images": [image()], "description": ""}, PNG),
    receipt(
        "apicity/nano-banana-200", "fal-ai/nano-banana",
        {"prompt": "a fig", "num_images": 1, "aspect_ratio": "1:1", "output_format": "png"}, "1",
        "0.0398", {"images": [image()], "description": "Here you go! "}, PNG),
    receipt(
        "apicity/veo3-1-200", "fal-ai/veo3.1",
        {"prompt": "a wave", "aspect_ratio": "16:9", "duration": "4s", "resolution": "720p",
         "generate_audio": False}, "2.0", "0.4", video(), MP4),
    receipt(
        "apicity/kling-video-v3-pro-image-to-video-200", "fal-ai/kling-video/v3/pro/image-to-video",
        {"start_image_url": PICTURE, "prompt": "it wakes", **FRAME}, "4.0", "0.14", video(), MP4),
    receipt(
        "apicity/sora-2-200", "fal-ai/sora-2/text-to-video",
        {"prompt": "a kite", "aspect_ratio": "16:9", "duration": 4}, "4.0", "0.1",
        {**video(width=1280, height=720, fps=30.0, duration=4.1, num_frames=120),
         "video_id": "VIDEO_ID",
         "thumbnail": image("thumb.png", content_type="image/webp"),
         "spritesheet": {"url": "{media}/sprite.bin", "content_type": "image/jpg",
                         "file_name": "NAME.bin", "file_size": None}}, MP4),
    receipt(
        "apicity/kling-video-v3-standard-image-to-video-200",
        "fal-ai/kling-video/v3/standard/image-to-video",
        {"start_image_url": PICTURE, "prompt": "it turns", **FRAME}, "3.0", "0.14", video(), MP4),
    receipt(
        "apicity/kling-video-v3-pro-text-to-video-200", "fal-ai/kling-video/v3/pro/text-to-video",
        {"prompt": "a tram", "aspect_ratio": "1:1", **FRAME}, "4.0", "0.14", video(), MP4),
)  # fmt: skip


def other(
    name: str,
    endpoint: str,
    params: Mapping[str, Any],
    units: str,
    base: tuple[str, str],
    answer: Mapping[str, Any],
    files: tuple[str, ...],
    output: str = "video.url",
    **more: Any,
) -> Course:
    """The same for an endpoint that is not shipped; its template expects just this bill."""
    kinds = {"png": "image", "jpg": "image", "mp4": "video", "mp3": "audio", "glb": "3d"}
    kind = kinds[files[0].rpartition(".")[2]]
    usd = more.get("usd") or bill(units, base[0])
    template = unshipped(endpoint, kind, output, usd, params)
    return receipt(
        name, endpoint, params, units, base[0], answer, files, base=base, template=template, **more
    )


UNSHIPPED = (
    other("apicity/wan-v2p7-edit-200", "fal-ai/wan/v2.7/edit",
          {"prompt": "an edit", "num_images": 1}, "1", ("0.03", "images"),
          {"images": [image()], "seed": 383611122}, PNG, "images[].url"),
    other("apicity/wan-v2p7-pro-text-to-image-200", "fal-ai/wan/v2.7/pro/text-to-image",
          {"prompt": "a dune", "max_images": 1}, "1", ("0.075", "images"),
          {"images": [image()], "generated_text": None, "seed": 1230437807}, PNG, "images[].url"),
    other("apicity/bytedance-seedance2p0-text-to-video-200", "bytedance/seedance-2.0/text-to-video",
          {"prompt": "a dance", "resolution": "480p", "duration": "4"}, "38.8",
          ("0.014", "1000 tokens"), {**video(file_name="video.mp4"), "seed": 1684234207}, MP4),
    other("apicity/bytedance-seedance2p0-fast-image-to-video-200",
          "bytedance/seedance-2.0/fast/image-to-video",
          {"prompt": "a step", "resolution": "480p", "duration": "4"}, "38.8",
          ("0.0112", "1000 tokens"), {**video(file_name="video.mp4"), "seed": 1040034732}, MP4),
    other("apicity/bytedance-seedance2p0-fast-text-to-video-200",
          "bytedance/seedance-2.0/fast/text-to-video",
          {"prompt": "a leap", "resolution": "480p", "duration": "4"}, "38.8",
          ("0.0112", "1000 tokens"), {**video(file_name="video.mp4"), "seed": 1542293812}, MP4),
    other("apicity/xai-grok-imagine-video-image-to-video-200",
          "xai/grok-imagine-video/image-to-video",
          {"prompt": "a wink", "duration": 6, "resolution": "720p"}, "8.439999999999998",
          ("0.05", "seconds"), video(width=1280, height=720, fps=24.0, duration=6.041667), MP4),
    other("apicity/wan-v2p7-text-to-video-200", "fal-ai/wan/v2.7/text-to-video",
          {"prompt": "a gull", "resolution": "720p", "duration": 2}, "2", ("0.1", "seconds"),
          {**video(width=960, height=960, fps=30.0, duration=2.02, num_frames=60),
           "seed": 223504643, "actual_prompt": None}, MP4),
    other("apicity/xai-grok-imagine-video-reference-to-video-200",
          "xai/grok-imagine-video/reference-to-video",
          {"prompt": "a nod", "duration": 6, "resolution": "480p"}, "6.0", ("0.05", "seconds"),
          video(width=848, height=480, fps=24.0, duration=6.041667, num_frames=145), MP4),
    other("apicity/hunyuan-image-v3-instruct-edit-200", "fal-ai/hunyuan-image/v3/instruct/edit",
          {"prompt": "an edit", "num_images": 1}, "1.0", ("0.00167", "compute seconds"),
          {"images": [image(file_name=None, width=1038, height=1010)], "seed": 20585027}, PNG,
          "images[].url", usd="0.090000", basis="estimated"),
    other("apicity/kling-video-o3p4k-image-to-video-200", "fal-ai/kling-video/o3/4k/image-to-video",
          {"prompt": "a bow", **FRAME}, "5.0", ("0.42", "seconds"), video(), MP4),
    other("apicity/kling-video-o3p4k-text-to-video-200", "fal-ai/kling-video/o3/4k/text-to-video",
          {"prompt": "a bay", "aspect_ratio": "16:9", **FRAME}, "5.0", ("0.42", "seconds"),
          video(), MP4),
    other("apicity/qwen-image-3", "alibaba/qwen-image-3/text-to-image", {"prompt": "a map"}, "4.0",
          ("0.01", "units"), {"images": [image()], "seed": 1795837006}, PNG, "images[].url"),
    other("apicity/flux-3-text-to-image", "blackforestlabs/flux-3/text-to-image",
          {"prompt": "a barn", "resolution": "1k"}, "1", ("0.04", "images"),
          {"images": [image("out.jpg", width=1024, height=1024)]}, JPG, "images[].url"),
    other("apicity/virtual-try-on", "google/virtual-try-on",
          {"person_image_url": "https://example.com/p.jpg",
           "product_image_url": "https://example.com/q.jpg", "num_images": 1}, "1",
          ("0.05", "images"), {"images": [image()]}, PNG, "images[].url"),
    other("apicity/seed-speech-tts", "fal-ai/bytedance/seed-speech/tts/v2",
          {"text": "Hello from here, all.", "voice": "stokie_en", "output_format": "mp3"}, "0.019",
          ("0.05", "1000 characters"),
          {"audio": {"url": "{media}/out.mp3", "content_type": "audio/mpeg",
                     "file_name": "audio.mp3", "file_size": 26157}}, MP3, "audio.url"),
    other("apicity/fibo-gen-same-file-twice", "bria/fibo-gen-1.5/text-to-image",
          {"prompt": "a moth"}, "1", ("0.04", "images"),
          {"image": image(width=1024, height=1024, file_size=1624710),
           "images": [{"url": "{media}/out.png"}],
           "structured_prompt": {"short_description": "..."}}, PNG, "image.url, images[].url"),
    other("apicity/meshy-v7-image-to-3d", "meshy/v7/image-to-3d",
          {"model_type": "standard", "should_texture": False}, "1.0", ("0.8", "units"),
          {"animation_glb": None, "animation_fbx": None,
           "model_glb": {"url": "{media}/out.glb", "content_type": "model/gltf-binary",
                         "file_name": "NAME.glb", "file_size": 1317200},
           "thumbnail": image("thumb.png", file_size=107779),
           "model_urls": {"glb": {"url": "{media}/out.glb", "content_type": "model/gltf-binary"},
                          "fbx": None, "usdz": None}}, GLB, "model_glb.url"),
    other("apicity/music-3s-bills-one-unit", "elevenlabs/music/v2.5",
          {"prompt": "a waltz", "music_length_ms": 3000}, "1", ("0.6", "minutes"),
          {"audio": {"url": "{media}/out.mp3", "content_type": "audio/mpeg",
                     "file_name": "music_generated.mp3", "file_size": 72621}}, MP3, "audio.url"),
    other("apicity/ltx-2.5-base-in-cents", "lightricks/ltx-2.5/text-to-video/fast",
          {"prompt": "a storm", "duration": 6, "resolution": "720p"}, "54.0", ("0.01", "units"),
          video(width=1280, height=720, fps=25.0, duration=6.12, num_frames=153), MP4),
    other("apicity/flux-video-upscale", "blackforestlabs/flux-video-upscale",
          {"video_url": "https://example.com/v.mp4", "upscale_factor": 1.5, "creativity": 0},
          "7.0237", ("0.1", "units"), video(), MP4),
    other("apicity/kling-v3-turbo-pro", "fal-ai/kling-video/v3/turbo/pro/text-to-video",
          {"prompt": "a race", "duration": "3", "aspect_ratio": "16:9"}, "3", ("0.112", "seconds"),
          video(), MP4),
    other("apicity/layerize-12-images-12-units", "bytedance/seedream/v5/pro/layerize",
          {"image_size": "auto_1K", "enhance_prompt_mode": "fast"}, "12", ("0.03", "images"),
          {"images": [image(f"l{number:02d}.png", file_size=80000) for number in range(12)]},
          tuple(f"out-{number}.png" for number in range(1, 13)), "images[].url"),
)  # fmt: skip

BILLS = (*SHIPPED, *UNSHIPPED)
