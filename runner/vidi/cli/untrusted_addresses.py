"""Addresses on the net that files of the project name, where nothing is to be bought.

vidi.toml, pyproject.toml and `.env` may come from a stranger's branch, and an estimate or a
comparison of it connects to nobody whom they name: not to a ledger, and to a store only with keys
that the environment has for it, which is what an outsider's pull request lacks.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from vidi.inference.store.address import STORE
from vidi.inference.tracking.ledger.address import LEDGER, find_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS = {
    "s3": "AWS", "s3a": "AWS", "gs": "GOOGLE", "az": "AZURE", "azure": "AZURE", "abfs": "AZURE",
    "abfss": "AZURE",
}  # fmt: skip
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
    begins = _KEYS.get(address.partition("://")[0]) if "://" in address else None
    if begins is None or os.environ.get(STORE):
        return ""
    if any(name.startswith(f"{begins}_") and _OPENS.search(name) for name in os.environ):
        return ""
    return (
        f"the store {address} is not asked, as the environment has no keys for it: set {STORE} or "
        f"{begins}_… there to see what it holds"
    )
