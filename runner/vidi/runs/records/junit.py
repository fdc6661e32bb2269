"""Manifests as JUnit XML, which CI servers show as test results: an inference is a test."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from vidi.dollars import format_amount
from vidi.runs.records.atomic import replace_text
from vidi.runs.records.figures import seconds_between

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vidi.runs.records.manifest.shape import InferenceShape, Manifest

OUTCOMES = {
    "succeeded": None,
    "unchanged": None,
    "failed": "failure",
    "moderated": "failure",
    "in_doubt": "error",
    "unfinished": "error",
    "skipped": "skipped",
}
"""Status to the element that says so; a failure has a verdict, an error has none yet."""

# What XML 1.0 §2.2 leaves out of its characters; no escape can bring them in.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(*manifests: Manifest) -> str:
    """Write one testsuite per manifest, one testcase per inference, well-formed for any text."""
    root = ET.Element("testsuites", {"name": "vidi"})
    root.extend(_suite(manifest) for manifest in manifests)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.attrib[name]) for suite in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def write_junit(path: Path, *manifests: Manifest) -> Path:
    """Put the XML at `path`, whole or not at all; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return replace_text(path, render_junit(*manifests))


def _suite(manifest: Manifest) -> ET.Element:
    run, inferences = manifest["run"], manifest["inferences"]
    outcomes = Counter(OUTCOMES[inference["status"]] for inference in inferences)
    suite = _element(
        "testsuite",
        name=PurePosixPath(run["job_file"]).stem,
        timestamp=run["started_at"],
        time=_seconds(seconds_between(run["started_at"], run["finished_at"])),
        tests=str(len(inferences)),
        failures=str(outcomes["failure"]),
        errors=str(outcomes["error"]),
        skipped=str(outcomes["skipped"]),
    )
    facts = {
        "run_id": run["id"],
        "sandbox": str(manifest["sandbox"]).lower(),
        "budget_usd": manifest["budget_usd"],
        **{f"cost_usd.{name}": amount for name, amount in manifest["cost_usd"].items()},
    }
    suite.append(_properties(facts))
    suite.extend(_case(inference, run["job_file"]) for inference in inferences)
    return suite


def _case(inference: InferenceShape, job_file: str) -> ET.Element:
    case = _element(
        "testcase",
        classname=inference["model"],
        name=inference["id"],
        time=_seconds(inference["duration_s"]),
        file=job_file,
    )
    facts = {
        "status": inference["status"],
        "request_id": inference["request_id"],
        **{f"cost_usd.{name}": value for name, value in inference["cost_usd"].items()},
    }
    case.append(_properties(facts))
    outcome = OUTCOMES[inference["status"]]
    if outcome is not None:
        case.append(_outcome(outcome, inference))
    if inference["assets"]:
        paths = "\n".join(asset["path"] for asset in inference["assets"])
        case.append(_element("system-out", paths))
    return case


def _outcome(name: str, inference: InferenceShape) -> ET.Element:
    error = inference["error"] or {"code": inference["status"], "message": "", "hint": ""}
    message = error["message"] or inference["reason"]
    if name == "skipped":
        return _element(name, message=message)
    said = (message, error["hint"], f"request {inference['request_id'] or 'never accepted'}")
    return _element(name, "\n".join(filter(None, said)), message=message, type=error["code"])


def _properties(facts: Mapping[str, object]) -> ET.Element:
    """List what is known; what is null is left out, since a property's value is text."""
    properties = ET.Element("properties")
    for name, value in facts.items():
        text = format_amount(value) if isinstance(value, int | float | Decimal) else value
        if isinstance(text, str):
            properties.append(_element("property", name=name, value=text))
    return properties


def _element(tag: str, text: str | None = None, /, **attributes: str) -> ET.Element:
    element = ET.Element(tag, {name: _clean(value) for name, value in attributes.items()})
    element.text = None if text is None else _clean(text)
    return element


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)


def _seconds(value: float | Decimal | None) -> str:
    return f"{value or 0:.3f}"
