"""The page of a folder, served to its own user, who marks what is on it. Imports starlette.

Whoever may send requests to a port of this machine, be it another page in the same browser, does
not know the token in the address; and whoever leads a name of his to 127.0.0.1 is refused by it.
"""

from __future__ import annotations

import json
import shlex
from secrets import compare_digest
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from vidi.errors import JobFileError, VidiError
from vidi.runs.records.report.recorded import read_folder
from vidi.runs.records.report.render import render_report
from vidi.runs.records.report.template import read_style
from vidi.runs.reviewing.mark import ACTS, mark
from vidi.runs.reviewing.shelf import list_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from vidi.jobs.reviews.review import Review
    from vidi.runs.reviewing.mark import ReviewedFolder
    from vidi.runs.reviewing.shelf import ShownFile

MOST_BYTES = 1 << 16
"""Of a mark with its note."""
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
ASSET_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""Of an asset that is opened alone: whatever it is, nothing in it runs or asks for anything."""


class ReviewServer:
    """What is behind the addresses.

    Args:
        folders: What is reviewed.
        token: What an address begins with.
        hosts: The names under which this server may be asked, with its port.
    """

    def __init__(
        self, folders: Sequence[ReviewedFolder], token: str, hosts: frozenset[str]
    ) -> None:
        self._folders = folders
        self._token = token
        self._hosts = hosts
        self._files: dict[int, dict[str, ShownFile]] = {}
        self.changed: set[int] = set()
        """The folders in which something was marked."""

    def create_app(self) -> Starlette:
        """The server as an ASGI app."""
        return Starlette(
            routes=[
                Route("/{token}/", self.begin),
                Route("/{token}/{number:int}/", self.show_page),
                Route("/{token}/{number:int}/marks", self.take_mark, methods=["POST"]),
                Route("/{token}/{number:int}/{path:path}", self.send_file),
            ],
            exception_handlers={VidiError: _tell_error},
        )

    def begin(self, request: Request) -> Response:
        """The only folder, else a list of them."""
        self._let_in(request)
        if len(self._folders) == 1:
            return RedirectResponse(f"/{self._token}/0/")
        return HTMLResponse(_render_list(self._folders), headers=HEADERS)

    def show_page(self, request: Request) -> Response:
        """The page of a folder, as it is now."""
        where = self._let_in(request)
        folder = read_folder(where.folder)
        self._files[request.path_params["number"]] = list_files(folder)
        command = shlex.quote(folder.manifest["run"]["job_file"])
        command += " --sandbox" if folder.manifest["sandbox"] else ""
        page = render_report(folder.manifest, folder.beside, review=command)
        return HTMLResponse(page.encode(errors="replace"), headers=HEADERS)

    def send_file(self, request: Request) -> Response:
        """A file that the page shows."""
        where = self._let_in(request)
        number, path = request.path_params["number"], request.path_params["path"]
        if number not in self._files:
            self._files[number] = list_files(read_folder(where.folder))
        found = self._files[number].get(path)
        if found is None or not found.path.is_file():
            raise HTTPException(404)
        headers = {**HEADERS, "Content-Security-Policy": ASSET_POLICY}
        return FileResponse(found.path, media_type=found.content_type, headers=headers)

    async def take_mark(self, request: Request) -> Response:
        """Write down a mark; answers what holds of the inference from now on."""
        from starlette.concurrency import run_in_threadpool

        where = self._let_in(request)
        self._refuse_other_pages(request)
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                raise HTTPException(413)
        review = await run_in_threadpool(_mark, where, body)
        self.changed.add(request.path_params["number"])
        return JSONResponse(_describe(review), headers=HEADERS)

    def _let_in(self, request: Request) -> ReviewedFolder:
        """The folder of an address; what is not for us is not found."""
        host = request.headers.get("host", "")
        known = compare_digest(request.path_params["token"].encode(), self._token.encode())
        number: int = request.path_params.get("number", 0)
        if host not in self._hosts or not known or number >= len(self._folders):
            raise HTTPException(404)
        return self._folders[number]

    def _refuse_other_pages(self, request: Request) -> None:
        """A mark is JSON from the page itself: another page's form cannot send that."""
        origin = request.headers.get("origin")
        ours = origin is None or origin in {f"http://{host}" for host in self._hosts}
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not ours or content_type != "application/json":
            raise HTTPException(403)


def _mark(where: ReviewedFolder, body: bytes) -> Review:
    try:
        asked = json.loads(body)
        key, act = asked["id"], asked["act"]
        note, seed = asked.get("note", ""), asked.get("seed")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise HTTPException(400) from error
    if act not in ACTS or not isinstance(key, str) or (seed is not None and type(seed) is not int):
        raise HTTPException(400)
    return mark(where, [key], act, note, seed)[0]


def _describe(review: Review) -> dict[str, object]:
    return {
        "id": review.id,
        "mark": review.verdict,
        "favourite": review.favourite,
        "note": review.note,
        "seed": review.seed,
    }


async def _tell_error(request: Request, error: Exception) -> Response:
    del request
    told = str(error)
    if isinstance(error, JobFileError) and error.problems:
        first = error.problems[0]
        told = f"{first.place}: {first.message}" if first.place else first.message
    return JSONResponse({"error": told}, status_code=400, headers=HEADERS)


def _render_list(folders: Sequence[ReviewedFolder]) -> str:
    from html import escape

    lines = "".join(
        f'<li><a href="./{number}/">{escape(each.folder.as_posix())}</a></li>'
        for number, each in enumerate(folders)
    )
    head = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Reviews</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
    )
    style = f"<style>{read_style()}</style>"
    return f'{head}{style}<main class="page"><h1>Reviews</h1><ul>{lines}</ul></main>'
