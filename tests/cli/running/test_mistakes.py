"""Bad job files: every mistake at once, each with its line, never a traceback, nothing sent."""

import pytest

from support.servers.sandbox import serve_sandbox

MANY = """\
version: 1
name: ten
budget: -1
concurency: 2
defaults:
  model: replicate/black-forest-labs/flux-schnell
inferences:
  - id: a
    params: {promt: x}
    output: a.webp
  - id: a
    params: {prompt: x, num_outputs: "four"}
    output: b.webp
  - id: c
    params: {prompt: "{{ stile }}", aspect_ratio: 16:10}
    output: ../c.webp
  - id: d
    model: fal/fal-ai/flux/deb
    params: {prompt: x}
    output: d.png
  - id: e
    model: fal/fal-ai/flux/dev
    params: {prompt: x, num_images: 9, image_size: {width: wide}}
    output: b.webp
    max_cost: free
  - id: f
    model: fal/fal-ai/kling-video/v2.5-turbo/pro/image-to-video
    params: {prompt: x, image_url: none.png, duration: 7}
    output: f.mp4
    retries: 3
"""
MANY_SAYS = [
    "ten.yaml:3:9: 'budget' must not be negative: -1",
    "ten.yaml:4:1: unknown key 'concurency'",
    "ten.yaml:9:5: 'prompt' is required",
    "ten.yaml:9:14: unknown param 'promt'",
    "ten.yaml:11:9: duplicate id 'a'; it is already on line 8",
    "ten.yaml:12:38: 'num_outputs' must be a whole number, not the text 'four'",
    "ten.yaml:15:23: 'stile' is not defined",
    "ten.yaml:15:51: 'aspect_ratio' must be one of '1:1', '16:9', '21:9', '3:2', '2:3', '4:5', "
    "'5:4', '3:4', '4:3', '9:16', '9:21', not '16:10'",
    "ten.yaml:16:13: 'output' leaves the output folder: '../c.webp'",
    "ten.yaml:18:12: unknown model 'fal/fal-ai/flux/deb'",
    "ten.yaml:23:37: 'num_images' must be at most 4, not 9",
    "ten.yaml:23:60: 'image_size.width' must be a whole number, not the text 'wide'",
    "ten.yaml:24:13: output 'b.webp' is the same file as inference 'a'",
    "ten.yaml:25:15: 'max_cost' must be an amount in USD, not the text 'free'",
    "ten.yaml:28:36: 'image_url' names no file: 'none.png'",
    "ten.yaml:28:56: 'duration' must be one of '5', '10', not 7",
    "ten.yaml:30:5: unknown key 'retries' in an inference",
]


def test_every_mistake_of_a_file_in_one_run_each_with_its_own_place(here):
    here.write("ten.yaml", MANY)
    answer = here("vidi-run", "ten.yaml", "--sandbox")
    assert answer.exit_code == 2
    said = [line for line in answer.stderr.splitlines() if line.startswith("ten.yaml:")]
    assert said == MANY_SAYS
    assert answer.stderr.endswith("17 mistakes; nothing was sent.\n")
    assert not (here.folder / "outputs").exists()


def test_the_same_as_json(here):
    here.write("ten.yaml", MANY)
    answer = here("vidi-run", "ten.yaml", "--estimate", "--json")
    assert (answer.json["ok"], answer.json["exit_code"]) == (False, 2)
    found = [
        f"{each['path']}:{each['line']}:{each['column']}: {each['message']}"
        for each in answer.json["errors"]
    ]
    assert found == MANY_SAYS
    assert {each["code"] for each in answer.json["errors"]} >= {"unknown-param", "unknown-model"}


DEFAULTS = """\
version: 1
defaults:
  model: replicate/black-forest-labs/flux-schnell
  params: {%s: 16:9}
inferences:
  - {id: a, params: {prompt: x}, output: a.webp}
  - {id: b, params: {prompt: x}, output: b.jpg, model: fal/fal-ai/flux/dev}
"""


def test_a_bad_default_is_reported_once_where_it_stands_with_the_ids_it_hits(here):
    here.write("d.yaml", DEFAULTS % "aspect_ration")
    answer = here("vidi-run", "d.yaml", "--sandbox")
    assert answer.stderr == (
        "d.yaml:4:12: no model of this file has the parameter 'aspect_ration'\n"
        "    4 |   params: {aspect_ration: 16:9}\n"
        "      |            ^\n"
        "      hits: a, b\n"
        "      hint: Did you mean aspect_ratio or acceleration?\n"
        "1 mistake; nothing was sent.\n"
    )


def test_a_default_that_only_some_models_have_is_left_out_at_the_others(here):
    here.write("d.yaml", DEFAULTS % "aspect_ratio")
    answer = here("vidi-run", "d.yaml", "--sandbox", "--json")
    assert answer.exit_code == 0
    assert [each["message"] for each in answer.json["warnings"]] == [
        "'aspect_ratio' is left out at models that have no such parameter: fal/fal-ai/flux/dev"
    ]
    rows = here.manifest("outputs/sandbox/d")["inferences"]
    assert [row["params"].get("aspect_ratio") for row in rows] == ["16:9", None]


ENTRY = "version: 1\ninferences: [{id: 'a{{ x }}', model: fal/fal-ai/flux/dev, %s}]\n"
FINE = "params: {prompt: x}, output: '{{ id }}'"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + inner] * 9)}]\n"
    for inner, name in zip("abcdefgh", "bcdefghi", strict=True)
)
NASTY = {
    "empty": "",
    "only a comment": "# nothing\n",
    "a list": "- a\n- b\n",
    "a scalar": "hello",
    "not YAML": "a: [1, 2\nb: }",
    "a tab": "version: 1\n\tname: x\n",
    "a duplicate key": "version: 1\nname: a\nname: b\ninferences: []\n",
    "a custom tag": "version: 1\ninferences: !!python/object/apply:os.system ['true']\n",
    "two documents": "version: 1\n---\nversion: 1\n",
    "a cycle": "version: 1\ninferences: &a [*a]\n",
    "a bomb": BOMB,
    "deep nesting": "inferences: " + "[" * 500 + "]" * 500,
    "an unknown alias": "version: 1\ninferences: *nobody\n",
    "no inferences": "version: 1\n",
    "empty inferences": "version: 1\ninferences: []\n",
    "inferences are text": "version: 1\ninferences: hello\n",
    "an entry is text": "version: 1\ninferences: [hello]\n",
    "an entry is empty": "version: 1\ninferences: [{}]\n",
    "another version": "version: 2\ninferences: []\n",
    "merge conflict": "version: 1\n<<<<<<< HEAD\nname: a\n=======\nname: b\n>>>>>>> x\n",
    "params are a list": ENTRY % "params: [1], output: a",
    "a model is a number": "version: 1\ninferences: [{id: a, model: 5, params: {}, output: a}]\n",
    "an absolute output": ENTRY % "params: {prompt: x}, output: /etc/passwd",
    "an endless text": ENTRY % "params: {prompt: \"{{ 'x' * 999999999 }}\"}, output: a",
    "reaching out": ENTRY % "params: {prompt: \"{{ ''.__class__.__mro__ }}\"}, output: a",
    "an endless matrix": ENTRY
    % f"matrix: {{x: {list(range(400))}, y: {list(range(300))}}}, {FINE}",
    "no foreach file": ENTRY % f"foreach: none.csv, {FINE}",
}


@pytest.mark.parametrize("name", NASTY)
def test_no_bad_file_gives_a_traceback_and_every_one_is_told_with_its_place(here, name):
    here.write("bad.yaml", NASTY[name])
    answer = here("vidi-run", "bad.yaml", "--sandbox")
    assert answer.exit_code == 2
    assert "Traceback" not in answer.stderr
    assert answer.stderr.startswith("bad.yaml")
    assert "nothing was sent" in answer.stderr


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: None, "none.yaml"),
        (lambda path: path.mkdir(), "none.yaml"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00v"), "none.yaml"),
        (lambda path: path.write_bytes(b"version: 1\x00"), "none.yaml"),
    ],
)
def test_what_is_no_text_file_is_told_too(here, make, says):
    make(here.folder / "none.yaml")
    answer = here("vidi-run", "none.yaml", "--sandbox")
    assert answer.exit_code == 2
    assert says in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_input_file_reaches_the_provider_and_its_change_is_seen(here):
    from PIL import Image

    job = """\
version: 1
name: edit
budget: 1
inferences:
  - id: edit
    model: fal/fal-ai/nano-banana/edit
    params: {prompt: bluer, image_urls: [photos/in.png]}
    output: out.png
"""
    here.write("edit.yaml", job)
    (here.folder / "photos").mkdir()
    Image.new("RGB", (64, 64), "red").save(here.folder / "photos/in.png")
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        assert here("vidi-run", "edit.yaml").exit_code == 0
        sent = [work.input["image_urls"] for work in served.sandbox.works.values()]
        assert sent[0][0].startswith(served.url)
        params = here.manifest("outputs/edit")["inferences"][0]["params"]
        assert params["image_urls"][0].keys() == {"file", "bytes", "sha256"}
        Image.new("RGB", (64, 64), "blue").save(here.folder / "photos/in.png")
        plan = here("vidi-run", "edit.yaml", "--estimate", "--json").json
    assert plan["jobs"][0]["inferences"][0]["reason"] == "input changed: photos/in.png"
