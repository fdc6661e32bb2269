"""What a run refuses before it spends anything, in whole messages."""

import pytest

MODEL = "replicate/black-forest-labs/flux-schnell"


def job(count, *, model=MODEL, budget="1.00", more=""):
    return (
        f"version: 1\nname: job\nbudget: {budget}\ninferences:\n"
        f'  - id: "n{{{{ n }}}}"\n    matrix: {{n: {list(range(1, count + 1))}}}\n'
        f'    model: {model}\n    params: {{prompt: "tree {{{{ n }}}}"}}\n'
        f'    output: "{{{{ id }}}}.webp"\n{more}'
    )


def refusals(here, text, *options):
    here.write("job.yaml", text)
    answer = here("vidi-run", "job.yaml", "--json", *options)
    assert answer.exit_code == 3
    return [(error["message"], error["hint"]) for error in answer.json["errors"]]


FROZEN = "Run it once without --frozen and keep what it makes."


@pytest.mark.parametrize(
    ("count", "named"),
    [
        (1, "n1 (new)"),
        (5, "n1 (new), n2 (new), n3 (new), n4 (new), n5 (new)"),
        (6, "n1 (new), n2 (new), n3 (new), n4 (new), n5 (new) and 1 more"),
        (8, "n1 (new), n2 (new), n3 (new), n4 (new), n5 (new) and 3 more"),
    ],
)
def test_frozen_names_the_first_five_that_would_be_bought(here, count, named):
    message = f"frozen, and {count} of the inferences would have to be bought: {named}"
    assert refusals(here, job(count), "--frozen", "--sandbox") == [(message, FROZEN)]


def test_over_budget_says_by_how_much(here):
    assert refusals(here, job(4, budget="0.01"), "--estimate") == [
        (
            "this costs up to $0.012, which is $0.002 over the budget of $0.01",
            "Raise `budget` in the job file (or --budget), or leave some out with --exclude.",
        )
    ]


def test_each_that_is_too_dear_is_told(here):
    text = job(2, more="    max_cost: 0.001\n")
    message = "{} costs up to $0.003, over its max_cost of $0.001"
    hint = "Raise its `max_cost`, or choose cheaper parameters."
    expected = [(message.format(key), hint) for key in ("n1", "n2")]
    assert refusals(here, text, "--estimate") == expected


def test_all_reasons_come_at_once(here):
    text = job(2, budget="0.001", more="    max_cost: 0.001\n")
    found = refusals(here, text, "--estimate", "--frozen")
    assert [message.partition(" ")[0] for message, _ in found] == ["frozen,", "n1", "n2", "this"]


@pytest.mark.parametrize("budget", ["0.012", "0.0120", "1.2e-2"])
def test_a_budget_that_fits_exactly_is_enough(here, budget):
    here.write("job.yaml", job(4, budget=budget))
    assert here("vidi-run", "job.yaml", "--estimate").exit_code == 0
