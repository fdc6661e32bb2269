"""Input files with names that no HTTP header takes: uploaded, and the run ends well."""

import io
import json
import os

import pytest
from PIL import Image

from support.faults.cells import EDITORS
from support.servers.sandbox import serve_sandbox

NAMES = (
    "猫.png",
    "größe.png",
    "a b.png",
    f"{'n' * 196}.png",
    'it\'s 100% "fine".png',
    "a;b=c&d#e?f.png",
    "🎉.png",
    "e\u0301.png",
    "猫",
    "x.猫",
    "line\nbreak.png",
)


@pytest.fixture(scope="module")
def picture():
    """A picture too large for a data URI."""
    file = io.BytesIO()
    Image.frombytes("RGB", (300, 300), os.urandom(3 * 300 * 300)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("provider", ["replicate", "fal"])
def test_a_file_of_any_name_is_uploaded(here, provider, picture):
    model, params = EDITORS[provider]
    entries = []
    (here.folder / "in").mkdir()
    for number, name in enumerate(NAMES):
        (here.folder / "in" / name).write_bytes(picture)
        own = {key: f"in/{name}" if value == "in.png" else value for key, value in params.items()}
        entries.append({"id": f"n{number}", "params": {"prompt": "a tree", **own}})
    job = {"version": 1, "name": "job", "budget": 5, "concurrency": 4, "inferences": entries}
    job["defaults"] = {"model": model, "output": "{{ id }}"}
    here.write("job.yaml", json.dumps(job, ensure_ascii=False))
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        answer = here("vidi-run", "job.yaml", "--no-report")
    assert answer.exit_code == 0, answer.stderr
    rows = here.manifest("outputs/job")["inferences"]
    assert [row["status"] for row in rows] == ["succeeded"] * len(NAMES)
