"""Real bills of fal: what is booked is what was billed, to the micro-dollar, and on record."""

import json
from dataclasses import replace

import pytest

from support.media import make_sound
from support.models.recorded_bills import read_recorded_bills
from support.servers.altered_sandbox import ID, serve_altered
from vidi.inference.models.registry import ModelRegistry

BILLS = {bill.model: bill for bill in read_recorded_bills()}
CALLED = {ModelRegistry().get_template(bill.model).id: bill for bill in BILLS.values()}
"""By the name that each model has now."""


class Fal:
    """Answers with the units that were recorded, and with the base prices of then."""

    def __init__(self, prices=True):
        self.models = {}
        self.asked = []
        self._prices = prices

    def __call__(self, exchange):
        if exchange.is_receipt and "/fal-queue/" in exchange.path:
            endpoint = exchange.path.partition("/fal-queue/")[2]
            self.models[json.loads(exchange.body)[ID["fal"]]] = f"fal/{endpoint}"
        if exchange.path.endswith("/v1/models/pricing"):
            self.asked.append(exchange.query.count("endpoint_id="))
            return exchange.saying({"prices": self.list_prices()})
        if "/requests/" in exchange.path and exchange.is_result:
            model = self.models[exchange.path.rpartition("/")[2]]
            units = {"x-fal-billable-units": CALLED[model].units}
            return replace(exchange, headers={**exchange.headers, **units})
        return exchange

    def list_prices(self):
        return [
            {"endpoint_id": model.removeprefix("fal/"), "unit_price": float(bill.base_usd),
             "unit": bill.base_unit, "currency": "USD"}
            for model, bill in CALLED.items() if self._prices
        ]  # fmt: skip


def write_job(here, bills):
    entries = [
        {"id": f"n{number}", "model": bill.model, "params": bill.params, "output": f"n{number}",
         "assume_cost": 1}
        for number, bill in enumerate(bills)
    ]  # fmt: skip
    here.write("job.yaml", json.dumps({"version": 1, "budget": 100, "inferences": entries}))


def run(here, fal):
    with serve_altered(here, fal):
        answer = here("vidi-run", "job.yaml", "-j", "8", "--no-report")
    assert answer.exit_code == 0, answer.stderr
    rows = here.manifest("outputs/job")["inferences"]
    return {row["model"]: row["cost_usd"] for row in rows}


def test_what_is_booked_is_units_times_the_base_price_to_the_micro_dollar(here):
    assert len(BILLS) == 27
    write_job(here, BILLS.values())
    fal = Fal()
    costs = run(here, fal)
    known = {model: bill for model, bill in BILLS.items() if bill.usd is not None}
    assert {model: costs[model]["actual"] for model in known} == {
        model: float(bill.usd) for model, bill in known.items()
    }
    assert {costs[model]["basis"] for model in known} == {"metered"}
    assert fal.asked == [len(BILLS)], "all at once, and once"
    events = list(map(json.loads, (here.folder / "outputs/job/log.jsonl").read_text().splitlines()))
    (kept,) = [event["prices"] for event in events if event["event"] == "base_prices"]
    assert not [event for event in events if event["event"] == "drift"]
    assert kept == {
        model: {"unit": bill.base_unit, "unit_usd": float(bill.base_usd)}
        for model, bill in CALLED.items()
    }


def test_every_bill_lies_within_its_estimate(here):
    make_sound(here.folder / "a.wav", 5.7)
    local = {"audio_url": "a.wav"}
    bills = [
        bill._replace(params={**bill.params, **local}) if "audio_url" in bill.params else bill
        for bill in BILLS.values()
    ]
    write_job(here, bills)
    found = here("vidi-run", "job.yaml", "--estimate", "--json")
    assert found.exit_code == 0, found.stderr
    rows = [row for job in found.json["jobs"] for row in job["inferences"]]
    estimates = {row["model"]: row["estimate_usd"] for row in rows}
    known = {model: float(bill.usd) for model, bill in BILLS.items() if bill.usd is not None}
    outside = {
        model: (usd, estimates[model])
        for model, usd in known.items()
        if not estimates[model]["low"] <= usd <= estimates[model]["high"]
    }
    assert outside == {}


def test_where_fal_names_no_price_the_template_keeps_it(here):
    kept = [bill for bill in BILLS.values() if ModelRegistry().get_template(bill.model).billing]
    assert len(kept) >= 20
    write_job(here, kept)
    costs = run(here, Fal(prices=False))
    assert {model: costs[model]["actual"] for model in costs if BILLS[model].usd is not None} == {
        bill.model: float(bill.usd) for bill in kept if bill.usd is not None
    }


@pytest.mark.parametrize("asked", [{}, {"unit_price": 0.00125, "unit": "compute seconds"}])
def test_a_base_per_compute_second_bills_nothing_that_is_sold_otherwise(here, asked):
    """Units of flux-kontext/dev, whose base stands for a price that fal has not filed."""
    model = "fal/fal-ai/flux-kontext/dev"
    params = {"prompt": "a tree", "image_url": "https://example.com/a.png"}
    entry = {"id": "a", "model": model, "params": params, "output": "a", "assume_cost": 1}
    here.write("job.yaml", json.dumps({"version": 1, "budget": 9, "inferences": [entry]}))

    def alter(exchange):
        if exchange.path.endswith("/v1/models/pricing"):
            price = {"endpoint_id": "fal-ai/flux-kontext/dev", "currency": "USD", **asked}
            return exchange.saying({"prices": [price]})
        if "/requests/" in exchange.path and exchange.is_result:
            return replace(exchange, headers={**exchange.headers, "x-fal-billable-units": "1"})
        return exchange

    cost = run(here, alter)[model]
    assert cost["basis"] == "estimated"
    assert cost["actual"] >= cost["estimated_high"] > 0.01
