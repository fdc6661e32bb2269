"""docs/add-a-model.md, followed word by word."""

import json
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[1] / "docs/add-a-model.md").read_text(encoding="utf-8")


def block(language):
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return found


@pytest.fixture
def project(here):
    (name,) = set(re.findall(r"This is `(templates/\S+\.json)`", PAGE))
    here.write(name, block("json"))
    here.write("jobs/cards.yaml", block("yaml"))
    return here


def test_the_file_passes_the_check(project):
    command, said = re.search(r"^\$ (vidi models check fal.*)\n(.*)$", PAGE, re.MULTILINE).groups()
    answer = project(*command.split())
    assert (answer.exit_code, answer.stderr) == (0, f"{said}\n")


def test_the_model_shows_its_price(project):
    shown = project("vidi", "models", "show", "fal/acme/postcard")
    assert shown.exit_code == 0
    assert "  images: 1 × $0.02 per image = $0.02  (since 2026-11-01, https://" in shown.stdout


def test_a_job_runs_with_it(project):
    answer = project("vidi-run", "jobs/cards.yaml", "--sandbox")
    assert answer.exit_code == 0, answer.stderr
    manifest = project.manifest("outputs/sandbox/cards")
    (row,) = manifest["inferences"]
    assert [asset["path"] for asset in row["assets"]] == ["lighthouse-1.png", "lighthouse-2.png"]
    assert row["cost_usd"]["actual"] == 0.04


def test_the_pulled_models_land_where_the_page_says(here):
    for model in re.findall(r"^\$ vidi models pull (\S+)$", PAGE, re.MULTILINE):
        pulled = here("vidi", "models", "pull", model, "--sandbox")
        assert pulled.exit_code == 0, pulled.stderr
        assert f"`{pulled.stdout.strip()}`" in PAGE
        assert json.loads((here.folder / pulled.stdout.strip()).read_text())["id"] == model


def test_what_it_says_of_live_checks(project):
    answer = project("vidi", "models", "check", "--live", "--job", "jobs/cards.yaml", "--sandbox")
    assert answer.exit_code == 0, answer.stderr
