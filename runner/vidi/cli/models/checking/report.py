"""The steps of `vidi models check`, and what it prints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.cli.display.console import Console
from vidi.cli.display.json_answer import describe_vidi_error
from vidi.cli.display.problems import name_some
from vidi.cli.models.ask_providers import ask_providers
from vidi.cli.models.checking.provider_news import gather_news
from vidi.cli.models.checking.template_files import check_file, check_template
from vidi.cli.models.files import find_templates
from vidi.cli.running.job_run import open_registry
from vidi.errors import Problem
from vidi.jobs.job import load_job
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vidi.cli.models.checking.provider_news import ModelNews
    from vidi.cli.models.checking.template_files import CaveatKind, Verdict

MOST_WARNINGS = 10
"""More of a kind are not printed one by one."""

KINDS: Mapping[CaveatKind, str] = {
    "age": "prices were last checked long ago",
    "confidence": "prices are of low confidence",
    "witness": "prices have one witness only",
    "billing": "endpoints of fal have no base price in `billing`",
}
"""What is said of many at once."""


@dataclass(frozen=True, slots=True)
class Checks:
    """What a check found."""

    verdicts: Sequence[Verdict]
    news: Sequence[ModelNews] | None
    """None where no provider was asked."""

    @property
    def wrong(self) -> list[Verdict]:
        """The templates with mistakes."""
        return [each for each in self.verdicts if each.mistakes]

    @property
    def changed(self) -> list[ModelNews]:
        """The models with news, or that could not be asked about."""
        return [each for each in self.news or () if each.changes or each.error]

    @property
    def exit_code(self) -> int:
        """2 for a wrong template, 1 for news, else 0."""
        if self.wrong:
            return 2
        return 1 if self.changed else 0


def select_templates(
    model_ids: Sequence[str], job: Path | None, templates: Path | None, stale_days: int
) -> list[Verdict]:
    """Check the templates of the named models and of a job file's, or all there are.

    Raises:
        UnknownModelError: No template has an id that was named.
        TemplateError: The template of a named model is broken.
        JobFileError: The job file has mistakes.
    """
    names = [*model_ids, *(_models_of(job) if job else ())]
    if not names and job is None:
        return [check_file(file, stale_days) for file in find_templates(templates)]
    registry = open_registry(Path(), templates)
    models = [registry.get_template(name) for name in dict.fromkeys(names)]
    return [check_template(registry.text_of(each), each.path, stale_days) for each in models]


def ask_for_news(
    verdicts: Sequence[Verdict], *, sandbox: bool, env_file: Path | None, templates: Path | None
) -> list[ModelNews]:
    """Ask the providers about every model whose template can be read."""
    models = [each.model for each in verdicts if each.model is not None]
    names = [model.id for model in models]
    found = ask_providers(names, sandbox=sandbox, env_file=env_file, templates=templates)
    return gather_news(models, found)


def print_checks(checks: Checks, *, json_wanted: bool) -> int:
    """Print what was found; returns the exit code."""
    console = Console()
    if json_wanted:
        console.print_data(render_json(_as_json(checks)).rstrip("\n"))
    for verdict in checks.verdicts:
        for mistake in verdict.mistakes:
            console.say(f"{verdict.name}: {mistake}", style="red")
    _print_warnings([each for each in checks.verdicts if each.warnings], console)
    for news in checks.changed:
        for change in news.changes:
            console.say(f"{news.id}: {change}", style="yellow")
        if news.error is not None:
            console.say(f"{news.id}: {news.error.message}", style="red")
    for line in _sum_up(checks):
        console.say(line)
    return checks.exit_code


def _print_warnings(warned: Sequence[Verdict], console: Console) -> None:
    """Each of a few; of many, a line for each kind with the first names."""
    said = [(each, caveat) for each in warned for caveat in each.warnings]
    for kind, told in KINDS.items():
        some = [(verdict, caveat) for verdict, caveat in said if caveat.kind == kind]
        if len(some) > MOST_WARNINGS:
            names = name_some(verdict.name for verdict, _ in some)
            told = f"{len(some)} {told}: {names} (--json names all)"
            console.say(f"warning: {told}", style="yellow")
            continue
        for verdict, caveat in some:
            console.say(f"{verdict.name}: warning: {caveat.message}", style="yellow")


def _models_of(job: Path) -> list[str]:
    """The models that a job file names, each once."""
    specs = load_job(job, project=Path(), allow_outside=True).inferences()
    return list(dict.fromkeys(each.model for each in specs if not isinstance(each, Problem)))


def _sum_up(checks: Checks) -> list[str]:
    total = len(checks.verdicts)
    low = sum(verdict.is_low for verdict in checks.verdicts)
    line = f"{total - len(checks.wrong)} of {total} templates are right"
    lines = [f"{line}; {low} of low confidence" if low else line]
    if checks.news is not None:
        asked = len(checks.news)
        lines.append(f"{asked - len(checks.changed)} of {asked} models are as their templates say")
        if any(news.changes for news in checks.changed):
            lines.append("`vidi models pull MODEL_ID` shows a change and writes it down")
    return lines


def _as_json(checks: Checks) -> dict[str, object]:
    code = checks.exit_code
    answer: dict[str, object] = {
        "schema_version": 1,
        "command": "models check",
        "ok": code == 0,
        "exit_code": code,
        "models": len(checks.verdicts),
        "low_confidence": [each.name for each in checks.verdicts if each.is_low],
        "errors": [{"id": each.name, "problems": list(each.mistakes)} for each in checks.wrong],
        "warnings": [
            {
                "id": each.name,
                "problems": [caveat.message for caveat in each.warnings],
                "kinds": [caveat.kind for caveat in each.warnings],
            }
            for each in checks.verdicts
            if each.warnings
        ],
    }
    if checks.news is not None:
        answer["live"] = [_news_as_json(each) for each in checks.news]
    return answer


def _news_as_json(news: ModelNews) -> dict[str, object]:
    return {
        "id": news.id,
        "changes": [
            {"kind": each.kind, "param": each.name or None, "message": each.message}
            for each in news.changes
        ],
        "error": describe_vidi_error(news.error) if news.error else None,
    }
