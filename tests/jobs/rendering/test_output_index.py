"""`{{ index }}`, `{{ key }}`, `{{ row }}` and `{{ file() }}` where job files have them."""

import pytest

from vidi.errors import Problem
from vidi.inference.outputs.finding.naming import plan_paths
from vidi.jobs.job import read_job


def expand(folder, entry, head=""):
    path = folder / "a.yaml"
    path.write_text(
        f"version: 1\n{head}inferences:\n- {{id: a, model: m, params: {{}}, {entry}}}\n", "utf-8"
    )
    job = read_job(path, project=folder)
    assert job.problems == ()
    return list(job.inferences())


@pytest.mark.parametrize(
    ("output", "paths"),
    [
        ("{{ index }}.png", ["1.png", "2.png"]),
        ("{{ index + 9 }}.png", ["10.png", "11.png"]),
        ("{{ 9 + index }}-{{ index - 1 }}.png", ["10-0.png", "11-1.png"]),
        ("{{ '%03d' % index }}.png", ["001.png", "002.png"]),
        ("{{ '%s-%02d-%d' % (id, index + 1, 7) }}.png", ["a-02-7.png", "a-03-7.png"]),
        ("{{ '%03d' | format(index) }}.png", ["001.png", "002.png"]),
        ("{{ '{:02}'.format(index) }}.png", ["01.png", "02.png"]),
        ("{{ index ~ '-of-2' }}.png", ["1-of-2.png", "2-of-2.png"]),
    ],
)
def test_the_index_is_a_number(tmp_path, output, paths):
    (spec,) = expand(tmp_path, f'output: "{output}"')
    assert plan_paths(spec.output, 2) == paths


def test_the_key_is_left_to_the_outputs(tmp_path):
    (spec,) = expand(tmp_path, 'output: "song/{{ key }}.mp3"')
    assert spec.output == "song/{key}.mp3"
    (named,) = expand(tmp_path, 'vars: {key: c}, output: "{{ key }}.mp3"')
    assert named.output == "c.mp3"


def test_the_row_is_its_number(tmp_path):
    (tmp_path / "d.csv").write_text("a\nx\n\n\ny\n")
    entry = 'foreach: d.csv, tags: ["{{ row + 1 }}"], output: "{{ row }}-{{ item.a }}"'
    path = tmp_path / "a.yaml"
    path.write_text(
        f'version: 1\ninferences:\n- {{id: "{{{{ row }}}}", model: m, params: {{}}, {entry}}}\n'
    )
    specs = list(read_job(path, project=tmp_path).inferences())
    assert [(each.id, each.output, each.tags) for each in specs] == [
        ("1", "1-x", ("2",)),
        ("2", "2-y", ("3",)),
    ]


def test_a_file_is_its_text(tmp_path):
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/a.txt").write_bytes("\ufeffÉ {{ not rendered }}\n".encode())
    path = tmp_path / "a.yaml"
    path.write_text(
        """version: 1
inferences:
- id: a
  model: m
  output: x
  vars: {p: "{{ file('prompts/a.txt') }}"}
  params: {prompt: "{{ p | trim }}!"}
"""
    )
    (spec,) = read_job(path, project=tmp_path).inferences()
    assert spec.params == {"prompt": "É {{ not rendered }}!"}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("file('no.txt')", "cannot read no.txt: No such file or directory"),
        ("file('../x.txt')", "'../x.txt' is outside the project directory"),
        ("file('link.txt')", "'link.txt' is outside the project directory"),
        ("file('bin.dat')", "bin.dat: the file is not UTF-8: byte 0xff fits no character"),
        ("file('big.txt')", "big.txt: the file is bigger than 1 MiB"),
        ("file('pipe')", "cannot read pipe: it is a pipe or a device, not a file"),
        ("file(3)", "file() takes the path of a text file, not 3"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path, call, says):
    import os

    (tmp_path / "bin.dat").write_bytes(b"\xff")
    (tmp_path / "big.txt").write_text("x" * (1024**2 + 1))
    (tmp_path / "link.txt").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe")
    (problem,) = expand(tmp_path, f'vars: {{p: "{{{{ {call} }}}}"}}, output: x')
    assert isinstance(problem, Problem)
    assert problem.message == says


@pytest.mark.parametrize("name", ["CON", "con.png", "a/lpt1.x", 'a"b', "a?b", "ab:c", "x.", "x /y"])
def test_names_that_some_system_cannot_hold(tmp_path, name):
    entry = f"output: '{name}'"
    (spec, problem) = expand(tmp_path, entry)
    assert problem.code == "bad-output"
    assert "portable_names: false" in problem.hint
    (allowed,) = expand(tmp_path, entry, head="portable_names: false\n")
    assert allowed.output == spec.output == name


def test_a_cell_reads_as_the_keys_of_an_entry_want_it(tmp_path):
    (tmp_path / "d.csv").write_text(
        "id,on,cost,t,tag,n\n1,TRUE,0.5,90,x,2\n2,false,,,,\n3,true,,,,\n"
    )
    path = tmp_path / "a.yaml"
    path.write_text(
        """version: 1
inferences:
- id: "{{ item.id }}"
  foreach: d.csv
  model: m
  params: {}
  output: "{{ item.id }}"
  enabled: "{{ item.on }}"
  max_cost: "{{ item.cost }}"
  timeout: "{{ item.t }}"
  tags: [a, "{{ item.tag }}"]
"""
    )
    specs = list(read_job(path, project=tmp_path).inferences())
    assert [(each.id, each.max_cost, each.timeout, each.tags) for each in specs] == [
        ("1", __import__("decimal").Decimal("0.5"), 90.0, ("a", "x")),
        ("3", None, None, ("a",)),
    ]
