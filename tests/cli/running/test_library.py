"""`vidi.run`: a job file from a program, on the way that `vidi-run` goes."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

import vidi
from vidi.errors import CredentialsError, JobFileError, RefusedError, UsageError

JOB = """\
version: 1
inferences:
  - {id: a, model: fal/fal-ai/flux/dev, params: {prompt: x}, output: a.png, tags: [one]}
  - {id: "<b>", model: fal/fal-ai/flux/dev, params: {prompt: y}, output: b.png}
"""


@pytest.fixture
def job(here):
    return here.write("jobs/a.yaml", JOB)


def test_it_gives_back_the_manifest(job, capfd):
    made = vidi.run(job, sandbox=True, budget=5, concurrency=2)
    assert made == json.loads((made.folder / "manifest.json").read_text("utf-8"))
    assert (made.folder / "a.jpg").exists() or (made.folder / "a.png").exists()
    assert repr(made) == "<run succeeded: 2 succeeded; $0.05>"
    assert "&lt;b&gt;" in made._repr_html_()
    assert capfd.readouterr() == ("", "")
    again = vidi.run("jobs/a.yaml", sandbox=True, budget=5)
    assert again["totals"]["by_status"]["unchanged"] == 2
    assert again["cost_usd"]["actual"] == 0


def test_options_are_those_of_the_command(job):
    made = vidi.run(job, sandbox=True, budget="5", select=["tag:one"], report=False)
    assert [row["status"] for row in made["inferences"]] == ["succeeded", "skipped"]
    assert not (made.folder / "report.html").exists()
    with pytest.raises(RefusedError, match="frozen"):
        vidi.run(job, sandbox=True, budget=5, frozen=True)


@pytest.mark.parametrize("options", [{"frozzen": True}, {"budget": -1}, {"concurrency": 0}])
def test_a_wrong_option_is_named(job, options):
    with pytest.raises(UsageError):
        vidi.run(job, **{"sandbox": True, **options})


@pytest.mark.parametrize(
    ("text", "options", "error"),
    [
        (JOB, {"budget": 0.04}, RefusedError),
        (JOB, {}, RefusedError),
        (JOB, {"budget": 1}, CredentialsError),
        (JOB.replace("prompt", "promt"), {"budget": 1}, JobFileError),
        ("[]", {"budget": 1}, JobFileError),
    ],
)
def test_what_stops_it_is_raised_and_nothing_is_written(here, monkeypatch, text, options, error):
    if error is not CredentialsError:
        monkeypatch.setenv("FAL_KEY", "a-key")
    path = here.write("jobs/a.yaml", text)
    with pytest.raises(error) as raised:
        vidi.run(path, **options)
    assert raised.value.__notes__
    assert not (here.folder / "outputs/a/manifest.json").exists()


async def test_under_a_running_loop_and_from_threads(job):
    assert (vidi.run(job, sandbox=True, budget=5))["run"]["exit_code"] == 0
    with ThreadPoolExecutor(3) as threads:
        runs = [threads.submit(vidi.run, job, sandbox=True, budget=5) for _ in range(3)]
        made = await asyncio.gather(*map(asyncio.wrap_future, runs))
    assert {each["run"]["status"] for each in made} == {"succeeded"}


def test_an_interrupt_brings_home_what_was_paid(job, monkeypatch):
    """Ctrl-C in a notebook: nothing new begins, what is under way ends."""
    import vidi.cli.running.library as library

    class Interrupted:
        def __init__(self, future):
            self._future, self._struck = future, False

        def done(self):
            return self._future.done()

        def result(self):
            if not self._struck:
                self._struck = True
                raise KeyboardInterrupt
            return self._future.result()

    class Threads(ThreadPoolExecutor):
        def submit(self, *work):
            return Interrupted(super().submit(*work))

    monkeypatch.setattr(library, "ThreadPoolExecutor", Threads)
    try:
        made = vidi.run(job, sandbox=True, budget=5)
    except vidi.errors.StoppedError:
        return  # it came before anything had begun
    assert made["run"]["exit_code"] in {0, 130}
