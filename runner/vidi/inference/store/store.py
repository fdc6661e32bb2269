"""What was bought, found by what it is: records by fingerprint and number, assets by their hash.

A record is put there after its assets, and nothing is put over another: whoever reads a record
finds what it names, and of two that bought the same at once the first is remembered. Sandbox and
real purchases are in different parts, and never meet.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from vidi.inference.request import hash_file
from vidi.inference.store.record import read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.store.blobs import Blob, Blobs
    from vidi.inference.store.record import StoreRecord
    from vidi.inference.tracking.journal.events import AssetRecord

RECORDS, ASSETS = "records/", "assets/"


class PurchaseStore:
    """A store, as runs and `vidi store` use it.

    Args:
        blobs: What it is kept in.
        sandbox: Whether it is the part of what the sandbox made.
    """

    def __init__(self, blobs: Blobs, *, sandbox: bool) -> None:
        self.blobs = blobs
        self._part = "sandbox/" if sandbox else ""
        self._numbers: dict[str, set[int]] | None = None

    @property
    def where(self) -> str:
        """Its address."""
        return self.blobs.where

    def list_numbers(self) -> Mapping[str, set[int]]:
        """Fingerprint to the numbers of its purchases: one listing, which is remembered.

        Raises:
            StoreError: It cannot be read.
        """
        if self._numbers is None:
            self._numbers = {}
            for fingerprint, number in self.list_records():
                self._numbers.setdefault(fingerprint, set()).add(number)
        return self._numbers

    def list_records(self) -> Iterator[tuple[str, int]]:
        """The fingerprint and the number of every record, as their names have them."""
        return ((fingerprint, number) for _, fingerprint, number in self.list_record_blobs())

    def list_record_blobs(self) -> Iterator[tuple[Blob, str, int]]:
        """Every record as it is kept, with the fingerprint and the number of its name."""
        for blob in self.blobs.list(self._part + RECORDS):
            *_, fingerprint, last = blob.name.split("/")
            number, dot, suffix = last.partition(".")
            if number.isdecimal() and (dot, suffix) == (".", "json"):
                yield blob, fingerprint, int(number)

    def has(self, fingerprint: str, number: int) -> bool:
        """Whether a purchase is there, as far as the listing knows."""
        return number in self.list_numbers().get(fingerprint, ())

    def read(self, fingerprint: str, number: int) -> StoreRecord:
        """Read a record.

        Raises:
            StoreError: It is not there, or damaged.
        """
        name = self.name_record(fingerprint, number)
        return read_record(name, b"".join(self.blobs.read(name)))

    def list_assets(self, fingerprint: str, number: int) -> tuple[AssetRecord, ...]:
        """What one purchase made.

        Raises:
            StoreError: Its record is not there, or damaged.
        """
        return self.read(fingerprint, number).assets

    def read_asset(self, sha256: str) -> Iterator[bytes]:
        """An asset's bytes, piece by piece; whoever reads them compares the hash.

        Raises:
            StoreError: It is not there, or cannot be read.
        """
        return self.blobs.read(self.name_asset(sha256))

    def keep(self, record: StoreRecord, assets: AssetStore, *, replace: bool) -> bool:
        """Put a purchase there; False where its files are not what was bought, or one is there.

        Args:
            record: The purchase.
            assets: Where they are kept.
            replace: Whether it was bought again to have another.

        Raises:
            StoreError: It cannot be written.
        """
        if not replace and self.has(record.fingerprint, record.number):
            return False
        with contextlib.ExitStack() as opened:
            paths = []
            for asset in record.assets:
                if assets.look(asset.path) is None:
                    return False
                paths.append((opened.enter_context(assets.opened(asset.path)), asset.sha256))
            if not paths or not all(hash_file(path) == sha for path, sha in paths):
                return False
            self._keep_assets(paths)
            name = self.name_record(record.fingerprint, record.number)
            kept = self.blobs.write(name, record.write(), replace=replace)
            self._keep_assets(paths)  # a prune may have come between
        if self._numbers is not None:
            self._numbers.setdefault(record.fingerprint, set()).add(record.number)
        return kept

    def _keep_assets(self, paths: Iterable[tuple[Path, str]]) -> None:
        for path, sha256 in paths:
            name = self.name_asset(sha256)
            if not self.blobs.has(name):
                self.blobs.write(name, path, replace=True)  # the same bytes, whoever is last

    def name_record(self, fingerprint: str, number: int) -> str:
        """The name of a record."""
        return f"{self._part}{RECORDS}{fingerprint[:2]}/{fingerprint}/{number}.json"

    def name_asset(self, sha256: str) -> str:
        """The name of an asset."""
        return f"{self._part}{ASSETS}{sha256[:2]}/{sha256}"

    def name_assets(self) -> str:
        """The prefix of all assets."""
        return self._part + ASSETS
