"""`/v1/files`: input files that are uploaded before a prediction."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import uuid4

from starlette.responses import Response

from vidi.sandbox.answers.refusals import replicate_problem
from vidi.sandbox.call import Call, answer_json
from vidi.sandbox.downloads import send_file
from vidi.sandbox.files import StoredFile, digest_of
from vidi.sandbox.multipart import read_multipart
from vidi.sandbox.serving.addresses import REPLICATE

LARGEST = 100 * 1024 * 1024
"""Bytes of the largest upload."""
_KEPT_S = 24 * 3600


async def create(call: Call) -> Response:
    """`POST /v1/files`: multipart, part `content`, and `metadata` where there is some."""

    async def take() -> Response:
        kind = call.request.headers.get("content-type", "")
        parts = read_multipart(kind, await call.request.body())
        if parts is None or "content" not in parts:
            return replicate_problem(400, "Missing content")
        part = parts["content"]
        if len(part.data) > LARGEST:
            return replicate_problem(413)
        metadata = json.loads(parts["metadata"].data) if "metadata" in parts else {}
        file = StoredFile(
            id=uuid4().hex,
            name=part.filename or "file",
            content_type=part.content_type or "application/octet-stream",
            size=len(part.data),
            sha256=digest_of(part.data),
            created_at=call.now,
            expires_at=call.now + _KEPT_S,
            metadata=metadata,
            data=part.data,
        )
        return answer_json(_show(call, call.sandbox.files.keep(file)), 201)

    return await call.meet("upload", take)


async def list_all(call: Call) -> Response:
    """`GET /v1/files`."""
    files = [_show(call, file) for file in call.sandbox.files.uploads(call.now)]
    return answer_json({"previous": None, "next": None, "results": files})


async def get(call: Call) -> Response:
    """`GET /v1/files/{id}`."""
    file = call.sandbox.files.find(call.path("id"), call.now)
    return answer_json(_show(call, file)) if file else replicate_problem(404)


async def delete(call: Call) -> Response:
    """`DELETE /v1/files/{id}`."""
    file = call.sandbox.files.find(call.path("id"), call.now)
    if file is None:
        return replicate_problem(404)
    call.sandbox.files.drop(file.id)
    return Response(status_code=204)


async def download_upload(call: Call) -> Response:
    """`GET /v1/files/{id}/download`: a signed link, so it needs no token; any signature will do."""
    file = call.sandbox.files.find(call.path("id"), call.now)
    return await send_file(call, file)


def _show(call: Call, file: StoredFile) -> dict[str, object]:
    return {
        "id": file.id,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.size,
        "checksums": {"sha256": file.sha256},
        "metadata": dict(file.metadata),
        "created_at": _moment(file.created_at),
        "expires_at": _moment(file.expires_at),
        "urls": {"get": call.urls.url(REPLICATE, f"/v1/files/{file.id}")},
    }


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
