"""Models in the order in which somebody who searched would look at them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.cli.models.table import price_models

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidi.cli.models.table import PricedModel
    from vidi.inference.models.template import ModelInfo

IMAGE = (
    "text-to-image", "image-edit", "upscale", "background-removal", "face-restoration",
    "segmentation",
)  # fmt: skip
VIDEO = (
    "text-to-video", "image-to-video", "video-edit", "video-upscale", "lip-sync", "avatar",
)  # fmt: skip
SPEECH = ("text-to-speech",)
MUSIC = ("text-to-music",)
SOUND = ("sound-effects", "text-to-music", "audio-processing")
PHRASES: dict[str, tuple[str, ...]] = {
    "text to speech": SPEECH, "tts": SPEECH, "voice": SPEECH, "voices": SPEECH, "speech": SPEECH,
    "voiceover": SPEECH, "narration": SPEECH, "speak": SPEECH, "read aloud": SPEECH,
    "speech to text": ("speech-to-text",), "stt": ("speech-to-text",),
    "transcribe": ("speech-to-text",), "transcription": ("speech-to-text",),
    "subtitles": ("speech-to-text",),
    "text to image": ("text-to-image",), "image": IMAGE, "images": IMAGE, "picture": IMAGE,
    "photo": IMAGE, "illustration": IMAGE,
    "image edit": ("image-edit",), "edit image": ("image-edit",), "inpaint": ("image-edit",),
    "edit": ("image-edit", "video-edit"), "image to image": ("image-edit",),
    "text to video": ("text-to-video",), "image to video": ("image-to-video",),
    "animate": ("image-to-video", "avatar"), "video": VIDEO, "videos": VIDEO, "clip": VIDEO,
    "video to video": ("video-edit", "video-upscale"),
    "music": MUSIC, "song": MUSIC, "songs": MUSIC, "text to music": MUSIC,
    "sound": SOUND, "sound effects": ("sound-effects",), "sfx": ("sound-effects",),
    "upscale": ("upscale", "video-upscale"), "upscaler": ("upscale", "video-upscale"),
    "enlarge": ("upscale", "video-upscale"),
    "remove background": ("background-removal",), "background removal": ("background-removal",),
    "lip sync": ("lip-sync",), "lipsync": ("lip-sync",), "talking head": ("avatar", "lip-sync"),
    "avatar": ("avatar", "lip-sync"), "3d": ("image-to-3d", "text-to-3d"),
    "llm": ("llm",), "chat": ("llm",), "vision": ("vision-language",),
}  # fmt: skip
"""What people call a category, and the categories that it means, the likeliest first."""
CHEAP = frozenset(("cheap", "cheapest", "budget", "inexpensive", "free"))
_FILLERS = frozenset(
    ("a", "an", "the", "for", "model", "models", "generator", "best", "with", "ai")
)
LANGUAGES = {
    "german": ("german", "deutsch", "de", "multilingual"),
    "spanish": ("spanish", "español", "es", "multilingual"),
    "french": ("french", "français", "fr", "multilingual"),
    "italian": ("italian", "italiano", "it", "multilingual"),
    "portuguese": ("portuguese", "português", "pt", "multilingual"),
    "japanese": ("japanese", "ja", "jp", "multilingual"),
    "chinese": ("chinese", "mandarin", "zh", "multilingual"),
    "korean": ("korean", "ko", "multilingual"),
    "hindi": ("hindi", "hi", "multilingual"),
}
"""A language, and the words of a template that mean that its model speaks it."""
POPULAR = {
    "image": (
        "nano-banana", "flux", "gpt-image", "seedream", "imagen", "qwen-image", "ideogram",
        "recraft",
    ),
    "video": ("veo", "kling", "seedance", "sora", "hailuo", "wan", "ltx", "runway", "luma"),
    "audio": (
        "elevenlabs", "minimax/speech", "kokoro", "chatterbox", "gemini", "lyria", "minimax-music",
        "minimax/music", "stable-audio", "musicgen",
    ),
}  # fmt: skip
"""Families that people ask for, the most asked for of what is made first."""
_WORDS = re.compile(r"[a-z0-9.]+")
_EXACT, _WORD, _START, _PART, _PARAMS = 64, 4, 2, 1, 1
"""How well a word fits: the whole name, a word of it, the start of one, any part, its params."""


@dataclass(frozen=True)
class Query:
    """What somebody searched for, understood."""

    text: str
    words: tuple[str, ...]
    """What names a model, or something that it can do."""
    groups: tuple[tuple[str, ...], ...]
    """Categories that are meant, each group the likeliest first."""
    cheap: bool


def read_query(words: Sequence[str], *, split: bool = False) -> Query:
    """Tell what names a model from what names a category, a price or nothing.

    Args:
        words: As they were typed.
        split: Whether a name with dashes, such as `flux-schnell`, is taken apart.
    """
    typed = [word for each in words for word in each.casefold().split()]
    names = [word for word in typed if _is_name(word) and not split]
    left = f" {' '.join(' '.join(_split(word)) for word in typed if word not in names)} "
    groups = []
    for phrase in sorted(PHRASES, key=len, reverse=True):
        if f" {phrase} " in left:
            left = left.replace(f" {phrase} ", " ")
            groups.append(PHRASES[phrase])
    rest = left.split()
    cheap = any(word in CHEAP for word in rest)
    named = [word for word in rest if word not in CHEAP and word not in _FILLERS]
    return Query(" ".join(typed), (*names, *named), tuple(groups), cheap)


def _is_name(word: str) -> bool:
    """Whether a word is rather a name than a phrase with dashes, such as `text-to-speech`."""
    return ("-" in word or "/" in word) and " ".join(_split(word)) not in PHRASES


def _split(word: str) -> list[str]:
    return _WORDS.findall(word)


def rank_models(models: Sequence[ModelInfo], words: Sequence[str]) -> list[PricedModel]:
    """The models that were asked for, the best answer first; retired ones last among equals.

    Only these are priced: pricing the example of every model takes over a second.
    """
    return _rank(models, read_query(words)) or _rank(models, read_query(words, split=True))


def _rank(models: Sequence[ModelInfo], query: Query) -> list[PricedModel]:
    fits = {model.id: fit for model in models if (fit := _fit(model, query)) is not None}
    found = price_models(model for model in models if model.id in fits)
    return sorted(found, key=lambda each: _order(each, fits[each.model.id], query))


def _order(each: PricedModel, fit: tuple[int, int], query: Query) -> tuple[object, ...]:
    model = each.model
    category, score = fit
    known = each.high is not None
    price = each.high if each.high is not None else Decimal(0)
    families = POPULAR.get(str(model.output_type), ())
    family = next((n for n, name in enumerate(families) if name in model.id), len(families))
    by_price = (not known, price) if query.cheap else ()
    edits = not model.category.startswith("text-to-")
    fitness = (-score, category, edits)
    first = (score < _EXACT, bool(model.retired))
    return (*first, *fitness, *by_price, family, not known, price, len(model.id), model.id)


def _fit(model: ModelInfo, query: Query) -> tuple[int, int] | None:
    """How near a model's category is to what was meant (0 is it), and how well its name fits."""
    exact = _EXACT if _is_named(model, query) else 0
    category = sum(
        group.index(model.category) if model.category in group else 100 for group in query.groups
    )
    if category >= 100 and not exact:
        return None
    scores = [_score(model, word) for word in query.words]
    if not all(scores) and not exact:
        return None
    return category, exact + sum(scores)


def _is_named(model: ModelInfo, query: Query) -> bool:
    """Whether the query is the end of the model's id, such as `flux-schnell`, or all of it."""
    names = (f"/{name.casefold()}" for name in (model.id, *model.aliases))
    return bool(query.words) and any(name.endswith(f"/{query.text}") for name in names)


def _score(model: ModelInfo, word: str) -> int:
    """How well a word fits what a model is called, or what it takes; 0 where it does not."""
    text = " ".join((model.id, model.title, *model.aliases)).casefold()
    words = _WORDS.findall(text)
    if _is_name(word):
        return _WORD if word in text else 0
    if word[0].isdigit():
        numbers = {word, f"v{word}", f"{word}.0", f"v{word}.0"}
        if numbers & set(words):
            return _WORD
        return _START if any(each[1:] == word for each in words) else 0
    if word in words:
        return _WORD
    if any(each.startswith(word) for each in words):
        return _START
    if word in text:
        return _PART
    return _PARAMS if _speaks_of(model, word) else 0


def _speaks_of(model: ModelInfo, word: str) -> bool:
    """Whether the params or the price of a model speak of something, such as a language."""
    if len(word) < 4 and word not in LANGUAGES:
        return False
    said = set(_WORDS.findall(json.dumps(model.params, default=str, ensure_ascii=False).casefold()))
    meant = LANGUAGES.get(word, (word,))
    spoken = f"{model.id} {model.title}".casefold()
    return any(each in said or (len(each) > 2 and each in spoken) for each in meant)
