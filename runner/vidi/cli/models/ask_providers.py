"""The providers, asked about models from the command line: over the network or in the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vidi.cli.running.job_run import SANDBOX_KEYS
from vidi.emulation import open_emulation
from vidi.inference.environment import read_environment
from vidi.inference.models.registry import ModelRegistry
from vidi.inference.models.shipping.shipped import open_shipped
from vidi.inference.providers.documents import DocumentReader
from vidi.inference.settings import Settings
from vidi.runs.execution.stopping import run_until_stopped

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from vidi.errors import VidiError
    from vidi.inference.models.discovery.discovery import Discovery


def ask_providers(
    model_ids: Sequence[str], *, sandbox: bool, env_file: Path | None, templates: Path | None
) -> dict[str, Discovery | VidiError]:
    """What the providers say of each model, or why that is not known.

    Raises:
        CredentialsError: A key is missing or refused.
        UsageError: A setting is wrong.
    """
    return run_until_stopped(_ask(open_reader(env_file, templates, sandbox=sandbox), model_ids))


def open_reader(env_file: Path | None, templates: Path | None, *, sandbox: bool) -> DocumentReader:
    """A reader of the providers' documents, or of the sandbox's.

    Raises:
        UsageError: A setting is wrong.
    """
    if sandbox:
        return DocumentReader(Settings(keys=SANDBOX_KEYS), _open_sandbox(templates))
    return DocumentReader(Settings.from_environment(read_environment(Path(), env_file)))


async def _ask(
    reader: DocumentReader, model_ids: Sequence[str]
) -> dict[str, Discovery | VidiError]:
    try:
        return await reader.discover_all(model_ids)
    finally:
        await reader.aclose()


def _open_sandbox(templates: Path | None) -> httpx.AsyncBaseTransport:
    """The sandbox as a provider of its own: it has vidi's models, whatever a user's files say."""
    users = [*([templates] if templates else []), Path("templates")]
    return open_emulation(ModelRegistry([open_shipped(), *users]))
