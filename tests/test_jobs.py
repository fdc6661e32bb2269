"""Every sample in jobs/ checks, runs in the sandbox, and makes what it says."""

import json
import shutil
import time
from decimal import Decimal
from pathlib import Path

import av
import jsonschema_rs
import pytest
import yaml
from PIL import Image

from support.commands import run_installed
from vidi.jobs.schema import job_schema
from vidi.runs.records.manifest.schema import manifest_schema

CHECKOUT = Path(__file__).parents[1]
SAMPLES = sorted(path.name for path in (CHECKOUT / "jobs").glob("*.yaml"))


@pytest.fixture(scope="module", params=SAMPLES)
def ran(request, tmp_path_factory):
    """A sample, run once in a folder of its own."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(CHECKOUT / "jobs", folder / "jobs")
    began = time.monotonic()
    answer = run_installed("vidi-run", f"jobs/{request.param}", "--sandbox", cwd=folder)
    name = request.param.removesuffix(".yaml")
    return answer, folder / "outputs/sandbox" / name, time.monotonic() - began


def load(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_the_four_samples_are_there():
    assert {"thumbnails.yaml", "voices.yaml", "launch-video.yaml", "catalogue.yaml"} <= set(SAMPLES)


def test_it_ends_well_within_a_minute(ran):
    answer, _, seconds = ran
    assert answer.exit_code == 0, answer.stderr
    assert seconds < 60


def test_its_manifest_is_valid_and_costs_what_was_estimated(ran):
    manifest = load(ran[1])
    jsonschema_rs.validator_for(manifest_schema()).validate(manifest)
    costs = manifest["cost_usd"]
    assert costs["estimated_low"] == costs["estimated_high"] == costs["actual"] > 0
    for row in manifest["inferences"]:
        assert row["cost_usd"]["actual"] == row["cost_usd"]["estimated_high"]
        assert Decimal(str(row["cost_usd"]["actual"])) > 0


def test_its_assets_open_and_are_as_the_manifest_says(ran):
    _, folder, _ = ran
    for row in load(folder)["inferences"]:
        for asset in row["assets"]:
            check_asset(folder / asset["path"], asset)


def check_asset(path, asset):
    assert path.stat().st_size == asset["bytes"]
    if asset["content_type"].startswith("image/"):
        with Image.open(path) as image:
            image.load()
            assert image.size == (asset["width"], asset["height"])
            assert Image.MIME[image.format] == asset["content_type"]
        return
    with av.open(path) as media:
        kind = asset["content_type"].partition("/")[0]
        assert any(stream.type == kind for stream in media.streams)
        assert media.duration / av.time_base == pytest.approx(asset["duration_s"], abs=0.1)


ASKED = {
    "thumbnails/forest.webp": ("image/webp", (1368, 768), None),
    "thumbnails/harbour.png": ("image/png", (1024, 1024), None),
    "thumbnails/drafts/road-3.jpg": ("image/jpeg", (1024, 1024), None),
    "thumbnails/cards/card-lima-portrait_16_9.jpg": ("image/jpeg", (576, 1024), None),
    "catalogue/products/L-001/front.png": ("image/png", (768, 512), None),
    "launch-video/teaser.mp4": ("video/mp4", None, 5),
    "launch-video/loop.mp4": ("video/mp4", None, 6),
    "launch-video/silent.mp4": ("video/mp4", None, 4),
    "voices/saludo.mp3": ("audio/mpeg", None, None),
    "voices/案内.mp3": ("audio/mpeg", None, None),
}


def test_what_was_asked_for_came_out(ran):
    _, folder, _ = ran
    assets = {
        f"{folder.name}/{asset['path']}": asset
        for row in load(folder)["inferences"]
        for asset in row["assets"]
    }
    asked = {path: want for path, want in ASKED.items() if path.startswith(f"{folder.name}/")}
    assert asked.keys() <= assets.keys()
    for path, (content_type, size, seconds) in asked.items():
        made = assets[path]
        assert made["content_type"] == content_type
        if size:
            assert (made["width"], made["height"]) == size
        if seconds:
            assert made["duration_s"] == pytest.approx(seconds, abs=0.15)


@pytest.mark.parametrize("name", SAMPLES)
def test_it_passes_the_published_schema(name):
    text = (CHECKOUT / "jobs" / name).read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../docs/job.schema.json\n")
    jsonschema_rs.validator_for(job_schema()).validate(yaml.safe_load(text))
