"""The refusal of a file that came damaged: fetched again, as it may have been spoilt on its way."""

from __future__ import annotations

from vidi.errors import DownloadError


def damaged(content_type: str, why: object) -> DownloadError:
    """A file that does not decode."""
    return DownloadError(f"the {content_type} file does not decode: {why}", transient=True)


def cut_short(content_type: str, why: str = "its end is missing") -> DownloadError:
    """A file whose own structure says that it goes on."""
    return DownloadError(f"the {content_type} file is cut short: {why}", transient=True)
