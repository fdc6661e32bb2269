"""Every template's example runs in the sandbox to an asset of its kind."""

import json

import pytest

from support.media import make_example_files
from support.models.share import share
from vidi.inference.models.loading import load_template

KINDS = {
    "image": "image/",
    "video": "video/",
    "audio": "audio/",
    "3d": "model/",
    "text": ("text/", "application/json"),  # some transcripts are objects
    "json": "application/json",
    "file": "application/octet-stream",
}


@pytest.mark.parametrize("provider", ["replicate", "fal"])
def test_every_example_makes_an_asset_of_its_kind(here, provider):
    make_example_files(here.folder)
    models = [load_template(path) for path in share() if path.parent.name == provider]
    entries = [
        {
            "id": model.id,
            "model": model.id,
            "params": dict(model.example),
            "output": f"assets/{number}",
            "assume_cost": 1,
        }
        for number, model in enumerate(models)
    ]
    job = {"version": 1, "name": provider, "budget": None, "inferences": entries}
    here.write("all.json", json.dumps(job, default=float))
    answer = here("vidi-run", "all.json", "--sandbox", "-j", "8", "--no-report", "-q")
    rows = here.manifest(f"outputs/sandbox/{provider}")["inferences"]
    failed = {row["id"]: row["error"] for row in rows if row["status"] != "succeeded"}
    assert (answer.exit_code, failed) == (0, {})
    kinds = {model.id: KINDS[model.output_type] for model in models}
    wrong = [
        (row["id"], row["assets"][0]["content_type"])
        for row in rows
        if not row["assets"][0]["content_type"].startswith(kinds[row["id"]])
    ]
    assert wrong == []
