"""No cap and nobody to ask: refused, unless the file or the command says that none is wanted."""

import pytest

from support.servers.sandbox import serve_sandbox

JOB = """\
version: 1
BUDGET
inferences:
  - {id: a, model: fal/fal-ai/flux/dev, params: {prompt: an ash, image_size: square}, output: a.jpg}
"""
HINT = (
    "  hint: Set `budget` in the job file or --budget, or a cap by day, week or month; or allow it "
    "with -y, or `budget: null` in the file.\n"
)


@pytest.fixture
def shop(here):
    here.write("job.yaml", JOB.replace("BUDGET\n", ""))
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        here.served = served
        yield here


@pytest.mark.parametrize("options", [(), ("--json",), ("--no-input",)])
def test_without_any_cap_it_is_refused(shop, options):
    answer = shop("vidi-run", "job.yaml", *options)
    assert answer.exit_code == 3
    assert answer.stderr == (
        "no budget is set, and nobody can be asked: this costs up to $0.025\n" + HINT
    )
    assert (shop.served.submits, (shop.folder / "outputs/job/log.jsonl").exists()) == (0, False)


@pytest.mark.parametrize("options", [("-y",), ("--budget", "1"), ("--sandbox",)])
def test_the_command_may_say_so(shop, options):
    assert shop("vidi-run", "job.yaml", *options).exit_code == 0


@pytest.mark.parametrize("budget", ["null", "0.025"])
def test_the_file_may_say_so(shop, budget):
    shop.write("job.yaml", JOB.replace("BUDGET", f"budget: {budget}"))
    assert shop("vidi-run", "job.yaml").exit_code == 0


@pytest.mark.parametrize("kind", ["DAY", "WEEK", "MONTH"])
def test_a_cap_by_day_week_or_month_is_one(shop, kind):
    shop._monkeypatch.setenv(f"VIDI_BUDGET_{kind}", "1")
    assert shop("vidi-run", "job.yaml").exit_code == 0


def test_one_file_without_a_cap_holds_back_all_of_them(shop):
    shop.write("capped.yaml", JOB.replace("BUDGET", "budget: 1"))
    answer = shop("vidi-run", "capped.yaml", "job.yaml")
    assert (answer.exit_code, shop.served.submits) == (3, 0)
    assert "no budget is set, and nobody can be asked: this costs up to $0.025" in answer.stderr


def test_where_nothing_is_to_be_bought_no_cap_is_needed(shop):
    assert shop("vidi-run", "job.yaml", "-y").exit_code == 0
    assert shop("vidi-run", "job.yaml", "--json").exit_code == 0


def test_an_estimate_only_says_so(shop):
    answer = shop("vidi-run", "job.yaml", "--estimate", "--json")
    (warning,) = answer.json["warnings"]
    assert (answer.exit_code, warning["code"], warning["job_file"]) == (0, "no-cap", "job.yaml")
    answer = shop("vidi-run", "job.yaml", "--estimate")
    assert answer.stderr == (
        "job.yaml: warning: no budget is set: a run asks first, and is refused where nobody can be "
        "asked\n    " + HINT
    )
