"""The published JSON Schema of what `--json` prints; docs/answer.schema.json is its text."""

from __future__ import annotations

from vidi.runs.records.json_text import render_json
from vidi.runs.records.manifest.schema import INFERENCE_STATUSES
from vidi.runs.records.schema_parts import (
    Schema,
    a_list,
    a_table,
    an_object,
    count,
    described,
    money,
    nullable,
    one_of,
    text,
)

COMMANDS = ("estimate", "run", "validate", "diff")
ACTIONS = ("run", "fetch", "move", "restore", "unchanged", "skip")
STATES = ("planning", "running", "stopping", "stopped", "ended")
CHANGES = ("added", "removed", "changed", "repriced", "renamed", "unchanged")
FILE_KINDS = ("added", "removed", "kept")
DIFFERENCE = ("before_usd", "after_usd", "difference_usd", "changes")
SUMS = ("What it cost to make in BASE.", "What it costs in HEAD.", "The latter less the former.")
CONFIDENCES = ("high", "medium", "low")
RANGE: Schema = {"anyOf": [{"$ref": "#/$defs/range"}, {"type": "null"}]}


def answer_schema() -> Schema:
    """Describe version 2 of the answer as JSON Schema 2020-12. Amounts are US dollars."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:vidi:answer:2",
        "title": "vidi answer",
        **an_object(
            "What a command about job files found and did: one shape, however many files, also on "
            "failure. Amounts are US dollars.",
            {
                "schema_version": described("The version of this format.", {"const": 2}),
                "command": one_of("What was asked for.", COMMANDS),
                "ok": _flag("Whether the exit code is 0."),
                "exit_code": count("The exit code of the command.", maximum=255),
                "budget_usd": nullable(
                    money("The most that all job files may spend together; null: no cap.")
                ),
                "estimate_usd": described("The sums of all job files; null: mistakes.", RANGE),
                "spent_usd": money("What this command has spent, all job files together."),
                "jobs": a_list("The job files, in the order in which they were given.", "job"),
                "errors": a_list("Mistakes, refusals and failed inferences.", "problem"),
                "warnings": a_list("What is odd and stopped nothing.", "problem"),
                **_difference("All job files together."),
                "base": nullable(text("diff: what is compared; null: mistakes.")),
                "head": nullable(text("diff: what it is compared with; null: mistakes.")),
                "by_model": a_table("diff: the sums of each model.", "sums"),
                "fleet": _fleet(),
            },
            optional=(*DIFFERENCE, "base", "head", "by_model", "fleet"),
        ),
        "$defs": {
            "job": _job(),
            "inference": _inference(),
            "range": _range(),
            "change": _change(),
            "from_to": _from_to(),
            "sums": an_object("What something costs to make.", {**_sums()}),
            "signed_range": _signed_range(),
            "any_range": _any_range(),
            "problem": _problem(),
        },
    }


def render_answer_schema() -> str:
    """Write the schema out as docs/answer.schema.json holds it."""
    return render_json(answer_schema())


def _fleet() -> Schema:
    return an_object(
        "run --fleet: how the job stands in its database.",
        {
            "journal": text("Its name, as `vidi work --run`, `stop` and `export` take it."),
            "job_file": text("The job file, as it was given."),
            "state": one_of("What is wanted of it now.", STATES),
            "stopped_by": nullable(text("Which cap had no room; null: none has stopped it.")),
            "rows": described(
                "How many inferences stand how.",
                {"type": "object", "additionalProperties": count("How many.")},
            ),
            "total": count("How many inferences there are."),
            "per_minute": described(
                "How many end in a minute now.", {"type": "number", "minimum": 0}
            ),
            "eta_s": nullable(count("Seconds until all have ended; null: nothing goes on.")),
            "budget_usd": nullable(money("The cap of all workers together; null: none.")),
            "spent_usd": money("What the present run has spent."),
            "reserved_usd": money("What it has set aside."),
            "left_usd": nullable({"type": "number", "description": "What is left; null: no cap."}),
            "in_doubt": _texts("The ids that are in doubt, the first thousand."),
            "bought_twice": _texts("The ids that were bought although taken for not bought."),
            "workers": described(
                "Who works on it, and on how many shards.",
                {
                    "type": "array",
                    "items": an_object(
                        "A worker.", {"name": text("Its name."), "shards": count("How many.")}
                    ),
                },
            ),
            "last_error": described(
                "What went wrong last; null: nothing.",
                {
                    "anyOf": [
                        an_object(
                            "An error.",
                            {"id": text("Whose."), "message": {"type": "string"}},
                        ),
                        {"type": "null"},
                    ]
                },
            ),
        },
    )


def _texts(description: str) -> Schema:
    return {"type": "array", "items": {"type": "string"}, "description": description}


def _job() -> Schema:
    return an_object(
        "One job file.",
        {
            "job_file": text("The job file, as it was given."),
            "output_dir": nullable(text("Where its assets go; null: not known for mistakes.")),
            "exit_code": count("How this file ended.", maximum=255),
            "budget_usd": nullable(money("The most that it may spend; null: no cap.")),
            "estimate_usd": described("What it will cost; null: mistakes.", RANGE),
            "spent_usd": money("What this command has spent on it."),
            "manifest": nullable(text("Where its manifest.json is; null: it was not run.")),
            "inferences": a_list("Every inference, in the job file's order.", "inference"),
            **_difference("This job file."),
            "file": one_of("diff: whether the file as a whole has come or gone.", FILE_KINDS),
            "was": nullable(text("diff: what it is called in BASE, where that is another name.")),
        },
        optional=(*DIFFERENCE, "file", "was"),
    )


def _difference(of: str) -> Schema:
    """What only `vidi diff` adds, at the top and in each job file."""
    described_sums = {
        name: described(f"diff: {of} {what}", schema)
        for (name, schema), what in zip(_sums().items(), SUMS, strict=True)
    }
    return {**described_sums, "changes": a_list("diff: every entry of both sides.", "change")}


def _sums() -> dict[str, Schema]:
    return {
        "before_usd": {"$ref": "#/$defs/any_range"},
        "after_usd": {"$ref": "#/$defs/any_range"},
        "difference_usd": {"$ref": "#/$defs/signed_range"},
    }


def _change() -> Schema:
    return an_object(
        "One entry of BASE, of HEAD or of both: what became of it.",
        {
            "job_file": text("The job file that it is in."),
            "id": text("Its id, in HEAD where it is there."),
            "change": one_of(
                "repriced: the same params at another price. renamed: the same params under "
                "another id.",
                CHANGES,
            ),
            "was": nullable(text("The id that it had, where it is renamed.")),
            "model": text("The model, in HEAD where it is there."),
            "params": a_table(
                "The params that differ, those of added and removed entries too.", "from_to"
            ),
            "fields": a_table(
                "What else differs: model, version, output, tags, max_cost, timeout, retry.",
                "from_to",
            ),
            "before_usd": described(
                "What it cost to make; 0: it was not there.", {"$ref": "#/$defs/any_range"}
            ),
            "after_usd": described(
                "What it costs to make; 0: it is gone.", {"$ref": "#/$defs/any_range"}
            ),
            "action": described(
                "What a run does with it now, as in inferences; null: it is gone.",
                {"enum": [*ACTIONS, None]},
            ),
            "reason": _words("Why; may be empty."),
        },
    )


def _from_to() -> Schema:
    return an_object(
        "A value before and after; null: there is none. Secrets are left out, and an input file "
        "is {file, bytes, sha256}.",
        {"from": {}, "to": {}},
    )


def _any_range() -> Schema:
    what = "in US dollars; null: nobody can say."
    return an_object(
        f"What something costs to make, {what}",
        {name: nullable(money("")) for name in ("low", "expected", "high")},
    )


def _signed_range() -> Schema:
    return an_object(
        "What is to be added to before to have after, in US dollars; null: nobody can say.",
        {name: {"type": ["number", "null"]} for name in ("low", "expected", "high")},
    )


def _inference() -> Schema:
    return an_object(
        "One inference: what would be done, and what became of it.",
        {
            "id": text("The id, unique in the job file."),
            "model": text("The model, as the job file has it.", pattern="^[^/]+/.+"),
            "action": one_of(
                "run: bought. fetch: brought home, as it is bought already. move, restore: files "
                "of this folder or the store are put in place. unchanged: nothing to do. skip: "
                "not selected.",
                ACTIONS,
            ),
            "reason": _words("Why."),
            "estimate_usd": {"$ref": "#/$defs/range"},
            "unpriced": _flag("Whether nothing bounds the price."),
            "why": _words("Why the estimate is a range, or unknown; may be empty."),
            "price": an_object(
                "How far the price can be trusted.",
                {
                    "confidence": described("Of its sources.", {"enum": [*CONFIDENCES, None]}),
                    "as_of": nullable(text("The day or the month of the sources.")),
                    "age_days": nullable(count("How long ago that is, in days.")),
                },
            ),
            "breakdown": described(
                "The lines of the price: label, quantity, unit, rate_usd, usd, source, since.",
                {"type": "array", "items": {"type": "object"}},
            ),
            "status": described(
                "How it ended, as in the manifest; null: it was not run.",
                {"enum": [*INFERENCE_STATUSES, None]},
            ),
            "actual_usd": nullable(money("What this run spent on it; null: not known (yet).")),
            "paid_usd": money("What was paid, over all runs, for what is there now."),
            "assets": described(
                "The paths of its files, relative to output_dir, with / between parts.",
                {"type": "array", "items": {"type": "string"}},
            ),
        },
    )


def _range() -> Schema:
    return an_object(
        "What something will cost, in US dollars.",
        {
            "low": money("The least."),
            "expected": nullable(money("What it most likely is; null: nothing says.")),
            "high": nullable(money("The most; null: nothing bounds it.")),
        },
    )


def _problem() -> Schema:
    return an_object(
        "A mistake, a refusal, a failure or a warning.",
        {
            "job_file": nullable(text("The job file that it is about; null: all of them.")),
            "path": nullable(text("The file that it is in; null: none.")),
            "line": nullable(count("From 1; null: the file as a whole.")),
            "column": nullable(count("From 1; null: the file as a whole.")),
            "id": nullable(text("The first inference that it hits; null: none in particular.")),
            "ids": described(
                "Every inference that it hits.", {"type": "array", "items": {"type": "string"}}
            ),
            "code": text("A stable name, such as unknown-param."),
            "message": _words("What is wrong."),
            "hint": _words("The edit or the command that mends it; may be empty."),
            "count": count("How many inferences it hits, at least 1."),
            "used_at": nullable(
                an_object(
                    "Where the job file uses the cell of a data file; null: it is in the job file.",
                    {"path": text("The job file."), "line": count(""), "column": count("")},
                )
            ),
        },
    )


def _flag(description: str) -> Schema:
    return described(description, {"type": "boolean"})


def _words(description: str) -> Schema:
    return described(description, {"type": "string"})
