"""Whatever one answer holds is that entry's own: the run goes on, in words, and buys nothing twice.

An ordinary run plays a hundred of 50,000 answers; all of them run with VIDI_ALL_ANSWERS=1.
"""

import itertools
import json
import os

import pytest

from support.recorded.hostile import VALUES, list_hostile, list_leaves, put
from support.servers.altered_sandbox import LOST, providers, run, serve_altered, write_job
from support.servers.replay import Replay

ALL = bool(os.environ.get("VIDI_ALL_ANSWERS"))
EVERY = 16 if ALL else 521
"""Of the answers, each so many-th is played by one test."""
AT_ONCE = 400
FORESEEN = {0, 1, 5, 6}
ENDINGS = {"succeeded", "failed", "moderated", "in_doubt", "unfinished"}


def refuse(name):
    raise AssertionError(f"{name} is no JSON")


def play(here, courses, number):
    with Replay().serving() as replay:
        replay.show(courses)
        entries = [course.entry() for course in courses]
        job = {"version": 1, "name": f"job{number}", "budget": 1000, "inferences": entries}
        here.write("job.json", json.dumps(job))
        environment = {
            **replay.environment(),
            "FAL_KEY": "id:secret",
            "VIDI_RECONCILE_SECONDS": "0",
        }
        for name, value in environment.items():
            here._monkeypatch.setenv(name, value)
        answer = here("vidi-run", "job.json", "-j", "64", "--json")
        posts = {course.name: replay.posts(course.name) for course in courses}
        again = here("vidi-run", "job.json", "--estimate", "--json")
    return answer, again, posts


@pytest.mark.parametrize("first", range(16 if ALL else 1))
def test_every_value_of_every_answer(here, first):
    played = itertools.islice(list_hostile(), first, None, EVERY)
    batches = iter(lambda: tuple(itertools.islice(played, AT_ONCE)), ())
    for number, batch in enumerate(batches):
        answer, again, posts = play(here, batch, number)
        assert answer.exit_code in FORESEEN, answer.stderr[-3000:]
        text = (here.folder / f"outputs/job{number}/manifest.json").read_text(encoding="utf-8")
        rows = json.loads(text, parse_constant=refuse)["inferences"]
        crashed = [row["id"] for row in rows if (row["error"] or {}).get("code") == "internal"]
        assert (crashed, answer.exit_code in FORESEEN) == ([], True), answer.stderr[-3000:]
        assert {row["status"] for row in rows} <= ENDINGS
        assert all(posts[row["id"]] <= 3 for row in rows)
        assert all(0 <= (row["cost_usd"]["actual"] or 0) < 1000 for row in rows)
        assert not set("\x1b\u202e") & set(answer.stderr)
        assert again.exit_code in {0, 3}, again.stderr[-2000:]


ASIDE = ("/pricing", "/auth/token", "/files/upload", "/v1/files", "/models/pricing")


@providers
def test_every_value_of_every_list(here, provider):
    """Submits whose answer is lost are looked up in lists of which one value is hostile each."""
    honest, number = [], itertools.count(1)

    def alter(exchange):
        if honest or not (exchange.is_list or exchange.path.endswith(ASIDE)):
            return exchange
        body, at = json.loads(exchange.body), next(number) * 7
        leaves = list(list_leaves(body))
        value = VALUES[at // len(leaves) % len(VALUES)]
        return exchange.saying(put(body, leaves[at % len(leaves)], value))

    count = 300 if ALL else 24
    write_job(here, provider, *(f"e{each}" for each in range(count)))
    job = (here.folder / "job.yaml").read_text(encoding="utf-8")
    here.write("job.yaml", job.replace("budget: 1", "budget: 100"))
    with serve_altered(here, alter, {**LOST, "times": 0}) as served:
        spoilt = run(here, "-j", "64")
        rows = here.manifest("outputs/job")["inferences"]
        crashed = [row["id"] for row in rows if (row["error"] or {}).get("code") == "internal"]
        assert (crashed, spoilt.exit_code in FORESEEN) == ([], True), spoilt.stderr[-3000:]
        honest.append(True)
        again = run(here, "-j", "64")
        assert (again.exit_code, served.submits) == (0, count), again.stderr[-2000:]
    assert next(number) > count


def test_there_are_answers_to_play():
    assert sum(1 for _ in list_hostile()) > 10_000
