"""Which addresses a download may go to: the open internet's, and loopback where allowed."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from vidi.errors import DownloadError
from vidi.inference.settings import is_loopback

_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]*))*", re.IGNORECASE)
"""Old spellings of IPv4 addresses, such as 127.1 and 0x7f000001."""

_NAME = re.compile(r"[a-z0-9._-]+")
"""What a host name is written with, other alphabets as Punycode."""

_NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: an IPv4 address in the last four bytes."""

_NOT_PUBLIC = (
    IPv4Network("192.0.0.0/24"),  # RFC 6890: protocol assignments, .128/25 of them too
    IPv4Network("192.88.99.0/24"),  # RFC 7526: the relays of 6to4, withdrawn
    IPv6Network("fec0::/10"),  # RFC 3879: site-local, withdrawn and still routed in places
    IPv6Network("3fff::/20"),  # RFC 9637: documentation
)
"""What Python's `is_global` lets through in some versions, and is not the open internet."""


def check_scheme(scheme: str) -> None:
    """Refuse every scheme but http and https.

    Raises:
        DownloadError: It is another, such as `file`.
    """
    if scheme not in {"http", "https"}:
        raise DownloadError(
            f"the output is a {scheme or 'relative'}: URL: only http, https and data are fetched"
        )


def check_host(host: str, *, loopback_allowed: bool) -> None:
    """Refuse a host that is itself a private address; names are checked when they are resolved.

    Raises:
        DownloadError: It is one, or is spelt so that it could be one.
    """
    name = host.rstrip(".").lower()
    if is_loopback(name):
        if not loopback_allowed:
            raise _refused(host, "this machine")
        return
    try:
        address = ip_address(name)
    except ValueError:
        if not _NAME.fullmatch(name) or _NUMERIC.fullmatch(name):
            raise DownloadError(f"the output's host is no name and no address: {host!r}") from None
        return
    check_address(address, host, loopback_allowed=loopback_allowed)


def check_address(address: IPv4Address | IPv6Address, host: str, *, loopback_allowed: bool) -> None:
    """Refuse an address that is not on the open internet.

    Raises:
        DownloadError: It is private, link-local, multicast, unspecified, reserved or loopback.
    """
    inner = _embedded(address)
    if inner.is_loopback:
        if not loopback_allowed:
            raise _refused(host, "this machine")
    elif not _is_public(inner):
        raise _refused(host, f"a private address ({inner})")


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(
        address.version == network.version and address in network for network in _NOT_PUBLIC
    )


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one, where there is one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _refused(host: str, what: str) -> DownloadError:
    return DownloadError(
        f"the output's URL leads to {what}: {host}",
        hint="Only a VIDI_*_URL setting on a loopback address permits downloads from loopback.",
    )
