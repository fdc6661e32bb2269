"""The published JSON Schema of manifest.json; docs/manifest.schema.json is its text."""

from __future__ import annotations

from vidi.runs.records.json_text import render_json
from vidi.runs.records.schema_parts import (
    Schema,
    a_list,
    a_table,
    an_object,
    count,
    described,
    integer,
    money,
    nullable,
    one_of,
    seconds,
    sha256,
    text,
    time,
)

SCHEMA_VERSION = 2
RUN_STATUSES = ("succeeded", "partial", "failed", "interrupted")
INFERENCE_STATUSES = (
    "succeeded",
    "unchanged",
    "failed",
    "moderated",
    "in_doubt",
    "unfinished",
    "skipped",
)
BASES = ("metered", "derived", "estimated", "none")
"""How an actual cost is known, from the best figure to none at all."""


def manifest_schema() -> Schema:
    """Describe version 2 of manifest.json as JSON Schema 2020-12. Amounts are US dollars."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:vidi:manifest:2",
        "title": "vidi manifest",
        **an_object(
            "What one run made, from what and for how much. Amounts are US dollars, durations are "
            "seconds, sizes are bytes, times are ISO 8601 with an offset.",
            {
                "schema_version": described(
                    "The version of this format.", {"const": SCHEMA_VERSION}
                ),
                "vidi_version": text("The vidi that wrote it."),
                "sandbox": described(
                    "Whether the built-in emulation answered: nothing was bought.",
                    {"type": "boolean"},
                ),
                "run": _run(),
                "budget_usd": nullable(money("The cap of the run, in US dollars; null: none.")),
                "cost_usd": _run_cost(),
                "inferences": a_list(
                    "Every inference, in the job file's order; none where they are in parts.",
                    "inference",
                ),
                "parts": a_list(
                    "Of very many inferences of a fleet, the files that hold them.", "part"
                ),
                "totals": _totals(),
            },
            optional=("parts",),
        ),
        "$defs": {
            "inference": _inference(),
            "part": _part(),
            "asset": _asset(),
            "error": _error(),
            "total": _total(),
        },
    }


def render_manifest_schema() -> str:
    """Write the schema out as docs/manifest.schema.json holds it."""
    return render_json(manifest_schema())


def _run() -> Schema:
    return an_object(
        "The run as a whole.",
        {
            "id": text("The run's own id, as log.jsonl has it."),
            "status": one_of(
                "succeeded: all done or unchanged. partial: some are. failed: none is. "
                "interrupted: stopped, or still running when this was written.",
                RUN_STATUSES,
            ),
            "exit_code": nullable(
                count("The exit code of the command; null while the run lasts.", maximum=255)
            ),
            "started_at": time("When the run began."),
            "finished_at": nullable(time("When the run ended; null while it lasts.")),
            "job_file": text("The job file, as it was given."),
            "job_sha256": sha256("The hash of the job file's bytes."),
            "vars": described(
                "The variables of the job file, after --var and --vars-file.", {"type": "object"}
            ),
        },
    )


def _run_cost() -> Schema:
    return an_object(
        "What the run was expected to cost and what it did cost, in US dollars.",
        {
            "estimated_low": money("The least that it was expected to cost, in US dollars."),
            "estimated_high": nullable(
                money("The most that it was expected to cost, in US dollars; null: no bound.")
            ),
            "actual": money("What this run has spent, in US dollars."),
            "in_doubt": money(
                "What stays reserved for inferences in doubt or unfinished, in US dollars."
            ),
            "saved": money(
                "What the unchanged inferences would have cost if bought again, in US dollars."
            ),
            "paid": money(
                "What has been paid, over all runs, for what is there now, in US dollars."
            ),
        },
    )


def _inference() -> Schema:
    return an_object(
        "One inference of the job file and what became of it.",
        {
            "id": text("The id, unique in the job file."),
            "model": text("The model: replicate/OWNER/NAME or fal/ENDPOINT.", pattern="^[^/]+/.+"),
            "status": one_of(
                "succeeded: made by this run. unchanged: made before, $0. failed: ended without "
                "its assets. moderated: refused by the provider's filter. in_doubt: submitted, "
                "outcome unknown, never repeated by itself. unfinished: still running at the "
                "provider. skipped: not started.",
                INFERENCE_STATUSES,
            ),
            "reason": {"type": "string", "description": "Why it ran, or why it did not."},
            "params": described(
                "What was sent; an input file is its name, bytes and sha256.", {"type": "object"}
            ),
            "fingerprint": nullable(
                text("The hash of model, version and params; null: never worked out.")
            ),
            "request_id": nullable(text("The provider's own id; null: never accepted.")),
            "attempts": count("How often it was submitted in all."),
            "submitted_at": nullable(time("When the provider accepted it.")),
            "completed_at": nullable(time("When the provider was done with it.")),
            "duration_s": nullable(seconds("From submit to result, in seconds.")),
            "cost_usd": _inference_cost(),
            "tags": described(
                "The words that it is selected by.",
                {"type": "array", "items": {"type": "string"}},
            ),
            "seed": nullable(
                integer("What the same picture may be made with again; null: nobody has said.")
            ),
            "axes": described(
                "What the matrix of its entry gave it, by name: plain values.", {"type": "object"}
            ),
            "answer": described(
                "What else the provider's answer says in a word or a number, such as a score.",
                {"type": "object"},
            ),
            "assets": a_list("The files that it made, in the provider's order.", "asset"),
            "error": described(
                "What went wrong; null: nothing.",
                {"anyOf": [{"$ref": "#/$defs/error"}, {"type": "null"}]},
            ),
        },
        optional=("axes", "answer"),
    )


def _part() -> Schema:
    return an_object(
        "A file of inferences: JSON lines of the shape that `inferences` has, packed by gzip.",
        {
            "path": text("Where it is, relative to manifest.json."),
            "sha256": sha256("Of its bytes."),
            "inferences": count("How many it holds."),
        },
    )


def _inference_cost() -> Schema:
    return an_object(
        "What the inference was expected to cost and what it did cost, in US dollars.",
        {
            "estimated_low": money("The least that it was expected to cost, in US dollars."),
            "estimated_high": nullable(
                money("The most that it was expected to cost, in US dollars; null: no bound.")
            ),
            "actual": nullable(
                money("What it cost this run so far, in US dollars; null: not known (yet).")
            ),
            "basis": described(
                "How the actual cost is known. metered: the provider's own figure. derived: the "
                "price applied to what came out. estimated: the estimate. none: nothing billed. "
                "Of several attempts, the weakest of theirs. null: not settled (yet).",
                {"enum": [*BASES, None]},
            ),
            "paid": money(
                "What has been paid, over all runs, for what is there now (this id, this "
                "fingerprint), in US dollars."
            ),
            "paid_basis": described(
                "How that is known, as for basis; null: nothing has been paid.",
                {"enum": [*BASES, None]},
            ),
            "warning": text("Where the provider billed another amount than the price rule says."),
        },
        optional=("warning",),
    )


def _asset() -> Schema:
    return an_object(
        "A file on disk, verified.",
        {
            "path": text("Where it is, relative to the manifest's folder, with / between parts."),
            "sha256": sha256("The hash of the file's bytes."),
            "bytes": count("The file's size, in bytes."),
            "content_type": text("Its real type, such as image/webp."),
            "width": nullable(count("In pixels; null: it has none.")),
            "height": nullable(count("In pixels; null: it has none.")),
            "duration_s": nullable(seconds("How long it plays, in seconds; null: it does not.")),
            "replaced": nullable(
                text("Where the paid file that it took the place of is kept; null: nowhere.")
            ),
            "original_sha256": sha256(
                "The hash of what the provider gave, where a mark was put into it."
            ),
            "key": text("What the provider's answer calls it, such as `vocals`."),
            "warning": {
                "type": ["string", "null"],
                "description": "What is odd about it, such as an extension that its type belies.",
            },
        },
        optional=("original_sha256", "key", "warning"),
    )


def _error() -> Schema:
    return an_object(
        "What went wrong and how to mend it.",
        {
            "code": text("A stable name, such as rejected or in-doubt."),
            "message": {"type": "string", "description": "What is wrong."},
            "hint": {
                "type": "string",
                "description": "The edit or the command that mends it; may be empty.",
            },
        },
    )


def _totals() -> Schema:
    return an_object(
        "The inferences counted and their costs summed.",
        {
            "by_status": {
                "type": "object",
                "description": "Status to number of inferences; a status that none has is absent.",
                "propertyNames": {"enum": list(INFERENCE_STATUSES)},
                "additionalProperties": {"type": "integer", "minimum": 1},
            },
            "by_model": a_table("Model id to its total.", "total"),
            "by_provider": a_table("Provider to its total.", "total"),
        },
    )


def _total() -> Schema:
    return an_object(
        "The sum over some of the inferences.",
        {
            "inferences": count("How many there are."),
            "assets": count("How many files they made."),
            "actual_usd": money("What is settled, in US dollars."),
            "in_doubt_usd": money("What stays reserved: in doubt or unfinished, in US dollars."),
        },
    )
