"""A provider that bills another amount than the price rule says: seen, said, and reckoned with."""

import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from support.ledgers import a_cap, usd
from support.servers.altered_sandbox import serve_altered
from vidi.errors import RefusedError
from vidi.inference.models.prices.estimate import RuleFigures
from vidi.inference.models.registry import shipped_templates
from vidi.inference.tracking.bills import Bill
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.ledger import read_cap_usages
from vidi.inference.tracking.ledger.run_account import RunAccount

MODEL = "fal/fal-ai/flux/dev"
FILE = "fal/fal-ai-flux-dev.json"
BASE = Decimal("0.05")
"""USD a unit, as fal says; the template says 0.025 an image."""


def write_template(here, as_of="2026-05-17", usd=0.025):
    """A template that prices an image, whatever its size, at a rate that was true once."""
    template = json.loads((shipped_templates() / FILE).read_text(encoding="utf-8"))
    template["pricing"] = {"rows": [{
        "from": "2026-05-17", "source": "https://example.com/prices", "checked": as_of,
        "lines": [{"label": "images", "quantity": {"param": "num_images", "else": 1},
                   "rates": [{"usd_per_image": usd}]}],
    }]}  # fmt: skip
    template["as_of"]["pricing"] = as_of
    here.write(f"templates/{FILE}", json.dumps(template))


def write_job(here, count, *, budget="1", name="job", more=""):
    entries = "".join(
        f"  - {{id: {name}{n}, params: {{prompt: {name} {n}}}}}\n" for n in range(1, count + 1)
    )
    here.write(
        f"{name}.yaml",
        f"version: 1\nname: {name}\nbudget: {budget}\n{more}"
        f'defaults: {{model: {MODEL}, output: "{{{{ id }}}}.jpg"}}\ninferences:\n{entries}',
    )


class Fal:
    """Bills each image so many units at its base price."""

    def __init__(self, units="1", base=BASE):
        self.units, self.base = units, base
        self.bought = 0

    @property
    def billed(self):
        return self.bought * self.base * Decimal(self.units)

    def __call__(self, exchange):
        if exchange.is_receipt and "/fal-queue/" in exchange.path:
            self.bought += 1
        if exchange.path.endswith("/v1/models/pricing"):
            price = {"endpoint_id": "fal-ai/flux/dev", "unit": "images", "currency": "USD"}
            return exchange.saying({"prices": [{**price, "unit_price": float(self.base)}]})
        if "/requests/" in exchange.path and exchange.is_result:
            units = {"x-fal-billable-units": self.units}
            return replace(exchange, headers={**exchange.headers, **units})
        return exchange


def today():
    ledger = open_ledger(os.environ["VIDI_LEDGER"])
    try:
        return ledger.do(read_cap_usages(datetime.now(UTC)))["day"]
    finally:
        ledger.close()


def events_of(here, kind, name="job"):
    lines = (here.folder / f"outputs/{name}/log.jsonl").read_text("utf-8").splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == kind]


SAID = (
    "fal billed $0.05, more than the $0.025 that was expected: 2.00 times its price rule, and so "
    "much is set aside for each from now on"
)


def test_drift_is_said_everywhere(here):
    write_template(here)
    write_job(here, 2)
    with serve_altered(here, Fal()):
        here._monkeypatch.setenv("GITHUB_ACTIONS", "true")
        answer = here("vidi-run", "job.yaml", "--junit", "junit.xml")
        here._monkeypatch.delenv("GITHUB_ACTIONS")
        assert answer.exit_code == 0
        assert f"job1: warning: {SAID}\n" in answer.stderr
        assert f"::{MODEL}: {SAID}" in answer.stderr, "an annotation"
        assert "2 succeeded, 2 with warnings" in answer.stderr, "the price is the project's own"
        assert "job2: warning" not in answer.stderr, "the second was expected"
        again = here("vidi-run", "job.yaml", "--rebuy", "*", "--json", "-o", "outputs/again").json
    (event,) = events_of(here, "drift")
    assert (event["id"], event["actual_usd"], event["rule_usd"]["high"]) == ("job1", 0.05, 0.025)
    first, second = here.manifest("outputs/job")["inferences"]
    assert (first["cost_usd"]["estimated_high"], first["cost_usd"]["actual"]) == (0.025, 0.05)
    assert first["cost_usd"]["warning"] == SAID
    assert "warning" not in second["cost_usd"]
    codes = {each["code"] for each in again["warnings"]}
    assert codes == {"project-price"}, "what is known is no news"
    assert SAID in (here.folder / "junit.xml").read_text("utf-8")
    assert "2.00 times its price rule" in (here.folder / "outputs/job/report.html").read_text()


def test_the_json_answer_names_it(here):
    write_template(here)
    write_job(here, 1)
    with serve_altered(here, Fal()):
        answer = here("vidi-run", "job.yaml", "--json").json
    (warning,) = [each for each in answer["warnings"] if each["code"] == "price-drift"]
    assert warning["message"] == f"{MODEL}: {SAID}"
    assert warning["id"] == "job1"


def test_later_estimates_and_reservations_are_scaled_until_the_template_is_newer(here):
    write_template(here)
    write_job(here, 2)
    with serve_altered(here, Fal()):
        assert here("vidi-run", "job.yaml").exit_code == 0
    assert [event["reserved_usd"] for event in events_of(here, "intent")] == [0.025, 0.05]
    write_job(here, 3, name="next")
    found = here("vidi-run", "next.yaml", "--estimate", "--json").json
    assert found["estimate_usd"] == {"low": 0.075, "expected": 0.15, "high": 0.15}
    shown = here("vidi-run", "next.yaml", "--estimate").stdout
    assert "fal has billed 2.00 times what this price rule says" in shown
    write_template(here, as_of="2026-05-18")
    found = here("vidi-run", "next.yaml", "--estimate", "--json").json
    assert found["estimate_usd"] == {"low": 0.075, "expected": 0.075, "high": 0.075}


def test_without_a_ledger_the_folder_remembers(here):
    here._monkeypatch.setenv("VIDI_COSTS", "off")
    write_template(here)
    write_job(here, 1)
    with serve_altered(here, Fal()):
        assert here("vidi-run", "job.yaml").exit_code == 0
    write_job(here, 2)
    found = here("vidi-run", "job.yaml", "--estimate", "--json").json
    assert found["estimate_usd"]["high"] == 0.05


def test_a_bill_below_its_estimate_is_said_and_scales_nothing(here):
    write_template(here)
    write_job(here, 2)
    with serve_altered(here, Fal(units="0.2")):
        answer = here("vidi-run", "job.yaml")
    said = "fal billed $0.01, less than the $0.025 of its price rule"
    assert [f"job{n}: warning: {said}\n" in answer.stderr for n in (1, 2)] == [True, True]
    found = here("vidi-run", "job.yaml", "--estimate", "--json", "--rebuy", "*").json
    assert found["estimate_usd"]["high"] == 0.05


def test_within_two_percent_is_no_drift(here):
    write_template(here)
    write_job(here, 1)
    with serve_altered(here, Fal(base=Decimal("0.0255"))):
        answer = here("vidi-run", "job.yaml")
    assert "fal billed" not in answer.stderr
    assert events_of(here, "drift") == []


@pytest.mark.parametrize("at_once", [1, 4])
@pytest.mark.parametrize("where", ["budget", "day"])
def test_a_cap_that_drift_has_crossed_stops_new_submits_at_once(here, where, at_once):
    """Eight at 0.025 fit under 0.20; they are billed 0.05 each."""
    cap, one = Decimal("0.20"), BASE
    write_template(here)
    write_job(here, 8, budget=cap if where == "budget" else 9)
    if where == "day":
        here._monkeypatch.setenv("VIDI_BUDGET_DAY", str(cap))
    fal = Fal()
    with serve_altered(here, fal):
        answer = here("vidi-run", "job.yaml", "-j", at_once)
    assert answer.exit_code == 1
    assert cap - one < fal.billed <= cap + (at_once - 1) * one
    assert today().spent == fal.billed
    if at_once == 1:
        assert fal.billed <= cap
    refused = [row for row in here.manifest("outputs/job")["inferences"] if row["error"]]
    assert len(refused) == 8 - fal.bought
    assert all("$0.05" in row["error"]["message"] for row in refused)


def test_a_dear_bill_after_foreseen_ones_is_settled_before_the_next_is_bought(here):
    """What has ended makes room for the next while it is brought home: not where it costs more."""
    cap = Decimal("0.175")
    write_template(here)
    write_job(here, 6, budget=cap)
    fal, units = Fal(base=Decimal("0.025")), iter("112222")

    def alter(exchange):
        if "/requests/" in exchange.path and exchange.is_result:
            fal.units = next(units)
        return fal(exchange)

    slow = {"on": "download", "fault": "slow", "seconds": 0.2, "times": 0}
    with serve_altered(here, alter, slow):
        assert here("vidi-run", "job.yaml", "-j", 2).exit_code == 1
    costs = [row["cost_usd"]["actual"] for row in here.manifest("outputs/job")["inferences"]]
    assert sorted(filter(None, costs)) == [0.025, 0.025, 0.05, 0.05]
    assert today().spent <= cap


def test_what_is_under_way_is_set_aside_at_its_true_price(here):
    """Two at once under a cap of 0.10: once one is known to cost 0.05, the other will, too."""
    write_template(here)
    write_job(here, 4, budget="0.10")
    fal = Fal()
    with serve_altered(here, fal):
        here("vidi-run", "job.yaml", "-j", "2")
    assert (fal.bought, fal.billed) == (2, Decimal("0.10"))


async def buy_while_it_fits(account, bill, reserves):
    for number, amount in enumerate(reserves):
        try:
            await account.reserve(f"n{number}", 1, bill.model, amount)
        except RefusedError:
            return
        account.settle(f"n{number}", bill.actual, bill)
        yield bill.actual


async def test_two_days_of_a_cap(tmp_path):
    """The drift of one day is known on the next, in another process: its cap holds as billed."""
    ledger = open_ledger(str(tmp_path / "ledger.sqlite3"))
    clock = datetime(2026, 11, 23, 12, tzinfo=UTC)
    rule = RuleFigures(usd("0.40"), usd("0.40"), usd("0.40"))
    bill = Bill("fal/fal-ai/veo3.1", rule, usd("0.80"), "metered", "succeeded", "2026-05")
    spent = {}
    for day in (0, 1):
        now = clock + timedelta(days=day)
        account = RunAccount(ledger, f"run-{day}", [a_cap(amount="1.20")], {}, lambda at=now: at)
        # What the first day taught is asked for: the rule alone on the first, what was billed then.
        reserves = [usd("0.80") if day or number else rule.high for number in range(3)]
        spent[day] = sum([each async for each in buy_while_it_fits(account, bill, reserves)])
        assert ledger.do(read_cap_usages(now))["day"].spent == spent[day] <= usd("1.20")
    ledger.close()
    assert spent == {0: usd("0.80"), 1: usd("0.80")}


def test_what_models_billed_by_time_usually_cost_is_learnt_from_five_bills(here):
    """Five runs of 3 to 5 seconds: the ninth tenth is what a sixth is expected to cost."""
    entries = "".join(
        f"  - {{id: n{n}, params: {{prompt: tree {n}}}, output: n{n}.png}}\n" for n in range(1, 7)
    )
    head = "version: 1\nname: job\nbudget: 5\ndefaults: {model: replicate/stability-ai/sdxl}\n"
    job = f"{head}inferences:\n{entries}"
    here.write("job.yaml", job)
    seconds = iter([4, 3, 5, 3.5, 4.5])

    def alter(exchange):
        if not exchange.is_result or "/predictions/" not in exchange.path:
            return exchange
        return exchange.with_fields(metrics={"predict_time": next(seconds)})

    before = here("vidi-run", "job.yaml", "--estimate", "--json").json["estimate_usd"]
    assert before == {"low": 0, "expected": 0.03, "high": 1.755}
    with serve_altered(here, alter):
        assert here("vidi-run", "job.yaml", "--select", "n1,n2,n3,n4,n5").exit_code == 0
    found = here("vidi-run", "job.yaml", "--estimate", "--json").json
    assert found["estimate_usd"] == {"low": 0, "expected": 0.004875, "high": 0.2925}  # 5 s
    shown = here("vidi-run", "job.yaml", "--estimate").stdout
    assert re.search(r"total +\$0.00–\$0.2925, likely \$0.004875\n", shown)
    here.write("job.yaml", job.replace("n6, params", "n6, timeout: 20, params"))
    found = here("vidi-run", "job.yaml", "--estimate", "--json").json["estimate_usd"]
    assert found == {"low": 0, "expected": 0.004875, "high": 0.0195}, "a deadline does not scale it"


def test_a_run_behind_the_other_gate_waits_for_room_and_never_spends_over_the_cap(here):
    """Six that may cost 0.2925 each, and cost little, under 0.60: two at a time find room."""
    entries = "".join(
        f"  - {{id: n{n}, params: {{prompt: tree {n}}}, output: n{n}.png}}\n" for n in range(6)
    )
    name = "replicate/stability-ai_sdxl.json"
    template = json.loads((shipped_templates() / name).read_text(encoding="utf-8"))
    template["pricing"]["rows"][-1]["typical_usd"] = 0.004
    here.write(f"templates/{name}", json.dumps(template))
    here.write(
        "job.yaml",
        "version: 1\nname: job\nbudget: 0.60\ngate: expected\nconcurrency: 6\n"
        f"defaults: {{model: replicate/stability-ai/sdxl}}\ninferences:\n{entries}",
    )

    def alter(exchange):
        if not exchange.is_result or "/predictions/" not in exchange.path:
            return exchange
        return exchange.with_fields(metrics={"predict_time": 4})

    with serve_altered(here, alter) as served:
        answer = here("vidi-run", "job.yaml")
    assert (answer.exit_code, served.submits) == (0, 6), answer.stderr
    open_now, most = {}, 0.0
    lines = (here.folder / "outputs/job/log.jsonl").read_text("utf-8").splitlines()
    for event in map(json.loads, lines):
        if event["event"] == "intent":
            open_now[event["id"]] = event["reserved_usd"]
        elif event["event"] == "settled":
            open_now[event["id"]] = event["actual_usd"]
        most = max(most, sum(open_now.values()))
    assert 0.585 <= most <= 0.60


def test_a_failure_costs_what_fal_says_of_it(here):
    """fal bills none, as far as anyone has seen: where it says that it did, that is what counts."""
    write_template(here)
    write_job(here, 1)
    fal = Fal()

    def alter(exchange):
        if "/requests/" not in exchange.path:
            return fal(exchange)
        bare = exchange.saying(exchange.body.replace(b'"metrics"', b'"nothing"'))
        if exchange.status < 400:
            return bare
        return replace(bare, headers={**bare.headers, "x-fal-billable-units": "2"})

    with serve_altered(here, alter, {"on": "result", "fault": "failed"}):
        assert here("vidi-run", "job.yaml").exit_code == 1
    (row,) = here.manifest("outputs/job")["inferences"]
    assert row["status"] == "failed"
    assert (row["cost_usd"]["actual"], row["cost_usd"]["basis"]) == (0.1, "metered")
