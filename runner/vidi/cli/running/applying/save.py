"""The plan of a command: taken from its state, and with `--plan` written down."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vidi.cli.running.applying.command_line import save_options
from vidi.cli.running.job_run import open_registry
from vidi.cli.running.pinned import pin_models
from vidi.errors import Place, UsageError
from vidi.jobs.job import STDIN
from vidi.runs.plan_file.shape import SavedPlan, is_plan, render_plan
from vidi.runs.plan_file.take import sum_estimates, take_job, take_model
from vidi.runs.planning.secrets import list_secrets
from vidi.runs.records.atomic import replace_text
from vidi.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.cli.run_options import RunOptions
    from vidi.cli.running.state import CommandState


def refuse_unsavable(options: RunOptions) -> None:
    """Refuse what `--plan` cannot be written for, before anything is read.

    Raises:
        UsageError: There is no estimate, a job is piped in, or the file is something else.
    """
    path = options.plan
    if path is None:
        return
    if not options.estimate:
        raise UsageError("--plan writes what --estimate shows", hint="Add --estimate.")
    if STDIN in options.job_files:
        raise UsageError("a job that is piped in cannot be planned", hint="Save it as a file.")
    if path.exists() and not is_plan(path):
        raise UsageError(
            "this file is there and is no plan", hint="Name another.", place=Place(str(path))
        )


def save_plan(state: CommandState, path: Path) -> None:
    """Write down what an estimate has shown.

    Raises:
        StorageError: It cannot be written.
    """
    replace_text(path, render_plan(take_plan(state)))
    state.console.tell(f"wrote {path.as_posix()}: carry it out with --apply")


def take_plan(state: CommandState) -> SavedPlan:
    """What a command would do, as far as its job files have no mistakes."""
    options = state.options
    runs = [each for each in state.job_runs if each.plan is not None and each.journal is not None]
    plans = [each.plan for each in runs if each.plan is not None]
    registry = open_registry(options.project, options.templates, options.allow_outside)
    models = {each.wanted.model.id: each.wanted.model for plan in plans for each in plan.inferences}
    secrets = tuple(text for plan in plans for text in list_secrets(plan))
    return SavedPlan(
        vidi_version=__version__,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        options=save_options(options, (*secrets, *state.settings.keys.values())),
        estimate_usd=sum_estimates(plans),
        vars_files={each.as_posix(): _hash(each) for each in options.vars_file},
        models={
            name: take_model(model)
            for name, model in pin_models(registry, list(models.values())).items()
        },
        jobs=tuple(
            take_job(each.plan, each.journal.states)
            for each in runs
            if each.plan is not None and each.journal is not None
        ),
    )


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:  # gone since it was read
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
