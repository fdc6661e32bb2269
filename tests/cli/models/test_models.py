"""`vidi models list`, `search` and `show`, through the front door."""

import re

import pytest

from support.media import make_sound, make_video
from support.models.commands import SCHNELL, models, own
from vidi.cli.models.page import describe_model
from vidi.inference.models.registry import ModelRegistry
from vidi.jobs.job import load_job
from vidi.runs.planning.example import price_example


def test_list_names_every_model_with_the_price_of_its_example(here):
    answer = models(here, "list")
    lines = answer.stdout.splitlines()
    assert (answer.exit_code, len(lines), answer.stderr) == (0, 1886, "1886 models\n")
    (line,) = [line for line in lines if line.startswith(f"{SCHNELL} ")]
    assert line.split() == [SCHNELL, "image", "text-to-image", "$0.003"]


def test_list_is_aligned(here):
    lines = models(here, "list", "--provider", "fal", "--type", "3d").stdout.splitlines()
    assert len({re.search(r" {2}3d ", line).start() for line in lines}) == 1


@pytest.mark.parametrize(
    ("options", "right"),
    [
        (("--provider", "fal"), lambda model: model.provider == "fal"),
        (("--category", "lip-sync"), lambda model: model.category == "lip-sync"),
        (("--type", "audio"), lambda model: model.output_type == "audio"),
        (("--max-price", "0.003"), lambda model: (price_example(model).high or 1) <= 0.003),
    ],
)
def test_list_filters(here, options, right):
    chosen = [each["id"] for each in models(here, "list", *options, "--json").json["models"]]
    every = ModelRegistry().list_models()
    assert chosen == [model.id for model in every if right(model)]
    assert 0 < len(chosen) < len(every) == 1886


def test_list_of_nothing(here):
    answer = models(here, "list", "--category", "none")
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "", "0 models\n")


def test_list_marks_what_is_retired(here):
    own(here, change=lambda template: template.update(retired="gone"))
    line = models(here, "search", SCHNELL).stdout.splitlines()[0]
    assert line.split() == [SCHNELL, "image", "text-to-image", "$0.003", "retired"]
    assert models(here, "search", SCHNELL, "--json").json["models"][0]["retired"] == "gone"


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (("flux-schnell",), SCHNELL),
        (("FLUX", "Schnell"), "fal/fal-ai/flux/schnell"),
        ((SCHNELL,), SCHNELL),
        (("eleven-v3",), "fal/fal-ai/elevenlabs/tts/eleven-v3"),
        (("whisp", "replicate"), "replicate/openai/whisper"),
        (("lip-sync", "latentsync", "fal"), "fal/fal-ai/latentsync"),
    ],
)
def test_search_puts_the_best_match_first(here, words, first):
    found = models(here, "search", *words, "--json").json["models"]
    assert found[0]["id"] == first
    for each in found:
        text = f"{each['id']} {each['title']} {each['category']}".casefold()
        assert all(word.casefold() in text for word in words)


def test_search_finds_parts_of_words(here):
    found = models(here, "search", "chnell", "--json").json["models"]
    assert SCHNELL in [each["id"] for each in found]


def test_templates_must_be_a_folder(here):
    answer = models(here, "list", "--templates", "none")
    assert (answer.exit_code, answer.stderr) == (
        2, "there is no folder none\n  hint: Check --templates.\n"
    )  # fmt: skip


def test_show_works_the_price_out(here):
    shown = models(here, "show", SCHNELL).stdout
    assert (
        "price of the example below: $0.003\n"
        "  images: 1 × $0.003 per image = $0.003  "
        "(since 2026-09-16, https://replicate.com/black-forest-labs/flux-schnell)\n"
    ) in shown
    assert "  prompt: string, required\n" in shown
    assert '  megapixels: string, default 1, 1 | 0.25\n' in shown  # fmt: skip
    assert "as of: params 2026-05-07, prices 2026-09-16  (confidence high, high)\n" in shown


def test_show_in_json(here):
    shown = models(here, "show", SCHNELL, "--json").json
    assert (shown["ok"], shown["id"], shown["low_confidence"]) == (True, SCHNELL, [])
    assert shown["example_estimate_usd"]["high"] == 0.003
    assert f"model: {SCHNELL}\n" in shown["job_file"]


def test_show_marks_what_is_retired_and_what_is_trusted_little(here):
    def change(template):
        template["retired"] = "replaced by another"
        template["confidence"]["pricing"] = "low"
        template["pricing"]["rows"] = [
            {"from": "2026-01-01", "source": "https://a.b", "unpriced": "nobody knows"}
        ]

    own(here, change=change)
    shown = models(here, "show", SCHNELL).stdout
    assert "RETIRED: replaced by another\n" in shown
    assert "LOW CONFIDENCE: pricing; see https://replicate.com/black-forest-labs/" in shown
    assert "price of the example below: unpriced\n  nobody knows\n" in shown


def test_show_of_a_range_shows_both_ends_and_why(here):
    quantity = {"range": [1, 3], "why": "it depends"}
    own(here, change=lambda t: t["pricing"]["rows"][0]["lines"][0].update(quantity=quantity))
    assert (
        "price of the example below: $0.003–$0.009\n"
        "  images: 1–3 × $0.003 per image = $0.003–$0.009  (since 2026-09-16, "
    ) in models(here, "show", SCHNELL).stdout


def test_show_of_what_nothing_bounds(here):
    quantity = {"range": [2, None], "why": "it depends"}
    own(here, change=lambda t: t["pricing"]["rows"][0]["lines"][0].update(quantity=quantity))
    assert "images: 2 or more × $0.003 per image = $0.006 or more  (since " in (
        models(here, "show", SCHNELL).stdout
    )


def test_every_model_s_page_ends_with_a_job_file(here):
    for model in ModelRegistry().list_models():
        text = describe_model(model).partition("a job file with it:\n\n")[2]
        job = load_job(here.write("job.yaml", text), project=here.folder)
        (spec,) = job.inferences()
        assert (spec.model, len(spec.params)) == (model.id, len(model.example)), model.id


def test_the_shown_job_file_runs(here):
    here.write("job.yaml", models(here, "show", SCHNELL, "--json").json["job_file"])
    assert here("vidi-run", "job.yaml", "--sandbox").exit_code == 0


def test_show_of_an_unknown_model_names_near_ones(here):
    answer = models(here, "show", "replicate/black-forest-labs/flux-schnel")
    assert answer.exit_code == 2
    assert f"Did you mean {SCHNELL}" in answer.stderr


ASKED = [
    ("image", "text-to-image", "speech"),
    ("text to speech", "text-to-speech", "speech-to-text"),
    ("text-to-speech", "text-to-speech", "speech-to-text"),
    ("speech to text", "speech-to-text", "text-to-speech"),
    ("voice german", "text-to-speech", "speech-to-text"),
    ("cheap video", "text-to-video", "text-to-image"),
    ("video", "text-to-video", "speech"),
    ("music", "text-to-music", "speech"),
    ("upscale video", "video-upscale", "text-to"),
    ("kling 3", "text-to-video", "text-to-speech"),
    ("nano banana pro", "text-to-image", "video"),
]


@pytest.mark.parametrize(("words", "first", "never"), ASKED, ids=[each[0] for each in ASKED])
def test_search_puts_first_what_people_mean(here, words, first, never):
    for arguments in {(words,), tuple(words.split())}:
        found = models(here, "search", *arguments, "--json").json["models"]
        assert found[0]["category"] == first
        assert not any(never in each["category"] for each in found)
        assert not found[0]["retired"]
    name = {"kling 3": "v3", "nano banana pro": "nano-banana-pro"}.get(words, "")
    assert name in found[0]["id"]


def test_cheap_means_by_price(here):
    found = models(here, "search", "cheap", "video", "--json").json["models"]
    first = [each for each in found if each["category"] == "text-to-video" and not each["retired"]]
    prices = [each["example_usd"]["high"] for each in first]
    known = [price for price in prices if price is not None]
    assert prices[: len(known)] == sorted(known)


def test_search_narrows_by_type_price_and_param(here):
    options = ("--type", "image", "--max-price", "0.01", "--has", "seed", "--json")
    found = models(here, "search", "image", *options).json["models"]
    assert found
    for each in found:
        assert (each["output_type"], each["example_usd"]["high"] <= 0.01) == ("image", True)
        assert "seed" in models(here, "show", each["id"], "--json").json["params"]["properties"]


@pytest.mark.parametrize(
    ("model", "output"),
    [
        ("fal/fal-ai/flux/dev", "dev.jpg"),
        ("replicate/black-forest-labs/flux-schnell", "flux-schnell.webp"),
        ("fal/fal-ai/ltx-video", "ltx-video.mp4"),
        ("replicate/minimax/speech-02-turbo", "speech-02-turbo.mp3"),
        ("fal/fal-ai/kokoro/american-english", "american-english"),
    ],
)
def test_the_entry_to_paste_has_the_extension_of_what_comes(here, model, output):
    assert f"    output: {output}" in models(here, "show", model).stdout.splitlines()


def test_what_lies_in_the_folder_changes_no_price_of_an_example(here):
    """A template's example names files of its own; one that lies here is somebody else's."""
    listed = ("list", "--category", "lip-sync", "--json")
    alone = models(here, *listed).json["models"]
    make_sound(here.folder / "input.mp3", 77)
    make_video(here.folder / "input.mp4", 7)
    assert models(here, *listed).json["models"] == alone
