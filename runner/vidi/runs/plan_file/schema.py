"""The published JSON Schema of plan files; docs/plan.schema.json is its text."""

from __future__ import annotations

from vidi.runs.records.json_text import render_json
from vidi.runs.records.schema_parts import (
    Schema,
    a_list,
    a_table,
    an_object,
    described,
    money,
    nullable,
    one_of,
    sha256,
    text,
    time,
)

SCHEMA_VERSION = 1
ACTIONS = ("run", "fetch", "move", "restore", "unchanged", "skip")


def plan_schema() -> Schema:
    """Describe version 1 of a plan file as JSON Schema 2020-12. Amounts are US dollars."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:vidi:plan:1",
        "title": "vidi plan",
        **an_object(
            "What `vidi-run --estimate --plan FILE` has shown, to be carried out by "
            "`vidi-run --apply FILE` where all of it is still so. Amounts are US dollars.",
            {
                "schema_version": described("The version of this format.", {"const": 1}),
                "vidi_version": text("The vidi that has made it."),
                "made_at": time("When it was made."),
                "options": _options(),
                "estimate_usd": _estimate("What all of it costs."),
                "vars_files": _hashes("Each file of --vars-file."),
                "models": a_table("Each model in use.", "model"),
                "jobs": a_list("The job files, in the order in which they were given.", "job"),
            },
        ),
        "$defs": {
            "model": an_object(
                "A model.",
                {
                    "template": text("Its template's hash.", pattern="^sha256:[0-9a-f]{64}$"),
                    "prices": text("That of its price rows.", pattern="^sha256:[0-9a-f]{64}$"),
                },
            ),
            "job": _job(),
            "inference": _inference(),
            "sha256": sha256("Of a file's content, hexadecimal."),
        },
    }


def render_plan_schema() -> str:
    """Write the schema out as docs/plan.schema.json holds it."""
    return render_json(plan_schema())


def _options() -> Schema:
    texts: Schema = {"type": "array", "items": {"type": "string"}}
    flag: Schema = {"type": "boolean"}
    return an_object(
        "The command line of the estimate, as far as it says what is planned.",
        {
            "job_files": described("The job files.", {**texts, "minItems": 1}),
            "project": _words("-C"),
            "output_dir": nullable(_words("-o")),
            "templates": nullable(_words("--templates")),
            "env_file": nullable(_words("--env-file")),
            "vars": {
                "type": "object",
                "description": "--var, but for secrets.",
                "additionalProperties": {"type": "string"},
            },
            "secret_vars": described(
                "The --var that are secrets, and are to be given again.", texts
            ),
            "vars_files": described("--vars-file", texts),
            "select": described("--select", texts),
            "exclude": described("--exclude", texts),
            "rebuy": described("--rebuy", texts),
            "restore": described("--restore", texts),
            "accept": described("--accept", texts),
            "gate": described("--gate", {"enum": ["high", "expected", None]}),
            "shard": nullable(_words("--shard")),
            "budget_usd": nullable(money("--budget.")),
            "sandbox": described("--sandbox", flag),
            "rejected": described("--rejected", flag),
            "frozen": described("--frozen", flag),
            "locked": described("--locked", flag),
            "overwrite": described("--overwrite; to be given again.", flag),
            "allow_outside": described("--allow-outside; to be given again.", flag),
        },
    )


def _job() -> Schema:
    return an_object(
        "One job file.",
        {
            "job_file": text("The job file, as it was given."),
            "job_sha256": sha256("Of its content."),
            "output_dir": text("Where its assets go."),
            "budget_usd": nullable(money("The most that it may spend; null: no cap.")),
            "estimate_usd": _estimate("What it costs."),
            "files": _hashes("Each data file and text that it reads, relative to the project."),
            "inferences": a_list("Every inference, in the job file's order.", "inference"),
        },
    )


def _inference() -> Schema:
    return an_object(
        "One inference.",
        {
            "id": text("The id, unique in the job file."),
            "model": text("The model, as the job file has it."),
            "action": one_of("What is done with it, as in `vidi schema answer`.", ACTIONS),
            "reason": _words("Why."),
            "fingerprint": sha256("What makes it the same purchase."),
            "output": _words("Where its asset goes; may be empty."),
            "estimate_usd": _estimate("What it costs in this run."),
            "reserve_usd": money("What is set aside before it is submitted."),
            "inputs": _hashes("Each input file."),
            "purchase": _words("What its id had before, in the journal; may be empty."),
            "paid_usd": money("What had been paid for it by then, over all runs."),
            "again": described("Whether --rebuy means it.", {"type": "boolean"}),
        },
    )


def _estimate(description: str) -> Schema:
    return an_object(
        description,
        {
            "low": money("The least."),
            "expected": nullable(money("What it most likely is.")),
            "high": nullable(money("The most.")),
        },
    )


def _hashes(description: str) -> Schema:
    return a_table(f"{description} With the SHA-256 of its content.", "sha256")


def _words(description: str) -> Schema:
    return described(description, {"type": "string"})
