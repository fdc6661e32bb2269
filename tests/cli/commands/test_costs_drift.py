"""`vidi costs --drift` and `--audit`: bills beside price rules, and beside the ledger."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from support.servers.altered_sandbox import serve_altered

MODEL = "fal/fal-ai/flux/schnell"
JOB = f"""\
version: 1
name: job
budget: 1
defaults: {{model: {MODEL}, params: {{prompt: a tree, image_size: square}}}}
inferences:
  - {{id: a, output: a.jpg}}
  - {{id: b, output: b.jpg, params: {{prompt: another}}}}
"""


def bill(units):
    """So many units of fal's base price, which is $0.003, for each picture."""

    def alter(exchange):
        if exchange.path.endswith("/v1/models/pricing"):
            price = {"endpoint_id": "fal-ai/flux/schnell", "unit": "megapixels"}
            return exchange.saying({"prices": [{**price, "unit_price": 0.003}]})
        if "/requests/" in exchange.path and exchange.is_result:
            headers = {**exchange.headers, "x-fal-billable-units": str(units)}
            return replace(exchange, headers=headers)
        return exchange

    return alter


def buy(here, units):
    here.write("job.yaml", JOB)
    with serve_altered(here, bill(units)):
        assert here("vidi-run", "job.yaml").exit_code == 0


def test_models_that_are_billed_above_their_rule_are_listed(here):
    buy(here, 20)
    found = here("vidi", "costs", "--drift", "--json").json["drift"][MODEL]
    assert (found["bills"], found["billed_usd"]) == (2, 0.12)
    assert found["times"] == round(0.12 / found["ruled_usd"], 2)
    table = here("vidi", "costs", "--drift").stdout.splitlines()
    assert table[0].split() == ["model", "bills", "rule", "billed", "times", "prices", "of"]
    assert table[1].split()[:2] == [MODEL, "2"]
    said = here("vidi", "costs").stderr
    times = found["times"]
    assert said == (
        f"drift: {MODEL} is billed up to {times:.2f} times its price rule (vidi costs --drift)\n"
    )


def test_nothing_drifted(here):
    answer = here("vidi", "costs", "--drift")
    assert (answer.exit_code, answer.stdout) == (0, "")
    assert answer.stderr == "every bill was as its price rule said\n"
    assert here("vidi", "costs", "--drift", "--json").json == {"schema_version": 1, "drift": {}}


class Usage:
    """fal's usage API, in two pages."""

    def __init__(self, status=200):
        self.status, self.queries, self.keys = status, [], []

    def __call__(self, exchange):
        if not exchange.path.endswith("/v1/models/usage"):
            return bill(1)(exchange)
        self.queries.append(exchange.query)
        if self.status != 200:
            error = {"type": "authorization_error", "message": "Admin API key required"}
            return replace(exchange, status=self.status).saying({"error": error})
        return replace(exchange, status=200).saying(self.page("cursor=Mg" in exchange.query))

    def page(self, second):
        rows = [
            {"endpoint_id": "fal-ai/flux/schnell", "unit": "megapixels", "quantity": 2,
             "unit_price": 0.003, "cost": 0.006, "currency": "USD"},
            {"endpoint_id": "fal-ai/veo3.1", "unit": "seconds", "quantity": 2.0,
             "unit_price": 0.4, "currency": "USD"},
        ]  # fmt: skip
        series = [{"bucket": "2026-11-01T00:00:00+00:00", "results": [rows[second]]}]
        more = {"next_cursor": None if second else "Mg", "has_more": not second}
        return {"time_series": [*series, {"bucket": "x", "results": []}], **more}


def test_a_month_of_the_ledger_is_compared_with_fals_own_bills(here):
    buy(here, 1)
    usage = Usage()
    with serve_altered(here, usage):
        found = here("vidi", "costs", "--audit", "--json").json
        table = here("vidi", "costs", "--audit", "--since", "2026-11-01").stdout
    today = datetime.now(UTC).date()
    assert (found["since"], found["until"]) == (str(today.replace(day=1)), str(today))
    assert found["models"] == {
        MODEL: {"booked_usd": 0.006, "in_doubt_usd": 0, "billed_usd": 0.006, "difference_usd": 0},
        "fal/fal-ai/veo3.1": {
            "booked_usd": 0, "in_doubt_usd": 0, "billed_usd": 0.8, "difference_usd": 0.8,
        },
    }  # fmt: skip
    assert found["total"]["difference_usd"] == 0.8
    assert "cursor=Mg" in usage.queries[1]
    last = [line.split() for line in table.splitlines()][-1]
    assert last == ["total", "$0.006", "$0.00", "$0.806", "$0.80"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_may_not_see_bills_is_told_what_it_takes(here, status):
    with serve_altered(here, Usage(status)):
        answer = here("vidi", "costs", "--audit")
        here._monkeypatch.delenv("FAL_KEY")
        keyless = here("vidi", "costs", "--audit")
    assert (answer.exit_code, keyless.exit_code) == (4, 4)
    for told in (answer.stderr, keyless.stderr):
        assert "ADMIN scope" in told
        assert "FAL_ADMIN_KEY" in told


def test_an_admin_key_alone_is_enough(here):
    usage = Usage()
    with serve_altered(here, usage):
        here._monkeypatch.delenv("FAL_KEY")
        here._monkeypatch.setenv("FAL_ADMIN_KEY", "admin-id:admin-secret")
        assert here("vidi", "costs", "--audit", "--json").exit_code == 0
    assert len(usage.queries) == 2


@pytest.mark.parametrize("both", [("--drift", "--audit"), ("--drift", "--csv")])
def test_one_thing_at_a_time(here, both):
    answer = here("vidi", "costs", *both)
    assert answer.exit_code == 2
