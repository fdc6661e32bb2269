"""A store in object storage: S3, Google Cloud Storage, Azure. obstore is imported here alone."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from vidi.errors import UsageError
from vidi.inference.store.blobs import Blob, StoreError, describe_missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PIECE_BYTES = 1 << 20
SCHEMES: Mapping[str, str] = {
    "s3": "AWS_",
    "s3a": "AWS_",
    "gs": "GOOGLE_",
    "az": "AZURE_",
    "azure": "AZURE_",
    "abfs": "AZURE_",
    "abfss": "AZURE_",
}
"""The schemes that an address may have, and how the variables begin that obstore reads for each."""
CONNECT_S, REQUEST_S, RETRIES = 10, 300, 3


class ObjectBlobs:
    """Objects below a prefix of a bucket.

    Args:
        address: Such as `s3://bucket/prefix`.
        environ: The process's own environment, from which obstore takes the keys by itself.

    Raises:
        UsageError: obstore is not installed, or the address is none.
    """

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        try:
            import obstore
            from obstore.exceptions import BaseError
            from obstore.store import from_url
        except ImportError as error:
            raise UsageError(
                f"the store {address} needs the extra `objects`",
                hint="Install it: pip install 'vidi-run[objects]'.",
            ) from error
        self._address = address
        self._obstore = obstore
        own = SCHEMES[address.partition("://")[0]]
        plain = any(
            name.startswith(own) and value.startswith("http://") for name, value in environ.items()
        )
        try:
            self._store = from_url(
                address,
                client_options={
                    "allow_http": plain,
                    "connect_timeout": timedelta(seconds=CONNECT_S),
                    "timeout": timedelta(seconds=REQUEST_S),
                },
                retry_config={
                    "max_retries": RETRIES,
                    "retry_timeout": timedelta(seconds=REQUEST_S),
                },
            )
        except (OSError, ValueError, BaseError) as error:  # ValueError: no such host
            raise UsageError(
                f"the store {address} cannot be opened: {_first_line(error)}",
                hint="Write it as s3://bucket/prefix, gs://bucket/prefix or az://container/prefix.",
            ) from error

    @property
    def where(self) -> str:
        """The address."""
        return self._address

    def list(self, prefix: str) -> Iterator[Blob]:
        """Everything below a prefix."""
        with self._told("read", prefix):
            for pieces in self._obstore.list(self._store, prefix=prefix.rstrip("/")):
                for each in pieces:
                    yield Blob(each["path"], each["size"], each["last_modified"])

    def has(self, name: str) -> bool:
        """Whether an object is there."""
        try:
            with self._told("read", name):
                self._obstore.head(self._store, name)
        except MissingError:
            return False
        return True

    def read(self, name: str) -> Iterator[bytes]:
        """What an object holds, piece by piece."""
        with self._told("read", name):
            for piece in self._obstore.get(self._store, name).stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)

    def write(self, name: str, content: Path | bytes, *, replace: bool = False) -> bool:
        """Put an object there whole, on the condition that none is."""
        # A conditional put goes in one piece; a large one, whose bytes name it, in many.
        mode: Literal["overwrite", "create"] = "overwrite" if replace else "create"
        pieces = None if replace else False
        try:
            with self._told("written", name):
                self._obstore.put(self._store, name, content, mode=mode, use_multipart=pieces)
        except TakenError:
            return False
        return True

    def delete(self, name: str) -> None:
        """Take an object away."""
        with contextlib.suppress(MissingError), self._told("written", name):
            self._obstore.delete(self._store, name)

    @contextlib.contextmanager
    def _told(self, what: str, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise MissingError(describe_missing(self._address, name).message) from error
        except self._obstore.exceptions.AlreadyExistsError as error:
            raise TakenError(f"the store {self._address} has {name} already") from error
        except (OSError, self._obstore.exceptions.BaseError) as error:
            raise StoreError(
                f"the store {self._address} cannot be {what}: {_first_line(error)}",
                hint="Check `store` in vidi.toml or VIDI_STORE, and the keys in the environment.",
            ) from error


class MissingError(StoreError):
    """Nothing has that name."""


class TakenError(StoreError):
    """Something has that name already."""


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
