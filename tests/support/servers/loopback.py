"""A server on loopback that says and does to a client exactly what a test wants, byte by byte."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable


@dataclass(frozen=True)
class Asked:
    """One request that arrived whole."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """An answer; a `dict` or a `list` as body is sent as JSON."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    keep: bool = False

    def encode(self) -> bytes:
        plain = isinstance(self.body, bytes)
        body = self.body if plain else json.dumps(self.body).encode()
        kind = "text/plain" if plain else "application/json"
        alive = "keep-alive" if self.keep else "close"
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": alive}
        lines = [f"HTTP/1.1 {self.status} X"]
        lines += [f"{name}: {value}" for name, value in (headers | self.headers).items()]
        return "\r\n".join([*lines, "", ""]).encode() + body


RESET = "reset"
"""Cut the connection after the whole request, before the first byte of an answer."""
CLOSE = "close"
"""The same, politely."""
RESET_MIDWAY = "reset midway"
"""Cut it within the body of a 200."""
STALL = "stall"
"""Never answer."""
STALL_MIDWAY = "stall midway"
"""Begin a 200, and never end it."""
GARBAGE = "garbage"
"""Answer in something that is not HTTP."""

Script = "Reply | str"


class Loopback:
    """Answers each request with the next line of its script; the last one repeats."""

    def __init__(self, *script: Reply | str, answer: Callable[[Asked], Reply | str] | None = None):
        self.script = list(script)
        self.answer = answer
        self.asked: list[Asked] = []
        self.connections = 0
        self.url = ""
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Loopback:
        return await self.start()

    async def start(self, certificates: ssl.SSLContext | None = None) -> Loopback:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, ssl=certificates, limit=2**24
        )
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if certificates else 'http'}://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    @property
    def posts(self) -> int:
        return sum(asked.method == "POST" for asked in self.asked)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        asked = await read_request(reader)
        self.asked.append(asked)
        if self.answer:
            step = self.answer(asked)
        else:
            step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Reply):
            writer.write(step.encode())
            await writer.drain()
            return step.keep
        return await misbehave(step, writer)


async def read_request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _ = first.split(" ")
    return Asked(method, path, headers, body)


async def misbehave(how: str, writer: asyncio.StreamWriter) -> bool:
    begun = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Type: application/json\r\n\r\n{"
    if how in {RESET_MIDWAY, STALL_MIDWAY}:
        writer.write(begun)
        await writer.drain()
        await asyncio.sleep(0.05)
    if how == GARBAGE:
        writer.write(b"\x00\x01\x02 this is not HTTP\r\n\r\n")
        await writer.drain()
    if how in {STALL, STALL_MIDWAY}:
        await asyncio.sleep(5)
    if how in {RESET, RESET_MIDWAY}:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
    return False


def closed_port() -> str:
    """A URL at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
