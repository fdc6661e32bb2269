"""Text of a provider's document, made fit for a template: one line, bounded, printable."""

from __future__ import annotations

LONGEST = 300
"""Characters of a description."""


def one_line(text: object, longest: int = LONGEST) -> str:
    """The text on one line without control characters; empty where it is no text."""
    if not isinstance(text, str):
        return ""
    line = "".join(char for char in " ".join(text.split()) if char.isprintable())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def title_of(name: str) -> str:
    """A title from the name of a model: `flux-1.1_pro` is `Flux 1.1 Pro`."""
    words = name.replace("-", " ").replace("_", " ").replace("/", " / ").split()
    return " ".join(word if word[:1].isupper() else word[:1].upper() + word[1:] for word in words)
