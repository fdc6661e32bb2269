"""Data files of every kind that `foreach` reads: the first line of an input says which."""

import io
from random import Random

from fuzz.inputs import Make, altered, any_bytes, as_json, edited, one_of, piped
from fuzz.room import empty_room, run
from fuzz.target import Target

JOB = """\
version: 1
budget: 1
inferences:
  - id: "a-{{ row }}"
    foreach: NAME
    model: fal/fal-ai/flux/dev
    params: {prompt: "x {{ item }}", seed: "{{ item.seed if item.seed is defined else 3 }}"}
    output: "{{ id }}.png"
"""
PART = {"xlsx": "#Sheet", "json": "#a", "yaml": "#a.b"}


def _workbook() -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["sku", "seed", "title"])
    book.active.append(["x", 5, "=A1&B1"])
    book.active.append([None, True, "1,5"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


TABLES = [
    b"sku,seed\nx,5\ny,6\n", b"sku;seed;title\r\nx;1,5;\"a \"\"b\"\"\"\r\n",
    b"sep=|\nsku|seed\nx|7\n",
    b"# a comment\nsku\tseed\nx\t5\n\n", "sku,seed\nañil,5\n".encode("utf-16"),
    "sku,seed\nañil,5\n".encode("cp1252"), b"\xef\xbb\xbfsku,seed\nx,\n",
]  # fmt: skip
LISTS = [b'[{"sku": "x", "seed": 5}]', b'{"a": [{"seed": 1}, 2, "z"]}']
SAMPLES: dict[str, Make] = {
    "csv": edited(TABLES),
    "tsv": edited(TABLES),
    "txt": edited([b"one\ntwo\n", *TABLES]),
    "json": one_of(
        edited(LISTS),
        piped(altered([[{"sku": "x", "seed": 5}], {"a": [1]}], ("a", "b", "seed", "sku")), as_json),
    ),
    "jsonl": edited([b'{"sku": 1, "seed": 2}\n{"sku": 3}\n"x"\n']),
    "yaml": edited(
        [b"a:\n  b:\n    - {seed: 5}\n    - &x 3\n    - *x\n", b"- {sku: x, seed: 1}\n"]
    ),
    "xlsx": edited([_workbook()]),
}


def make(chance: Random) -> bytes:
    kind = chance.choice([*SAMPLES])
    part = chance.choice(["", PART.get(kind, "#x")])
    content = any_bytes(chance) if not chance.randrange(20) else SAMPLES[kind](chance)
    return f"data.{kind}{part}\n".encode() + content


def check(data: bytes) -> str:
    name, _, content = data.partition(b"\n")
    with empty_room() as room:
        text = name.decode()
        (room / text.partition("#")[0]).write_bytes(content)
        (room / "job.yaml").write_text(JOB.replace("NAME", text), encoding="utf-8")
        code = run("vidi-run", "job.yaml", "--estimate", "--json")
    assert code in {"0", "2", "3"}, code
    return code


TARGET = Target(make, check)
