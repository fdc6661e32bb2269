"""Settings, variables, reviews and the lock, as files: an input's first line says which."""

from random import Random

from fuzz.inputs import any_bytes, edited
from fuzz.room import empty_room, run
from fuzz.target import Target

JOB = b"""version: 1
budget: 1
vars: {a: b}
inferences:
  - {id: a, model: fal/fal-ai/flux/dev, params: {prompt: "{{ a }}"}, output: a.png}
"""
SAMPLES = {
    ".env": [b"FAL_KEY=abc\nREPLICATE_API_TOKEN='x y'\nVIDI_BUDGET_DAY=5\nexport A=\"${B}\"\n",
             b"VIDI_FAL_QUEUE_URL=http://127.0.0.1:9/q\nVIDI_COSTS=off\nVIDI_RECONCILE_SECONDS=5\n"],
    "vidi.toml": [b'budget_day = 5\nstore = "s"\nmax_price_age = 90\nverify = "full"\n',
                  b"[limits.fal]\nconcurrent = 2\nper_minute = 3\n"],
    "pyproject.toml": [b'[tool.vidi]\nbudget_week = "2.5"\nbudget_month = 7\n'],
    "vars.yaml": [b"a: c\n", b"{a: [1, {b: 2}]}\n"],
    "vars.json": [b'{"a": "c"}', b'{"a": {"b": [1, null]}}'],
    "reviews.yaml": [b"version: 1\nreviews:\n- {id: a, mark: rejected, note: 'x', seed: 5, "
                     b"favourite: true, at: '2026-11-29T17:00:00+00:00', "
                     b"fingerprint: '%b', asset: '%b'}\n" % (b"0" * 64, b"f" * 64)],
    "vidi.lock": [b'{"version": 1, "models": {"fal/fal-ai/flux/dev": {"sha256": "x"}}}'],
}  # fmt: skip


EDITED = {name: edited(samples) for name, samples in SAMPLES.items()}


def make(chance: Random) -> bytes:
    name = chance.choice([*SAMPLES])
    content = EDITED[name](chance) if chance.randrange(8) else any_bytes(chance)
    return name.encode() + b"\n" + content


def check(data: bytes) -> str:
    name, _, content = data.partition(b"\n")
    with empty_room() as room:
        (room / name.decode()).write_bytes(content)
        (room / "job.yaml").write_bytes(JOB)
        more = ("--vars-file", name.decode()) if name.startswith(b"vars") else ()
        more += ("--locked",) if name == b"vidi.lock" else ()
        more += ("--rejected",) if name == b"reviews.yaml" else ()
        code = run("vidi-run", "job.yaml", "--estimate", "--json", *more)
        told = run("vidi", "doctor") if len(content) % 8 == 0 and len(more) == 0 else "-"
    assert {code, told} <= {"0", "2", "3", "4", "-"}, (code, told)
    return f"{code} {told}"


TARGET = Target(make, check)
