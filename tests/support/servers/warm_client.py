"""A command's name in a shell, carried out by the warm process; with the standard library alone.

Called as `warm_client.py ADDRESS PROGRAM WORDS…`: gives its own streams, folder and environment to
a child there, and ends as that does.
"""

import json
import os
import signal
import socket
import struct
import sys

LONGEST_S = 120


def main() -> None:
    """Order the command, and wait for its end."""
    address, program, *words = sys.argv[1:]
    order = [program, words, os.getcwd(), dict(os.environ), False, LONGEST_S]  # noqa: PTH109
    written = json.dumps(order).encode()
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(address)
        socket.send_fds(line, [struct.pack(">I", len(written))], [0, 1, 2])
        line.sendall(written)
        told = line.makefile()
        child, code = int(told.readline()), told.readline()
    if not code:
        os.kill(child, signal.SIGKILL)
    sys.exit(int(code or 1) % 256)


if __name__ == "__main__":
    main()
