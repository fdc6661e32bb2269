"""Parts of a job for several machines: every inference in one, and never more than the budget."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from support.turns import examples
from vidi.runs.planning.shards import Shard, Share, add_shares

CENTS = st.decimals(min_value=0, max_value=50, places=6)


@settings(max_examples=examples(100))
@given(st.text(min_size=1), st.integers(1, 64))
def test_every_id_is_in_one_shard(key, count):
    assert sum(Shard(number, count).has(key) for number in range(1, count + 1)) == 1


def test_where_an_id_goes_is_the_same_on_every_machine_and_for_ever():
    ids = ("forest", "card-1", "Straße", "森", "naïve-2")
    assert [[Shard(number, 3).has(key) for number in (1, 2, 3)].index(True) for key in ids] == [
        2, 1, 1, 2, 1,
    ]  # fmt: skip


@settings(max_examples=examples(200))
@given(st.lists(CENTS, min_size=1, max_size=40), st.integers(1, 9), CENTS)
def test_the_shares_never_sum_to_more_than_the_budget(prices, count, budget):
    shares = [Share(Shard(number, count)) for number in range(1, count + 1)]
    for place, usd in enumerate(prices):
        shares = [share.count(usd, own=place % count == share.shard.number - 1) for share in shares]
    parts = [share.split(budget) for share in shares]
    assert sum(parts) <= budget
    for share, part in zip(shares, parts, strict=True):
        assert sum(prices) > budget or part >= share.own, "what fits together fits apart"
        if share.own:
            assert share.split(share.unsplit(share.own)) >= share.own


def test_several_job_files_share_as_one():
    shard = Shard(1, 2)
    files = [Share(shard, Decimal(1), Decimal(2)), Share(shard, Decimal(1), Decimal(6))]
    assert add_shares(files) == Share(shard, Decimal(2), Decimal(8))
    assert add_shares([]) is None
