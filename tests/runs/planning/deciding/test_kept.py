"""What an entry with `keep: true` has made is never bought again."""

import contextlib
import hashlib

import pytest

from support.servers.sandbox import serve_sandbox

MODELS = {
    "replicate": ("replicate/black-forest-labs/flux-schnell", "aspect_ratio: '1:1'"),
    "fal": ("fal/fal-ai/flux/dev", "image_size: square"),
}
RETENTION = {"replicate": " (replicate keeps outputs for 1 h)", "fal": ""}
FREE = "; kept, so never bought again"
GONE = {"on": "download", "fault": "gone", "times": 0}
providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


def job(provider, prompt="a tree", more="    keep: true\n", output="tree.webp"):
    model, size = MODELS[provider]
    return (
        "version: 1\nname: job\nbudget: 0.20\ninferences:\n"
        f"  - id: tree\n    model: {model}\n    params: {{prompt: {prompt}, {size}}}\n"
        f"    output: {output}\n{more}"
    )


@pytest.fixture
def asset(here):
    return here.folder / "outputs/job/tree.webp"


@pytest.fixture
def sandbox(here):
    @contextlib.contextmanager
    def sandbox(*faults):
        with serve_sandbox(faults) as served:
            for name, value in served.environment.items():
                here._monkeypatch.setenv(name, value)
            yield served

    return sandbox


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def plan(here, *options):
    answer = here("vidi-run", "job.yaml", "--estimate", "--json", *options).json
    (line,) = answer["jobs"][0]["inferences"]
    return line["action"], line["reason"], line["estimate_usd"]["high"]


def errors(here, *options):
    answer = here("vidi-run", "job.yaml", "--json", *options)
    assert answer.exit_code == 1
    return [(error["message"], error["hint"]) for error in answer.json["errors"]]


def assert_told_as_gone(here, provider):
    ((message, hint),) = errors(here)
    assert message.startswith(
        "tree is kept, so it is not bought again, and it is gone at the provider: "
    )
    assert message.endswith(RETENTION[provider])
    assert hint == "Put its files back, or buy it again with --rebuy tree."


@pytest.mark.parametrize("prompt", ["a tree", "a bush"])
@providers
def test_what_is_deleted_is_fetched_for_nothing_whatever_the_params(
    here, sandbox, asset, provider, prompt
):
    here.write("job.yaml", job(provider))
    with sandbox() as served:
        assert here("vidi-run", "job.yaml").exit_code == 0
        before = digest(asset)
        asset.unlink()
        here.write("job.yaml", job(provider, prompt))
        assert plan(here) == ("fetch", f"asset missing: tree.webp{FREE}", 0)
        assert here("vidi-run", "job.yaml", "--frozen").exit_code == 0
        assert served.submits == 1
    assert digest(asset) == before
    row = here.manifest("outputs/job")["inferences"][0]
    assert (row["params"]["prompt"], row["cost_usd"]["actual"]) == ("a tree", 0)
    assert plan(here) == ("unchanged", "kept", 0)


@pytest.mark.parametrize("prompt", ["a tree", "a bush"])
@providers
def test_what_is_deleted_here_and_gone_there_is_not_bought_again(
    here, sandbox, asset, provider, prompt
):
    here.write("job.yaml", job(provider))
    with sandbox({**GONE, "nth": 2}) as served:
        assert here("vidi-run", "job.yaml").exit_code == 0
        asset.unlink()
        here.write("job.yaml", job(provider, prompt))
        for _ in range(2):
            assert_told_as_gone(here, provider)
            assert plan(here) == ("fetch", f"asset missing: tree.webp{FREE}", 0)
        assert served.submits == 1


@providers
def test_what_is_put_back_is_unchanged(here, sandbox, asset, provider):
    here.write("job.yaml", job(provider))
    with sandbox({**GONE, "nth": 2}) as served:
        assert here("vidi-run", "job.yaml").exit_code == 0
        away = asset.rename(here.folder / "away")
        assert_told_as_gone(here, provider)
        away.rename(asset)
        assert plan(here) == ("unchanged", "kept", 0)
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 1


@providers
def test_rebuy_buys_it_all_the_same(here, sandbox, asset, provider):
    here.write("job.yaml", job(provider))
    with sandbox({**GONE, "nth": 2, "times": 1}) as served:
        assert here("vidi-run", "job.yaml").exit_code == 0
        asset.unlink()
        assert_told_as_gone(here, provider)
        assert plan(here, "--rebuy", "tree")[:2] == ("run", "asked to buy again")
        assert here("vidi-run", "job.yaml", "--rebuy", "tree").exit_code == 0
        assert served.submits == 2
    assert asset.is_file()


@providers
def test_what_was_paid_and_never_came_is_not_bought_on_the_next_run(here, sandbox, provider):
    here.write("job.yaml", job(provider))
    with sandbox(GONE) as served:
        assert here("vidi-run", "job.yaml").exit_code == 1
        assert plan(here) == ("fetch", f"failed before: fetch it{FREE}", 0)
        assert_told_as_gone(here, provider)
        here.write("job.yaml", job(provider, "a bush"))
        assert_told_as_gone(here, provider)
        assert served.submits == 1
        served.sandbox.faults._rules.clear()
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 1


@providers
def test_what_only_the_network_kept_away_is_fetched_later(here, sandbox, asset, provider):
    here.write("job.yaml", job(provider))
    html = {"on": "download", "fault": "html", "nth": 2, "times": 20}
    with sandbox(html) as served:
        assert here("vidi-run", "job.yaml").exit_code == 0
        asset.unlink()
        assert here("vidi-run", "job.yaml").exit_code == 1
        served.sandbox.faults._rules.clear()
        assert plan(here) == ("fetch", f"asset missing: tree.webp{FREE}", 0)
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 1


@providers
def test_a_kept_entry_may_be_given_another_place(here, sandbox, asset, provider):
    here.write("job.yaml", job(provider))
    with sandbox():
        assert here("vidi-run", "job.yaml").exit_code == 0
        before = digest(asset)
    here.write("job.yaml", job(provider, "a bush", output="b.webp"))
    assert plan(here) == ("move", "output moved: tree.webp", 0)
    assert here("vidi-run", "job.yaml", "--frozen").exit_code == 0
    assert digest(asset.with_name("b.webp")) == before


@providers
def test_what_failed_at_the_provider_was_not_made_and_is_bought(here, sandbox, provider):
    here.write("job.yaml", job(provider))
    with sandbox({"on": "result", "fault": "failed"}) as served:
        assert here("vidi-run", "job.yaml").exit_code == 1
        assert plan(here)[1] == "failed before"
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 2


@providers
def test_one_that_keeps_nothing_is_bought_again(here, sandbox, asset, provider):
    here.write("job.yaml", job(provider, more=""))
    with sandbox({**GONE, "nth": 2, "times": 1}) as served:
        assert here("vidi-run", "job.yaml").exit_code == 0
        asset.unlink()
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 2
