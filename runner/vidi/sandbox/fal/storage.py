"""Uploads: a token, then the bytes to the CDN, whole or in parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from starlette.responses import Response

from vidi.json_values import as_object
from vidi.sandbox.answers.refusals import fal_refusal
from vidi.sandbox.call import Call, answer_json
from vidi.sandbox.fal.keys import UPLOAD_TOKEN
from vidi.sandbox.files import StoredFile, digest_of, etag_of
from vidi.sandbox.serving.addresses import CDN

_TOKEN_TYPES = ("fal-cdn-v3", "fal-cdn")


async def issue_token(call: Call) -> Response:
    """`POST /storage/auth/token?storage_type=fal-cdn-v3`."""
    if call.request.query_params.get("storage_type", "fal-cdn-v3") not in _TOKEN_TYPES:
        return answer_json({"detail": "Invalid storage type"}, 400)
    expires = datetime.fromtimestamp(call.now, UTC) + timedelta(hours=1)
    body = {
        "token": UPLOAD_TOKEN,
        "token_type": "Bearer",
        "base_url": call.urls.url(CDN, ""),
        "expires_at": expires.isoformat(),
    }
    return answer_json(body)


async def initiate(call: Call) -> Response:
    """`POST /storage/upload/initiate`: storage type `gcs` is refused, as it was reported."""
    if call.request.query_params.get("storage_type") not in _TOKEN_TYPES:
        return answer_json({"detail": "Invalid storage type"}, 400)
    body = as_object(await call.json())
    kind = str(body.get("content_type", "application/octet-stream"))
    name = body.get("file_name")
    new = _new_file(call, name if isinstance(name, str) else None, kind, b"")
    file = call.sandbox.files.keep(new)
    url = call.urls.url(CDN, file.path)
    return answer_json({"upload_url": url, "file_url": url})


async def upload(call: Call) -> Response:
    """`POST /files/upload`: raw bytes."""

    async def take() -> Response:
        file = _named_file(call, await call.request.body())
        return answer_json({"access_url": call.urls.url(CDN, call.sandbox.files.keep(file).path)})

    return await call.meet("upload", take)


async def begin_parts(call: Call) -> Response:
    """`POST /files/upload/multipart`: an upload in parts begins."""

    async def begin() -> Response:
        file = call.sandbox.files.keep(_named_file(call, b""))
        call.sandbox.uploads[file.id] = {}
        url = call.urls.url(CDN, file.path)
        return answer_json({"access_url": url, "uploadId": file.id})

    return await call.meet("upload", begin)


async def put_part(call: Call) -> Response:
    """`PUT {access_url}/multipart/{upload}/{number}`: one part."""
    parts = call.sandbox.uploads.get(call.path("upload"))
    if parts is None:
        return fal_refusal(404, "Upload not found")
    data = await call.request.body()
    parts[int(call.path("number"))] = data
    return Response(headers={"ETag": etag_of(data)})


async def complete_parts(call: Call) -> Response:
    """`POST {access_url}/multipart/{upload}/complete`: the parts become one file."""
    parts = call.sandbox.uploads.get(call.path("upload"))
    file = call.sandbox.files.find(call.path("id"), call.now)
    body = await call.json()
    if parts is None or file is None or not isinstance(body, dict):
        return fal_refusal(404, "Upload not found")
    named = {part["partNumber"]: part["etag"] for part in body.get("parts", ())}
    if named != {number: etag_of(data) for number, data in parts.items()}:
        return fal_refusal(400, "The parts do not match what was uploaded")
    data = b"".join(parts[number] for number in sorted(parts))
    call.sandbox.files.keep(_filled(file, data))
    del call.sandbox.uploads[file.id]
    return answer_json({"access_url": call.urls.url(CDN, file.path)})


async def put_whole(call: Call) -> Response:
    """`PUT {upload_url}`: the bytes of an upload that was initiated."""
    file = call.sandbox.files.find(call.path("id"), call.now)
    if file is None or file.data is None:
        return fal_refusal(404, "Upload not found")
    call.sandbox.files.keep(_filled(file, await call.request.body()))
    return Response()


def _named_file(call: Call, data: bytes) -> StoredFile:
    headers = call.request.headers
    name = headers.get("x-fal-file-name")
    kind = headers.get("content-type", "application/octet-stream")
    return _new_file(call, name, kind, data)


def _new_file(call: Call, name: str | None, content_type: str, data: bytes) -> StoredFile:
    return StoredFile(
        id=uuid4().hex,
        name=(name or "file").replace("/", "_"),
        content_type=content_type,
        size=len(data),
        sha256=digest_of(data),
        created_at=call.now,
        data=data,
    )


def _filled(file: StoredFile, data: bytes) -> StoredFile:
    return replace(file, data=data, size=len(data), sha256=digest_of(data))
