"""The page's source, from the files in `page/`: markup, and one style and one script of several."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from vidi.dollars import format_usd
from vidi.runs.records import figures
from vidi.runs.records.report.present import (
    anchor_of,
    find_prompt,
    format_param,
    is_active,
    link_to,
    name_kind,
)

if TYPE_CHECKING:
    from jinja2 import Template

STYLES = (
    "base",
    "run",
    "filters",
    "cards",
    "grid",
    "dialogs",
    "marks",
    "totals",
    "narrow",
    "print",
)
SCRIPTS = ("cards", "players", "filters", "address", "grid", "lightbox", "compare", "dress", "keys")
"""In the order in which they build on each other; `start` comes last."""
PARTS = ("asset", "card", "dialogs", "toolbar", "totals", "words")
"""What page.html is put together from."""
_PAGE = files("vidi.runs.records.report") / "page"


@cache
def read_style() -> str:
    """The one style of the page."""
    return "\n" + "".join(_read(f"style/{name}.css") for name in STYLES)


@cache
def read_script(*, review: bool) -> str:
    """The one script of the page; with what writes reviews, where a server takes them."""
    names = (*SCRIPTS, *(("review",) if review else ()), "start")
    body = "".join(_read(f"script/{name}.js") for name in names)
    return f'\n(() => {{\n"use strict";\n{body}}})();\n'


@cache
def load_template() -> Template:
    """The page, as Jinja has it."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "active": is_active,
        "allow": _allow,
        "anchor": anchor_of,
        "bytes": figures.format_bytes,
        "kind": name_kind,
        "link": link_to,
        "param": format_param,
        "prompt": find_prompt,
        "seconds": figures.format_seconds,
        "time": figures.format_time,
        "usd": format_usd,
    }
    environment.globals["estimate"] = figures.format_estimate
    for part in PARTS:  # compiled here, so that whoever loads it early has loaded all of it
        environment.get_template(f"{part}.html")
    return environment.get_template("page.html")


def _read(name: str) -> str:
    return (_PAGE / name).read_text("utf-8")


def _allow(inline: str) -> str:
    """Name an inline script or style by its hash, so that the page runs no other."""
    digest = hashlib.sha256(inline.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
