"""vidi: declarative batch runs of paid generative-media models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.emulation import give_emulation
from vidi.version import __version__

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path
    from typing import Any

    import httpx

    from vidi.cli.running.library import RunManifest
    from vidi.inference.models.registry import ModelRegistry

__all__ = ["__version__", "run"]


def run(
    job_file: Path | str,
    *,
    budget: Decimal | float | str | None = None,
    sandbox: bool = False,
    project: Path | str = ".",
    progress: bool = False,
    **options: Any,
) -> RunManifest:
    """Carry out a job file as `vidi-run` does, from a script, a thread or a notebook.

    Args:
        job_file: Its path, relative to the working directory.
        budget: USD that the run may spend at most; the file's own budget holds below it.
        sandbox: Whether to ask the built-in emulation of both providers: no keys, no cost.
        project: The folder that paths in the job file are relative to.
        progress: Whether each entry's end is told on stderr.
        **options: As `vidi-run` has them, such as `select="tag:audio"`, `concurrency=4`,
            `var=["city=Lima"]`, `frozen=True`.

    Returns:
        The manifest, also where some entries failed: their `status` and `error` say so.

    Raises:
        JobFileError: The job file has mistakes; `problems` holds all of them.
        RefusedError: It costs more than the budget, or there is none; nothing was sent.
        CredentialsError: A key is missing; nothing was sent.
        FolderLockedError: Another run holds the output folder.
        UsageError: A file, a setting or an option is wrong.
    """
    from vidi.cli.running.library import run_job_file

    return run_job_file(
        job_file,
        budget=budget,
        sandbox=sandbox,
        project=project,
        progress=progress,
        options=options,
    )


def _open_sandbox(registry: ModelRegistry) -> httpx.AsyncBaseTransport:
    from vidi.sandbox.in_process import open_sandbox

    return open_sandbox(registry)


give_emulation(_open_sandbox)
