"""The published JSON Schema of manifest.json; docs/manifest.schema.json is its text."""

from __future__ import annotations

from vidi.runs.records.json_text import render_json

Schema = dict[str, object]

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
    """Describe version 1 of manifest.json as JSON Schema 2020-12. Amounts are US dollars."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:vidi:manifest:1",
        "title": "vidi manifest",
        **_object(
            "What one run made, from what and for how much. Amounts are US dollars, durations are "
            "seconds, sizes are bytes, times are ISO 8601 with an offset.",
            {
                "schema_version": _described("The version of this format.", {"const": 1}),
                "vidi_version": _text("The vidi that wrote it."),
                "sandbox": _described(
                    "Whether the built-in emulation answered: nothing was bought.",
                    {"type": "boolean"},
                ),
                "run": _run(),
                "budget_usd": _nullable(_money("The cap of the run, in US dollars; null: none.")),
                "cost_usd": _run_cost(),
                "inferences": _list("Every inference, in the job file's order.", "inference"),
                "totals": _totals(),
            },
        ),
        "$defs": {
            "inference": _inference(),
            "asset": _asset(),
            "error": _error(),
            "total": _total(),
        },
    }


def render_manifest_schema() -> str:
    """Write the schema out as docs/manifest.schema.json holds it."""
    return render_json(manifest_schema())


def _run() -> Schema:
    return _object(
        "The run as a whole.",
        {
            "id": _text("The run's own id, as log.jsonl has it."),
            "status": _one_of(
                "succeeded: all done or unchanged. partial: some are. failed: none is. "
                "interrupted: stopped, or still running when this was written.",
                RUN_STATUSES,
            ),
            "exit_code": _nullable(
                _count("The exit code of the command; null while the run lasts.", maximum=255)
            ),
            "started_at": _time("When the run began."),
            "finished_at": _nullable(_time("When the run ended; null while it lasts.")),
            "job_file": _text("The job file, as it was given."),
            "job_sha256": _sha256("The hash of the job file's bytes."),
            "vars": _described(
                "The variables of the job file, after --var and --vars-file.", {"type": "object"}
            ),
        },
    )


def _run_cost() -> Schema:
    return _object(
        "What the run was expected to cost and what it did cost, in US dollars.",
        {
            "estimated_low": _money("The least that it was expected to cost, in US dollars."),
            "estimated_high": _nullable(
                _money("The most that it was expected to cost, in US dollars; null: no bound.")
            ),
            "actual": _money("What is settled, in US dollars."),
            "in_doubt": _money(
                "What stays reserved for inferences in doubt or unfinished, in US dollars."
            ),
            "saved": _money(
                "What the unchanged inferences would have cost if bought again, in US dollars."
            ),
        },
    )


def _inference() -> Schema:
    return _object(
        "One inference of the job file and what became of it.",
        {
            "id": _text("The id, unique in the job file."),
            "model": _text("The model: replicate/OWNER/NAME or fal/ENDPOINT.", pattern="^[^/]+/.+"),
            "status": _one_of(
                "succeeded: made by this run. unchanged: made before, $0. failed: ended without "
                "its assets. moderated: refused by the provider's filter. in_doubt: submitted, "
                "outcome unknown, never repeated by itself. unfinished: still running at the "
                "provider. skipped: not started.",
                INFERENCE_STATUSES,
            ),
            "reason": {"type": "string", "description": "Why it ran, or why it did not."},
            "params": _described(
                "What was sent; an input file is its name, bytes and sha256.", {"type": "object"}
            ),
            "fingerprint": _nullable(
                _text("The hash of model, version and params; null: never worked out.")
            ),
            "request_id": _nullable(_text("The provider's own id; null: never accepted.")),
            "attempts": _count("How often it was submitted in all."),
            "submitted_at": _nullable(_time("When the provider accepted it.")),
            "completed_at": _nullable(_time("When the provider was done with it.")),
            "duration_s": _nullable(_seconds("From submit to result, in seconds.")),
            "cost_usd": _inference_cost(),
            "assets": _list("The files that it made, in the provider's order.", "asset"),
            "error": _described(
                "What went wrong; null: nothing.",
                {"anyOf": [{"$ref": "#/$defs/error"}, {"type": "null"}]},
            ),
        },
    )


def _inference_cost() -> Schema:
    return _object(
        "What the inference was expected to cost and what it did cost, in US dollars.",
        {
            "estimated_low": _money("The least that it was expected to cost, in US dollars."),
            "estimated_high": _nullable(
                _money("The most that it was expected to cost, in US dollars; null: no bound.")
            ),
            "actual": _nullable(
                _money("What it cost this run so far, in US dollars; null: not known (yet).")
            ),
            "basis": _described(
                "How the actual cost is known. metered: the provider's own figure. derived: the "
                "price applied to what came out. estimated: the estimate. none: nothing billed. "
                "null: not settled (yet).",
                {"enum": [*BASES, None]},
            ),
        },
    )


def _asset() -> Schema:
    return _object(
        "A file on disk, verified.",
        {
            "path": _text("Where it is, relative to the manifest's folder, with / between parts."),
            "sha256": _sha256("The hash of the file's bytes."),
            "bytes": _count("The file's size, in bytes."),
            "content_type": _text("Its real type, such as image/webp."),
            "width": _nullable(_count("In pixels; null: it has none.")),
            "height": _nullable(_count("In pixels; null: it has none.")),
            "duration_s": _nullable(_seconds("How long it plays, in seconds; null: it does not.")),
            "replaced": _nullable(
                _text("Where the paid file that it took the place of is kept; null: nowhere.")
            ),
            "warning": {
                "type": ["string", "null"],
                "description": "What is odd about it, such as an extension that its type belies.",
            },
        },
        optional=("warning",),
    )


def _error() -> Schema:
    return _object(
        "What went wrong and how to mend it.",
        {
            "code": _text("A stable name, such as rejected or in-doubt."),
            "message": {"type": "string", "description": "What is wrong."},
            "hint": {
                "type": "string",
                "description": "The edit or the command that mends it; may be empty.",
            },
        },
    )


def _totals() -> Schema:
    return _object(
        "The inferences counted and their costs summed.",
        {
            "by_status": {
                "type": "object",
                "description": "Status to number of inferences; a status that none has is absent.",
                "propertyNames": {"enum": list(INFERENCE_STATUSES)},
                "additionalProperties": {"type": "integer", "minimum": 1},
            },
            "by_model": _table("Model id to its total."),
            "by_provider": _table("Provider to its total."),
        },
    )


def _total() -> Schema:
    return _object(
        "The sum over some of the inferences.",
        {
            "inferences": _count("How many there are."),
            "assets": _count("How many files they made."),
            "actual_usd": _money("What is settled, in US dollars."),
            "in_doubt_usd": _money("What stays reserved: in doubt or unfinished, in US dollars."),
        },
    )


def _object(description: str, properties: Schema, *, optional: tuple[str, ...] = ()) -> Schema:
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


def _described(description: str, schema: Schema) -> Schema:
    return {**schema, "description": description}


def _nullable(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _money(description: str) -> Schema:
    # No multipleOf: 0.000001 is no binary fraction, so validators disagree about its multiples.
    return {"type": "number", "minimum": 0, "description": f"{description} At most 6 decimals."}


def _text(description: str, *, pattern: str | None = None) -> Schema:
    rule = {"minLength": 1} if pattern is None else {"pattern": pattern}
    return {"type": "string", **rule, "description": description}


def _sha256(description: str) -> Schema:
    return _text(description, pattern="^[0-9a-f]{64}$")


def _time(description: str) -> Schema:
    return {"type": "string", "format": "date-time", "description": description}


def _seconds(description: str) -> Schema:
    return {"type": "number", "minimum": 0, "description": description}


def _count(description: str, *, maximum: int | None = None) -> Schema:
    bound = {} if maximum is None else {"maximum": maximum}
    return {"type": "integer", "minimum": 0, **bound, "description": description}


def _one_of(description: str, values: tuple[str, ...]) -> Schema:
    return {"enum": list(values), "description": description}


def _list(description: str, of: str) -> Schema:
    return {"type": "array", "description": description, "items": {"$ref": f"#/$defs/{of}"}}


def _table(description: str) -> Schema:
    return {
        "type": "object",
        "description": description,
        "additionalProperties": {"$ref": "#/$defs/total"},
    }
