"""Mistakes, failures and warnings as GitLab shows them in a merge request.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING

from vidi.cli.display.checkout import name_in_checkout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vidi.errors import Problem

SEVERITIES = {"error": "major", "warning": "minor"}


def render_code_quality(findings: Iterable[Problem]) -> str:
    """Write a list of findings; each has the same fingerprint wherever in its file it moves."""
    alike: Counter[tuple[str, ...]] = Counter()
    found = []
    for each in findings:
        path = name_in_checkout(each.place.path) if each.place else "."
        cause = (each.code, path, each.message, *each.ids)
        alike[cause] += 1
        found.append(
            {
                "description": each.message + (f" ({each.hint})" if each.hint else ""),
                "check_name": f"vidi/{each.code}",
                "fingerprint": _hash(*cause, str(alike[cause])),
                "severity": SEVERITIES[each.severity],
                "location": {
                    "path": path,
                    "lines": {"begin": max(each.place.line, 1) if each.place else 1},
                },
            }
        )
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
