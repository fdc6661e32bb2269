"""Manifests as JUnit XML, which CI servers show as test results: an inference is a test."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from vidi.dollars import format_amount
from vidi.runs.records.atomic import replace_text
from vidi.runs.records.figures import seconds_between
from vidi.runs.records.warnings import group_by_inference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vidi.errors import Problem
    from vidi.runs.planning.plan import Plan, PlannedInference
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


@dataclass(frozen=True, slots=True)
class JobReport:
    """What is reported of one job file."""

    job_file: str
    manifest: Manifest | None = None
    """What became of it; None where it was not run."""
    plan: Plan | None = None
    """What would be done, where there is no manifest."""
    warnings: Sequence[Problem] = ()
    """What is odd about its inferences."""
    errors: Sequence[Problem] = ()
    """Mistakes and refusals: what kept it as a whole from going well."""


def render_junit(*jobs: JobReport) -> str:
    """Write one testsuite per job file, one testcase per inference, well-formed for any text."""
    root = ET.Element("testsuites", {"name": "vidi"})
    root.extend(_suite(job) for job in jobs)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.attrib[name]) for suite in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def write_junit(path: Path, *jobs: JobReport) -> Path:
    """Put the XML at `path`, whole or not at all; its folder is made where it is missing.

    Raises:
        StorageError: It cannot be written.
    """
    with contextlib.suppress(OSError):  # writing says what is wrong
        path.parent.mkdir(parents=True, exist_ok=True)
    return replace_text(path, render_junit(*jobs))


def _suite(job: JobReport) -> ET.Element:
    odd = group_by_inference(job.warnings)
    attributes: dict[str, str] = {"name": PurePosixPath(job.job_file).stem}
    facts: dict[str, object] = {}
    cases: list[ET.Element] = []
    if job.manifest is not None:
        attributes |= _measure_run(job.manifest)
        facts = _list_facts(job.manifest)
        rows = job.manifest["inferences"]
        cases = [_case(row, job.job_file, odd.get(row["id"], ())) for row in rows]
    elif job.plan is not None:
        facts = _list_estimates(job.plan)
        cases = [
            _planned_case(each, job.job_file, odd.get(each.id, ())) for each in job.plan.inferences
        ]
    cases += [_error_case(error, job.job_file) for error in job.errors]
    if odd:
        facts["warnings"] = str(len(odd))
    counts = {
        f"{name}s" if name != "skipped" else name: str(
            sum(case.find(name) is not None for case in cases)
        )
        for name in ("failure", "error", "skipped")
    }
    suite = _element("testsuite", **attributes, tests=str(len(cases)), **counts)
    suite.append(_properties(facts))
    suite.extend(cases)
    return suite


def _measure_run(manifest: Manifest) -> dict[str, str]:
    run = manifest["run"]
    seconds = seconds_between(run["started_at"], run["finished_at"])
    return {"timestamp": run["started_at"], "time": _seconds(seconds)}


def _list_facts(manifest: Manifest) -> dict[str, object]:
    return {
        "run_id": manifest["run"]["id"],
        "sandbox": str(manifest["sandbox"]).lower(),
        "budget_usd": manifest["budget_usd"],
        **{f"cost_usd.{name}": amount for name, amount in manifest["cost_usd"].items()},
    }


def _list_estimates(plan: Plan) -> dict[str, object]:
    return {
        "budget_usd": plan.budget,
        "estimate_usd.low": plan.low,
        "estimate_usd.expected": plan.expected,
        "estimate_usd.high": plan.high,
    }


def _case(inference: InferenceShape, job_file: str, odd: Sequence[str]) -> ET.Element:
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
    case.append(_properties(facts, odd))
    outcome = OUTCOMES[inference["status"]]
    if outcome is not None:
        case.append(_outcome(outcome, inference))
    _tell(case, [asset["path"] for asset in inference["assets"]], odd)
    return case


def _planned_case(planned: PlannedInference, job_file: str, odd: Sequence[str]) -> ET.Element:
    """An inference that was priced and not run."""
    case = _element(
        "testcase", classname=planned.model, name=planned.id, time=_seconds(0), file=job_file
    )
    estimate = planned.estimate
    facts = {
        "action": planned.action,
        "reason": planned.reason,
        "estimate_usd.low": estimate.low,
        "estimate_usd.expected": estimate.expected,
        "estimate_usd.high": estimate.high,
    }
    case.append(_properties(facts, odd))
    if planned.action == "skip":
        case.append(_element("skipped", message=planned.reason))
    _tell(case, [], odd)
    return case


def _error_case(error: Problem, job_file: str) -> ET.Element:
    """A mistake or a refusal, as a test of its own: no inference has begun."""
    place = error.place
    where = {"file": place.path if place else job_file}
    if place and place.line:
        where["line"] = str(place.line)
    case = _element("testcase", classname="vidi", name=error.code, time=_seconds(0), **where)
    said = "\n".join(filter(None, (str(place or ""), error.message, error.hint)))
    case.append(_element("error", said, message=error.message, type=error.code))
    return case


def _tell(case: ET.Element, paths: Sequence[str], odd: Sequence[str]) -> None:
    """What came out, and what is odd about it, as a CI server shows it."""
    if lines := [*paths, *(f"warning: {message}" for message in odd)]:
        case.append(_element("system-out", "\n".join(lines)))


def _outcome(name: str, inference: InferenceShape) -> ET.Element:
    error = inference["error"] or {"code": inference["status"], "message": "", "hint": ""}
    message = error["message"] or inference["reason"]
    if name == "skipped":
        return _element(name, message=message)
    said = (message, error["hint"], f"request {inference['request_id'] or 'never accepted'}")
    return _element(name, "\n".join(filter(None, said)), message=message, type=error["code"])


def _properties(facts: Mapping[str, object], odd: Sequence[str] = ()) -> ET.Element:
    """List what is known and odd; what is null is left out, since a property's value is text."""
    properties = ET.Element("properties")
    for name, value in facts.items():
        text = format_amount(value) if isinstance(value, int | float | Decimal) else value
        if isinstance(text, str):
            properties.append(_element("property", name=name, value=text))
    properties.extend(_element("property", name="warning", value=message) for message in odd)
    return properties


def _element(tag: str, text: str | None = None, /, **attributes: str) -> ET.Element:
    element = ET.Element(tag, {name: _clean(value) for name, value in attributes.items()})
    element.text = None if text is None else _clean(text)
    return element


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)


def _seconds(value: float | Decimal | None) -> str:
    return f"{value or 0:.3f}"
