"""An asset that the user has edited is the user's; what was bought comes back when asked for."""

import hashlib

import pytest
from PIL import Image, ImageOps

from support.servers.sandbox import serve_sandbox

MODELS = {
    "replicate": ("replicate/black-forest-labs/flux-schnell", "num_outputs"),
    "fal": ("fal/fal-ai/flux/dev", "num_images"),
}
FOLDER = "outputs/job"
providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


def job(provider, prompt="x", output="a.png", count=1, key="a"):
    model, counter = MODELS[provider]
    entry = (
        f"{{id: {key}, model: {model}, params: {{prompt: {prompt}, {counter}: {count}}}, "
        f"output: {output}}}"
    )
    return f"version: 1\nname: job\nbudget: 1\ninferences:\n  - {entry}\n"


def retouch(path):
    """Edit a picture as a user does: it opens, and is another; returns its hash."""
    with Image.open(path) as image:
        edited = ImageOps.invert(image.convert("RGB"))
    edited.save(path, "PNG")
    return digest(path)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def served(here):
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        yield served


def run(here, text, *options):
    here.write("job.yaml", text)
    return here("vidi-run", "job.yaml", *options).exit_code


def plan(here, *options):
    answer = here("vidi-run", "job.yaml", "--estimate", "--json", *options).json
    return [(line["action"], line["reason"]) for line in answer["jobs"][0]["inferences"]]


@providers
def test_it_is_kept_and_told_and_bought_by_nobody(here, served, provider):
    assert run(here, job(provider)) == 0
    path = here.folder / FOLDER / "a.png"
    edited = retouch(path)
    requests = served.requests
    for _ in range(3):
        assert plan(here) == [("unchanged", "edited")]
        assert run(here, job(provider), "--frozen") == 0
    assert (digest(path), served.requests) == (edited, requests)


@providers
def test_restore_brings_back_what_was_bought_and_keeps_the_edit(here, served, provider):
    assert run(here, job(provider)) == 0
    path = here.folder / FOLDER / "a.png"
    bought, edited = digest(path), retouch(path)
    assert plan(here, "--restore", "a")[0][0] == "restore"
    assert run(here, job(provider), "--restore", "a", "--frozen") == 0
    assert (digest(path), served.submits) == (bought, 1)
    assert digest(here.folder / FOLDER / ".vidi/replaced/a.png") == edited
    assert plan(here) == [("unchanged", "made before")]


def test_restore_buys_nothing_at_all(here, served):
    two = job("fal") + job("fal", "y", "b.png", key="b").partition("inferences:\n")[2]
    here.write("job.yaml", two)
    assert run(here, two, "--select", "a") == 0
    assert plan(here, "--restore", "*") == [
        ("unchanged", "made before"),
        ("skip", "new, and --restore buys nothing"),
    ]
    assert run(here, two, "--restore", "*") == 0
    assert served.submits == 1


def test_restore_of_what_is_gone_everywhere_fails_and_buys_nothing(here):
    with serve_sandbox([{"on": "download", "fault": "gone", "nth": 2}]) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        assert run(here, job("fal")) == 0
        path = here.folder / FOLDER / "a.png"
        edited = retouch(path)
        assert run(here, job("fal"), "--restore", "a") == 1
        (row,) = here.manifest(FOLDER)["inferences"]
        assert row["error"]["message"].startswith("a cannot be restored, as nothing is bought")
        assert (digest(path), served.submits) == (edited, 1)
        assert plan(here) == [("unchanged", "edited")]


@providers
def test_one_that_no_longer_opens_is_fetched_again(here, served, provider):
    assert run(here, job(provider)) == 0
    path = here.folder / FOLDER / "a.png"
    bought = digest(path)
    for spoilt in (b"", b"mine", path.read_bytes()[:-9]):
        path.write_bytes(spoilt)
        assert plan(here) == [("run", "asset differs: a.png")]
        assert run(here, job(provider)) == 0
        assert (digest(path), served.submits) == (bought, 1)


@providers
def test_it_goes_where_its_entry_goes(here, served, provider):
    assert run(here, job(provider)) == 0
    edited = retouch(here.folder / FOLDER / "a.png")
    assert run(here, job(provider, output="b.png")) == 0
    assert run(here, job(provider, key="c", output="c.png"), "--frozen") == 0
    assert digest(here.folder / FOLDER / "c.png") == edited
    assert [path.name for path in (here.folder / FOLDER).glob("*.png")] == ["c.png"]
    assert plan(here) == [("unchanged", "edited")]
    assert served.submits == 1


@providers
def test_it_comes_back_when_its_prompt_does(here, served, provider):
    assert run(here, job(provider)) == 0
    path = here.folder / FOLDER / "a.png"
    edited = retouch(path)
    assert run(here, job(provider, "y")) == 0
    assert digest(path) != edited
    assert run(here, job(provider)) == 0
    assert (digest(path), served.submits) == (edited, 2)
    assert plan(here) == [("unchanged", "edited")]


@providers
def test_of_several_only_the_edited_one_is_left(here, served, provider):
    assert run(here, job(provider, count=2)) == 0
    first, second = (here.folder / FOLDER / f"a-{number}.png" for number in (1, 2))
    bought, edited = digest(second), retouch(first)
    second.unlink()
    assert run(here, job(provider, count=2)) == 0
    assert (digest(first), digest(second), served.submits) == (edited, bought, 1)
