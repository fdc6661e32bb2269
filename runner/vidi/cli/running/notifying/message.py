"""What is told of a run: how it ended and what it spent; no params, no answers, no keys."""

from __future__ import annotations

import os
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.cli.exit_codes import explain_exit
from vidi.cli.running.reports.findings import AMISS
from vidi.cli.running.whole_command import find_cap
from vidi.dollars import format_usd
from vidi.inference.tracking.redaction import list_texts, redact_texts
from vidi.runs.planning.budgets import sum_budgets
from vidi.version import __version__

if TYPE_CHECKING:
    from vidi.cli.running.job_run import JobRun
    from vidi.cli.running.state import CommandState

SCHEMA_VERSION = 1
NAMED = 10
"""How many inferences that did not end well are named."""
_RUN_URL = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")

Told = dict[str, object]


def describe_end(state: CommandState) -> Told:
    """How a run ended, as JSON values; amounts in USD."""
    results = [each.result for each in state.job_runs if each.result is not None]
    own = [each.plan.budget if each.plan is not None else None for each in state.job_runs]
    told: Told = {
        "schema_version": SCHEMA_VERSION,
        "event": "run_finished",
        "vidi_version": __version__,
        "ok": state.exit_code == 0,
        "exit_code": state.exit_code,
        "meaning": explain_exit(state.exit_code),
        "sandbox": state.options.sandbox,
        "spent_usd": sum((Decimal(str(each["cost_usd"]["actual"])) for each in results), _NOTHING),
        "in_doubt_usd": sum(
            (Decimal(str(each["cost_usd"]["in_doubt"])) for each in results), _NOTHING
        ),
        "budget_usd": sum_budgets(find_cap(state), own),
        "by_status": _count(state.job_runs),
        "jobs": [_describe_job(each) for each in state.job_runs],
        "not_well": _list_amiss(state.job_runs)[:NAMED],
        "run_url": _find_run_url(),
    }
    cleaned = redact_texts(told, list_texts(state.settings.keys.values()))
    return cleaned if isinstance(cleaned, dict) else told


_NOTHING = Decimal(0)


def render_slack(told: Told) -> Told:
    """The same in Slack's words: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""
    mark = ":white_check_mark:" if told["ok"] else ":x:"
    names = ", ".join(str(job["job_file"]) for job in _dicts(told["jobs"])[:NAMED])
    note = " (sandbox: nothing was paid)" if told["sandbox"] else ""
    budget = told["budget_usd"]
    capped = f" of {format_usd(budget)}" if isinstance(budget, Decimal) else ""
    spent = told["spent_usd"]
    counts = told["by_status"] if isinstance(told["by_status"], dict) else {}
    counted = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items())
    amount = format_usd(spent) if isinstance(spent, Decimal) else ""
    lines = [
        f"{mark} *vidi*: {_escape(names)}: {counted or 'nothing was run'}",
        f"spent {amount}{capped}{note}",
    ]
    if not told["ok"]:
        lines.append(f"exit {told['exit_code']}: {_escape(str(told['meaning']))}")
    lines += [
        f"• {_escape(str(each['id']))}: {str(each['status']).replace('_', ' ')}"
        for each in _dicts(told["not_well"])
    ]
    if told["run_url"]:
        lines.append(f"<{_escape(str(told['run_url']))}>")
    return {"text": "\n".join(lines)}


def _dicts(value: object) -> list[Told]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _escape(text: str) -> str:
    """Text as Slack shows it: these three begin and end its links, and calls for people."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")


def _describe_job(job_run: JobRun) -> Told:
    result = job_run.result
    return {
        "job_file": job_run.path.as_posix(),
        "exit_code": job_run.exit_code,
        "status": result["run"]["status"] if result else None,
        "by_status": _count([job_run]),
        "spent_usd": Decimal(str(result["cost_usd"]["actual"])) if result else _NOTHING,
    }


def _count(job_runs: list[JobRun]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for job_run in job_runs:
        if job_run.result is not None:
            counts.update(job_run.result["totals"]["by_status"])
    return dict(counts)


def _list_amiss(job_runs: list[JobRun]) -> list[Told]:
    """The inferences that did not end well: their ids, and not a provider's words about them."""
    return [
        {
            "job_file": job_run.path.as_posix(),
            "id": row["id"],
            "status": row["status"],
            "code": (row["error"] or {}).get("code"),
        }
        for job_run in job_runs
        if job_run.result is not None
        for row in job_run.result["inferences"]
        if row["status"] in AMISS
    ]


def _find_run_url() -> str | None:
    """Where the run is seen at GitHub or GitLab, if it is there."""
    server, repository, run = (os.environ.get(name) for name in _RUN_URL)
    if server and repository and run:
        return f"{server}/{repository}/actions/runs/{run}"
    return os.environ.get("CI_JOB_URL")
