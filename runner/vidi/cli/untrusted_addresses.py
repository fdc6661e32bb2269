"""Addresses on the net that files of the project name, where nothing is to be bought.

vidi.toml, pyproject.toml and `.env` may come from a stranger's branch, and an estimate or a
comparison of it connects to nobody whom they name: not to a ledger, and to a store or to the bucket
of a job's assets only with keys that the environment has for it, which is what an outsider's pull
request lacks.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from vidi.errors import Place, Problem
from vidi.inference.bucket import SCHEMES
from vidi.inference.store.address import STORE
from vidi.inference.tracking.ledger.address import LEDGER, find_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.jobs.job import Job

_OPENS = re.compile(r"KEY|TOKEN|SECRET|CREDENTIAL|ACCOUNT|PROFILE|ROLE|SKIP_SIGNATURE")
"""What the names of variables say that let obstore in."""


def avoid_ledger(address: str | None) -> tuple[str | None, str]:
    """The ledger to look at instead of one on the net that only `.env` names: the user's own.

    Returns:
        Its address, and what is to be said; "" where it is the one that was named.
    """
    if address is None or "://" not in address or os.environ.get(LEDGER):
        return address, ""
    told = (
        f"the ledger that .env names is not asked, as nothing is bought: set {LEDGER} in the "
        "environment to have its caps and bills counted"
    )
    return find_ledger({}), told


def avoid_store(setting: str | None, environ: Mapping[str, str]) -> str:
    """What is to be said of a store on the net that is left alone; "" where it may be asked.

    Args:
        setting: `store` of the project's settings.
        environ: The environment over `.env`.
    """
    address = environ.get(STORE, "").strip() or setting or ""
    if os.environ.get(STORE) or has_keys(address):
        return ""
    return (
        f"the store {address} is not asked, as the environment has no keys for it: set {STORE} or "
        f"{_name_keys(address)}… there to see what it holds"
    )


def warn_unasked(address: str, job: Job) -> Problem:
    """What is to be said of a bucket that a job file names, and that is left alone."""
    return Problem(
        "bucket-not-asked",
        f"{address} is not asked, as the environment has no keys for it: what is there counts as "
        "not made",
        Place(str(job.path)),
        f"Set {_name_keys(address)}… in the environment, or name it with -o.",
        severity="warning",
    )


def has_keys(address: str) -> bool:
    """Whether the environment has keys for where an address leads; a folder needs none."""
    begins = _name_keys(address)
    return not begins or any(name.startswith(begins) and _OPENS.search(name) for name in os.environ)


def _name_keys(address: str) -> str:
    """How the variables begin that have the keys for an address; "" of a folder."""
    return SCHEMES.get(address.partition("://")[0], "") if "://" in address else ""
