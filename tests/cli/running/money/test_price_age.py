"""How far prices may be trusted: in the table, in JSON, and as a reason to refuse."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from support.models.templates import ROW, template

TODAY = datetime.now(UTC).date()
JOB = """\
version: 1
budget: 1
inferences:
  - {id: a, model: fal/acme/painter, params: {prompt: x}, output: a.png}
  - {id: b, model: fal/acme/painter, params: {prompt: y}, output: b.png}
"""


def days_ago(days):
    return (TODAY - timedelta(days=days)).isoformat()


@pytest.fixture
def painter(here):
    """Writes the one model of the job, with changes to its price row."""

    def write(days, *, row=None, **changes):
        rows = [{**ROW, "checked": days_ago(days), **(row or {})}]
        sure = {"params": "high", "pricing": "high"}
        whole = template(**{"pricing": {"rows": rows}, "confidence": sure, **changes})
        here.write("templates/fal/acme-painter.json", json.dumps(whole))
        here.write("job.yaml", JOB)
        return here

    return write


def estimate(here, *options):
    return here("vidi-run", "job.yaml", "--estimate", *options)


@pytest.mark.parametrize(
    ("days", "changes", "said"),
    [
        (180, {}, []),
        (181, {}, [f"price last read {days_ago(181)}, 181 days ago"]),
        (1, {"row": {"confidence": "low"}}, ["price of low confidence"]),
        (1, {"confidence": {"params": "high", "pricing": "low"}}, ["price of low confidence"]),
        (1, {"confidence": {"params": "high", "pricing": "low"}, "row": {"confidence": "high"}},
         []),
        (1, {"retired": "sold"}, ["retired: sold"]),
        (200, {"retired": "sold", "row": {"confidence": "low"}},
         ["price of low confidence", f"price last read {days_ago(200)}, 200 days ago",
          "retired: sold"]),
    ],
)  # fmt: skip
def test_the_table_marks_what_is_to_be_known_of_a_price(painter, days, changes, said):
    lines = estimate(painter(days, **changes)).stdout.splitlines()
    assert [line for line in lines if line.startswith("  ! ")] == [f"  ! a, b: {x}" for x in said]
    assert [line.endswith(" !") for line in lines[2:4]] == [bool(said)] * 2
    assert lines[-1] == "verdict   within budget"


def test_the_json_has_confidence_and_age(painter):
    here = painter(7, row={"confidence": "medium"})
    answer = estimate(here, "--json").json
    assert [each["price"] for each in answer["jobs"][0]["inferences"]] == [
        {"confidence": "medium", "as_of": days_ago(7), "age_days": 7}
    ] * 2


@pytest.mark.parametrize(("limit", "code"), [(29, 3), (30, 0)])
@pytest.mark.parametrize("name", ["vidi.toml", "pyproject.toml"])
def test_a_price_may_be_too_old_for_a_project(painter, limit, code, name):
    here = painter(30)
    head = "[tool.vidi]\n" if name == "pyproject.toml" else ""
    here.write(name, f"{head}max_price_age = {limit}\n")
    for options in (["--estimate"], ["-y"]) if code else (["--estimate"],):
        answer = here("vidi-run", "job.yaml", *options)
        assert answer.exit_code == code, answer.stderr
        told = f"the price of fal/acme/painter is older than {limit} days: a (30 days), b (30 days)"
        assert (told in answer.stderr) is bool(code)
    last = estimate(here).stdout.splitlines()[-1]
    assert last == ("verdict   refused: a price is too old" if code else "verdict   within budget")
    if code:
        assert estimate(here, "--json").json["errors"][0]["code"] == "refused"
        assert here("vidi-run", "job.yaml", "--sandbox").exit_code == 0  # nothing is paid there


def test_a_price_of_the_users_own_has_no_age(painter):
    unpriced = {"from": "2020-01-01", "source": "x", "unpriced": "nobody knows"}
    here = painter(1)
    here.write(
        "templates/fal/acme-painter.json",
        json.dumps(template(pricing={"rows": [unpriced]}, as_of={"params": "2020-01"})),
    )
    here.write("vidi.toml", "max_price_age = 1\n")
    here.write("job.yaml", JOB.replace("output:", "assume_cost: 0.1, output:"))
    answer = estimate(here, "--json")
    assert answer.exit_code == 0, answer.stderr
