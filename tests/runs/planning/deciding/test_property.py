"""Any sequence of edits of a job file and runs buys each (fingerprint, number) at most once."""

import hashlib
import itertools
import json
import random
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from support.turns import examples

MODEL = "replicate/black-forest-labs/flux-schnell"
_PROJECTS = itertools.count()


@st.composite
def jobs(draw):
    """A job: ids in any order, each with a prompt that others may have too, and a place."""
    ids = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True))
    prompts = [draw(st.sampled_from("xy")) for _ in ids]
    places = draw(
        st.one_of(st.just(ids), st.permutations("abcd").map(lambda all_: all_[: len(ids)]))
    )
    return list(zip(ids, prompts, places, strict=True))


def write(entries):
    lines = "".join(
        f"  - {{id: {key}, model: {MODEL}, params: {{prompt: {prompt}}}, output: {place}.webp}}\n"
        for key, prompt, place in entries
    )
    return f"version: 1\nname: job\nbudget: 9\ninferences:\n{lines}"


class Project:
    """A folder of its own, whose purchases are counted by its journal."""

    def __init__(self, here):
        self.here = here
        self.name = f"project-{next(_PROJECTS)}"
        self.folder = here.folder / self.name / "outputs/sandbox/job"
        self.wanted: Counter[str] = Counter()

    def run(self, entries):
        """Run a job, and see that all of it is there and right."""
        self.here.write(f"{self.name}/job.yaml", write(entries))
        options = ("-C", self.name, "--sandbox", "--no-report", "--no-progress", "-q")
        answer = self.here("vidi-run", f"{self.name}/job.yaml", *options)
        assert answer.exit_code == 0, answer.stderr
        self.wanted |= Counter(prompt for _, prompt, _ in entries)
        rows = json.loads((self.folder / "manifest.json").read_text())["inferences"]
        found = [(row["id"], row["params"]["prompt"], _find_place(row)) for row in rows]
        assert found == entries
        for row in rows:
            (asset,) = row["assets"]
            content = (self.folder / asset["path"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == asset["sha256"]
            assert row["cost_usd"]["paid"] == 0.003

    @property
    def bought(self):
        log = (self.folder / "log.jsonl").read_text()
        return Counter(
            event["params"]["prompt"]
            for event in map(json.loads, log.splitlines())
            if event["event"] == "intent"
        )


def _find_place(row):
    (asset,) = row["assets"]
    return Path(asset["path"]).stem


SWAPPED = [[("a", "x", "a"), ("b", "y", "b")], [("a", "y", "a"), ("b", "x", "b")]]
TWINS = [[("a", "x", "a"), ("b", "x", "b")], [("b", "x", "a"), ("c", "x", "c"), ("a", "y", "d")]]

SHARED = [
    [("b", "x", "b"), ("c", "x", "c"), ("a", "y", "a"), ("d", "x", "d")],
    [("d", "x", "c"), ("a", "x", "b")],
    [("a", "x", "a"), ("c", "y", "c"), ("d", "x", "d")],
    [("a", "x", "a"), ("b", "x", "b"), ("c", "x", "c")],
]
"""Twins of the same content come to one place, and part again."""


@settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(story=SWAPPED)
@example(story=TWINS)
@example(story=SHARED)
@given(story=st.lists(jobs(), min_size=2, max_size=5))
def test_nothing_is_bought_twice_whatever_is_edited(here, story):
    project = Project(here)
    for entries in story:
        project.run(entries)
        assert project.bought == project.wanted
    again = random.Random(0).sample(story, k=1)[0]
    project.run(again)
    assert project.bought == project.wanted
