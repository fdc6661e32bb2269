"""A port of this machine to listen on."""

from __future__ import annotations

import socket

from vidi.errors import UsageError


def listen(host: str, port: int) -> socket.socket:
    """Bind a port and listen: who is told the address at once finds somebody there.

    Args:
        host: An address of this machine.
        port: 0 takes a free one.

    Raises:
        UsageError: It is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise UsageError(
            f"cannot listen on {host}:{port}: {error.strerror}", hint="Choose another --port."
        ) from error
    return listener
