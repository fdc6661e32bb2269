"""`vidi schema job --for` has the verdict of `vidi validate`, by another validator than vidi's."""

import json
import os
import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from support.models.share import share, templates
from vidi.jobs.reading.document import parse_document

CHECKOUT = Path(__file__).parents[3]
FLUX, ELEVEN = "fal/fal-ai/flux/dev", "fal/fal-ai/elevenlabs/tts/eleven-v3"
COMMUNITY = "replicate/stability-ai/sdxl"
VERSION = "a" * 64
USED = f"""\
version: 1
vars: {{voice: {ELEVEN}, extra: {{prompt: x}}}}
inferences:
  - {{id: a, model: {FLUX}, params: {{prompt: x}}, output: a.png}}
  - {{id: b, model: "{{{{ voice }}}}", params: {{text: x}}, output: b.mp3}}
  - {{id: c, model: {COMMUNITY}, params: {{prompt: x}}, output: c.png}}
  - {{id: d, model: replicate/minimax/hailuo-02, params: {{prompt: x}}, output: d.mp4}}
"""


def entry(params="prompt: x", model=FLUX, more=""):
    return f"- {{id: e, model: {model}, params: {{{params}}}, output: e.png{more}}}"


def under(defaults, *entries):
    return f"defaults: {{{defaults}}}\ninferences:\n" + "\n".join(f"  {each}" for each in entries)


GOOD = [
    entry(),
    entry("prompt: x, num_images: 2, acceleration: none, image_size: {width: 512, height: 256}"),
    entry('prompt: x, num_images: "{{ 2 }}", image_size: "{{ \'square\' }}"'),
    entry('prompt: x, image_size: {width: "{{ 512 }}", height: null}'),
    entry("prompt: x, nothing_of_the_kind: null, seed: null"),
    entry("prompt: x, duration: 6", "replicate/minimax/hailuo-02"),
    entry("prompt: x, duration: '6'", "replicate/minimax/hailuo-02"),
    entry("prompt: x", f"'{COMMUNITY}:{VERSION}'"),
    entry("x: 1", "no/such", ", enabled: false"),
    entry('text: x, stability: "{{ 0.5 }}"', "'{{ voice }}'"),
    under(f"model: {FLUX}", "- {id: a, params: {prompt: x}, output: a.png}"),
    under(f"model: {FLUX}, params: {{seed: 7, prompt: y}}", "- {id: a, params: {}, output: a}"),
    under(f"model: {FLUX}, params: {{prompt: y}}, output: a", "- {id: a, params: {}}"),
    under(f"model: {FLUX}", entry("text: x", ELEVEN)),
    under(f"params: {{seed: 3}}, model: {FLUX}", "- {id: a, params: {prompt: x}, output: a}"),
    under(
        "params: {style: 1}",
        entry("prompt: x, style: null"),
        f"- {{id: f, model: {ELEVEN}, params: {{text: x, style: null}}, output: f}}",
    ),
    f'- {{id: e, model: {FLUX}, params: "{{{{ extra }}}}", output: e.png}}',
]  # fmt: skip
BAD = [
    entry("prompt: 5"),
    entry(""),
    entry("prompt: null"),
    entry("prompt: x, promt: y"),
    entry("prompt: x, num_images: 0"),
    entry("prompt: x, num_images: 2.5"),
    entry("prompt: x, num_images: two"),
    entry("prompt: x, image_size: huge"),
    entry("prompt: x, image_size: {width: 512, hight: 3}"),
    entry("prompt: x, image_size: {width: x, height: 3}"),
    entry("prompt: x, image_size: [512]"),
    entry("prompt: x, acceleration: fastest"),
    entry("prompt: x, enable_safety_checker: 'yes'"),
    entry("prompt: x, sync_mode: true"),
    entry("prompt: x, duration: 7", "replicate/minimax/hailuo-02"),
    entry("text: x, stability: 1.5", ELEVEN),
    entry("prompt: x", ELEVEN),
    entry("prompt: x", "fal/fal-ai/flux/devv"),
    entry("prompt: x", f"'replicate/minimax/hailuo-02:{VERSION}'"),
    entry("prompt: x", f"'{COMMUNITY}:abc'"),
    entry(more=", parms: {}"),
    under(f"model: {FLUX}", "- {id: a, params: {}, output: a.png}"),
    under(f"model: {FLUX}", "- {id: a, params: {prompt: x, seed: y}, output: a.png}"),
    under(f"model: {FLUX}, params: {{sead: 1}}", "- {id: a, params: {prompt: x}, output: a.png}"),
    under(f"model: {ELEVEN}, params: {{text: x}}", entry("seed: 1")),
    f"- {{id: e, params: {{prompt: x}}, output: e.png, vars: {{model: {FLUX}}}}}",
    f"- {{id: e, model: {FLUX}, output: e.png}}",
    f"- {{id: e, model: {FLUX}, params: {{prompt: x}}}}",
    f"- {{id: e, model: {FLUX}, params: [prompt], output: e.png}}",
]  # fmt: skip


def as_file(text):
    body = text if text.startswith("defaults") else f"inferences:\n  {text}"
    return f"version: 1\nvars: {{voice: {ELEVEN}, extra: {{prompt: x}}}}\n{body}\n"


@pytest.fixture(scope="module")
def printed():
    """What the command prints, by the job file that it is for: making it once is enough."""
    return {}


def validator_for(here, printed, name, text):
    if name not in printed:
        here.write(name, text)
        printed[name] = here("vidi", "schema", "job", "--for", name).json
        Draft202012Validator.check_schema(printed[name])
    return Draft202012Validator(printed[name])


@pytest.mark.parametrize(
    ("text", "good"),
    [(as_file(each), True) for each in GOOD] + [(as_file(each), False) for each in BAD],
)
def test_the_verdict_is_that_of_validate(here, printed, text, good):
    validator = validator_for(here, printed, "used.yaml", USED)
    here.write("tried.yaml", text)
    checked = here("vidi", "validate", "tried.yaml")
    found = [each.message for each in validator.iter_errors(parse_document("a", text).root)]
    # A variable that a file does not use is a warning, and no matter of a schema.
    assert (checked.exit_code == 0, not found) == (good, good), (checked.stderr, found)


@pytest.mark.parametrize("name", sorted(each.name for each in (CHECKOUT / "jobs").glob("*.yaml")))
def test_the_samples_pass(here, name):
    shutil.copytree(CHECKOUT / "jobs", here.folder / "jobs")
    text = (here.folder / "jobs" / name).read_text("utf-8")
    validator = validator_for(here, {}, f"jobs/{name}", text)
    validator.validate(parse_document("a", text).root)


def test_every_example_of_a_template_passes(here):
    every = os.environ.get("VIDI_ALL_TEMPLATES") == "1"
    models = [templates()[path] for path in (share() if every else share()[::8])]
    entries = [
        f"- id: e{number}\n  model: {each['id']}\n  output: e{number}\n  params: "
        + json.dumps(each["example"], default=float)
        for number, each in enumerate(models)
    ]
    text = "version: 1\ninferences:\n" + "\n".join(entries) + "\n"
    validator_for(here, {}, "a.yaml", text).validate(parse_document("a", text).root)


def test_it_says_what_a_model_makes_and_costs(here, printed):
    validator = validator_for(here, printed, "used.yaml", USED)
    parts = validator.schema["$defs"]
    flux = parts[f"params of {FLUX}"]["properties"]["params"]["anyOf"][0]
    assert "$0.025 per megapixel" in flux["description"]
    assert flux["properties"]["image_size"]["default"] == "landscape_4_3"
    ids = parts["model"]["anyOf"][0]
    assert ids["enumDescriptions"][ids["enum"].index(FLUX)] == "Flux / Dev: text-to-image, $0.025"
    assert {FLUX, ELEVEN, COMMUNITY, "replicate/minimax/hailuo-02"} == {
        name.removeprefix("params of ") for name in parts if name.startswith("params of ")
    }
