"""One inference, checked and priced: what the engine carries out, and the hash that names it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from vidi.inference.models.params.addresses import hide_in
from vidi.values import value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal
    from pathlib import Path

    from vidi.inference.models.params.checked import CheckedParams
    from vidi.inference.models.prices.estimate import Estimate
    from vidi.inference.models.template import ModelInfo


_CANONICAL = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str, check_circular=False
)


@value
class InferenceRequest:
    """An inference that may be bought: its parameters are right and its price is known."""

    id: str
    model: ModelInfo
    checked: CheckedParams
    estimate: Estimate
    reserve: Decimal
    """USD set aside before it is submitted: the high estimate, or the user's own figure."""
    fingerprint: str
    """What makes it the same purchase: model, version, parameters, input files by content."""
    output: str
    """Where the asset goes, POSIX, relative to the output folder."""
    timeout_s: float
    """Seconds from submit to result."""
    attempts: int = 3
    """How often it may be bought when it fails in a way that `retry_on` names."""
    retry_on: str = "transient"
    """What is bought again: `transient`, what the provider itself calls so; `failed`, any failure
    but a moderated one."""
    cancel_at_deadline: bool = False
    """Whether the provider is to stop it at `timeout_s`: only where the user has set that time."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Each input file as the job names it, with the sha256 of its content."""
    earlier: InferenceRequest | None = None
    """What was sent under this id before and is not settled, where it is not the same."""
    again: bool = False
    """Buy it although the same was bought before: what is there is not fetched again."""
    number: int = 1
    """Which of the purchases that are exactly alike it is."""
    restores: str = ""
    """The purchase on the journal's shelf that it takes back before anything else."""
    stored: int = 0
    """The number of the purchase in the store that it takes instead of buying; 0: none."""
    unedited: bool = False
    """Bring back what was bought, where a file has been edited since."""
    kept: bool = False
    """Never buy it again: what it has made is brought home, or is told to be gone."""
    mark: bool | None = None
    """Whether its files are to say that a model made them; None: as the run does."""
    former: tuple[str, ...] = ()
    """Its other fingerprints, under what its model was called before: as good as its own."""

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """All that the same purchase may be on record under, its own first."""
        return (self.fingerprint, *self.former)

    def known_as(self, fingerprint: str) -> InferenceRequest:
        """The same request, by that one of its fingerprints under which it is on record."""
        if fingerprint not in self.former:
            return self  # its own already, or not one of them
        others = tuple(each for each in self.fingerprints if each != fingerprint)
        return replace(self, fingerprint=fingerprint, former=others)

    def described_params(self) -> dict[str, object]:
        """The parameters as they may be recorded: files as descriptors, secrets left out."""
        described = {name: hide_in(value) for name, value in self.checked.params.items()}
        for name, schema in self.model.params["properties"].items():
            if schema.get("x-secret") and name in described:
                described[name] = "[redacted]"
        for file in self.checked.files:
            described = replace_at(
                described,
                file.at,
                {"file": file.name, "bytes": file.size, "sha256": self.inputs[file.name]},
            )
        return described


def fingerprints_of(
    model: ModelInfo, checked: CheckedParams, inputs: Mapping[str, str]
) -> tuple[str, ...]:
    """Hash what an inference is made from: sha256, hexadecimal.

    Returns:
        Its fingerprint, then those under what its model was called before.
    """
    params: dict[str, object] = dict(checked.params)
    for file in checked.files:
        params = replace_at(params, file.at, f"sha256:{inputs[file.name]}")
    return tuple(_hash(name, version, params) for name, version in model.identities)


def _hash(name: str, version: str, params: Mapping[str, object]) -> str:
    made_from = {"model": name, "version": version, "params": params}
    return hashlib.sha256(_CANONICAL.encode(made_from).encode()).hexdigest()


def hash_file(path: Path) -> str:
    """The sha256 of a file's content, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def replace_at(value: Any, at: tuple[str | int, ...], new: object) -> Any:
    """Return a copy of a JSON value in which the item at a path is another."""
    if not at:
        return new
    copy: Any = list(value) if isinstance(value, list) else dict(value)
    copy[at[0]] = replace_at(copy[at[0]], at[1:], new)
    return copy
