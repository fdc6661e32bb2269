"""The structure of a job file: what a Job says, and every mistake with its whole message."""

import hashlib
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.turns import examples
from vidi.errors import JobFileError, Problem, UsageError
from vidi.jobs.entry import READERS
from vidi.jobs.job import ROOT_KEYS, load_job, read_job

ONE = "  - {id: a, model: m, params: {}, output: a.png}\n"


def job_of(tmp_path, text):
    path = tmp_path / "thumbnails.yaml"
    path.write_text(text, encoding="utf-8")
    return read_job(path, project=tmp_path)


def said(tmp_path, text):
    """Every structural mistake of a job file, one a line, without the path."""
    try:
        problems = job_of(tmp_path, text).problems
    except JobFileError as error:
        problems = error.problems
    return [f"{each.place.line}:{each.place.column}: {each.message}" for each in problems]


def entry(line):
    """A job file with a `line` in its only inference, on line 4."""
    return f"version: 1\ninferences:\n- id: a\n  {line}\n  model: m\n  params: {{}}\n  output: a\n"


def test_a_small_job(tmp_path):
    job = job_of(tmp_path, f"version: 1\ninferences:\n{ONE}")
    assert (job.name, job.budget, job.budget_given, job.output_dir, job.concurrency) == (
        "thumbnails",
        None,
        False,
        None,
        1,
    )
    assert job.sha256 == hashlib.sha256(job.path.read_bytes()).hexdigest()
    assert (job.problems, job.warnings) == ((), ())


def test_a_whole_job(tmp_path):
    head = "name: x y\nbudget: 0.1000000000000000055\noutput_dir: out/x\nconcurrency: 8\n"
    head += "vars: {a: 1}\nx-mine: [1]\n"
    job = job_of(tmp_path, f"version: 1\n{head}inferences:\n{ONE}")
    assert (job.name, job.output_dir, job.concurrency, job.vars) == (
        "x y",
        Path("out/x"),
        8,
        {"a": 1},
    )
    assert (job.budget, job.budget_given) == (Decimal("0.1000000000000000055"), True)


@pytest.mark.parametrize(
    ("written", "budget"),
    [
        ("0.50", "0.50"),
        ("3", "3"),
        ("1e3", "1E+3"),
        ("0", "0"),
        ("0x10", "16"),
        ("&b 0.10", "0.10"),
        ("!!float 2", "2"),
        ("+.5", "0.5"),
    ],
)
def test_budgets_are_exact(tmp_path, written, budget):
    job = job_of(tmp_path, f"version: 1\nbudget: {written}\ninferences:\n{ONE}")
    assert str(job.budget) == budget


def test_no_cap_is_something(tmp_path):
    job = job_of(tmp_path, f"version: 1\nbudget: null\ninferences:\n{ONE}")
    assert (job.budget, job.budget_given) == (None, True)


ROOTS = [
    ("- a", ["1:1: a job file must be a mapping, not a list"]),
    ("hello", ["1:1: a job file must be a mapping, not the text 'hello'"]),
    ("null", ["1:1: a job file must be a mapping, not nothing (null)"]),
    ("name: x", ["1:1: 'version' is missing", "1:1: 'inferences' is missing"]),
    ("version: 2", ["1:1: 'inferences' is missing", "1:10: 'version' must be 1, not 2"]),
    ("version: true", ["1:1: 'inferences' is missing", "1:10: 'version' must be 1, not true"]),
    ("version: 1\ninferences: []", ["2:13: 'inferences' is empty"]),
    ("version: 1\ninferences: {a: 1}", ["2:13: 'inferences' must be a list, not a mapping"]),
    (
        "version: 1\ninferences: [x, null]",
        [
            "2:14: an inference must be a mapping, not the text 'x'",
            "2:17: an inference must be a mapping, not nothing (null)",
        ],
    ),
]


@pytest.mark.parametrize(("text", "says"), ROOTS)
def test_roots(tmp_path, text, says):
    assert said(tmp_path, text) == says


HEADS = [
    ("nmae: x", "2:1: unknown key 'nmae'"),
    ("budget: -0.5", "2:9: 'budget' must not be negative: -0.5"),
    ("budget: true", "2:9: 'budget' must be an amount in USD, not true"),
    ("budget: '0.5'", "2:9: 'budget' must be an amount in USD or null, not the text '0.5'"),
    ("budget: 5 USD", "2:9: 'budget' must be an amount in USD or null, not the text '5 USD'"),
    ("budget: .inf", "2:9: 'budget' must be a finite amount in USD, not inf"),
    ("budget: 1e999", "2:9: 'budget' must be a finite amount in USD, not inf"),
    ("budget: 1000001", "2:9: 'budget' is more than 1,000,000 USD: 1000001"),
    ("budget: 1e-31", "2:9: 'budget' has more than 30 decimals"),
    ("budget: [1]", "2:9: 'budget' must be an amount in USD, not a list"),
    ("concurrency: 0", "2:14: 'concurrency' must be from 1 to 256, not 0"),
    ("concurrency: 257", "2:14: 'concurrency' must be from 1 to 256, not 257"),
    ("concurrency: 1.5", "2:14: 'concurrency' must be a whole number from 1 to 256, not 1.5"),
    ("concurrency: true", "2:14: 'concurrency' must be a whole number from 1 to 256, not true"),
    ("name: a/b", "2:7: 'name' cannot be a folder's name: 'a/b'"),
    ("name: '..'", "2:7: 'name' cannot be a folder's name: '..'"),
    ("name: 5", "2:7: 'name' must be text, not 5"),
    ("name: '{{ x }}'", "2:7: 'name' cannot hold a template"),
    (
        "accept: [[]]",
        "2:9: 'accept' must be a list that holds moderated and nothing else, not a list",
    ),
    ("output_dir: ''", "2:13: 'output_dir' is empty"),
    ("output_dir: 'a{{ b }}'", "2:13: 'output_dir' cannot hold a template"),
    ("vars: [a]", "2:7: 'vars' must be a mapping, not a list"),
    ("vars: {id: 1}", "2:8: 'id' in 'vars' is a name that vidi gives itself"),
    ("vars: {a-b: 1}", "2:8: 'a-b' in 'vars' cannot be used in a template"),
    ("vars: {a: [1, .nan]}", "2:15: nan is not a number that a model can be sent"),
    ("defaults: 1", "2:11: 'defaults' must be a mapping, not 1"),
    ("defaults: {id: x}", "2:12: unknown key 'id' in 'defaults'"),
    ("defaults: {tags: [1]}", "2:19: 'tags' must be text, not 1"),
]


@pytest.mark.parametrize(("line", "says"), HEADS)
def test_heads(tmp_path, line, says):
    assert said(tmp_path, f"version: 1\n{line}\ninferences:\n{ONE}") == [says]


ENTRIES = [
    ("parms: {}", "4:3: unknown key 'parms' in an inference"),
    ("tags: audio", "4:9: 'tags' must be a list of text, not the text 'audio'"),
    ("tags: ['', b]", "4:10: 'tags' is empty"),
    ("tags: 3", "4:9: 'tags' must be a list of text, not 3"),
    ("max_cost: -1", "4:13: 'max_cost' must not be negative: -1"),
    ("max_cost: lots", "4:13: 'max_cost' must be an amount in USD, not the text 'lots'"),
    ("max_cost: 'nan'", "4:13: 'max_cost' must be an amount in USD, not the text 'nan'"),
    ("assume_cost: null", "4:16: 'assume_cost' must be an amount in USD, not nothing (null)"),
    ("timeout: 0", "4:12: 'timeout' must be more than 0 seconds, not 0"),
    ("timeout: .inf", "4:12: 'timeout' must be more than 0 seconds, not inf"),
    ("timeout: .nan", "4:12: 'timeout' must be more than 0 seconds, not nan"),
    ("timeout: soon", "4:12: 'timeout' must be a time, not the text 'soon'"),
    ("timeout: ''", "4:12: 'timeout' must be a time, not the text ''"),
    ("timeout: true", "4:12: 'timeout' must be a time, not true"),
    ("retry: 3", "4:10: 'retry' must be a mapping, not 3"),
    ("retry: {}", "4:3: 'retry' needs 'attempts'"),
    ("retry: {attempts: 0}", "4:21: 'attempts' must be from 1 to 10, not 0"),
    ("retry: {attempts: 11}", "4:21: 'attempts' must be from 1 to 10, not 11"),
    ("keep: 'yes'", "4:9: 'keep' must be true or false, not the text 'yes'"),
    ("enabled: no", "4:12: 'enabled' must be true or false, not the text 'no'"),
    ("enabled: 1", "4:12: 'enabled' must be true or false, not 1"),
    ("vars: x", "4:9: 'vars' must be a mapping, not the text 'x'"),
    ("vars: '{{ x }}'", "4:9: 'vars' must be a mapping, not the text '{{ x }}'"),
    ("vars: {item: 1}", "4:10: 'item' in 'vars' is a name that vidi gives itself"),
    ("matrix: {}", "4:11: 'matrix' is empty"),
    ("matrix: [a]", "4:11: 'matrix' must be a mapping, not a list"),
    ("matrix: {a: []}", "4:15: 'a' in 'matrix' has no values"),
    ("matrix: {a: x}", "4:15: 'a' in 'matrix' must be a list, not the text 'x'"),
    ("matrix: {2x: [1]}", "4:12: '2x' in 'matrix' cannot be used in a template"),
    ("foreach: []", "4:12: 'foreach' has no rows"),
    ("foreach: 3", "4:12: 'foreach' must be a list or the path of a file, not 3"),
    ("foreach: ''", "4:12: 'foreach' is empty"),
]


@pytest.mark.parametrize(("line", "says"), ENTRIES)
def test_entries(tmp_path, line, says):
    assert said(tmp_path, entry(line)) == [says]


REQUIRED = [
    ("{id: '', model: m, params: {}, output: a}", "3:8: 'id' is empty"),
    ("{id: 12, model: m, params: {}, output: a}", "3:8: 'id' must be text, not 12"),
    ("{id: ' a', model: m, params: {}, output: a}", "3:8: 'id' begins or ends with a space: ' a'"),
    (
        '{id: "a\\nb", model: m, params: {}, output: a}',
        "3:8: 'id' holds a line break or a control character",
    ),
    (
        f"{{id: {'x' * 201}, model: m, params: {{}}, output: a}}",
        "3:8: 'id' is 201 characters long; at most 200 are allowed",
    ),
    ("{model: m, params: {}, output: a}", "3:3: 'id' is missing"),
    ("{id: a, params: {}, output: a}", "3:3: 'model' is missing"),
    ("{id: a, model: m, output: a}", "3:3: 'params' is missing"),
    ("{id: a, model: m, params: {}}", "3:3: 'output' is missing"),
    ("{id: a, model: [], params: {}, output: a}", "3:18: 'model' must be text, not a list"),
    (
        "{id: a, model: m, params: null, output: a}",
        "3:29: 'params' must be a mapping, not nothing (null)",
    ),
    (
        "{id: a, model: m, params: {x: .nan}, output: a}",
        "3:33: nan is not a number that a model can be sent",
    ),
    ("{id: a, model: m, params: {}, output: /a}", "3:41: 'output' must be relative, not '/a'"),
]


@pytest.mark.parametrize(("line", "says"), REQUIRED)
def test_what_each_inference_needs(tmp_path, line, says):
    assert said(tmp_path, f"version: 1\ninferences:\n- {line}\n") == [says]


TEN_MISTAKES = """\
version: 3
bugdet: 1
concurrency: many
vars: {my-style: x}
defaults:
  timeout: soon
  params: {seed: .nan}
inferences:
  - id: a
    model: m
    output: ../x.png
    tags: x
    retry: {attempts: 11, extra: 1}
    max_cost: -1
    max_cost: 2
  - id: 7
"""
TEN_MISTAKES_SAYS = """\
1:10: 'version' must be 1, not 3
2:1: unknown key 'bugdet'
3:14: 'concurrency' must be a whole number from 1 to 256, not the text 'many'
4:8: 'my-style' in 'vars' cannot be used in a template
6:12: 'timeout' must be a time, not the text 'soon'
7:18: nan is not a number that a model can be sent
11:13: 'output' leaves the output folder: '../x.png'
12:11: 'tags' must be a list of text, not the text 'x'
13:23: 'attempts' must be from 1 to 10, not 11
13:27: unknown key 'extra' in 'retry'
14:15: 'max_cost' must not be negative: -1
15:5: duplicate key 'max_cost'; it is already on line 14
16:5: 'model' is missing
16:5: 'output' is missing
16:9: 'id' must be text, not 7
"""


def test_all_mistakes_at_once(tmp_path):
    assert said(tmp_path, TEN_MISTAKES) == TEN_MISTAKES_SAYS.splitlines()


def test_hints_and_lines_are_there(tmp_path):
    by_line = {each.place.line: each for each in job_of(tmp_path, TEN_MISTAKES).problems}
    assert (by_line[2].hint, by_line[2].excerpt) == ("Did you mean 'budget'?", "bugdet: 1")
    assert by_line[12].hint == "Write `tags: [x]`."
    assert (by_line[2].ids, by_line[12].ids) == ((), ("a",))


def test_a_mistake_in_the_defaults_names_whom_it_hits(tmp_path):
    text = (
        "version: 1\ndefaults: {timeout: x, params: {n: .inf}, model: m, output: '{{ id }}'}\n"
        "inferences:\n- {id: a, timeout: 3}\n- {id: b}\n- {id: c, params: {n: 1}}\n"
    )
    ids = {each.place.column: each.ids for each in job_of(tmp_path, text).problems}
    assert ids == {21: ("b", "c"), 36: ("a", "b")}


def test_endless_spaces_in_a_time_are_no_work(tmp_path):
    (says,) = said(tmp_path, entry(f"timeout: '1{' ' * 5000}x'"))
    assert says.startswith("4:12: 'timeout' must be a time, not the text '1   ")


def test_windows_line_ends_do_not_move_places(tmp_path):
    path = tmp_path / "thumbnails.yaml"
    path.write_bytes(entry("tags: x").replace("\n", "\r\n").encode())
    (problem,) = read_job(path, project=tmp_path).problems
    assert (problem.place.line, problem.place.column, problem.excerpt) == (4, 9, "  tags: x")


def test_load_job_raises_them_all(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(TEN_MISTAKES)
    with pytest.raises(JobFileError) as caught:
        load_job(path, project=tmp_path)
    assert len(caught.value.problems) == len(TEN_MISTAKES_SAYS.splitlines())


def test_load_job_returns_a_right_one(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(f"version: 1\ninferences:\n{ONE}")
    assert [each.id for each in load_job(path, project=tmp_path).inferences()] == ["a"]


def test_one_that_lets_go_of_its_entries_still_knows_where_its_keys_stand(tmp_path):
    job = job_of(tmp_path, f"version: 1\nname: x\ninferences:\n{ONE * 3}budget: 1\n")
    keys = ("version", "name", "inferences", "budget", "vars")
    before = [job.place_of(key) for key in keys]
    job.let_go()
    assert [job.place_of(key) for key in keys] == before
    assert [place.line for place in before] == [1, 2, 3, 7, 1]
    assert list(job.inferences()) == []


def test_a_missing_file(tmp_path):
    with pytest.raises(UsageError, match=r"(?m)No such file or directory$"):
        load_job(tmp_path / "no.yaml", project=tmp_path)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["", "a", "{{ a }}", "{{ [1] }}", "{{ id }}", "{{ x", "90s", "a.csv", "../b"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "attempts", "id", "x-y"]), inner, max_size=3)
    ),
    max_leaves=6,
)
ENTRY = st.dictionaries(st.sampled_from([*READERS, "nope"]), ANYTHING, max_size=8)
RIGHT = st.fixed_dictionaries(
    {"id": st.sampled_from(["a", "b{{ a }}"]), "model": st.just("m"), "params": st.just({})},
    optional={"output": st.just("o"), "matrix": ANYTHING, "vars": ANYTHING, "foreach": ANYTHING},
)
JOB = st.fixed_dictionaries(
    {"inferences": st.lists(ENTRY | RIGHT | ANYTHING, max_size=4)},
    optional={key: ENTRY | ANYTHING for key in ROOT_KEYS if key != "inferences"},
)


@settings(
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(JOB)
def test_no_job_file_breaks_the_checker(tmp_path, value):
    job = job_of(tmp_path, json.dumps(value))
    for each in (*job.problems, *job.inferences()):
        assert (each.place if isinstance(each, Problem) else each.model) is not None
