"""A checksum for each line of the journal: of what it says and of where it stands.

One flipped bit, a line that was edited: it no longer fits. The first line of a run counts the lines
before it, so that no run can be lost unseen; the others have their number in the run. It is against
accidents and not against an adversary, who could write a new one.
"""

from __future__ import annotations

from hashlib import blake2b

SINCE = 2
"""The format of journals from which on every line has one."""
_DIGITS = 16
_FIELD = b',"sum":"'
_TAIL = len(_FIELD) + _DIGITS + len(b'"}')


def add_checksum(line: bytes, place: int) -> bytes:
    """Put its checksum into a line as its last field.

    Args:
        line: A JSON object with at least one field, without line end.
        place: Lines of the journal before it, where it is the first of its run; else 0.
    """
    return line[:-1] + _FIELD + _compute(line[:-1], place) + b'"}'


def has_checksum(line: bytes) -> bool:
    """Whether a line, without its line end, has one, be it right or wrong."""
    return line[-_TAIL:].startswith(_FIELD) and line.endswith(b'"}')


def fits_checksum(line: bytes, place: int) -> bool:
    """Whether a line, without its line end, is as it was written at that place."""
    told = line[-_TAIL + len(_FIELD) : -2]
    return has_checksum(line) and told == _compute(line[:-_TAIL], place)


def _compute(text: bytes, place: int) -> bytes:
    digest = blake2b(place.to_bytes(8, "big") + text, digest_size=_DIGITS // 2)
    return digest.hexdigest().encode()
