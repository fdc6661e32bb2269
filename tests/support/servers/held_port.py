"""A port that is ours while nobody listens there: who comes is refused, and nobody else gets it."""

import socket


def hold(port: int = 0) -> socket.socket:
    """A socket that is bound to a port of loopback, and does not listen; 0 for a free one."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", port))
    return held
