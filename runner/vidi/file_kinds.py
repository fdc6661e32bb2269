"""What a path really is: a file, or something at which a reader would wait for ever."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from vidi.errors import Place, UsageError

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def name_other_kind(path: Path) -> str:
    """What is at a path, links followed, where that is no regular file; empty where nothing is."""
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except (OSError, ValueError):
        return ""  # who opens it says why it cannot be
    return _KINDS.get(kind, "")


def check_regular(path: Path) -> None:
    """Make sure that opening a path does not wait, and that reading it ends.

    Raises:
        OSError: It is a folder, a pipe, a socket or a device.
    """
    if kind := name_other_kind(path):
        raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))


def check_setting(path: Path) -> None:
    """Make sure that what is in the place of a file of settings, if anything is, can be one.

    Raises:
        UsageError: It is a folder, a pipe, a socket, a device, or a link that leads nowhere.
    """
    lost = path.is_symlink() and not os.path.exists(path)  # noqa: PTH110  # False whatever fails
    if kind := "a link to nothing that can be read" if lost else name_other_kind(path):
        raise UsageError(
            f"it is {kind}, not a file",
            hint="Make it a file, or move it away.",
            place=Place(str(path)),
        )


def real_path(path: Path) -> Path:
    """A path with its links followed as far as they lead; links in a circle are left alone."""
    return Path(os.path.realpath(path))
