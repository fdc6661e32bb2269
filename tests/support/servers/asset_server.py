"""A web server that misbehaves on request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Server:
    """Answers each path with its script: a list of handlers, the last of which repeats."""

    scripts: dict[str, list[Callable]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def on(self, path: str, *handlers: Callable) -> str:
        self.scripts[path] = list(handlers)
        return self.url(path)

    def headers_of(self, path: str) -> list[dict[str, str]]:
        return [headers for asked, headers in self.asked if asked == path]


def gives(content: bytes, status: int = 200, **headers: str):
    """A plain answer."""

    def handle(request):
        request.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **_dashed(headers)}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    return handle


def breaks(content: bytes, after: int, **headers: str):
    """Promises all of it, sends the first bytes, and hangs up."""

    def handle(request):
        request.send_response(200)
        for name, value in {"Content-Length": str(len(content)), **_dashed(headers)}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content[:after])
        request.close_connection = True

    return handle


def resumes(content: bytes, **headers: str):
    """Answers a Range with just that part."""

    def handle(request):
        start = int(request.headers["Range"].removeprefix("bytes=").rstrip("-"))
        part = f"bytes {start}-{len(content) - 1}/{len(content)}"
        gives(content[start:], 206, **{"Content_Range": part, **headers})(request)

    return handle


def redirects(target: str, status: int = 302):
    return gives(b"", status, Location=target)


def _dashed(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def leftovers(folder: Path) -> list[str]:
    """The unfinished files under a folder."""
    return [path.name for path in folder.rglob(".vidi-tmp-*")]
