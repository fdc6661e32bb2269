"""`vidi-run --shard i/n`: the parts of a job add up to the whole of it."""

import pytest

from support.servers.sandbox import serve_sandbox

JOB = """\
version: 1
name: cards
budget: 0.084
inferences:
  - id: "card-{{ n }}"
    matrix: {n: "{{ range(24) | list }}"}
    model: fal/fal-ai/flux/schnell
    params: {prompt: "postcard {{ n // 2 }}"}
    output: "{{ id }}.png"
"""
UNPRICED = """\
  - {id: dear, model: replicate/openai/gpt-5.2, params: {prompt: hi}, output: dear.txt}
  - {id: card, model: fal/fal-ai/flux/schnell, params: {prompt: hi}, output: card.png}
"""
NUMBERS = (1, 2, 3)


@pytest.fixture
def served(here):
    """The provider whom all of a job's shards ask."""
    here.write("job.yaml", JOB)
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        yield served


def estimate(here, *options):
    answer = here("vidi-run", "job.yaml", "--estimate", "--json", *options)
    (job,) = answer.json["jobs"]
    return answer, job


def test_each_inference_is_in_one_shard_and_the_budgets_stay_under_the_whole(here, served):
    found, budgets, prices = [], [], []
    for number in NUMBERS:
        answer, job = estimate(here, "--shard", f"{number}/3")
        assert answer.exit_code == 0
        rows = {row["id"]: row for row in job["inferences"]}
        assert len(rows) == 24
        own = [key for key, row in rows.items() if row["action"] == "run"]
        others = [row for row in rows.values() if row["action"] != "run"]
        assert {(row["action"], row["reason"]) for row in others} == {("skip", "in another shard")}
        found += own
        budgets.append(job["budget_usd"])
        prices.append(job["estimate_usd"]["high"])
    assert sorted(found) == sorted(f"card-{n}" for n in range(24))
    assert (sum(prices), round(sum(budgets), 6) <= 0.084) == (pytest.approx(0.072), True)
    assert served.submits == 0


@pytest.mark.usefixtures("served")
def test_the_table_shows_this_shard_alone(here):
    here._monkeypatch.setenv("COLUMNS", "200")
    shown = here("vidi-run", "job.yaml", "--estimate", "--shard", "3/3").stdout.splitlines()
    rows = [line for line in shown if line.startswith("card-")]
    assert f"shard 3/3: {len(rows)} of the 24 inferences" in shown
    assert 0 < len(rows) < 24


@pytest.mark.usefixtures("served")
def test_budget_of_the_command_is_split_too(here):
    for number in NUMBERS:
        answer, job = estimate(here, "--shard", f"{number}/3", "--budget", "0.072")
        assert answer.json["budget_usd"] == job["budget_usd"] == job["estimate_usd"]["high"]


def test_a_shard_that_cannot_pay_its_dearest_names_the_budget_that_would_do(here, served):
    gated = ("--gate", "expected")
    answer = here("vidi-run", "job.yaml", "--shard", "1/3", "--budget", "0.002", *gated)
    assert (answer.exit_code, served.submits) == (3, 0)
    assert answer.stderr.splitlines()[-2:] == [
        "shard 1/3 has $0.000916 of the budget, and card-2 alone costs up to $0.003",
        "  hint: With a budget of $0.072 for all shards it would fit.",
    ]
    enough = here("vidi-run", "job.yaml", "--estimate", "--shard", "1/3", "--budget", "0.071")
    assert enough.exit_code == 3
    assert "over the budget of $0.032541 that shard 1/3 has" in enough.stderr
    exact = here("vidi-run", "job.yaml", "--estimate", "--shard", "1/1", "--select", "card-2",
                 "--budget", "0.072")  # fmt: skip
    assert exact.exit_code == 0
    here.write("job.yaml", JOB.split("  - id")[0] + UNPRICED)
    for budget, code in (("0.003", 0), ("0.002999", 3)):
        options = ("--exclude", "dear", "--budget", budget)
        assert (
            here("vidi-run", "job.yaml", "--estimate", "--shard", "1/1", *options).exit_code == code
        )
    unpriced, _ = estimate(here, "--shard", "1/1", "--budget", "0.5", "--exclude", "card")
    (error,) = unpriced.json["errors"]
    assert error["message"].startswith("nobody can say what this costs: dear (")


@pytest.mark.usefixtures("served")
def test_a_selection_leaves_the_shares_as_they_are(here):
    """Else each of several machines might take all of the budget for what it alone has to do."""
    _, whole = estimate(here, "--shard", "1/3")
    _, part = estimate(here, "--shard", "1/3", "--select", "card-2")
    assert part["budget_usd"] == whole["budget_usd"]
    assert part["estimate_usd"]["high"] == 0.003


@pytest.mark.parametrize("wrong", ["0/3", "4/3", "3", "1/0", "-1/3", "1/3/5", "a/b", "1/100000"])
def test_what_is_no_shard_is_told(here, wrong):
    here.write("job.yaml", JOB)
    answer = here("vidi-run", "job.yaml", "--shard", wrong)
    assert answer.exit_code == 2
    assert f"'{wrong}' is not a shard such as 3/8, which go from 1/8 to 8/8" in answer.stderr


def test_shards_one_after_another_and_the_whole_file_buy_each_inference_once(here, served):
    """In one folder, so that one machine may take over what another began."""
    for number in NUMBERS:
        assert here("vidi-run", "job.yaml", "--shard", f"{number}/3").exit_code == 0
    assert here("vidi-run", "job.yaml", "--frozen").exit_code == 0
    assert (served.submits, len(served.sandbox.works)) == (24, 24)


def test_twins_in_two_shards_are_two_purchases_though_they_share_a_store(here, served):
    """Each card is there twice: what one machine bought is not what the other is to have."""
    here.write("vidi.toml", 'store = "shared"\n')
    for number in NUMBERS:
        options = ("--shard", f"{number}/3", "-o", f"out/{number}")
        assert here("vidi-run", "job.yaml", *options).exit_code == 0
    assert len(served.sandbox.works) == 24
