"""Status URLs at which nothing is: told at once and kept, and never waited for to the deadline."""

import json
import time
from dataclasses import replace

import pytest

from support.servers.altered_sandbox import providers, run, serve_altered, write_job


def is_look(exchange):
    """Whether it asks how an inference is doing."""
    at_replicate = exchange.path.startswith("/replicate/v1/predictions/")
    return exchange.method == "GET" and (at_replicate or exchange.path.endswith("/status"))


@providers
@pytest.mark.parametrize(("status", "code", "most"), [(405, "unfinished", 2), (404, "lost", 60)])
def test_what_cannot_be_looked_at_is_unfinished_at_once(here, provider, status, code, most):
    looks, refusing = [], [True]

    def alter(exchange):
        if refusing and is_look(exchange):
            looks.append(exchange.path)
            return replace(exchange, status=status, body=b"", headers={"allow": "POST"})
        if refusing and exchange.path.endswith("/stream"):  # else it tells the status
            return replace(exchange, status=404)
        if refusing and exchange.is_list:  # else fal's history has it
            return replace(exchange, status=403)
        return exchange

    write_job(here, provider, "a")
    with serve_altered(here, alter) as served:
        began = time.monotonic()
        answer = run(here)
        took = time.monotonic() - began
        (row,) = here.manifest("outputs/job")["inferences"]
        assert (answer.exit_code, row["status"], row["error"]["code"]) == (5, "unfinished", code)
        assert here.manifest("outputs/job")["cost_usd"]["in_doubt"] > 0
        assert took < 15
        assert len(looks) <= most
        refusing.clear()
        assert (run(here).exit_code, served.submits) == (0, 1)


@providers
@pytest.mark.parametrize("status", [404, 405])
def test_a_receipt_with_a_wrong_url_is_looked_up_by_its_id(here, provider, status):
    asked = []

    def alter(exchange):
        if exchange.is_receipt:
            body = json.loads(exchange.body)
            if provider == "fal":
                return exchange.with_fields(
                    status_url=body["status_url"].replace("/fal-ai/", "/x/")
                )
            return exchange.with_fields(urls={"get": body["urls"]["get"] + "/x"})
        if "/x" in exchange.path:
            asked.append(exchange.path)
            return replace(exchange, status=status, body=b"")
        return exchange

    write_job(here, provider, "a")
    with serve_altered(here, alter) as served:
        answer = run(here)
        assert (answer.exit_code, served.submits) == (0, 1), answer.stderr
    assert asked, "the wrong one was never asked"
