r"""JSON's way to write an emoji, `"\ud83d\ude00"`, as YAML writes it: `"\U0001F600"`.

JSON is YAML but for this: `json.dumps` writes what lies beyond U+FFFF as two halves.
"""

from __future__ import annotations

import re

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_PAIR = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
)


def join_surrogates(text: str) -> str:
    """The same text with pairs joined; spaces behind the quotes keep every place as it was."""
    if r"\ud" not in text and r"\uD" not in text:
        return text
    return _QUOTED.sub(_joined, text)


def _joined(found: re.Match[str]) -> str:
    quoted = found[0]
    joined = _PAIR.sub(_join, quoted)
    return joined + " " * (len(quoted) - len(joined))


def _join(pair: re.Match[str]) -> str:
    high, low = int(pair[2], 16), int(pair[3], 16)
    return rf"{pair[1]}\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}"
