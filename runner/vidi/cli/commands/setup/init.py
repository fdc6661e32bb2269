"""`vidi init`: a first job file to edit."""

from __future__ import annotations

from pathlib import Path

import click

FIRST_JOB = """\
version: 1
budget: 0.10                      # USD; the run stops before it would spend more
defaults:
  model: replicate/black-forest-labs/flux-schnell
  params: {aspect_ratio: 16:9}
inferences:
  - id: lighthouse
    params: {prompt: "a lighthouse on a rocky coast at dusk"}
    output: lighthouse.webp
"""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("job_file", type=click.Path(path_type=Path), default=Path("jobs/first.yaml"))
def init(job_file: Path) -> int:
    """Write a small job file that runs as it is; never over a file that is there."""
    from vidi.cli.display.console import Console
    from vidi.errors import UsageError

    try:
        job_file.parent.mkdir(parents=True, exist_ok=True)
        with job_file.open("x", encoding="utf-8") as file:
            file.write(FIRST_JOB)
    except FileExistsError as error:
        raise UsageError(f"{job_file} is there already", hint="Name another file.") from error
    except OSError as error:
        raise UsageError(f"cannot write {job_file}: {error.strerror}") from error
    Console().say(f"wrote {job_file}; try it for nothing: vidi-run {job_file} --sandbox")
    return 0
