import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from vidi.inference.models.about import read_about
from vidi.inference.models.shipping.pack import TemplatePack, read_folder

CHECKOUT = Path(__file__).parents[1]
JOB = """\
version: 1
budget: 0.01
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: un árbol}
    output: tree.webp
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", folder, CHECKOUT],
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_every_template_and_nothing_else_of_templates(wheel, tmp_path):
    inside = "vidi/inference/models/templates/"
    archive = ZipFile(wheel)
    assert [name for name in archive.namelist() if inside in name] == [f"{inside}registry.pack"]
    (tmp_path / "registry.pack").write_bytes(archive.read(f"{inside}registry.pack"))
    pack = TemplatePack(tmp_path / "registry.pack")
    pack.verify()
    ours = read_folder(CHECKOUT / "templates")
    assert len(ours) >= 30
    assert {name: pack.read(name) for name in pack.names()} == ours
    assert pack.about == read_about(CHECKOUT / "templates")


def test_the_wheel_holds_the_whole_package(wheel):
    packed = {name for name in ZipFile(wheel).namelist() if "/templates/" not in name}
    source = CHECKOUT / "runner"
    ours = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and not any(part.startswith((".", "__pyc")) for part in path.parts[-4:])
    }
    assert {name for name in packed if name.startswith("vidi/")} == ours


def environment_of(place: Path) -> dict[str, str]:
    """The environment of an installation elsewhere, whose coverage is nobody's business."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    return {**kept, "PYTHONPATH": str(place)}


def test_the_wheel_runs_a_job_away_from_the_checkout(wheel, tmp_path):
    place, work = tmp_path / "place", tmp_path / "work"
    work.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", place, wheel], check=True, capture_output=True)
    (work / "job.yaml").write_text(JOB, encoding="utf-8")
    done = subprocess.run(
        [place / "bin" / "vidi-run", "job.yaml", "--sandbox", "--json"],
        cwd=work,
        env=environment_of(place),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    answer = json.loads(done.stdout)
    assert (answer["estimate_usd"]["low"], answer["estimate_usd"]["high"]) == (0.003, 0.003)
    assert (work / "outputs/sandbox/job/tree.webp").stat().st_size > 0
    where = [sys.executable, "-c", "import vidi; print(vidi.__file__)"]
    found = subprocess.run(where, cwd=work, env=environment_of(place), capture_output=True)
    assert found.stdout.decode().startswith(str(place))
