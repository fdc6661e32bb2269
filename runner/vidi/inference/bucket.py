"""A bucket of object storage: S3, Google Cloud Storage, Azure. obstore is imported here alone."""

from __future__ import annotations

import contextlib
import re
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from vidi.errors import StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from obstore.store import ObjectStore as AnyStore

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
PARTS_AT_ONCE = 4
"""Of one object that goes in several; obstore's own 12 hold 60 MiB."""
SHA256 = "sha256"
"""The metadata in which an object's hash is noted by who puts it there."""


_CODE = re.compile(r"<Code>(\w{1,60})</Code>")


class BucketError(StorageError):
    """A bucket does not do as asked."""


class MissingError(BucketError):
    """Nothing has that name."""


class TakenError(BucketError):
    """Something has that name already."""


class StoredObject(NamedTuple):
    """One object, without its content."""

    name: str
    """With `/` between its parts, below the prefix."""
    size: int
    """Bytes."""
    changed_at: datetime
    """Aware."""
    e_tag: str = ""
    """What the service calls this content."""


class Bucket:
    """Objects below a prefix of a bucket.

    Args:
        address: Such as `s3://bucket/prefix`. The keys are the environment's own, never those of
            `.env`: obstore reads them there by itself.
        environ: The process's own environment.
        what: What it is called in messages.
        hint: What to check where it cannot be used.

    Raises:
        UsageError: obstore is not installed, or the address is none.
    """

    def __init__(self, address: str, environ: Mapping[str, str], *, what: str, hint: str) -> None:
        try:
            import obstore
            from obstore.exceptions import BaseError
            from obstore.store import from_url
        except ImportError as error:
            raise UsageError(
                f"{what} {address} needs the extra `objects`",
                hint="Install it: pip install 'vidi-run[objects]'.",
            ) from error
        self.address = address.rstrip("/")
        self._called = f"{what} {address}"
        self._hint = hint
        self._obstore = obstore
        own = SCHEMES.get(address.partition("://")[0], "-")
        plain = any(
            name.startswith(own) and value.startswith("http://") for name, value in environ.items()
        )
        try:
            self._store: AnyStore = from_url(
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
                f"{self._called} cannot be opened: {_first_line(error)}",
                hint="Write it as s3://bucket/prefix, gs://bucket/prefix or az://container/prefix.",
            ) from error

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Everything below a folder of it, such as `records/`.

        Raises:
            BucketError: It cannot be read.
        """
        with self._told("read", prefix):
            for pieces in self._obstore.list(self._store, prefix=prefix.rstrip("/") or None):
                for each in pieces:
                    tag = each["e_tag"] or ""
                    yield StoredObject(each["path"], each["size"], each["last_modified"], tag)

    def look(self, name: str) -> StoredObject | None:
        """An object at a glance; None where none has that name.

        Raises:
            BucketError: It cannot be read.
        """
        try:
            with self._told("read", name):
                found = self._obstore.head(self._store, name)
        except MissingError:
            return None
        return StoredObject(name, found["size"], found["last_modified"], found["e_tag"] or "")

    def read_hash(self, name: str) -> str:
        """The sha256 that was noted with an object; empty where none was.

        Raises:
            MissingError: Nothing has that name.
            BucketError: It cannot be read.
        """
        with self._told("read", name):
            found = self._obstore.get(self._store, name, options={"head": True})
            return str(found.attributes.get(SHA256, ""))

    def read(self, name: str) -> Iterator[bytes]:
        """What an object holds, piece by piece.

        Raises:
            MissingError: Nothing has that name.
            BucketError: It cannot be read.
        """
        with self._told("read", name):
            for piece in self._obstore.get(self._store, name).stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)

    def create(self, name: str, content: Path | bytes, attributes: Mapping[str, str]) -> str:
        """Put an object where none is, in one piece; returns its e_tag.

        Raises:
            TakenError: Something has that name already; it stays as it is.
            BucketError: It cannot be written.
        """
        with self._told("written", name):
            made = self._obstore.put(
                self._store,
                name,
                content,
                attributes=dict(attributes),
                mode="create",
                use_multipart=False,
            )
        return made["e_tag"] or ""

    def put(self, name: str, content: Path | bytes, attributes: Mapping[str, str]) -> str:
        """Put an object there whole, whatever is there; returns its e_tag.

        Raises:
            BucketError: It cannot be written.
        """
        with self._told("written", name):
            made = self._obstore.put(
                self._store,
                name,
                content,
                attributes=dict(attributes),
                max_concurrency=PARTS_AT_ONCE,
            )
        return made["e_tag"] or ""

    def copy(self, name: str, to: str) -> None:
        """Copy an object with all that is noted with it; nothing goes over this machine.

        Raises:
            MissingError: Nothing has that name.
            BucketError: It cannot be written.
        """
        with self._told("written", to, named=True):
            self._obstore.copy(self._store, name, to)

    def delete(self, name: str) -> None:
        """Take an object away; nothing happens where none is.

        Raises:
            BucketError: It cannot be taken away.
        """
        with contextlib.suppress(MissingError), self._told("written", name, named=True):
            self._obstore.delete(self._store, name)

    @contextlib.contextmanager
    def _told(self, what: str, name: str, *, named: bool = False) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if what == "written" and not named:
                raise self._describe(what, error) from error  # there is no such bucket
            raise MissingError(f"{self._called} has no {name}", hint=self._hint) from error
        except self._obstore.exceptions.AlreadyExistsError as error:
            raise TakenError(f"{self._called} has {name} already", hint=self._hint) from error
        except (OSError, self._obstore.exceptions.BaseError) as error:
            raise self._describe(what, error) from error

    def _describe(self, what: str, error: Exception) -> BucketError:
        return BucketError(
            f"{self._called} cannot be {what}: {_first_line(error)}", hint=self._hint
        )


def _first_line(error: Exception) -> str:
    """Why it failed, in the service's own words: without what differs from one try to the next."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    code = _CODE.search(str(error))
    told = line.partition(" - ")[2].partition(": <?xml")[0].strip() or line
    return f"{told} ({code[1]})" if code else told
