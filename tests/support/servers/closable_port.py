"""A port in front of another that can be shut for a while: then a connection to it is refused."""

import asyncio
import contextlib
import socket


class Gate:
    """Hands every byte on while it is open. All of it happens on one event loop."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._hand_on, "127.0.0.1", self.port)

    def shut(self, seconds: float) -> None:
        """Refuse whoever comes in the next seconds; who is in stays in."""
        self._close()
        self._keep(asyncio.ensure_future(self._open_later(seconds)))

    async def aclose(self) -> None:
        self._close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._close()

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _open_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.open()

    def _keep(self, task: asyncio.Task[None] | None) -> None:
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._keep(asyncio.current_task())
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._behind)
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand everything on, and the end of it."""
    try:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
    finally:
        writer.close()
