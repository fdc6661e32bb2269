"""Price rules of video models, one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from by_unit import row_of
from lines import line, metered, published_multipliers, published_rates, rate, row, tier_rates
from prices_of_images import own_key
from prices_of_megapixels import target_size
from quantity import (
    between,
    cases,
    characters,
    input_megapixels,
    length,
    output_megapixels,
    param,
    product,
    quotient,
    seconds,
    up,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from facts import Fact
    from lines import Line, Row
    from quantity import Expr

FRAMES = {"frames": "video_url"}
CHOOSES = "duration -1 lets the model choose the length"


def timed(quantity: Expr, **more: Expr) -> Callable[[Fact], Row]:
    """The published rate per second, of this many seconds."""

    def rule(fact: Fact) -> Row:
        metric = metered(fact, "second")
        factors = published_multipliers(fact)
        rates = published_rates(fact)
        return row(
            line("video seconds", quantity, *rates, multipliers=factors, metered_by=metric), **more
        )

    return rule


def per_frame(frames_a_second: int) -> Callable[[Fact], Row]:
    """A billed second is this many frames, whatever the speed at which they play."""
    return timed(quotient(param("num_frames"), frames_a_second))


def talking(fact: Fact) -> Row:
    """Frames are asked for, seconds are billed, and the frame rate is not published."""
    why = "the page does not say whether a second has 25 frames, as in the model, or 16"
    frames = param("num_frames")
    return timed(between(quotient(frames, 25), quotient(frames, 16), why))(fact)


def animate(fact: Fact) -> Row:
    """As long as the input video, counted in seconds or in 16 frames."""
    why = "a billed second is 16 frames; the output may have fewer frames than the input"
    return timed(between(length("video_url"), quotient(FRAMES, 16), why))(fact)


def vace(fact: Fact) -> Row:
    """The frames asked for, or those of the input video."""
    frames = param("num_frames")
    like_input = cases(
        ({"match_input_num_frames": True}, FRAMES | {"else": frames}), otherwise=frames
    )
    return timed(quotient(like_input, 16))(fact)


def magi(fact: Fact) -> Row:
    """At least 4 s of 24 frames; each step above 16 adds a sixteenth."""
    steps = {"by": {"max": [1, quotient(param("num_inference_steps"), 16)]}}
    quantity = quotient(param("num_frames"), 24)
    usd = rate("second", fact.pricing["price_usd"])
    return row(line("video seconds", quantity, usd, minimum=4, multipliers=[steps]))


def seedance_tokens(fact: Fact) -> Row:
    """Tokens: height x width x 24 frames x seconds / 1024."""
    why = "the exact size of each shape is not published"
    sizes = [
        ({"resolution": name}, between(low, high, why))
        for name, low, high in (
            ("480p", 380_000, 430_000),
            ("720p", 870_000, 970_000),
            ("1080p", 2_000_000, 2_100_000),
        )
    ]
    frames = product(seconds("duration"), 24)
    if "num_frames" in fact.params:
        frames = cases(({"num_frames": "present"}, param("num_frames")), otherwise=frames)
    quantity = quotient(product(cases(*sizes), frames), 1024)
    return row(line("video tokens", quantity, *published_rates(fact)))


def video_megapixels(fact: Fact) -> Row:
    """Width x height x frames, in whole megapixels."""
    why = "size auto follows the input image"
    source = fact.source_image()
    like = input_megapixels(source) if source else None
    auto = like and between({"min": [Decimal("0.5"), like]}, {"max": [1, like]}, why)
    size = output_megapixels("video_size", otherwise=auto)
    quantity = up(product(size, param("num_frames")))
    return row(line("video megapixels", quantity, *published_rates(fact)))


def enlarged_video(factor: str) -> Callable[[Fact], Row]:
    """Width x height x frames after enlarging."""

    def rule(fact: Fact) -> Row:
        quantity = product(_enlarged_frame(factor), FRAMES)
        return row(line("video megapixels", quantity, *published_rates(fact)))

    return rule


def _enlarged_frame(factor: str) -> Expr:
    size = product({"width": "video_url"}, {"height": "video_url"})
    return product(quotient(size, 1_000_000), param(factor), param(factor))


def seedvr_video(fact: Fact) -> Row:
    """Width x height x frames after enlarging by a factor, or up to a resolution."""
    size = quotient(product({"width": "video_url"}, {"height": "video_url"}), 1_000_000)
    quantity = product(target_size("video_url", size), FRAMES)
    return row(line("video megapixels", quantity, *published_rates(fact)))


def crystal_video(fact: Fact) -> Row:
    """Megapixels x seconds, once for every 30 frames a second."""
    speed = {"by": up(quotient({"fps": "video_url"}, 30))}
    quantity = product(_enlarged_frame("scale_factor"), length("video_url"))
    rates = [rate("megapixel_second", fact.pricing["price_usd"])]
    return row(line("megapixel seconds", quantity, *rates, multipliers=[speed]))


def topaz_video(fact: Fact) -> Row:
    """By the height of the enlarged video; 60 frames a second cost double."""
    why = "the page gives the price of 60 frames a second, double, and of up to 30"
    speed = cases(
        ({"target_fps": None}, 1),
        ({"target_fps": {"lte": 30}}, 1),
        ({"target_fps": 60}, 2),
        otherwise=between(1, 2, why),
    )
    priced = line(
        "video seconds", length("video_url"), *published_rates(fact), multipliers=[{"by": speed}]
    )
    height = product({"height": "video_url"}, param("upscale_factor"))
    return row(priced, where={"@output_height": height})


def pixverse_6(fact: Fact) -> Row:
    """By resolution; sound costs more, and nothing says whether it is the default."""
    silent, sounding = (
        {
            tier["when"]["resolution"]: tier["price_usd"]
            for tier in fact.pricing["tiers"]
            if tier["when"]["generate_audio_switch"] is sound
        }
        for sound in (False, True)
    )
    maybe = between(0, 1, "whether sound is on where generate_audio_switch is not given")
    sound = cases(({"generate_audio_switch": True}, 1), otherwise=maybe)
    asked = seconds("duration")
    return row(
        line("video seconds", asked, *_by_resolution(silent)),
        line(
            "sound seconds",
            product(asked, sound),
            *_by_resolution({name: sounding[name] - usd for name, usd in silent.items()}),
            when={"@not": {"generate_audio_switch": False}},
        ),
    )


def kling_3(fact: Fact) -> Row:
    """By sound; a prompt that directs voices costs 0.028 a second more, which no input tells."""
    why = "a prompt that directs the voices is billed at a higher rate"
    directed = product(seconds("duration"), between(0, 1, why))
    dearer = rate("second", Decimal("0.028"))
    spoken = line("voice control", directed, dearer, when={"generate_audio": True})
    return row(*row_of(fact)["lines"], spoken)


def _by_resolution(table: dict[str, Decimal]) -> list[Line]:
    return [rate("second", usd, {"resolution": name}) for name, usd in table.items()]


def pikaframes(fact: Fact) -> Row:
    """At least 5 s, and what the transitions add up to."""
    why = "the transitions add up to 5 to 25 s"
    return row(line("video seconds", between(5, 25, why), *published_rates(fact), minimum=5))


def seedance_2(fact: Fact) -> Row:
    """Duration -1 lets the model choose; two readings of the low resolutions disagree."""
    free = between(1, fact.params["duration"]["max"], CHOOSES)
    quantity = cases(({"duration": -1}, free), otherwise=seconds("duration"))
    priced = row_of(fact)["lines"][0] | {"quantity": quantity}
    if fact.id.endswith("2.0-fast"):
        return row(priced | {"rates": tier_rates(fact)})
    if not fact.id.endswith("2.0"):
        return row(priced)
    low = {"resolution": ["480p", "720p"]}
    why = "read as 0.07 (0.17 with a video) in 2026-05 and as a flat 0.10 in 2026-09"
    disagree = [
        {"when": low | {"reference_videos": None}, "by": between(Decimal("0.7"), 1, why)},
        {"when": low | {"reference_videos": "present"}, "by": between(1, Decimal("1.7"), why)},
    ]
    label, metric = priced["label"], {"metered_by": priced["metered_by"]}
    return row(line(label, quantity, *priced["rates"], multipliers=disagree, **metric))


def pixverse_lipsync(fact: Fact) -> Row:
    """The video's seconds; text that must be spoken first costs by its characters."""
    speech = rate("100_characters", Decimal("0.24"))
    return row(
        line("video seconds", length("video_url"), *published_rates(fact)),
        line("characters spoken", characters("text"), speech, when={"audio_url": None}),
    )


KLING_BASE = {"reference_video": "present", "video_reference_type": "base"}
FROM_BASE = between(
    {"min": [length("reference_video"), seconds("duration")]},
    {"max": [length("reference_video"), seconds("duration")]},
    "with a base video the clip may take that video's length",
)
KLING = cases((KLING_BASE, FROM_BASE), otherwise=seconds("duration"))
GROK_EDIT = cases(({"video": "present"}, length("video")), otherwise=seconds("duration"))
LTX_TASKS = cases(
    ({"task": "audio_to_video"}, length("audio", required=False)),
    (
        {"task": "retake"},
        between(
            param("retake_duration"),
            length("video", required=False),
            "the retake or the whole video counts",
        ),
    ),
    otherwise=seconds("duration"),
)
BY_ID = between(2, 60, "the video behind video_id has 2 to 60 s")
LIP_SYNC = cases(({"video_url": "present"}, length("video_url")), otherwise=BY_ID)
REMIX = between(4, 20, "a remix is as long as the video that it starts from, 4 to 20 s")

RULES: dict[str, Callable[[Fact], Row]] = {
    "fal/fal-ai/pika/v2.2/pikaframes": pikaframes,
    "fal/fal-ai/ai-avatar/single-text": talking,
    "fal/fal-ai/infinitalk": talking,
    "fal/fal-ai/wan/v2.2-14b/animate/move": animate,
    "fal/fal-ai/wan/v2.2-14b/speech-to-video": per_frame(16),
    "fal/fal-ai/wan/v2.2-a14b/text-to-video": per_frame(16),
    "fal/fal-ai/wan/v2.2-a14b/image-to-video": per_frame(16),
    "fal/fal-ai/wan-vace-14b": vace,
    "fal/fal-ai/framepack": per_frame(30),
    "fal/fal-ai/hunyuan-video-v1.5/text-to-video": per_frame(24),
    "fal/fal-ai/ltxv-13b-098-distilled": per_frame(24),
    "fal/fal-ai/magi": magi,
    "fal/fal-ai/bytedance/seedance/*": seedance_tokens,
    "fal/fal-ai/ltx-2-19b/*": video_megapixels,
    "fal/fal-ai/flashvsr/upscale/video": enlarged_video("upscale_factor"),
    "fal/fal-ai/video-upscaler": enlarged_video("scale"),
    "fal/fal-ai/seedvr/upscale/video": seedvr_video,
    "fal/clarityai/crystal-video-upscaler": crystal_video,
    "fal/fal-ai/topaz/upscale/video": topaz_video,
    "fal/fal-ai/kling-video/v3/*": kling_3,
    "fal/fal-ai/pixverse/v6/*": pixverse_6,
    "fal/fal-ai/pixverse/lipsync": pixverse_lipsync,
    "fal/fal-ai/minimax/hailuo-02/pro/*": timed(6),
    "fal/fal-ai/sora-2/video-to-video/remix": timed(REMIX),
    "replicate/openai/sora-2*": own_key,
    "replicate/bytedance/seedance-2.*": seedance_2,
    "replicate/kwaivgi/kling-o1": timed(KLING),
    "replicate/kwaivgi/kling-v3-omni-video": timed(KLING),
    "replicate/kwaivgi/kling-lip-sync": timed(LIP_SYNC),
    "replicate/lightricks/ltx-2.3-pro": timed(LTX_TASKS),
    "replicate/xai/grok-imagine-video": timed(GROK_EDIT),
    "fal/fal-ai/ffmpeg-api/compose": timed(between(0, None, "the tracks set the length")),
    "fal/fal-ai/kling-video/lipsync/*": timed(up(length("video_url"), 5)),
}
"""Models by id or pattern, the first that fits."""
