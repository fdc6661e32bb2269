"""One command, one cap: whatever `--budget` says holds over all job files together."""

import json
import os
import subprocess
from dataclasses import replace
from decimal import Decimal

import pytest

from support.commands import start_installed
from support.servers.altered_sandbox import serve_altered
from support.servers.sandbox import serve_sandbox

COST = Decimal("0.15")
"""Of each file: three pictures of $0.05."""
JOB = """\
version: 1
defaults: {model: fal/fal-ai/flux/dev, params: {image_size: {width: 1920, height: 1080}}}
inferences:
  - id: "p{{ n }}"
    matrix: {n: [1, 2, 3]}
    params: {prompt: "picture {{ n }} of NAME"}
    output: "{{ id }}.jpg"
"""
EACH = 3


def write_files(folder, count, *, budget="", name="f"):
    for number in range(count):
        stem = f"{name}{number:02}"
        text = JOB.replace("NAME", stem).replace("version: 1\n", f"version: 1\n{budget}")
        (folder / f"{stem}.yaml").write_text(text, encoding="utf-8")
    return [f"{name}{number:02}.yaml" for number in range(count)]


@pytest.fixture
def shop(here):
    """A folder, and a sandbox that stands for the real providers."""
    with serve_sandbox() as served:

        def run(*arguments, **environment):
            with pytest.MonkeyPatch.context() as patch:
                for name, value in {**served.environment, **environment}.items():
                    patch.setenv(name, value)
                return here("vidi-run", *arguments)

        run.folder, run.served = here.folder, served
        yield run


def billed(shop):
    return Decimal(str(shop.served.sandbox.billing.total))


def test_the_price_of_a_file_is_as_said(shop):
    (name,) = write_files(shop.folder, 1)
    answer = shop(name, "--estimate", "--json", "--budget", "1").json
    assert answer["estimate_usd"] == dict.fromkeys(("low", "expected", "high"), 0.15)


@pytest.mark.parametrize("options", [(), ("--estimate",)])
def test_forty_files_that_fit_one_by_one_and_not_together_are_refused(shop, options):
    names = write_files(shop.folder, 40)
    answer = shop(*names, "--budget", "0.2", *options)
    assert answer.exit_code == 3
    assert (
        "these 40 job files cost up to $6.00, which is $5.80 over the --budget of $0.20\n"
        "  hint: Raise --budget, or leave some out.\n" in answer.stderr
    )
    assert shop.served.submits == 0
    assert not (shop.folder / "outputs").exists()
    answer = shop(*names, "--budget", "0.2", "--json", *options).json
    assert (answer["budget_usd"], answer["estimate_usd"]["high"], answer["spent_usd"]) == (
        0.2,
        6,
        0,
    )
    (error,) = answer["errors"]
    assert (error["code"], error["job_file"]) == ("refused", None)


def test_what_fits_exactly_is_bought(shop):
    names = write_files(shop.folder, 4)
    answer = shop(*names, "--budget", "0.60", "-j", "16")
    assert answer.exit_code == 0, answer.stderr
    assert (billed(shop), shop.served.submits) == (Decimal("0.60"), 4 * EACH)
    assert answer.stderr.endswith("all 4 job files: 12 succeeded\nspent $0.60, budget $0.60\n")


def test_an_own_budget_below_the_cap_holds_for_its_file(shop):
    names = write_files(shop.folder, 1, budget="budget: 0.14\n") + write_files(
        shop.folder, 1, name="g"
    )
    answer = shop(*names, "--budget", "5")
    assert answer.exit_code == 3
    assert answer.stderr.startswith("f00.yaml: this costs up to $0.15, which is $0.01 over the ")
    assert shop.served.submits == 0


def test_the_grand_total_of_an_estimate(shop):
    names = write_files(shop.folder, 2)
    answer = shop(*names, "--estimate", "--budget", "1")
    assert answer.stdout.endswith(
        "all 2 job files\ntotal     $0.30\nbudget    $1.00\nverdict   within budget\n"
    )
    answer = shop(*names, "--estimate")
    assert answer.exit_code == 0
    assert answer.stdout.endswith("total     $0.30\nbudget    none (no cap)\nverdict   would run\n")
    answer = shop(*names, "--estimate", "--budget", "0.2")
    assert answer.stdout.endswith("budget    $0.20\nverdict   refused: $0.10 over budget\n")


def test_what_an_earlier_run_left_open_counts_for_all_files(shop):
    """In doubt in the last file: the files before it may not spend what it may yet be billed."""
    first, last = write_files(shop.folder, 2)
    lost = [
        {"on": "submit", "fault": "reset-after"},
        {"on": "list", "fault": "503", "times": 0},
    ]
    with serve_sandbox(lost) as odd:
        answer = shop(last, "--budget", "5", "--select", "p1", **odd.environment)
        assert answer.exit_code == 6, answer.stderr
        options = ("--select", "p1,p2", "--json", "--budget")  # 2 + 1 are bought, 1 is in doubt
        answer = shop(first, last, *options, "0.199999", **odd.environment)
        (error,) = answer.json["errors"]
        assert (answer.exit_code, error["message"]) == (
            3,
            "these 2 job files cost up to $0.15 beside $0.05 that is still open, which is "
            "$0.000001 over the --budget of $0.199999",
        )
        alone = shop(last, *options, "0.099999", **odd.environment).json["errors"][0]["message"]
        assert alone == (
            "this costs up to $0.05 beside $0.05 that is still open, which is $0.000001 over the "
            "budget of $0.099999"
        )
        answer = shop(first, last, *options, "0.20", **odd.environment)
        assert (answer.exit_code, answer.json["spent_usd"]) == (6, 0.15)
        answer = shop(first, last, *options, "0.01", "--sandbox", "--estimate")
        assert answer.exit_code == 3, "the sandbox has nothing open"
        assert "still open" not in answer.json["errors"][0]["message"]


SCHNELL = JOB.replace(
    "fal/fal-ai/flux/dev, params: {image_size: {width: 1920, height: 1080}}", "SCHNELL"
).replace("SCHNELL", "replicate/black-forest-labs/flux-schnell")
CAP = Decimal("0.036")
"""Twelve pictures of $0.003: four files of three."""


def write_schnell(folder, names):
    for name in names:
        text = SCHNELL.replace("NAME", name).replace(".jpg", ".webp")
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return [f"{name}.yaml" for name in names]


def bill_twice_as_much(exchange):
    """Each picture counts as twice as many of fal's units as its estimate says."""
    units = exchange.headers.get("x-fal-billable-units")
    if units is None:
        return exchange
    return replace(
        exchange, headers={**exchange.headers, "x-fal-billable-units": str(2 * Decimal(units))}
    )


@pytest.mark.parametrize("concurrency", [1, 16])
def test_the_cap_stops_what_would_cross_it_in_whichever_file(here, concurrency):
    names = write_files(here.folder, 4)
    with serve_altered(here, bill_twice_as_much) as served:
        answer = here("vidi-run", *names, "--budget", "0.60", "-j", concurrency, "--json")
    found = answer.json
    assert (answer.exit_code, found["spent_usd"], served.submits) == (1, 0.6, 6)
    bought = [job["spent_usd"] for job in found["jobs"]]
    assert bought == [0.3, 0.3, 0, 0]
    refused = [(error["job_file"], error["message"]) for error in found["errors"]]
    # What the first bills taught is set aside: twice the price rule.
    told = "this needs up to $0.10 and $0.00 of the budget of all job files is left"
    assert refused == [(name, told) for name in names[2:] for _ in range(EACH)]


def test_four_such_commands_at_once_on_one_ledger(tmp_path):
    """Each stays under its own cap, and all of them under the day's."""
    day = 3 * CAP
    with serve_sandbox() as served:
        environment = {**os.environ, **served.environment, "VIDI_BUDGET_DAY": str(day)}
        running = []
        for letter in "wxyz":
            names = write_schnell(tmp_path, [letter + each for each in "abcd"])
            running.append(
                start_installed(
                    "vidi-run", *names, "--budget", str(CAP), "-j", "16", "--json",
                    cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                )
            )  # fmt: skip
        answers = [json.loads(each.communicate(timeout=60)[0]) for each in running]
    spent = [Decimal(str(answer["spent_usd"])) for answer in answers]
    assert max(spent) <= CAP
    assert sum(spent) <= day
    assert served.submits * Decimal("0.003") == sum(spent)
