"""A store in object storage: S3, Google Cloud Storage, Azure."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from vidi.inference.bucket import Bucket, BucketError, MissingError, TakenError
from vidi.inference.store.blobs import Blob, StoreError, describe_missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

HINT = "Check `store` in vidi.toml or VIDI_STORE, and the keys in the environment."


class ObjectBlobs:
    """Objects below a prefix of a bucket.

    Args:
        address: Such as `s3://bucket/prefix`.
        environ: The process's own environment, from which the keys are taken.

    Raises:
        UsageError: obstore is not installed, or the address is none.
    """

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        self._bucket = Bucket(address, environ, what="the store", hint=HINT)

    @property
    def where(self) -> str:
        """The address."""
        return self._bucket.address

    def list(self, prefix: str) -> Iterator[Blob]:
        """Everything below a prefix."""
        with self._told(prefix):
            for each in self._bucket.list(prefix):
                yield Blob(each.name, each.size, each.changed_at)

    def has(self, name: str) -> bool:
        """Whether an object is there."""
        with self._told(name):
            return self._bucket.look(name) is not None

    def read(self, name: str) -> Iterator[bytes]:
        """What an object holds, piece by piece."""
        with self._told(name):
            yield from self._bucket.read(name)

    def write(self, name: str, content: Path | bytes, *, replace: bool = False) -> bool:
        """Put an object there whole, on the condition that none is."""
        with self._told(name):
            if replace:
                self._bucket.put(name, content, {})
                return True
            try:
                self._bucket.create(name, content, {})
            except TakenError:
                return False
            return True

    def delete(self, name: str) -> None:
        """Take an object away."""
        with self._told(name):
            self._bucket.delete(name)

    @contextlib.contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except MissingError as error:
            raise describe_missing(self.where, name) from error
        except BucketError as error:
            raise StoreError(error.message, hint=error.hint) from error
