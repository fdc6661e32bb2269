"""Entries become inferences; mistakes on the way have the place of the text they are in."""

import tracemalloc
from decimal import Decimal
from itertools import islice

import pytest

from vidi.errors import Problem
from vidi.jobs.job import read_job


def expanded(tmp_path, text, **options):
    """The inferences of a job, and its mistakes, one a line."""
    path = tmp_path / "a.yaml"
    path.write_text(f"version: 1\n{text}", encoding="utf-8")
    job = read_job(path, project=tmp_path, **options)
    assert job.problems == ()
    items = list(job.inferences())
    problems = [each for each in items if isinstance(each, Problem)]
    return [each for each in items if not isinstance(each, Problem)], [
        f"{each.place.line}:{each.place.column}: {each.message} {list(each.ids)}"
        for each in problems
    ]


DESIGN = """\
name: thumbnails
budget: 0.50
vars: {style: flat vector}
defaults:
  model: replicate/black-forest-labs/flux-schnell
  params: {aspect_ratio: 16:9}
inferences:
  - id: forest
    params: {prompt: "Un bosque negro, {{ style }}"}
    output: forest.webp
  - id: voice
    model: fal/fal-ai/elevenlabs/tts/eleven-v3
    params: {text: Hola mundo, voice: Rachel}
    output: voice.mp3
    max_cost: 0.01
    tags: [audio]
  - id: "card-{{ city | slug }}-{{ size }}"
    matrix: {city: [Lima, Quito], size: [square_hd, portrait_16_9]}
    model: fal/fal-ai/flux/dev
    params: {prompt: "postcard of {{ city }}", image_size: "{{ size }}"}
    output: "cards/{{ id }}.png"
  - id: "sku-{{ item.sku }}"
    foreach: data/products.csv
    model: fal/fal-ai/flux/schnell
    params: {prompt: "{{ item.title }}"}
    output: "products/{{ item.sku }}.png"
"""


def test_the_job_of_the_design(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/products.csv").write_text('sku,title\n001,Taza\n002,"Plato, hondo"\n')
    specs, problems = expanded(tmp_path, DESIGN)
    assert problems == []
    assert [each.output for each in specs] == [
        "forest.webp",
        "voice.mp3",
        "cards/card-lima-square_hd.png",
        "cards/card-lima-portrait_16_9.png",
        "cards/card-quito-square_hd.png",
        "cards/card-quito-portrait_16_9.png",
        "products/001.png",
        "products/002.png",
    ]
    assert specs[0].params == {"aspect_ratio": "16:9", "prompt": "Un bosque negro, flat vector"}
    assert (specs[1].tags, specs[1].max_cost) == (("audio",), Decimal("0.01"))
    assert specs[7].params["prompt"] == "Plato, hondo"


BASE = "defaults: {model: m, params: {}, output: '{{ id }}.png'}\ninferences:\n"


def test_every_field(tmp_path):
    line = (
        "{id: a, tags: [x, y, x], max_cost: 0.10, assume_cost: '0.30', timeout: 1h30m, "
        "retry: {attempts: 3}, keep: true}"
    )
    ((spec,), _) = expanded(tmp_path, f"{BASE}- {line}\n")
    assert (spec.tags, str(spec.max_cost), str(spec.assume_cost)) == (("x", "y"), "0.10", "0.30")
    assert (spec.timeout, spec.retry, spec.keep) == (5400.0, (3, "transient"), True)


def test_every_field_as_a_template(tmp_path):
    line = (
        "{id: '{{ n }}', model: 'm{{ n }}', tags: ['{{ n }}', b], max_cost: '{{ c }}', "
        "assume_cost: '0.{{ n }}', timeout: '{{ n }}m', retry: {attempts: '{{ n }}'}, "
        "keep: '{{ n > 1 }}', "
        "params: {n: '{{ n }}', deep: [{x: '{{ c }}'}]}, vars: {n: 2, c: 0.1}}"
    )
    ((spec,), problems) = expanded(tmp_path, f"{BASE}- {line}\n")
    assert problems == []
    assert (spec.id, spec.model, spec.output, spec.tags) == ("2", "m2", "2.png", ("2", "b"))
    assert (str(spec.max_cost), str(spec.assume_cost), spec.timeout) == ("0.1", "0.2", 120.0)
    assert (spec.retry, spec.keep) == ((2, "transient"), True)
    assert spec.params == {"n": 2, "deep": [{"x": 0.1}]}


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90", 90),
        ("1.5", 1.5),
        ("90s", 90),
        ("5m", 300),
        ("5 min", 300),
        ("2h", 7200),
        ("1m30s", 90),
        ("0.5s", 0.5),
    ],
)
def test_timeouts(tmp_path, written, seconds):
    ((spec,), _) = expanded(tmp_path, f"{BASE}- {{id: a, timeout: {written}}}\n")
    assert spec.timeout == seconds


def test_params_merge_key_by_key_and_the_rest_is_replaced(tmp_path):
    text = (
        "defaults: {model: m, params: {a: 1, deep: {x: 1}}, tags: [d], output: '{{ id }}'}\n"
        "inferences:\n- {id: one, params: {b: 2, deep: {y: 2}}, tags: [e]}\n- {id: two}\n"
    )
    (one, two), _ = expanded(tmp_path, text)
    assert (one.params, one.tags) == ({"a": 1, "deep": {"y": 2}, "b": 2}, ("e",))
    assert (two.params, two.tags) == ({"a": 1, "deep": {"x": 1}}, ("d",))


def test_params_that_are_one_template_merge_as_well(tmp_path):
    text = (
        "defaults: {model: m, params: {a: 1, b: '{{ item.b }}0'}, output: '{{ id }}'}\n"
        "inferences:\n- {id: one, foreach: [{b: 2, c: 3}], params: '{{ item }}'}\n"
    )
    (one,), problems = expanded(tmp_path, text)
    assert (one.params, problems) == ({"a": 1, "b": 2, "c": 3}, [])


def test_places_survive_defaults_and_templates(tmp_path):
    text = (
        "defaults:\n  model: m\n  params: {a: 1, size: {w: 1}}\n  output: '{{ id }}'\n"
        "inferences:\n- id: 'x{{ n }}'\n  matrix: {n: [1, 2]}\n"
        "  params: {b: [5, 6], size: {h: 2}}\n"
    )
    (one, two), _ = expanded(tmp_path, text)
    places = one.places
    assert places is two.places
    found = {
        "model": places.of_value("model"),
        "a": places.of_key("params", "a"),
        "b1": places.of_value("params", "b", 1),
        "h": places.of_value("params", "size", "h"),
        "w": places.of_value("params", "size", "w"),
        "no": places.of_key("params", "prompt"),
        "none": places.of_value("timeout"),
        "far": places.of_value("params", "b", 9),
        "all": places.of_key(),
    }
    assert {key: (each.line, each.column) for key, each in found.items()} == {
        "model": (3, 10),
        "a": (4, 12),
        "b1": (9, 19),
        "h": (9, 33),
        "w": (9, 29),
        "no": (9, 3),
        "none": (7, 3),
        "far": (9, 15),
        "all": (7, 3),
    }
    assert places.excerpt(found["a"]) == "  params: {a: 1, size: {w: 1}}"


def test_variables_override_each_other(tmp_path):
    (tmp_path / "v.yaml").write_text("c: file\nd: file\n")
    text = (
        "vars: {a: root, b: root, c: root, d: root}\n"
        "defaults: {model: m, output: '{{ id }}', vars: {b: defaults}, "
        "params: {a: '{{ a }}', b: '{{ b }}', c: '{{ c }}', d: '{{ d }}'}}\n"
        "inferences:\n- {id: x}\n- {id: y, vars: {a: own, c: own, b: own}}\n"
    )
    (x, y), _ = expanded(tmp_path, text, var=["d=9"], vars_files=[tmp_path / "v.yaml"])
    assert x.params == {"a": "root", "b": "defaults", "c": "file", "d": 9}
    assert y.params == {"a": "own", "b": "own", "c": "file", "d": 9}


def test_variables_may_build_on_those_above_and_on_the_row(tmp_path):
    text = (
        "vars: {tone: flat, style: '{{ tone }} vector'}\n"
        + BASE
        + "- id: '{{ item }}'\n  foreach: [p, q]\n"
        "  vars: {title: '{{ item | upper }}, {{ style }}'}\n"
        "  params: {t: '{{ title }}'}\n"
    )
    specs, problems = expanded(tmp_path, text)
    assert problems == []
    assert [each.params["t"] for each in specs] == ["P, flat vector", "Q, flat vector"]


def test_data_is_never_a_template(tmp_path):
    (tmp_path / "d.jsonl").write_text('{"id": 1, "t": "{{ 7 * 7 }}"}\n')
    text = (
        BASE
        + "- {id: '{{ item.id }}', foreach: d.jsonl, params: {t: '{{ item.t }}', v: '{{ v }}'}}\n"
    )
    ((spec,), _) = expanded(tmp_path, text, var=["v={{ 1 }}"])
    assert spec.params == {"t": "{{ 7 * 7 }}", "v": "{{ 1 }}"}


def test_rows_times_matrix_rows_first(tmp_path):
    line = (
        "{id: '{{ item }}{{ n }}{{ m }}', foreach: [a, b], "
        "matrix: {n: [1, 2], m: '{{ ms }}'}, vars: {ms: [x, y]}}"
    )
    specs, _ = expanded(tmp_path, f"{BASE}- {line}\n")
    assert [each.id for each in specs] == ["a1x", "a1y", "a2x", "a2y", "b1x", "b1y", "b2x", "b2y"]


def test_a_whole_matrix_and_rows_from_variables(tmp_path):
    text = (
        "vars: {grid: {n: [1, 2]}, rows: [a], file: d.csv}\n"
        + BASE
        + (
            "- {id: '{{ item }}{{ n }}', matrix: '{{ grid }}', foreach: '{{ rows }}'}\n"
            "- {id: 'f{{ item.x }}', foreach: '{{ file }}'}\n"
        )
    )
    (tmp_path / "d.csv").write_text("x\n1\n")
    specs, problems = expanded(tmp_path, text)
    assert ([each.id for each in specs], problems) == (["a1", "a2", "f1"], [])


def test_what_is_not_enabled_is_left_out(tmp_path):
    text = BASE + (
        "- {id: a, enabled: false}\n- {id: b, enabled: true}\n"
        "- {id: 'n{{ n }}', matrix: {n: [1, 2, 3]}, enabled: '{{ n != 2 }}'}\n"
        "- {id: c, enabled: false, foreach: missing.csv}\n"
    )
    specs, problems = expanded(tmp_path, text)
    assert ([each.id for each in specs], problems) == (["b", "n1", "n3"], [])


def test_index_stays_a_marker_in_outputs_and_is_nothing_elsewhere(tmp_path):
    text = (
        BASE
        + "- {id: a, output: 'x/{{ index }}-{{ id }}.png'}\n- {id: b, params: {p: '{{ index }}'}}\n"
    )
    (spec, _), problems = expanded(tmp_path, text)
    assert spec.output == "x/{index}-a.png"
    assert problems == ["5:24: 'index' is not defined ['b']"]


def test_ids_and_outputs_in_any_script(tmp_path):
    line = "{id: '森 {{ c }}', matrix: {c: [Ñandú, हिन्दी, '😀']}, output: '出力/{{ id }}.png'}"
    specs, problems = expanded(tmp_path, f"{BASE}- {line}\n")
    assert problems == []
    assert [each.output for each in specs] == [
        "出力/森 Ñandú.png",
        "出力/森 हिन्दी.png",
        "出力/森 😀.png",
    ]


MISTAKES = [
    ("{id: a, params: {p: 'x {{ nope }}'}}", ["4:26: 'nope' is not defined ['a']"]),
    (
        "{id: a, params: {p: '{{ 1 + }}'}}",
        ["4:24: template syntax: unexpected 'end of print statement' ['a']"],
    ),
    (
        "{id: a, params: {p: '{{ x }}', q: ['{{ y }}']}}",
        ["4:24: 'x' is not defined ['a']", "4:39: 'y' is not defined ['a']"],
    ),
    ("{id: '{{ nope }}'}", ["4:9: 'nope' is not defined ['{{ nope }}']"]),
    ("{id: '{{ \"\" }}'}", ["4:8: 'id' is empty ['{{ \"\" }}']"]),
    ("{id: a, output: '../{{ id }}'}", ["4:19: 'output' leaves the output folder: '../a' ['a']"]),
    ("{id: a, model: '{{ [1] }}'}", ["4:18: 'model' must be text, not a list ['a']"]),
    ("{id: a, max_cost: '{{ -1 }}'}", ["4:21: 'max_cost' must not be negative: -1 ['a']"]),
    (
        "{id: a, enabled: \"{{ 'no' }}\"}",
        ["4:20: 'enabled' must be true or false, not the text 'no' ['a']"],
    ),
    (
        "{id: a, params: {x: '{{ 1e308 * 10 }}'}}",
        ["4:23: inf is not a number that a model can be sent ['a']"],
    ),
    ("{id: a, params: '{{ 3 }}'}", ["4:19: 'params' must be a mapping, not 3 ['a']"]),
    ("{id: a, vars: {v: '{{ no }}'}}", ["4:22: 'no' is not defined ['a']"]),
    (
        "{id: a, vars: {v: '{{ n'}}",
        [
            "4:22: template syntax: unexpected end of template, expected "
            "'end of print statement' ['a']"
        ],
    ),
    ("{id: a, foreach: no.csv}", ["4:20: cannot read no.csv: No such file or directory ['a']"]),
    ("{id: a, foreach: '{{ no }}'}", ["4:21: 'no' is not defined ['a']"]),
    ("{id: a, foreach: '{{ [] }}'}", ["4:20: 'foreach' has no rows ['a']"]),
    ("{id: a, matrix: {n: '{{ no }}'}}", ["4:24: 'no' is not defined ['a']"]),
    ("{id: a, matrix: {n: '{{ 3 }}'}}", ["4:23: 'n' in 'matrix' must be a list, not 3 ['a']"]),
    ("{id: a, matrix: '{{ [] }}'}", ["4:19: 'matrix' must be a mapping, not a list ['a']"]),
    (
        "{id: a, matrix: '{{ {\"id\": [1]} }}'}",
        ["4:11: 'id' in 'matrix' is a name that vidi gives itself ['a']"],
    ),
]


@pytest.mark.parametrize(("line", "says"), MISTAKES)
def test_mistakes(tmp_path, line, says):
    _, problems = expanded(tmp_path, f"{BASE}- {line}\n")
    assert problems == says


def test_what_is_not_mistaken_in_an_inference_can_still_be_checked(tmp_path):
    line = "{id: a, params: {p: '{{ nope }}', q: 1, r: {s: '{{ no }}'}}, max_cost: '{{ -1 }}'}"
    (spec,), problems = expanded(tmp_path, f"{BASE}- {line}\n")
    assert (spec.params, spec.unknown, spec.max_cost) == ({"q": 1}, {"p", "r"}, None)
    assert len(problems) == 3


def test_the_column_is_that_of_the_expression(tmp_path):
    _, (says,) = expanded(tmp_path, BASE + "- id: a\n  params:\n    prompt: 'flat {{ nope }}'\n")
    assert says == "6:19: 'nope' is not defined ['a']"


def test_a_mistake_of_many_is_said_once(tmp_path):
    line = "{id: 'x{{ n }}', matrix: {n: [1, 2, 3]}, params: {p: '{{ nope }}'}}"
    _, problems = expanded(tmp_path, f"{BASE}- {line}\n")
    assert problems == ["4:57: 'nope' is not defined ['x1', 'x2', 'x3']"]


def test_a_mistake_in_the_defaults_is_reported_there(tmp_path):
    text = "defaults: {model: m, params: {p: '{{ nope }}'}, output: '{{ id }}'}\n"
    text += "inferences:\n- {id: a}\n- {id: b}\n"
    _, problems = expanded(tmp_path, text)
    assert problems == ["2:35: 'nope' is not defined ['a']", "2:35: 'nope' is not defined ['b']"]


def test_a_mistake_in_the_variables_of_the_file_is_reported_there(tmp_path):
    _, problems = expanded(tmp_path, "vars: {v: '{{ nope }}'}\n" + BASE + "- {id: a}\n")
    assert problems == ["2:12: 'nope' is not defined ['a']"]


TAKEN = [
    ("- {id: a}\n- {id: a, output: b}\n", ["5:8: duplicate id 'a'; it is already on line 4 ['a']"]),
    (
        '- {id: é}\n- {id: "e\\u0301", output: b}\n',
        ["5:8: duplicate id 'é'; it is already on line 4 ['é']"],
    ),
    (
        "- {id: 'x{{ n }}', matrix: {n: [1, 1]}, output: '{{ n }}'}\n",
        [
            "4:8: duplicate id 'x1'; it is already on line 4 ['x1']",
            "4:49: output '1' is the same file as inference 'x1' ['x1']",
        ],
    ),
    (
        "- {id: a, output: X.png}\n- {id: b, output: ./x.PNG}\n",
        ["5:19: output 'x.PNG' is the same file as inference 'a' ['b']"],
    ),
    (
        "- {id: a, output: d}\n- {id: b, output: D/x}\n",
        ["5:19: output 'D/x' needs a folder where there is the file of inference 'a' ['b']"],
    ),
    (
        "- {id: b, output: d/e/x}\n- {id: a, output: d}\n",
        ["5:19: output 'd' is a folder of inference 'b' ['a']"],
    ),
]


@pytest.mark.parametrize(("text", "says"), TAKEN)
def test_nothing_is_taken_twice(tmp_path, text, says):
    _, problems = expanded(tmp_path, BASE + text)
    assert [each.replace("e\u0301", "é") for each in problems] == says


def test_bad_structure_does_not_hide_what_can_be_expanded(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(
        "version: 1\ninferences:\n- {id: a, model: m, params: {}, output: /x, timeout: no}\n"
        "- {id: 7, model: m, params: {}, output: x}\n- {id: c}\n- {id: d, matrix: {a: []}}\n"
        "- {id: e, matrix: 3}\n- {id: f, foreach: 3}\n- {id: g, foreach: []}\n"
    )
    job = read_job(path, project=tmp_path)
    assert [(each.id, each.output) for each in job.inferences()] == [("a", ""), ("line 4", "x")]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "matrix: {x: '{{ range(400) }}', y: '{{ range(300) }}'}",
            "400 × 300 = 120,000 inferences",
        ),
        ("foreach: '{{ range(60000) }}'\n  matrix: {x: [1, 2]}", "60,000 × 2 = 120,000 inferences"),
    ],
)
def test_too_many_names_the_product(tmp_path, line, says):
    specs, (problem,) = expanded(tmp_path, f"{BASE}- id: a\n  {line}\n")
    assert (specs, problem.split(": ", 1)[1]) == ([], f"{says}; at most 100,000 are allowed ['a']")


def test_too_many_together(tmp_path):
    text = (
        BASE + "- {id: '{{ n }}', matrix: {n: '{{ range(9) }}'}}\n"
        "- {id: b, matrix: {n: '{{ range(99999) }}'}}\n"
    )
    specs, problems = expanded(tmp_path, text)
    assert len(specs) == 9
    assert problems == ["5:19: 99,999 inferences, after 9 above; at most 100,000 are allowed ['b']"]


def test_one_too_many(tmp_path):
    lines = "- {id: '{{ n }}', matrix: {n: '{{ range(100000) }}'}, enabled: '{{ n < 2 }}'}\n"
    specs, problems = expanded(tmp_path, f"{BASE}{lines}- {{id: b, enabled: false}}\n")
    assert (len(specs), problems) == (2, [])
    _, problems = expanded(tmp_path, f"{BASE}{lines}- {{id: b}}\n- {{id: c}}\n")
    assert problems == ["5:3: more than 100,000 inferences from here on []"]


def test_variables_of_a_wrong_kind_in_the_defaults(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("version: 1\nvars: {v: '{{ a }}'}\ndefaults: {vars: true}\ninferences: [{}]\n")
    (problem,) = read_job(path, project=tmp_path).inferences()
    assert (str(problem.place).split(":", 1)[1], problem.ids) == ("2:12", ())


def test_a_file_of_mistakes_ends(tmp_path):
    line = (
        "{id: '{{ n }}', matrix: {n: '{{ range(9999) }}'}, model: '{{ [n] }}', output: '/{{ n }}'}"
    )
    _, problems = expanded(tmp_path, f"{BASE}- {line}\n")
    assert 1000 <= len(problems) <= 1002


def test_expansion_is_streamed_and_flat(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(
        f"version: 1\n{BASE}- {{id: 'x{{{{ n }}}}', matrix: {{n: '{{{{ range(10000) }}}}'}}, "
        "params: {p: 'a long prompt about {{ n }}'}}\n"
    )
    job = read_job(path, project=tmp_path)
    assert [each.id for each in islice(job.inferences(), 2)] == ["x0", "x1"]
    tracemalloc.start()
    count = sum(1 for _ in job.inferences())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 10000
    assert peak / count < 1000


SPELT = {
    "as it is": 'prompt: "{{ id }}"',
    "in single quotes": "prompt: '{{ id }}'",
    "plain, behind a word": "prompt: is {{ id }}",
    "folded": "prompt: >-\n        {{\n        id }}",
    "by \\x": r'prompt: "\x7b\x7b id }}"',
    "half by \\x": r'prompt: "{\x7b id }}"',
    "by \\u": r'prompt: "\u007b\u007b id }}"',
    "half by \\u": r'prompt: "\u007b{ id }}"',
    "by \\U": r'prompt: "\U0000007b\U0000007b id }}"',
    "over an escaped line end": 'prompt: "{\\\n        { id }}"',
    "a statement by \\x": r'prompt: "\x7b% if true %}a\x7b% endif %}"',
    "a comment by \\x": r'prompt: "a\x7b# nothing #}"',
}
PLACES = {
    "the entry": (
        "inferences:\n  - id: a\n    model: m\n    output: a.png\n    params:\n      {0}\n"
    ),
    "the defaults": (
        "defaults:\n    params:\n      {0}\n"
        "inferences:\n  - {{id: a, model: m, output: a.png, params: {{}}}}\n"
    ),
    "an alias": (
        "x-shared:\n    params: &shared\n      {0}\n"
        "inferences:\n  - {{id: a, model: m, output: a.png, params: *shared}}\n"
    ),
    "a merge": (
        "x-shared:\n    params: &shared\n      {0}\n"
        "inferences:\n  - {{id: a, model: m, output: a.png, params: {{<<: *shared}}}}\n"
    ),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("spelt", SPELT)
def test_a_template_is_one_however_the_file_spells_it(tmp_path, spelt, place):
    specs, problems = expanded(tmp_path, PLACES[place].format(SPELT[spelt]))
    assert problems == []
    assert [each.params["prompt"] for each in specs] in (["a"], ["is a"])
