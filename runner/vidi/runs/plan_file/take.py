"""What an estimate has found, as a plan to be saved, or to be compared with a saved one."""

from __future__ import annotations

import contextlib
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.inference.models.prices.money import up_to_micro
from vidi.inference.request import hash_file
from vidi.inference.tracking.redaction import redact_texts
from vidi.runs.comparing.amounts import amounts_of, total
from vidi.runs.plan_file.shape import SavedEntry, SavedJob, SavedModel
from vidi.runs.planning.secrets import list_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vidi.inference.models.lock import LockedModel
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.runs.plan_file.shape import Usd
    from vidi.runs.planning.plan import Plan, PlannedInference


def take_job(plan: Plan, states: Mapping[str, InferenceState]) -> SavedJob:
    """One job file as it is planned.

    Args:
        plan: What a run of it would do.
        states: How each id of its folder's journal stands.
    """
    secrets = list_secrets(plan)
    return SavedJob(
        job_file=plan.job.path.as_posix(),
        job_sha256=plan.job.sha256,
        output_dir=plan.folder.as_posix(),
        budget_usd=plan.budget,
        estimate_usd=sum_estimates([plan]),
        files=hash_files(plan.job.files.root, plan.job.files.seen),
        inferences=tuple(
            _take_entry(each, states.get(each.id), secrets) for each in plan.inferences
        ),
    )


def sum_estimates(plans: Iterable[Plan]) -> Mapping[str, Usd]:
    """What a run of some plans costs: low, expected and high."""
    prices = (each.estimate for plan in plans for each in plan.to_run)
    return total(map(amounts_of, prices)).to_json()


def hash_files(root: Path, names: Iterable[str]) -> dict[str, str]:
    """The sha256 of some files; one that has just gone away is left out."""
    found = {}
    for name in sorted(names):
        with contextlib.suppress(OSError):
            if (root / name).is_file():
                found[Path(name).as_posix()] = hash_file(root / name)
    return found


def take_model(model: LockedModel) -> SavedModel:
    """A model by the hashes of its template and its prices."""
    rows = json.dumps(model.rows, sort_keys=True, default=str)
    return SavedModel(model.template, f"sha256:{hashlib.sha256(rows.encode()).hexdigest()}")


def _take_entry(
    planned: PlannedInference, state: InferenceState | None, secrets: tuple[str, ...]
) -> SavedEntry:
    request = planned.request
    price = amounts_of(planned.estimate)
    return SavedEntry(
        id=planned.id,
        model=planned.model,
        action=planned.action,
        reason=str(redact_texts(planned.reason, secrets)),
        fingerprint=request.fingerprint,
        output=request.output,
        estimate_usd=price.to_json(),
        reserve_usd=up_to_micro(request.reserve) if planned.buys else Decimal(0),
        inputs=dict(request.inputs),
        purchase=state.purchase if state is not None else "",
        paid_usd=up_to_micro(planned.paid),
        again=request.again,
    )
