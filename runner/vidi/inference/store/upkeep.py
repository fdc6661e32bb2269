"""A store looked after: what in it is damaged, and what nobody can find any more."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.store.blobs import StoreError

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from datetime import datetime

    from vidi.inference.store.blobs import Blob
    from vidi.inference.store.store import PurchaseStore

SETTLING = timedelta(days=1)
"""How long an asset may be there without a record: whoever puts it there writes that after it."""


class Damage(NamedTuple):
    """A purchase that the store cannot give back."""

    fingerprint: str
    number: int
    what: str


def find_damage(store: PurchaseStore) -> Iterator[Damage]:
    """Read every record, and hash every asset once.

    Raises:
        StoreError: The store cannot be listed.
    """
    judged: dict[str, str] = {}
    for fingerprint, number in sorted(store.list_records()):
        try:
            assets = store.list_assets(fingerprint, number)
        except StoreError as error:
            yield Damage(fingerprint, number, error.message)
            continue
        for asset in assets:
            if asset.sha256 not in judged:
                judged[asset.sha256] = _judge(store, asset.sha256)
            if judged[asset.sha256]:
                yield Damage(fingerprint, number, judged[asset.sha256])
                break


def _judge(store: PurchaseStore, sha256: str) -> str:
    """What is wrong with an asset; empty where nothing is."""
    digest = hashlib.sha256()
    try:
        for piece in store.read_asset(sha256):
            digest.update(piece)
    except StoreError as error:
        return error.message
    return "" if digest.hexdigest() == sha256 else f"{store.name_asset(sha256)} is damaged"


def remove_damaged(store: PurchaseStore, damage: Damage) -> None:
    """Take a record away with those of its assets that are not what they should be.

    Raises:
        StoreError: It cannot be written.
    """
    try:
        assets = store.list_assets(damage.fingerprint, damage.number)
    except StoreError:
        assets = ()
    store.blobs.delete(store.name_record(damage.fingerprint, damage.number))
    for asset in assets:
        if _judge(store, asset.sha256):
            store.blobs.delete(store.name_asset(asset.sha256))


def find_unnamed(
    store: PurchaseStore, now: datetime, *, without: Container[tuple[str, int]] = ()
) -> Iterator[Blob]:
    """The assets that no record names, and have had the time to be named.

    Args:
        store: The store.
        now: The time, aware.
        without: Records that count as taken away.

    Raises:
        StoreError: The store cannot be read, or a record of it is damaged: what that names is not
            known, so nothing may be taken away.
    """
    # The assets are listed first: what comes after that has its record, or is too young.
    before = now - SETTLING
    found = list(store.blobs.list(store.name_assets()))
    named = {
        store.name_asset(asset.sha256)
        for each in store.list_records()
        if each not in without
        for asset in store.list_assets(*each)
    }
    return (blob for blob in found if blob.name not in named and blob.changed_at < before)


def find_older(store: PurchaseStore, before: datetime) -> Iterator[tuple[str, int]]:
    """The purchases that were put there before a time.

    Raises:
        StoreError: The store cannot be read.
    """
    for blob, fingerprint, number in store.list_record_blobs():
        if blob.changed_at < before:
            yield fingerprint, number
