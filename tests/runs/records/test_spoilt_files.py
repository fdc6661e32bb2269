"""Files that are spoilt on their way, through the command against an altered sandbox."""

import re
from dataclasses import replace

import pytest

from support.servers.altered_sandbox import providers, run, serve_altered, write_job


def cut(exchange):
    """Half of it, whose end is that of the connection."""
    half = exchange.body[: len(exchange.body) // 2]
    return replace(exchange, body=half, headers={**exchange.headers, "connection": "close"})


def part(exchange):
    """Its first bytes, as a part that nobody asked for."""
    total = len(exchange.body)
    headers = {**exchange.headers, "content-range": f"bytes 0-99/{total}"}
    return replace(exchange, status=206, body=exchange.body[:100], headers=headers)


def page(exchange):
    return exchange.saying(b"<html><body>one moment, please</body></html>")


def error(exchange):
    return exchange.saying({"detail": "try again"})


@providers
@pytest.mark.parametrize("spoil", [cut, part, page, error])
def test_a_file_spoilt_on_its_way_is_fetched_again_in_the_same_run(here, provider, spoil):
    tries = []

    def alter(exchange):
        if not exchange.is_download:
            return exchange
        tries.append(exchange)
        return spoil(exchange) if len(tries) == 1 else exchange

    write_job(here, provider, "a")
    with serve_altered(here, alter) as served:
        assert run(here).exit_code == 0
        assert (served.submits, len(tries)) == (1, 2)
    assert here("vidi", "verify", "outputs/job").exit_code == 0


@pytest.mark.parametrize("spoil", [cut, page])
def test_a_file_that_stays_spoilt_is_a_failure_after_three_tries(here, spoil):
    tries = []

    def alter(exchange):
        if not exchange.is_download:
            return exchange
        tries.append(exchange)
        return spoil(exchange)

    write_job(here, "replicate", "a")
    with serve_altered(here, alter) as served:
        answer = run(here)
    assert (answer.exit_code, served.submits, len(tries)) == (1, 1, 3)
    assert [each["code"] for each in answer.json["errors"]] == ["download"]
    assert re.search("HTML page|cut short", answer.json["errors"][0]["message"])
