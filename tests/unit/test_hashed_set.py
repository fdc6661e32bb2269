"""A set of hashes knows what it has had, however large it has grown, and nothing else."""

from vidi.hashed_set import HashedOwners, HashedSet


def test_it_knows_what_it_has_had():
    seen = HashedSet()
    for n in range(5000):
        assert f"árbol {n}" not in seen
        seen.add(f"árbol {n}")
        seen.add(f"árbol {n}")
    assert len(seen) == 5000
    assert all(f"árbol {n}" in seen for n in range(5000))
    assert not any((n, "árbol") in seen for n in range(5000))


def test_who_has_it_is_not_known_and_that_somebody_has_is():
    owners = HashedOwners()
    assert (owners.get("a"), owners.setdefault("a", "first")) == (None, "first")
    owners["b"] = "second"
    assert (owners.setdefault("a", "third"), owners.get("a"), owners.get("b")) == ("", "", "")
