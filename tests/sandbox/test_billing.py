"""What the sandbox charges is what the template's price rules say."""

from decimal import Decimal

import pytest


@pytest.mark.parametrize(
    ("model", "params", "usd"),
    [
        ("replicate/acme/paint", {"num_outputs": 3}, "0.009"),
        ("replicate/acme/film", {"duration": 8}, "0.4"),
        ("fal/acme/paint/fast", {"num_images": 4}, "0.04"),
        ("fal/acme/film", {}, "0.4"),
        ("fal/acme/voice", {"prompt": "x" * 500}, "0.05"),
    ],
)
async def test_charges(call, model, params, usd):
    caller = call()
    provider, _, name = model.partition("/")
    await (caller.predict if provider == "replicate" else caller.submit)(name, **params)
    (charge,) = caller.sandbox.billing.charges
    assert (charge.usd, charge.status, charge.basis) == (Decimal(usd), "succeeded", "metered")
    assert caller.sandbox.billing.total == Decimal(usd)


@pytest.mark.parametrize(
    ("fate", "usd"),
    [(None, "0.006"), ("failed", "0.006"), ("canceled", "0.006"), ("aborted", "0")],
)
async def test_time_is_billed_whatever_came_of_it(call, fate, usd):
    faults = [{"on": "result", "fault": fate}] if fate else []
    caller = call(faults=faults, latency=8)
    body = {"version": "c" * 64, "input": {"prompt": "x"}}
    await caller.replicate("POST", "/predictions", json=body)
    assert caller.sandbox.billing.total == Decimal(usd)


@pytest.mark.parametrize(("after", "usd"), [(1, "0"), (5, "0.003"), (8, "0.006")])
async def test_a_cancel_changes_the_charge(call, after, usd):
    caller = call(latency=8)
    body = {"version": "c" * 64, "input": {"prompt": "x"}}
    created = await caller.replicate("POST", "/predictions", json=body)
    caller.clock.now += after
    await caller.replicate("POST", created.json()["urls"]["cancel"])
    assert caller.sandbox.billing.total == Decimal(usd)
    assert len(caller.sandbox.billing.charges) == 1


async def test_the_record_as_json(call):
    caller = call()
    request_id = (await caller.submit(num_images=2)).json()["request_id"]
    answer = await caller.http.get("https://queue.fal.run/_sandbox/billing")
    assert answer.status_code == 405  # the queue's own: the record is on the sandbox's address
    answer = await caller.http.get("http://127.0.0.1/_sandbox/billing")
    assert answer.json() == {"total_usd": 0.02, "charges": [
        {"request_id": request_id, "model": "fal/acme/paint/fast", "status": "succeeded",
         "usd": 0.02, "basis": "metered", "units": 2}]}  # fmt: skip


async def test_requests_are_counted_by_method_and_route(call):
    caller = call(faults=[{"on": "submit", "fault": "reset-after", "provider": "fal"}])
    await caller.predict()
    await caller.predict()
    with pytest.raises(Exception, match="reset"):
        await caller.submit()
    answer = await caller.http.get("http://127.0.0.1/_sandbox/requests")
    assert answer.json() == {"requests": [
        {"service": "replicate", "method": "POST", "count": 2,
         "route": "/v1/models/{owner}/{name}/predictions"},
        {"service": "fal-queue", "method": "POST", "count": 1, "route": "/{endpoint:path}"},
    ]}  # fmt: skip
