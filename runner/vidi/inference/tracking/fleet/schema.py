"""The fleet's tables, beside the ledger's. `journal` names a destination, as a folder does else.

A row is an inference, its `attempt` decides who may buy it; a shard is what a worker leases at a
time; an event is a line of the journal, `fenced` where it came after its attempt had ended. What is
JSON is kept as it was written (`json`): `jsonb` would take no NUL of a provider's text, and would
write numbers anew, by which a fingerprint is another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.tracking.ledger.work import Work

if TYPE_CHECKING:
    from vidi.inference.tracking.ledger.work import Transaction

_LOCK = 0x666C6565  # "flee": held while the tables are made

TABLES = {
    "vidi_journals": """
        journal text PRIMARY KEY, store text, job text NOT NULL, plan_sha256 text,
        vidi_version text NOT NULL, budget bigint, state text NOT NULL, run text NOT NULL,
        cancel boolean NOT NULL DEFAULT false, why text, terms json NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(), ended_at timestamptz""",
    "vidi_rows": """
        journal text NOT NULL, id text NOT NULL, n integer NOT NULL, shard integer NOT NULL,
        queue text NOT NULL, output text NOT NULL, out_key text NOT NULL,
        fingerprint text NOT NULL, spec json NOT NULL, low bigint NOT NULL, reserve bigint,
        status text NOT NULL DEFAULT 'new', attempt integer NOT NULL DEFAULT 0,
        epoch integer, request_id text, intended_at timestamptz,
        asked_at timestamptz,
        changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (journal, id), UNIQUE (journal, out_key)""",
    "vidi_shards": """
        journal text NOT NULL, shard integer NOT NULL, epoch integer NOT NULL DEFAULT 0,
        holder text, until timestamptz NOT NULL DEFAULT '-infinity', ended_at timestamptz,
        counts json, PRIMARY KEY (journal, shard)""",
    "vidi_events": """
        n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, journal text NOT NULL, id text,
        shard integer NOT NULL, epoch integer NOT NULL, writer text NOT NULL,
        attempt integer NOT NULL, ts timestamptz NOT NULL DEFAULT clock_timestamp(),
        run text NOT NULL, event text NOT NULL, body json NOT NULL,
        fenced boolean NOT NULL DEFAULT false""",
}
_IS_THERE = "SELECT to_regclass('vidi_journals')"
_HAS_COUNTS = """
SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('vidi_shards') AND attname = 'counts'
"""
_HAS_VIEW = "SELECT to_regclass('vidi_manifest')"
# What a million rows are asked by: a table of what was made, of every job.
_VIEW = """
CREATE VIEW vidi_manifest AS
SELECT r.journal, r.id, r.n, r.spec->>'model' AS model, r.status, r.spec->'params' AS params,
    r.spec->'tags' AS tags, r.fingerprint, r.request_id, r.attempt AS attempts, r.output,
    r.low / 1e6 AS estimated_low_usd, r.reserve / 1e6 AS estimated_high_usd,
    (SELECT sum(c.actual) / 1e6 FROM vidi_charges c JOIN vidi_runs u ON u.run = c.run
        WHERE u.folder = r.journal AND c.inference = r.id) AS paid_usd,
    (SELECT json_agg(e.body ORDER BY e.n) FROM vidi_events e WHERE e.journal = r.journal
        AND e.shard = r.shard AND e.id = r.id AND e.event = 'asset' AND NOT e.fenced) AS assets,
    r.intended_at, r.changed_at
FROM vidi_rows r
"""
INDEXES = {
    "vidi_rows_shard": "INDEX {} ON vidi_rows (journal, shard, n)",
    "vidi_rows_open": """INDEX {} ON vidi_rows (journal, shard)
        WHERE status NOT IN ('succeeded', 'failed', 'moderated', 'rejected', 'in_doubt')""",
    "vidi_rows_rivals": """INDEX {} ON vidi_rows (fingerprint)
        WHERE status IN ('intended', 'in_doubt')""",
    "vidi_events_shard": "INDEX {} ON vidi_events (journal, shard, n)",
    # What a look at a job asks for, of millions of events: the last ones, and the few that tell of
    # something wrong.
    "vidi_events_ts": "INDEX {} ON vidi_events USING brin (ts)",
    "vidi_events_wrong": """INDEX {} ON vidi_events (journal, n)
        WHERE event IN ('refused', 'in_doubt', 'unfinished', 'settled', 'orphan')
        AND CAST(body AS text) LIKE '%"error":{{%'""",
    "vidi_events_orphans": "INDEX {} ON vidi_events (journal, id) WHERE event = 'orphan'",
    # Whatever goes wrong above: one intent an attempt.
    "vidi_events_intent": """UNIQUE INDEX {} ON vidi_events (journal, id, attempt)
        WHERE event = 'intent'""",
}


def make_fleet_tables() -> Work[None]:
    """Make what is missing.

    Raises:
        StorageError: It cannot be made.
    """
    return Work("writes", _make)


def has_fleet_tables() -> Work[bool]:
    """Whether a fleet was ever planned here.

    Raises:
        StorageError: The database cannot be read.
    """
    return Work("reads", lambda found: found.read(_IS_THERE)[0][0] is not None)


def _make(transaction: Transaction) -> None:
    transaction.read("SELECT pg_advisory_xact_lock(:lock)", {"lock": _LOCK})
    for name, columns in TABLES.items():
        transaction.change(f"CREATE TABLE IF NOT EXISTS {name} ({columns})", {})
    if not transaction.read(_HAS_COUNTS):  # made by an earlier vidi
        transaction.change("ALTER TABLE vidi_shards ADD COLUMN counts json", {})
    for name, index in INDEXES.items():
        what = index.format(f"IF NOT EXISTS {name}")
        transaction.change(f"CREATE {what}", {})
    if transaction.read(_HAS_VIEW)[0][0] is None:
        transaction.change(_VIEW, {})
