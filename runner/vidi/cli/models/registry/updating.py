"""The steps of `vidi models update`: fetch, check, put in place, say what is new."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from vidi.cli.display.console import Console
from vidi.errors import StorageError, UsageError
from vidi.inference.models.about import PackError, fetched_registry, registry_version
from vidi.inference.models.loading import read_template
from vidi.inference.models.shipping.pack import TemplatePack
from vidi.inference.models.shipping.shipped import open_shipped
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from vidi.inference.models.about import RegistryVersion
    from vidi.inference.models.shipping.sources import TemplateSource

LARGEST = 256 * 1024 * 1024
"""Bytes of a registry; two thousand templates are 10 MB."""
DEADLINE_S = 60.0
_DIGEST = re.compile(r"[0-9a-f]{64}")


class RegistryError(UsageError):
    """What was fetched is no registry, not whole, or not what its checksum says."""

    code = "registry"


def update(source: str, digest: str, *, json_wanted: bool) -> int:
    """Fetch a registry and use it from now on.

    Raises:
        RegistryError: It is none, or not what its checksum says, or a template in it is broken.
        StorageError: It cannot be kept.
    """
    console = Console(json_wanted=json_wanted)
    before, old = registry_version(), open_shipped()
    data = _fetch(source)
    _check_digest(source, data, digest)
    target = fetched_registry()
    partial = target.with_name(f".vidi-tmp-{token_hex(8)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        pack = TemplatePack(partial)
        about = _check_pack(pack, source)
        is_taken = about > before
        changes = _compare(old, pack)
        if is_taken:
            partial.replace(target)
    except OSError as error:
        raise StorageError(f"cannot keep {target}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    _tell(console, before, about, changes, is_taken=is_taken)
    return 0


def _fetch(source: str) -> bytes:
    if source.startswith(("http://", "https://")):
        return _download(source)
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise RegistryError(f"{source} cannot be read: {error.strerror}") from error


def _download(url: str) -> bytes:
    import httpx

    data = bytearray()
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=DEADLINE_S) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                data += chunk
                if len(data) > LARGEST:
                    raise RegistryError(f"{url} is larger than {LARGEST:,} bytes")
    except httpx.HTTPError as error:
        raise RegistryError(f"{url} cannot be fetched: {error}") from error
    return bytes(data)


def _check_digest(source: str, data: bytes, given: str) -> None:
    wanted = given.strip().lower()
    if not wanted:
        text = _fetch(f"{source}.sha256").decode(errors="replace")
        wanted = text.split()[0].lower() if text.split() else ""
    if not _DIGEST.fullmatch(wanted):
        raise RegistryError(f"{source}.sha256 holds no checksum", hint="Give it with --sha256.")
    found = hashlib.sha256(data).hexdigest()
    if found != wanted:
        raise RegistryError(
            f"{source} is not what its checksum says: {found[:12]}… instead of {wanted[:12]}…",
            hint="Fetch it again; if it stays so, do not use it.",
        )


def _check_pack(pack: TemplatePack, source: str) -> RegistryVersion:
    try:
        pack.verify()
        for name in pack.names():
            read_template(pack.read(name), Path(source) / name)
    except (PackError, LookupError, UnicodeDecodeError) as error:
        raise RegistryError(f"{source}: {error}") from error
    return pack.about


def _compare(old: TemplateSource, new: TemplateSource) -> dict[str, list[str]]:
    """The templates that are new, changed and gone."""
    before, after = set(old.names()), set(new.names())
    both = sorted(before & after)
    return {
        "new": sorted(after - before),
        "changed": [name for name in both if old.read(name) != new.read(name)],
        "gone": sorted(before - after),
    }


def _tell(
    console: Console,
    before: RegistryVersion,
    about: RegistryVersion,
    changes: dict[str, list[str]],
    *,
    is_taken: bool,
) -> None:
    if is_taken:
        counts = ", ".join(f"{len(names)} {word}" for word, names in changes.items())
        console.say(f"{about}, was {before}: {counts}")
    else:
        console.say(f"{about} is no newer than {before}: nothing was changed")
    if console.json_wanted:
        answer = {
            "schema_version": 1,
            "command": "models update",
            "ok": True,
            "exit_code": 0,
            "updated": is_taken,
            "before": before._asdict(),
            "registry": (about if is_taken else before)._asdict(),
            **changes,
        }
        console.print_data(render_json(answer).rstrip("\n"))
