"""A course: an inference, what the service answers on its way, and what must come of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from support.servers.loopback import Reply

Turn = Reply | str
"""An answer, or what is done to the connection instead."""


@dataclass(frozen=True)
class Ending:
    """How the entry ends, as the manifest tells it."""

    status: str = "succeeded"
    usd: str | None = None
    """To the micro-dollar; None: not known yet."""
    basis: str | None = "metered"
    says: str = ""
    """Words of the error, or of the warning of an asset."""
    posts: int = 1
    """Paid requests that reached the service."""
    files: tuple[str, ...] = ()
    """The names of the assets."""
    hint: str = ""
    """Words of the error's hint."""


@dataclass(frozen=True)
class Course:
    """One entry of a job, played."""

    name: str
    recorded: tuple[str, ...]
    """The exchanges that it plays, by their names."""
    model: str
    params: Mapping[str, Any]
    turns: Mapping[str, Sequence[Turn]]
    """What is answered, by the kind of request (`replay.py` names them); the last one repeats.

    `get@2` is what the second attempt meets.
    """
    ending: Ending
    base: tuple[str, str] | None = None
    """fal's base price and its unit, where the template does not keep it."""
    template: Mapping[str, Any] | None = None
    """Of a model that is not shipped."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of the entry."""
    exit_code: int | None = None
    """Of a run of this entry alone, where it is not the code of the entry's status."""

    @property
    def endpoint(self) -> str:
        return self.model.partition("/")[2]

    @property
    def template_path(self) -> str:
        """Where its template is looked up."""
        provider = self.model.partition("/")[0]
        return f"{provider}/{self.endpoint.replace('/', '-' if provider == 'fal' else '_')}.json"

    @property
    def words(self) -> str:
        """What tells its submit from those of others to the same endpoint."""
        return str(self.params.get("prompt") or self.params.get("text") or "")

    def entry(self) -> dict[str, Any]:
        """The entry of the job file."""
        own = {"id": self.name, "model": self.model, "params": dict(self.params)}
        return {**own, "output": f"{self.name}/out", **self.extra}


def bill(units: str, usd: str) -> str:
    """USD of so many units, to the micro-dollar, as a decimal text."""
    return str((Decimal(units) * Decimal(usd)).quantize(Decimal("0.000001")))
