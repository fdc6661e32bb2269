"""What a run refuses before it spends anything, in whole messages."""

import json
import shlex
import time

import pytest

from support.servers.sandbox import serve_sandbox
from vidi.inference.models.registry import shipped_templates

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


def test_over_budget_says_by_how_much_and_shows_the_budget(here):
    assert refusals(here, job(4, budget="0.01"), "--estimate") == [
        (
            "this costs up to $0.012, which is $0.002 over the budget of $0.01",
            "Raise `budget` in the job file (or --budget), or leave some out with --exclude.",
        )
    ]
    here._monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert "::error file=job.yaml,line=3," in here("vidi-run", "job.yaml", "--estimate").stderr


SDXL = "replicate/stability-ai/sdxl"


def with_typical(here, usd=0.004):
    """A template in the project that says what a run of a model billed by time usually costs."""
    name = "replicate/stability-ai_sdxl.json"
    template = json.loads((shipped_templates() / name).read_text(encoding="utf-8"))
    template["pricing"]["rows"][-1]["typical_usd"] = usd
    here.write(f"templates/{name}", json.dumps(template))


def test_a_hundred_that_are_likely_cheap_need_the_other_gate(here):
    with_typical(here)
    text = job(100, model=SDXL, budget="5")
    assert refusals(here, text, "--estimate") == [
        (
            "this costs up to $29.25, which is $24.25 over the budget of $5.00",
            "Raise `budget` in the job file (or --budget), or leave some out with --exclude. It "
            "will likely cost $0.40: --gate expected begins, and never spends over the cap.",
        )
    ]
    answer = here("vidi-run", "job.yaml", "--estimate", "--json", "--gate", "expected")
    assert answer.exit_code == 0
    assert answer.json["estimate_usd"] == {"low": 0, "expected": 0.4, "high": 29.25}
    row = answer.json["jobs"][0]["inferences"][0]
    assert row["estimate_usd"] == {"low": 0, "expected": 0.004, "high": 0.2925}
    shown = here("vidi-run", "job.yaml", "--estimate", "--gate", "expected")
    assert "total     $0.00–$29.25, likely $0.40\n" in shown.stdout
    assert shown.stdout.splitlines()[-2] == "verdict   within budget"


def test_the_job_file_may_set_the_gate_and_the_command_line_goes_before_it(here):
    with_typical(here)
    here.write("job.yaml", "gate: expected\n" + job(100, model=SDXL, budget="5"))
    assert here("vidi-run", "job.yaml", "--estimate").exit_code == 0
    assert here("vidi-run", "job.yaml", "--estimate", "--gate", "high").exit_code == 3
    here.write("job.yaml", "gate: lucky\n" + job(1))
    answer = here("vidi-run", "job.yaml", "--estimate", "--json")
    assert answer.exit_code == 2
    assert answer.json["errors"][0]["line"] == 1


def test_the_gate_at_what_is_likely_holds_too(here):
    with_typical(here, usd=0.06)
    text = job(100, model=SDXL, budget="5")
    assert refusals(here, text, "--estimate", "--gate", "expected") == [
        ("this will likely cost $6.00, which is $1.00 over the budget of $5.00", HINTS["budget"])
    ]
    ((_, hint),) = refusals(here, text, "--estimate")
    assert hint == HINTS["budget"], "the other gate would not let it begin either"
    exact = text.replace("budget: 5", "budget: 6")
    ((_, hint),) = refusals(here, exact, "--estimate")
    assert "It will likely cost $6.00: --gate expected begins" in hint


def test_what_nobody_can_price_is_named_five_at_a_time(here):
    text = job(6, model="replicate/openai/gpt-5.2").replace(".webp", ".txt")
    ((message, hint),) = refusals(here, text, "--estimate")
    template = shipped_templates() / "replicate/openai_gpt-5.2.json"
    why = json.loads(template.read_text(encoding="utf-8"))["pricing"]["rows"][-1]["unpriced"]
    named = ", ".join(f"n{number} ({why})" for number in range(1, 6))
    assert message == f"nobody can say what this costs: {named} and 1 more"
    assert hint == HINTS["unpriced"]


def test_each_that_is_too_dear_is_told(here):
    text = job(2, more="    max_cost: 0.001\n")
    message = "{} costs up to $0.003, over its max_cost of $0.001"
    hint = "Raise its `max_cost`, or choose cheaper parameters."
    expected = [(message.format(key), hint) for key in ("n1", "n2")]
    assert refusals(here, text, "--estimate") == expected
    here.write("job.yaml", job(2, more="    max_cost: 0.003\n"))
    assert here("vidi-run", "job.yaml", "--estimate").exit_code == 0, "exactly so much is no more"


def test_all_reasons_come_at_once(here):
    text = job(2, budget="0.001", more="    max_cost: 0.001\n")
    found = refusals(here, text, "--estimate", "--frozen")
    assert [message.partition(" ")[0] for message, _ in found] == ["frozen,", "n1", "n2", "this"]


@pytest.mark.parametrize("budget", ["0.012", "0.0120", "1.2e-2"])
def test_a_budget_that_fits_exactly_is_enough(here, budget):
    here.write("job.yaml", job(4, budget=budget))
    assert here("vidi-run", "job.yaml", "--estimate").exit_code == 0


MODELS = {
    "replicate": MODEL,
    "fal": "fal/fal-ai/flux/dev",
}
providers = pytest.mark.parametrize("provider", ["replicate", "fal"])
WAITS = "    timeout: 1\n"


@pytest.fixture
def submitted(here):
    """A folder with inferences that the provider has and nobody has fetched."""
    with serve_sandbox(latency=1000) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)

        def submit(model, count=6):
            now = time.time()
            served.sandbox.clock = lambda: now  # no deadline comes while it stands still
            here.write("job.yaml", job(count, model=model, more=WAITS))
            assert here("vidi-run", "job.yaml", "-j", "8").exit_code == 5
            for work in served.sandbox.works.values():
                work.deadline_at = float("inf")
            served.sandbox.clock = lambda: time.time() + 1000
            return served

        yield submit


FIVE = "--select n1 --select n2 --select n3 --select n4 --select n5"
FETCH = f" What is already bought is fetched with `{FIVE}` and 1 more."
HINTS = {
    "frozen": FROZEN,
    "budget": "Raise `budget` in the job file (or --budget), or leave some out with --exclude.",
    "max_cost": "Raise its `max_cost`, or choose cheaper parameters.",
    "day": "Raise VIDI_BUDGET_DAY, wait for the next day (UTC), or leave some out with --exclude.",
    "unpriced": "Set `assume_cost` (USD) on each of them, or leave them out with --exclude.",
}


def refuse(here, model, why):
    """Add an entry that may not be bought to the six; says the options of the run."""
    text = job(7, model=model, more=WAITS)
    match why:
        case "frozen":
            return text, ("--frozen",)
        case "budget":
            return text, ("--budget", "0.001")
        case "max_cost":
            return text + "    max_cost: 0.0001\n", ()
        case "day":
            here._monkeypatch.setenv("VIDI_BUDGET_DAY", "0.001")
            return text, ()
        case "unpriced":
            dear = "  - id: dear\n    model: replicate/openai/gpt-5.2\n"
            six = job(6, model=model, more=WAITS)
            return six + dear + "    params: {prompt: hi}\n    output: dear.txt\n", ()


@pytest.mark.parametrize("why", HINTS)
@providers
def test_a_refusal_says_how_to_get_what_is_bought_already(here, submitted, provider, why):
    model = MODELS[provider]
    served = submitted(model)
    text, options = refuse(here, model, why)
    ((_, hint),) = refusals(here, text, *options)
    assert hint == HINTS[why] + FETCH
    assert served.submits == 6
    selected = [*FIVE.split(), "--select", "n6"]
    assert here("vidi-run", "job.yaml", *options, *selected).exit_code == 0
    assert served.submits == 6
    assert len(list((here.folder / "outputs/job").glob("n*.*"))) == 6


def test_of_several_refusals_the_last_says_how_to_get_what_is_bought(here, submitted):
    submitted(MODEL, count=2)
    text = job(3, budget="0.001", more=WAITS)
    found = refusals(here, text, "--frozen")
    told = " What is already bought is fetched with `--select n1 --select n2`."
    assert [hint.endswith(told) for _, hint in found] == [False, True]


@pytest.mark.parametrize(
    ("key", "selector"),
    [
        ("a b", "'a b'"),
        ("a*", "'a[*]'"),
        ("a,b", "'a?b'"),
        ("tag:x", "id:tag:x"),
        ("[x]?", "'[[]x][?]'"),
    ],
)
def test_an_id_is_named_so_that_the_command_line_takes_it(here, key, selector):
    made = job(1).replace('"n{{ n }}"', repr(key)).replace("{{ id }}.webp", "t.webp")
    here.write("job.yaml", made)
    assert here("vidi-run", "job.yaml", "--sandbox").exit_code == 0
    text = made.replace("t.webp", "u.webp") + job(1).partition("inferences:\n")[2]
    ((_, hint),) = refusals(here, text, "--frozen", "--sandbox")
    assert hint == f"{FROZEN} What is already bought is fetched with `--select {selector}`."
    arguments = shlex.split(f"--sandbox --select {selector}")
    answer = here("vidi-run", "job.yaml", "--estimate", "--json", *arguments)
    assert [line["action"] for line in answer.json["jobs"][0]["inferences"]] == ["move", "skip"]
