"""Text in GitHub's Markdown: whatever it holds, it is shown and nothing of it acts.

Ids, prompts and providers' errors may hold pipes, HTML, links, mentions of people. A character
reference is never markup (https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references);
GitHub looks for `@name` and `#1` after that, in what is shown, so an empty space parts those.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vidi.cli.display.visible import make_visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ACTS = re.compile(r"[\\`*_\[\]{}<>&|~@#$!^]|(?<=\w):(?=//)|(?<=www)\.", re.IGNORECASE)
BLANK = re.compile(r"\s+")
AFTER = {"@": "&#8203;", "#": "&#8203;"}
"""What parts a character from a name or a number after it: a space of no width."""
_MARKUP = re.compile(r"[!-+:-@\[-`{-~]")
_WWW = re.compile(r"(www)\.", re.IGNORECASE)
LONGEST_CELL = 300
"""Characters of a text that a cell shows."""


def escape_text(text: str) -> str:
    """A text as one line of Markdown that shows it, in a paragraph or a table's cell."""
    line = BLANK.sub(" ", make_visible(text.replace("\r", "\n"))).strip(" ")
    if len(line) > LONGEST_CELL:
        line = line[: LONGEST_CELL - 1] + "…"
    # A number, a dash or a plus would begin a list, equals signs a heading.
    if re.match(r"[-+=]|\d+[.)]", line):
        return f"&#{ord(line[0])};{_escape(line[1:])}"
    return _escape(line)


def as_code(text: str) -> str:
    """A whole text as code on one line, in which nothing is markup, a mention, a reference, a link.

    GitHub and GitLab look for none of them in `<code>`; what would end it is written by its number.
    """
    line = BLANK.sub(" ", make_visible(text)).strip(" ")
    written = _MARKUP.sub(lambda found: f"&#{ord(found[0])};", line)
    unlinked = _WWW.sub(r"\1&#46;", written)
    return f"<code>{unlinked}</code>" if line else ""


def render_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; a heading that ends in `:` is of numbers.

    Args:
        headings: Plain words.
        rows: Cells that `escape_text` made, or Markdown of one's own.
    """
    names = [heading.rstrip(":") for heading in headings]
    rule = ["---:" if heading.endswith(":") else "---" for heading in headings]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (names, rule, *rows))


def fold(summary: str, body: str) -> str:
    """A part that is opened by a click, under a summary that is HTML already."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def _escape(line: str) -> str:
    return ACTS.sub(lambda found: f"&#{ord(found[0])};{AFTER.get(found[0], '')}", line)
