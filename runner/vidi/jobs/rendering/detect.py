"""What a text says of its templates before Jinja2 is asked, and so before it is imported."""

from __future__ import annotations

import re

MARKERS = re.compile(r"\{[{%#]")
"""What begins a template."""
_COLUMN = re.compile(r"""\bitem(?:\.([^\W\d]\w*)|\[\s*(?:'([^']*)'|"([^"]*)")\s*\])""")
GIVEN_WHERE = {
    "item": "`item` is what `foreach` walks over; this inference has none.",
    "index": "`index` is the number of an output, known in `output` alone.",
    "key": "`key` is the name of an output, known in `output` alone.",
    "row": "`row` is the number of what `foreach` walks over; this inference has none.",
    "id": "`id` is known once the id and the variables are made.",
}
"""Names that vidi gives, and where."""
GIVEN_ALWAYS = frozenset(("file", "row"))
"""Names that need not be listed."""
GIVEN = frozenset(GIVEN_WHERE) | GIVEN_ALWAYS
"""Names that vidi gives, and nobody else."""


def has_template(text: str) -> bool:
    """Whether Jinja2 has anything to do in a string."""
    return "{" in text and MARKERS.search(text) is not None


def may_have_template(source: str) -> bool:
    """Whether any text of a YAML or JSON file may hold one, as written or spelt by escapes."""
    return "\\" in source or has_template(source)


def columns_in(text: str) -> tuple[str, ...] | None:
    """The columns of `item` that a string names; None where it holds no template."""
    if not has_template(text):
        return None
    return tuple("".join(found) for found in _COLUMN.findall(text))


def names_in(text: str) -> frozenset[str]:
    """The names that a string's templates read; none where they cannot be understood."""
    if not has_template(text):
        return frozenset()
    from vidi.jobs.rendering.environment import find_names

    return find_names(text)
