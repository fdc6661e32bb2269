"""The outputs of a step of GitHub Actions: what later steps go by.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions#setting-an-output-parameter
"""

from __future__ import annotations

from decimal import Decimal
from secrets import token_hex
from typing import TYPE_CHECKING

from vidi.cli.running.reports.changes import count_bought
from vidi.dollars import format_amount
from vidi.runs.planning.budgets import sum_up
from vidi.runs.records.folder import REPORT_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.cli.running.state import CommandState


def list_outputs(state: CommandState) -> Mapping[str, str]:
    """The outputs by name; amounts in USD, paths one a line, empty what is not known."""
    ran = [each for each in state.job_runs if each.result is not None]
    spent = sum((Decimal(str(each.result["cost_usd"]["actual"])) for each in ran if each.result),
                Decimal(0))  # fmt: skip
    plans = [each.plan for each in state.job_runs if each.plan is not None]
    return {
        "estimate-high": _sum_high(state),
        "to-buy": str(sum(planned.buys for plan in plans for planned in plan.inferences)),
        "spent": format_amount(spent),
        "bought": str(sum(count_bought(each) for each in ran)),
        "manifest": "\n".join(each.manifest.as_posix() for each in ran if each.manifest),
        "report": "\n".join(_list_pages(state)),
    }


def render_outputs(outputs: Mapping[str, str]) -> str:
    """Outputs as $GITHUB_OUTPUT holds them: no value can end early, as nobody knows its mark."""
    lines = []
    for name, value in outputs.items():
        if not value or value.isprintable():
            lines.append(f"{name}={value}")
            continue
        mark = f"vidi-{token_hex(16)}"
        lines += [f"{name}<<{mark}", value, mark]
    return "".join(f"{line}\n" for line in lines)


def _sum_high(state: CommandState) -> str:
    known = [each for each in state.job_runs if each.plan is not None or each.up_to_date]
    if not known or len(known) < len(state.job_runs):
        return ""
    high = sum_up(each.plan.high for each in known if each.plan is not None)
    return "" if high is None else format_amount(high)


def _list_pages(state: CommandState) -> Iterator[str]:
    for job_run in state.job_runs:
        if job_run.manifest is not None:
            page = job_run.manifest.with_name(REPORT_NAME)
            if page.is_file():
                yield page.as_posix()
