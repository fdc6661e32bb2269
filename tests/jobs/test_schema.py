"""The JSON Schema and the checker give the same verdict wherever JSON Schema can say it."""

import jsonschema_rs
import pytest

from vidi.jobs.job import read_job
from vidi.jobs.reading.document import parse_document
from vidi.jobs.schema import job_schema

HEAD = "version: 1\ninferences:\n"
GOOD_LINES = [
    "max_cost: 0.1",
    "max_cost: '0.1'",
    "max_cost: '{{ c }}'",
    "timeout: 90s",
    "timeout: 1h30m",
    "timeout: 5",
    "timeout: '{{ t }}'",
    "retry: {attempts: 3}",
    "retry: {attempts: '{{ n }}'}",
    "tags: [a]",
    "tags: '{{ t }}'",
    "keep: true",
    "enabled: '{{ e }}'",
    "matrix: {n: [1]}",
    "matrix: {n: '{{ x }}'}",
    "matrix: '{{ x }}'",
    "foreach: [1]",
    "foreach: a.csv",
    "vars: {a: 1, ñ: 2}",
    "assume_cost: 0",
]
BAD_LINES = [
    "max_cost: -1",
    "max_cost: lots",
    "max_cost: true",
    "assume_cost: null",
    "timeout: 0",
    "timeout: soon",
    "timeout: true",
    "timeout: ''",
    "retry: 3",
    "retry: {}",
    "retry: {attempts: 0}",
    "retry: {attempts: 11}",
    "retry: {attempts: 1, x: 2}",
    "tags: a",
    "tags: [1]",
    "tags: ['']",
    "keep: 'yes'",
    "enabled: 1",
    "matrix: {}",
    "matrix: [a]",
    "matrix: {a: []}",
    "matrix: {a: x}",
    "matrix: {2x: [1]}",
    "foreach: []",
    "foreach: 3",
    "vars: x",
    "vars: '{{ x }}'",
    "vars: {item: 1}",
    "vars: {a-b: 1}",
    "parms: {}",
]
GOOD_HEADS = [
    "budget: null",
    "budget: 0.5",
    "concurrency: 256",
    "name: x",
    "output_dir: a/b",
    "vars: {a: 1}",
    "x-any: [1]",
    "defaults: {tags: [a], output: '{{ id }}'}",
    "vars: null",
]
BAD_HEADS = [
    "budget: -1",
    "budget: true",
    "budget: '1'",
    "concurrency: 0",
    "concurrency: 257",
    "concurrency: 1.5",
    "name: 5",
    "name: '{{ x }}'",
    "output_dir: ''",
    "vars: [a]",
    "vars: {id: 1}",
    "defaults: 1",
    "defaults: {id: a}",
    "nmae: x",
]
OUTPUTS = [
    "a.png",
    "a/b.png",
    "日本.png",
    "...a",
    "/a",
    "../a",
    "a/..",
    "a/",
    "C:a",
    "a\\b",
    "a.",
    "a /b",
    "''",
    "3",
]


def verdicts(tmp_path, text):
    """Whether the checker, and whether the schema, has nothing against a job file."""
    path = tmp_path / "a.yaml"
    path.write_text(text)
    checker = not read_job(path, project=tmp_path).problems
    return checker, jsonschema_rs.validator_for(job_schema()).is_valid(
        parse_document("a", text).root
    )


@pytest.mark.parametrize(
    ("line", "good"), [(each, True) for each in GOOD_LINES] + [(each, False) for each in BAD_LINES]
)
def test_entries(tmp_path, line, good):
    text = f"{HEAD}- id: a\n  {line}\n  model: m\n  params: {{}}\n  output: a\n"
    assert verdicts(tmp_path, text) == (good, good)


@pytest.mark.parametrize(
    ("line", "good"), [(each, True) for each in GOOD_HEADS] + [(each, False) for each in BAD_HEADS]
)
def test_heads(tmp_path, line, good):
    text = f"{line}\n{HEAD}- {{id: a, model: m, params: {{}}, output: a}}\n"
    assert verdicts(tmp_path, text) == (good, good)


@pytest.mark.parametrize("output", OUTPUTS)
def test_outputs(tmp_path, output):
    checker, schema = verdicts(
        tmp_path, f"{HEAD}- {{id: a, model: m, params: {{}}, output: {output}}}\n"
    )
    assert checker == schema


@pytest.mark.parametrize("given", ["''", "a", "' a'", "12", "x y", "'{{ n }}'", "x" * 201, "é"])
def test_ids(tmp_path, given):
    checker, schema = verdicts(
        tmp_path, f"{HEAD}- {{id: {given}, model: m, params: {{}}, output: a}}\n"
    )
    assert checker == schema


@pytest.mark.parametrize(
    "text",
    ["name: x\n", "version: 1\n", "version: 2\ninferences: []\n", "version: 1\ninferences: [x]\n"],
)
def test_roots(tmp_path, text):
    assert verdicts(tmp_path, text) == (False, False)


def test_every_key_is_described():
    inference = job_schema()["$defs"]["inference"]["properties"]
    assert [key for key, each in inference.items() if not each.get("description")] == []


def test_it_is_a_schema():
    assert jsonschema_rs.meta.is_valid(job_schema())
