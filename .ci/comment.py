"""One comment in a pull request, renewed by each run: `comment.py FILE...`, Markdown each.

The environment says the rest: GITHUB_API_URL, GITHUB_REPOSITORY (a runner sets them), GITHUB_TOKEN,
PULL_REQUEST (its number), NAME (tells several comments apart), AUTHOR (whose comment is renewed:
anybody may write our mark into theirs), SHEET and GALLERY (addresses of artifacts, or nothing).
That there is no comment, as with the token of a fork's pull request, is never a failure.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

LONGEST = 65_536
"""Characters of a comment."""
TOO_LONG = "The rest is too long for a comment: see the summary of the step."
PAGES = 30
"""Of 100 comments each, in which ours is looked for."""
TRIES = 3


def main(paths: list[str]) -> None:
    """Write the comment, or renew the one that is there."""
    name = re.sub(r"[^A-Za-z0-9_-]", "-", os.environ.get("NAME") or "vidi")
    mark = f"<!-- comment of vidi: {name} -->"
    body = _fit([mark, *_list_links(), *_read_parts(paths)])
    issue = f"issues/{int(os.environ['PULL_REQUEST'])}/comments"
    try:
        found = find_comment(issue, mark, os.environ.get("AUTHOR") or "github-actions[bot]")
        if found is None:
            call("POST", issue, {"body": body})
        else:
            call("PATCH", f"issues/comments/{found}", {"body": body})
    except URLError as error:
        print(f"::notice::no comment: {error.reason}")


def find_comment(issue: str, mark: str, author: str) -> int | None:
    """The number of our comment; None where there is none yet."""
    for page in range(1, PAGES + 1):
        comments = call("GET", f"{issue}?per_page=100&page={page}")
        for comment in comments:
            ours = (comment.get("user") or {}).get("login") == author
            if ours and (comment.get("body") or "").startswith(mark):
                return int(comment["id"])
        if len(comments) < 100:
            return None
    return None


def call(method: str, path: str, body: object = None) -> Any:
    """Ask GitHub's API for something below the repository."""
    api = os.environ.get("GITHUB_API_URL") or "https://api.github.com"
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    data = None if body is None else json.dumps(body).encode()
    address = f"{api}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}"
    return _ask(Request(address, data, headers, method=method), TRIES)


def _ask(request: Request, tries: int) -> Any:
    try:
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except URLError as error:
        passing = getattr(error, "code", 500) >= 500
        # A comment that may have been written is not written again: two would be worse.
        if tries == 1 or not passing or request.method == "POST":
            raise
    time.sleep(TRIES + 1 - tries)
    return _ask(request, tries - 1)


def _fit(parts: list[str]) -> str:
    """As many whole parts as a comment holds: a table that is cut is none."""
    body = ""
    for part in parts:
        room = LONGEST - len(body) - len(TOO_LONG)
        body += f"{part if len(part) + 2 <= room else TOO_LONG}\n\n"
    return body.rstrip("\n")[:LONGEST]


def _read_parts(paths: list[str]) -> list[str]:
    found = (Path(path) for path in paths)
    read = [path.read_text(encoding="utf-8").strip() for path in found if path.is_file()]
    return [part for part in read if part] or ["vidi has left no summary: see the log of the step."]


def _list_links() -> list[str]:
    links = (("contact sheet", os.environ.get("SHEET")), ("gallery", os.environ.get("GALLERY")))
    told = " · ".join(f"[{what}]({address})" for what, address in links if address)
    return [told] if told else []


if __name__ == "__main__":
    main(sys.argv[1:])
