"""What GitHub reads in the log of a step: annotations, and how all other text is kept from it.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from vidi.cli.display.checkout import name_in_checkout

if TYPE_CHECKING:
    from vidi.errors import Problem

# The runner takes `::name …` at the start of a line, blanks before it left aside, for a command,
# and `##[name]` anywhere in it (actions/runner, src/Runner.Common/ActionCommand.cs).
_COMMAND = re.compile(r"(?:\A|(?<=[\r\n]))(\s*):(?=:)|#(?=#\[)")
_JSON_COMMAND = re.compile(r"#(?=#\[)")


def on_github() -> bool:
    """Whether a step of GitHub Actions reads what is printed."""
    return bool(os.environ.get("GITHUB_ACTIONS"))


def render_annotation(problem: Problem) -> str:
    """A problem as the command that shows it at its line of the checkout."""
    place, where = problem.place, ""
    if place is not None and place.path not in {"", "-"}:  # a job that is piped in has no file
        where = f" file={escape_property(name_in_checkout(place.path))}"
        if place.line:
            where += f",line={place.line},col={max(place.column, 1)}"
    message = problem.message + (f" ({problem.hint})" if problem.hint else "")
    return f"::{problem.severity}{where}::{escape_message(message)}"


def neutralize(text: str) -> str:
    """Text of which no line is a command: what a provider or a job file says gives no orders."""
    return _COMMAND.sub(lambda found: f"{found[1] or ''}\\x{ord(found[0][-1]):02x}", text)


def neutralize_json(text: str) -> str:
    """JSON of the same value of which no line is a command; no line of JSON begins with `::`."""
    return _JSON_COMMAND.sub("\\\\u0023", text)


def escape_message(text: str) -> str:
    """Text as a command's message."""
    return _escape(text, "%\r\n")


def escape_property(text: str) -> str:
    """Text as the value of a command's property, such as `file`."""
    return _escape(text, "%\r\n:,")


def _escape(text: str, characters: str) -> str:
    for char in characters:  # the percent sign first, which all others bring in
        text = text.replace(char, f"%{ord(char):02X}")
    return text
