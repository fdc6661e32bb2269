"""Results that no provider should give, through the command against an altered sandbox."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from support.servers.altered_sandbox import providers, run, serve_altered, write_job
from support.servers.intervening import read_sums


def journal_of(here):
    return (here.folder / "outputs/job/log.jsonl").read_text(encoding="utf-8")


def read_strictly(text):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def alter_result(change):
    """Change every result: a function of its fields, or the fields themselves."""

    def alter(exchange):
        if not exchange.is_result:
            return exchange
        return exchange.with_fields(
            **(change(json.loads(exchange.body)) if callable(change) else change)
        )

    return alter


def in_result(text):
    """Put a text of our own, as it is, into every result and every journaled part of it."""

    def alter(exchange):
        if not exchange.is_result:
            return exchange
        odd = b', "metrics": {"odd": %s}, "odd": %s}' % (text.encode(), text.encode())
        return exchange.saying(exchange.body.rstrip()[:-1] + odd)

    return alter


@pytest.mark.parametrize(
    ("figure", "basis"),
    [
        (1, "metered"),
        (64, "metered"),
        (65, "derived"),
        (10**12, "derived"),
        (10**400, "derived"),
        (-1, "derived"),
        (0, "derived"),
        (1.5, "derived"),
        (True, "derived"),
        ("3", "derived"),
        ([1], "derived"),
        (float("nan"), "derived"),
        (float("inf"), "derived"),
    ],
    ids=lambda value: str(value)[:8],
)
def test_a_metric_that_cannot_be_is_not_booked(here, figure, basis):
    write_job(here, "replicate", "a")
    with serve_altered(here, alter_result({"metrics": {"image_output_count": figure}})):
        assert run(here).exit_code == 0
    (row,) = here.manifest("outputs/job")["inferences"]
    usd = Decimal("0.003") * (figure if basis == "metered" else 1)
    assert (row["cost_usd"]["basis"], Decimal(str(row["cost_usd"]["actual"]))) == (basis, usd)
    assert read_sums() == (usd, 0)


@pytest.mark.parametrize("units", ["1e308", str(10**400), "-1", "NaN", "Infinity", "1,5", ""])
def test_units_that_cannot_be_are_not_booked(here, units):
    def alter(exchange):
        told = {"x-fal-billable-units": units}
        return replace(exchange, headers={**exchange.headers, **told})

    write_job(here, "fal", "a")
    with serve_altered(here, lambda each: alter(each) if each.is_result else each):
        assert run(here).exit_code == 0
    (row,) = here.manifest("outputs/job")["inferences"]
    assert Decimal(str(row["cost_usd"]["actual"])) == Decimal("0.025")


@providers
@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity", "1e999", '[{"x": NaN}]'])
def test_every_line_stays_json_whatever_numbers_come(here, provider, name):
    write_job(here, provider, "a")
    with serve_altered(here, in_result(name)) as served:
        assert run(here).exit_code == 0
        for line in journal_of(here).splitlines():
            read_strictly(line)
        assert run(here, "--rebuy", "a").exit_code == 0
        assert served.submits == 2
    read_strictly((here.folder / "outputs/job/manifest.json").read_text(encoding="utf-8"))


@providers
def test_no_line_of_the_journal_looks_like_two(here, provider):
    write_job(here, provider, "a")
    ends = '"\\u0085 \\u2028 \\u2029 \\u000b \\u000c \\u001c \\u001d \\u001e ñ木"'
    with serve_altered(here, in_result(ends)):
        assert run(here).exit_code == 0
    text = journal_of(here)
    assert text.splitlines() == text.split("\n")[:-1]
    assert "ñ木" in text
    completed = next(event for event in map(json.loads, text.splitlines()) if "output" in event)
    held = completed["metrics"] if provider == "replicate" else completed["output"]
    assert held["odd"] == json.loads(ends)


@pytest.mark.parametrize("total", [10**400, -(10**400), 10**4000, 1e300, True, "soon", None, [0]])
def test_a_time_that_cannot_be_does_not_hinder_the_next_run(here, total):
    write_job(here, "replicate", "a")
    with serve_altered(here, alter_result({"metrics": {"total_time": total}})):
        assert run(here).exit_code == 0
        write_job(here, "replicate", "a", "b")
        assert run(here).exit_code == 0


@providers
@pytest.mark.parametrize("depth", [101, 900, 100_000])
def test_an_answer_nested_too_deep_is_looked_at_again(here, provider, depth):
    deep = [f"{'[' * depth}{']' * depth}"]

    def alter(exchange):
        return in_result(deep.pop())(exchange) if exchange.is_result and deep else exchange

    write_job(here, provider, "a")
    with serve_altered(here, alter) as served:
        assert run(here).exit_code == 0
        assert (served.submits, deep) == (1, [])


@providers
def test_a_key_in_the_metrics_or_the_output_stays_out_of_the_journal(here, provider):
    keys = {"replicate": "r8_a-secret-of-replicate", "fal": "fal-key-id-1:fal-key-secret"}
    echoed = keys[provider], keys[provider].split(":")[-1]
    write_job(here, provider, "a")
    odd = json.dumps({"said": f"hello {echoed[0]}", echoed[0]: [echoed[1]]})
    with serve_altered(here, in_result(odd)):
        here._monkeypatch.setenv("REPLICATE_API_TOKEN", keys["replicate"])
        here._monkeypatch.setenv("FAL_KEY", keys["fal"])
        assert run(here).exit_code == 0
    kept = "".join(
        path.read_text(encoding="utf-8", errors="replace")
        for path in (here.folder / "outputs/job").rglob("*.json*")
    )
    assert [each for each in echoed if each in kept] == []
    assert "[redacted]" in kept


@providers
@pytest.mark.parametrize(
    "url",
    ["ftp://x/a.webp", "file:///etc/passwd", "file:/etc/passwd", "javascript:alert(1)", "s3://b/k"],
)
def test_an_address_that_is_never_fetched_is_named_and_not_bought_again(here, provider, url):
    output = {"output": [url], "images": [{"url": url}]}
    write_job(here, provider, "a")
    with serve_altered(here, alter_result(output)) as served:
        for _ in range(2):
            answer = run(here)
            (error,) = answer.json["errors"]
            scheme = url.partition(":")[0]
            said = f"the output is a {scheme}: URL: only http, https and data are fetched"
            assert (answer.exit_code, error["code"], error["message"]) == (1, "download", said)
        assert served.submits == 1


@providers
def test_a_refused_key_is_told_once(here, provider):
    write_job(here, provider, "a")
    with serve_altered(here, lambda exchange: exchange, {"on": "submit", "fault": "401"}):
        answer = run(here)
    assert answer.exit_code == 4
    assert [(each["id"], each["code"]) for each in answer.json["errors"]] == [("a", "credentials")]


@pytest.mark.parametrize("came", [2, 3, 16, 17, 300])
def test_more_than_was_ordered_is_no_bill_and_not_all_of_it_is_fetched(here, came):
    def multiply(fields):
        return {"output": [f"{fields['output'][0]}?{n}" for n in range(came)], "metrics": {}}

    write_job(here, "replicate", "a")
    with serve_altered(here, alter_result(multiply)):
        answer = run(here)
    (row,) = here.manifest("outputs/job")["inferences"]
    kept = min(came, 16)
    billed = came if came <= 2 else 1
    assert (answer.exit_code, len(row["assets"])) == (0, kept)
    assert Decimal(str(row["cost_usd"]["actual"])) == Decimal("0.003") * billed
    assert read_sums() == (Decimal("0.003") * billed, 0)
    warned = f"replicate answered with {kept} outputs for an order of 1"
    told_of = " ".join(each["message"] for each in answer.json["warnings"])
    assert (warned in told_of) == (came > 2)
    if came > kept:
        told = f"{came} outputs came for an order of 1: the first {kept} are kept"
        assert told in journal_of(here)


ONE_BY_ONE, BY_TIME = "replicate/qwen/qwen-image", "replicate/prunaai/hidream-l1-full"


@pytest.mark.parametrize(
    ("model", "came", "usd", "told"),
    [
        (ONE_BY_ONE, 2, "0.05", ""),
        (ONE_BY_ONE, 3, "0.025", "$0.025 is counted, for what was ordered"),
        (BY_TIME, 3, None, ""),
    ],
)
def test_an_order_that_no_param_counts_is_of_one_where_its_price_is(here, model, came, usd, told):
    """Where it is billed by the time, nobody knows how many there should be."""

    def multiply(fields):
        (one,) = fields["output"] if isinstance(fields["output"], list) else [fields["output"]]
        return {"output": [f"{one}?{n}" for n in range(came)], "metrics": {}}

    entry = f"{{id: a, model: {model}, params: {{prompt: a tree}}, output: a}}"
    here.write("job.yaml", f"version: 1\nname: job\nbudget: 9\ninferences:\n  - {entry}\n")
    with serve_altered(here, alter_result(multiply)):
        assert run(here).exit_code == 0
    (row,) = here.manifest("outputs/job")["inferences"]
    assert usd is None or Decimal(str(row["cost_usd"]["actual"])) == Decimal(usd)
    assert told in journal_of(here)
    assert ("answered with" in journal_of(here)) is bool(told)


def test_what_cannot_be_fetched_is_booked_as_failed_at_what_it_cost(here):
    write_job(here, "replicate", "a")
    with serve_altered(here, lambda each: each, {"on": "download", "fault": "html", "times": 0}):
        assert run(here).exit_code == 1
    settled = [each for each in map(json.loads, journal_of(here).splitlines()) if
               each["event"] == "settled"]  # fmt: skip
    assert [(each["status"], each["actual_usd"], each["error"]["code"]) for each in settled] == [
        ("failed", 0.003, "download")
    ]
