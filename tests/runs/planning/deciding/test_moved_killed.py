"""Files and ids that change places, and SIGKILL: the same run again ends it.

At every third step, and with VIDI_ALL_KILL_POINTS=1 at every one.
"""

import hashlib
import itertools
import json
import os
import shutil

import pytest

from support.commands import run_warmed
from support.servers.sandbox import serve_sandbox

ENTRY = "  - {{id: {}, model: fal/fal-ai/flux/dev, params: {{prompt: {}, {}}}, output: {!r}}}\n"


def job(pair, *entries):
    """Some (id, prompt, output) that each make one image, and a pair."""
    lines = [ENTRY.format(key, prompt, "num_images: 1", out) for key, prompt, out in entries]
    pair = ENTRY.format("pair", "pair", "num_images: 2", pair)
    return "version: 1\nname: job\nbudget: 0.50\ninferences:\n" + "".join(lines) + pair


PAIR = "a{{ index }}1.webp"
BEFORE = job(PAIR, ("a", "one", "x.webp"), ("b", "two", "y.webp"), ("c", "old", "z.webp"))
FIRST = job(PAIR, ("a", "one", "x.webp"), ("b", "two", "y.webp"), ("c", "new", "z.webp"))
THEN = job(
    "a2{{ index }}.webp",
    ("b", "one", "y.webp"),  # two that change ids, and places with them
    ("a", "two", "x.webp"),
    ("c", "old", "sub/z.webp"),  # one that goes back
)
WAS = {"y": "x", "x": "y", "sub/z": ".vidi/replaced/z", "a21": "a11", "a22": "a21"}
THUMBNAILS = ".vidi/thumbs/"
LEFT = {"z": "z"}
"""What stays where it is, as nobody has its place, and nobody asks for it."""
PARTS = 8
"""All steps are spread over so many tests."""
EVERY = 1 if os.environ.get("VIDI_ALL_KILL_POINTS") else 3


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Moving:
    """A folder whose files have been made, and are to be moved with no provider there."""

    def __init__(self, folder, start):
        self.folder, self._start = folder, start
        self._rounds = itertools.count()
        folder.mkdir()
        with serve_sandbox() as served:
            self._keys = served.environment
            for text in (BEFORE, FIRST):
                (folder / "job.yaml").write_text(text)
                assert self.run().exit_code == 0
        (folder / "outputs/job").rename(folder / "made")
        (folder / "job.yaml").write_text(THEN)

    def run(self, die_at="0 none"):
        told = {"TEST_DIE_AT": die_at, "TEST_TALLY": str(self.folder / "tally")}
        ledger = str(self.folder / f"ledger-{next(self._rounds)}")
        environment = {**os.environ, **self._keys, **told, "VIDI_LEDGER": ledger}
        options = ("job.yaml", "-j", "4", "--no-report")
        return self._start("vidi-run", *options, cwd=self.folder, environment=environment)

    def put_back(self):
        shutil.rmtree(self.folder / "outputs", ignore_errors=True)
        shutil.copytree(self.folder / "made", self.folder / "outputs/job")

    def check(self):
        made, moved = self.folder / "made", self.folder / "outputs/job"
        expected = {f"{new}.webp": digest(made / f"{old}.webp") for new, old in WAS.items()}
        left = {f"{new}.webp": digest(made / f"{old}.webp") for new, old in LEFT.items()}
        found = {path.relative_to(moved).as_posix(): path for path in moved.rglob("*.webp")}
        found = {name: path for name, path in found.items() if not name.startswith(THUMBNAILS)}
        assert {name: digest(path) for name, path in found.items()} == {**expected, **left}
        rows = json.loads((moved / "manifest.json").read_text())["inferences"]
        listed = {asset["path"]: asset["sha256"] for row in rows for asset in row["assets"]}
        assert listed == expected


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    moving = Moving(tmp_path_factory.mktemp("moving") / "run", run_warmed)
    moving.put_back()
    assert moving.run().exit_code == 0
    moving.check()
    moving.steps = len(json.loads((moving.folder / "tally").read_text()))
    return moving


@pytest.mark.parametrize("part", range(PARTS))
def test_a_kill_at_any_step_of_a_move_loses_nothing(moving, part):
    assert moving.steps > PARTS
    for nth in range(1 + part, moving.steps + 1, PARTS * EVERY):
        moving.put_back()
        assert moving.run(f"{nth} ").exit_code in {-9, 0}
        answer = moving.run()
        assert answer.exit_code == 0, (nth, answer.stderr)
        moving.check()
