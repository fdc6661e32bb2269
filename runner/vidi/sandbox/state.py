"""The state of one sandbox: what it accepted, stores, bills and was asked."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol
from uuid import uuid4

from vidi.errors import VidiError
from vidi.sandbox.answers.answers import build_answer, file_leaves
from vidi.sandbox.billing import Billing
from vidi.sandbox.facts.official import is_official, version_of
from vidi.sandbox.facts.request_ids import make_request_id
from vidi.sandbox.faults import FaultPlan
from vidi.sandbox.files import FileStore, StoredFile
from vidi.sandbox.media import make_media
from vidi.sandbox.media.order import CONTENT_TYPES
from vidi.sandbox.orders.checks import with_defaults
from vidi.sandbox.orders.inputs import follow_inputs
from vidi.sandbox.orders.kept_inputs import KeptInputs
from vidi.sandbox.spoiling.fates import bend_answer
from vidi.sandbox.work import Work, is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from vidi.inference.models.template import ModelInfo
    from vidi.sandbox.answers.answers import FileLeaf
    from vidi.sandbox.faults import Fault
    from vidi.sandbox.orders.checks import Violation

OUTPUTS_KEPT_S = 3600
"""How long Replicate keeps inputs and outputs, in seconds."""


class Registry(Protocol):
    """The models that the sandbox emulates."""

    def get_template(self, model_id: str) -> ModelInfo:
        """The model of that id.

        Raises:
            VidiError: There is none.
        """

    def list_models(self, *, provider: str | None = None) -> Iterable[ModelInfo]:
        """Every model, or every model of one provider."""


class RequestKind(NamedTuple):
    """What requests are counted by."""

    service: str
    method: str
    route: str


@dataclass(slots=True)
class Sandbox:
    """Everything that one sandbox remembers."""

    registry: Registry
    latency: float = 0.0
    """Seconds that an inference takes."""
    faults: FaultPlan = field(default_factory=FaultPlan)
    billing: Billing = field(default_factory=Billing)
    clock: Callable[[], float] = time.time
    """Seconds since the epoch."""
    works: dict[str, Work] = field(default_factory=dict)
    files: FileStore = field(default_factory=FileStore)
    requests: Counter[RequestKind] = field(default_factory=Counter)
    inputs: KeptInputs = field(default_factory=KeptInputs)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    """Multipart uploads that are under way: their parts by number."""
    versions: dict[str, ModelInfo] | None = None
    """Community models by version, once they have been looked through."""

    def find_model(self, model_id: str) -> ModelInfo | None:
        """The model of that id, if there is one."""
        try:
            return self.registry.get_template(model_id)
        except VidiError:
            return None

    def find_version(self, version: str) -> ModelInfo | None:
        """The community model that has this version, if there is one."""
        if self.versions is None:
            models = self.registry.list_models(provider="replicate")
            self.versions = {version_of(model): model for model in models if not is_official(model)}
        return self.versions.get(version)

    def accept(
        self,
        model: ModelInfo,
        params: Mapping[str, object],
        *,
        violations: tuple[Violation, ...] = (),
        deadline_s: float = math.inf,
        fate: Fault | None = None,
    ) -> Work:
        """Take on an inference and bill it; from here on it runs by the clock.

        Args:
            model: What was asked for.
            params: Its input, as it was sent.
            violations: Why the model refuses its input.
            deadline_s: Seconds until it must have ended.
            fate: How it ends, where that is not left to the fault plan.
        """
        now = self.clock()
        work = Work(
            id=uuid4().hex[:26] if model.provider == "replicate" else make_request_id(now),
            model=model,
            input=params,
            effective=with_defaults(model, params),
            created_at=now,
            latency=self.latency,
            fate=fate or (None if violations else self.faults.fate(model.provider, model.id)),
            violations=violations,
            deadline_at=now + deadline_s,
        )
        work.given = self.inputs.files_of(model, work.effective, self._uploaded)
        asked = work.effective | follow_inputs(model, work.effective, self._uploaded)
        work.tree = bend_answer(build_answer(model, asked), work.doom)
        self.works[work.id] = work
        self.billing.charge(work)
        return work

    def cancel(self, work: Work) -> None:
        """Stop an inference, if it has not ended."""
        now = self.clock()
        if not is_terminal(work.stage(now)):
            work.canceled_at = now
            self.billing.charge(work)

    async def finish(self, work: Work) -> None:
        """Put the files of a finished inference where they can be fetched, each once."""
        for at, leaf in enumerate(file_leaves(work.tree)):
            if leaf not in work.files:
                work.files[leaf] = self.files.keep(await self._store(work, leaf, at))

    def _uploaded(self, file_id: str) -> bytes | None:
        file = self.files.find(file_id, self.clock())
        return file.data if file else None

    async def _store(self, work: Work, leaf: FileLeaf, at: int) -> StoredFile:
        """A file of an answer. Only fal tells its size, so only for fal is it made at once."""
        ended_at, _ = work.end()
        replicate = work.model.provider == "replicate"
        made = None if replicate else await asyncio.to_thread(make_media, leaf.order)
        return StoredFile(
            id=f"{work.id}-{at}",
            name=f"out-{at}.{leaf.order.format}",
            content_type=CONTENT_TYPES[leaf.order.format],
            size=len(made.data) if made else 0,
            created_at=ended_at,
            expires_at=ended_at + OUTPUTS_KEPT_S if replicate else math.inf,
            order=leaf.order,
            model=work.model.id,
        )
