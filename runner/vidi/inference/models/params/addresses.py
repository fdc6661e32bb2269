"""URLs as they may be shown: without the passwords and signatures that some of them carry.

An input file in a bucket has a URL that is a key to it for a while. It goes to the provider as it
is, and into no record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

HIDDEN = "…"
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>]+", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^/?#\s@]+(?=@)")
_FIELD = re.compile(r"(?<=[?&#;])(?P<name>[^=&#;\s]+)=(?P<value>[^&#;\s]+)")
_SECRET_NAME = re.compile(
    r"token|secret|passw|pwd|signature|credential|apikey|accesskey|(^|[._-])(key|sig|auth|jwt|sas)$"
    r"|^x-(amz|goog|ms|oss|cos)-|^key-pair-id$|^policy$",
    re.IGNORECASE,
)
"""Names of query values that open something: AWS's, Google's, Azure's, CloudFront's, and plain."""


def hide_url_secrets(text: str) -> str:
    """The same text, with `…` for every secret in a URL in it."""
    if "://" not in text:
        return text
    return _URL.sub(lambda found: _hide(found[0]), text)


def hide_in(value: object) -> object:
    """The same JSON value, with `…` for every secret in a URL in its texts."""
    if isinstance(value, str):
        return hide_url_secrets(value)
    if isinstance(value, Mapping):
        return {name: hide_in(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [hide_in(each) for each in value]
    return value


def list_url_secrets(value: object) -> Iterator[str]:
    """Every secret in the URLs in the texts of a JSON value."""
    if isinstance(value, str):
        for found in _URL.finditer(value) if "://" in value else ():
            yield from _secrets_of(found[0])
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from list_url_secrets(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from list_url_secrets(each)


def _hide(url: str) -> str:
    url = _USERINFO.sub(HIDDEN, url)
    return _FIELD.sub(
        lambda field: f"{field['name']}={HIDDEN}" if _opens(field["name"]) else field[0], url
    )


def _secrets_of(url: str) -> Iterator[str]:
    for userinfo in _USERINFO.findall(url):
        yield from userinfo.split(":")[1:] or [userinfo]
    yield from (field["value"] for field in _FIELD.finditer(url) if _opens(field["name"]))


def _opens(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None
