"""`vidi schema`: the JSON Schemas of what vidi reads and writes."""

from __future__ import annotations

import click

SCHEMAS = ("job", "manifest", "template", "answer", "plan", "reviews")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("which", type=click.Choice(SCHEMAS), default="job")
def schema(which: str) -> int:
    """Print a JSON Schema (2020-12): of jobs, manifest.json, templates, --json, --plan or reviews.

    An editor completes and checks a job file that begins with
    `# yaml-language-server: $schema=job.schema.json`.
    """
    from vidi.cli.display.console import Console
    from vidi.runs.records.json_text import render_json

    Console().print_data(render_json(_find_schema(which)).rstrip("\n"))
    return 0


def _find_schema(which: str) -> object:
    if which == "job":
        from vidi.jobs.schema import job_schema

        return job_schema()
    if which == "manifest":
        from vidi.runs.records.manifest.schema import manifest_schema

        return manifest_schema()
    if which == "answer":
        from vidi.cli.display.answer_schema import answer_schema

        return answer_schema()
    if which == "plan":
        from vidi.runs.plan_file.schema import plan_schema

        return plan_schema()
    if which == "reviews":
        from vidi.jobs.reviews.schema import reviews_schema

        return reviews_schema()
    from vidi.inference.models.template_schema import TEMPLATE_SCHEMA

    return TEMPLATE_SCHEMA
