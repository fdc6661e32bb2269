"""What was bought is found again after its model is called otherwise, or goes by another id."""

import json
import os
import shutil
from pathlib import Path

import pytest

from support.media import make_example_files
from support.models.templates import write_template
from vidi.inference import InferenceEngine
from vidi.inference.models.registry import ModelRegistry

TABLE = Path(__file__).parents[3] / "support/models/former_calls.txt"
FORMER = dict(line.split() for line in TABLE.read_text(encoding="utf-8").splitlines())
"""Every shipped model that was run by a version and is run by its name since, with that version."""
SHIPPED = ModelRegistry()


def write_own(here, model_id, **changes):
    """The shipped template of a model as a project's own, with changes; None takes a key out."""
    model = SHIPPED.get_template(model_id)
    whole = json.loads(SHIPPED.text_of(model)) | changes
    text = json.dumps({key: value for key, value in whole.items() if value is not None})
    write_template(here.folder / "templates", "/".join(model.path.parts[-2:]), text)


def forget_own(here):
    for path in (here.folder / "templates").rglob("*.json"):
        path.unlink()


def write_job(here, models, examples=()):
    """One entry a model, with its template's example or another's; the id is where it stands."""
    entries = [
        {
            "id": f"e{at}",
            "model": model,
            "params": dict(SHIPPED.get_template(example).example),
            "output": f"e{at}",
            "assume_cost": 1,
        }
        for at, (model, example) in enumerate(zip(models, examples or models, strict=True))
    ]
    job = {"version": 1, "name": "job", "budget": None, "inferences": entries}
    here.write("job.json", json.dumps(job, default=float))


def run(here, *options, code=0):
    """Run the job; returns how often each action was planned."""
    answer = here("vidi-run", "job.json", "--sandbox", "--json", "-j8", "--no-report", *options)
    assert answer.exit_code == code, answer.stderr[-2000:]
    planned = [each["action"] for each in answer.json["jobs"][0]["inferences"]]
    return {action: planned.count(action) for action in planned}


def test_every_model_that_is_called_otherwise_has_what_was_bought_before(here):
    """With VIDI_ALL_TEMPLATES=1 each of them; else every fourth."""
    former = dict(list(FORMER.items())[:: 1 if os.environ.get("VIDI_ALL_TEMPLATES") else 4])
    make_example_files(here.folder)
    for model, version in former.items():
        write_own(here, model, call={"version": version})
    write_job(here, former)
    everything = len(former)
    assert run(here) == {"run": everything}
    forget_own(here)
    assert run(here, "--frozen", "--estimate") == {"unchanged": everything}
    write_job(here, ["fal/fal-ai/flux/schnell", *former])  # each under the id of the one before
    assert run(here, "--estimate") == {"run": 1, "move": everything}


@pytest.mark.parametrize("now", [{"official": True}, {"version": "9" * 64}])
def test_what_was_bought_by_any_earlier_form_is_had_from_everywhere(here, monkeypatch, now):
    model, first = "replicate/black-forest-labs/flux-schnell", {"version": "1" * 64}
    second = {"official": True} if "version" in now else {"version": "2" * 64}
    monkeypatch.setenv("VIDI_STORE", str(here.folder / "store"))
    for at, call in enumerate((first, second), start=1):
        write_own(here, model, call=call)
        write_job(here, [model] * at)
        assert run(here) == {"run": at}  # the first makes way for one of the second form
    before = [first["version"], second.get("version", "official")]
    write_own(here, model, call=now | {"before": before})
    write_job(here, [model] * 3)
    assert run(here) == {"unchanged": 2, "restore": 1}
    shutil.rmtree(here.folder / "outputs")
    write_job(here, [model] * 4)
    assert run(here) == {"fetch": 3, "run": 1}
    assert run(here, "--frozen") == {"unchanged": 4}


def test_an_alias_has_one_fingerprint_with_its_model(here):
    names = [(each.id, alias) for each in SHIPPED.list_models() for alias in each.aliases]
    assert names
    make_example_files(here.folder)
    examples = [model for model, _ in names]
    for bought, asked in (0, 1), (1, 0):
        options = ("-o", f"out{bought}")
        write_job(here, [pair[bought] for pair in names], examples)
        assert run(here, *options) == {"run": len(names)}
        write_job(here, [pair[asked] for pair in names], examples)
        assert run(here, *options, "--frozen", "--estimate") == {"unchanged": len(names)}


def test_a_library_key_that_was_used_before_the_model_was_called_otherwise(here):
    """`idempotency_key` gives back what was bought under it, and is no other use of the key."""
    model = "replicate/black-forest-labs/flux-schnell"
    paid = []
    for call in ({"version": "1" * 64}, {"official": True, "before": ["1" * 64]}):
        write_own(here, model, call=call)
        with InferenceEngine(sandbox=True, journal=here.folder / "j.jsonl") as engine:
            engine.infer(model=model, prompt="a tree", idempotency_key="k")
            paid.append(engine.get_total_cost())
    assert paid[0] > paid[1] == 0
