"""Receipts and lists that no provider should give, through the command."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from support.servers.altered_sandbox import (
    ID,
    LOST,
    NEVER_ARRIVED,
    providers,
    run,
    serve_altered,
    write_job,
)


@pytest.mark.parametrize(("age", "code"), [(timedelta(minutes=40), 6), (timedelta(), 0)])
def test_an_older_twin_is_not_adopted_where_the_list_keeps_no_window(here, age, code):
    """The list of the provider shows what was bought, with the time of creation that we say."""

    def alter(exchange):
        if not exchange.is_list:
            return exchange
        page = json.loads(exchange.body)
        for each in page["results"]:
            each["created_at"] = (datetime.now(UTC) - age).isoformat()
        return exchange.saying(page)

    write_job(here, "replicate", "a")
    with serve_altered(here, alter, LOST) as served:
        answer = run(here)
        assert (answer.exit_code, served.submits) == (code, 1)
    if code:
        (error,) = answer.json["errors"]
        assert error["message"].endswith("the provider lists nothing like it")


@providers
def test_what_a_list_shows_twice_is_one_match(here, provider):
    def alter(exchange):
        if not exchange.is_list:
            return exchange
        page = json.loads(exchange.body)
        name = "results" if "results" in page else "items"
        return exchange.with_fields(**{name: [*page[name], *page[name]]})

    write_job(here, provider, "a")
    with serve_altered(here, alter, LOST) as served:
        assert run(here).exit_code == 0
        assert served.submits == 1


@pytest.mark.parametrize("more", ["?cursor=second", "/v1/predictions?cursor=second"])
def test_a_list_goes_on_at_an_address_relative_to_its_own(here, more):
    def alter(exchange):
        if not exchange.is_list or exchange.query == "cursor=second":
            return exchange
        return exchange.with_fields(results=[], next=more)

    write_job(here, "replicate", "a")
    with serve_altered(here, alter, LOST) as served:
        assert run(here).exit_code == 0
        assert served.submits == 1


@providers
@pytest.mark.parametrize(
    "odd",
    [
        "\ud800",
        "a\0b",
        "a/b",
        "..",
        "../../x",
        "a b",
        "x" * 10_000,
        "",
        "é",
        "?a=b",
        "a\n",
        7,
        None,
    ],
    ids=lambda odd: repr(odd)[:12],
)
def test_a_receipt_whose_id_is_none_is_in_doubt(here, provider, odd):
    def alter(exchange):
        if exchange.is_receipt:
            return exchange.with_fields(**{ID[provider]: odd})
        return exchange.saying({"results": [], "items": []}) if exchange.is_list else exchange

    write_job(here, provider, "a")
    with serve_altered(here, alter) as served:
        assert run(here).exit_code == 6
        assert (run(here).exit_code, served.submits) == (6, 1)


@providers
def test_an_odd_id_in_a_list_is_no_match(here, provider):
    def alter(exchange):
        if not exchange.is_list:
            return exchange
        page = json.loads(exchange.body)
        for each in page.get("results", page.get("items")):
            each[ID[provider]] = "../x"
        return exchange.saying(page)

    write_job(here, provider, "a")
    with serve_altered(here, alter, LOST) as served:
        assert (run(here).exit_code, served.submits) == (6, 1)


@providers
@pytest.mark.parametrize("odd", ["../x", "a b", "é", "x" * 300])
def test_the_user_cannot_name_what_is_no_id(here, provider, odd):
    write_job(here, provider, "a")
    with serve_altered(here, lambda exchange: exchange, NEVER_ARRIVED):
        assert run(here).exit_code == 6
        answer = here("vidi", "reconcile", "job.yaml", "--paid", f"a={odd}")
    assert answer.exit_code == 2
    assert "cannot be the id of a request" in answer.stderr
