"""Serving the files that inferences made and that callers uploaded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from vidi.sandbox.answers.refusals import fal_refusal, replicate_problem
from vidi.sandbox.files import serve_bytes

if TYPE_CHECKING:
    from starlette.responses import Response

    from vidi.sandbox.call import Call
    from vidi.sandbox.files import StoredFile


async def download(call: Call) -> Response:
    """`GET /files/{id}/{name}`: nobody asks for a key."""
    return await send_file(call, call.sandbox.files.find(call.path("id"), call.now))


async def send_file(call: Call, file: StoredFile | None) -> Response:
    """Answer with a file, whole or in part, or say that it is not there."""

    async def send() -> Response:
        if file is None:
            return replicate_problem(404) if call.service.provider == "replicate" else _missing()
        data = await asyncio.to_thread(file.read)
        return serve_bytes(call.request, data, file.content_type)

    return await call.meet("download", send, model=file.model if file else "")


def _missing() -> Response:
    return fal_refusal(404, "File not found")
