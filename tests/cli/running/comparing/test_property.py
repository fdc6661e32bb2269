"""Of any two states of job files: what is told adds up, and what is called bought is bought.

An ordinary run tries a few; with VIDI_ALL_DIFFS=1, hundreds.
"""

import itertools
import json
import os
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ALL = bool(os.environ.get("VIDI_ALL_DIFFS"))
ENDS = ("low", "expected", "high")
FLUX = "replicate/black-forest-labs/flux-schnell"
MODELS = {
    FLUX: {"num_outputs": st.integers(1, 4)},
    "fal/fal-ai/flux/dev": {"num_images": st.integers(1, 3)},
    "replicate/openai/gpt-5.2": {},
    "fal/fal-ai/flux/schnell": {"image_size": st.sampled_from(["square_hd", "portrait_16_9"])},
}
_NUMBERS = itertools.count()


@st.composite
def entries(draw, models):
    """One entry; some have a figure of their own, some no price at all."""
    model = draw(st.sampled_from(models))
    params = {"prompt": draw(st.sampled_from(["x", "y", "árbol 木"]))}
    for name, values in MODELS[model].items():
        if draw(st.booleans()):
            params[name] = draw(values)
    more = {"tags": [draw(st.sampled_from(["one", "two"]))]} if draw(st.booleans()) else {}
    if model.endswith("gpt-5.2") and draw(st.booleans()):
        more["assume_cost"] = draw(st.sampled_from([0.1, 0.0000015, 1.23456789]))
    return {"model": model, "params": params, **more}


def jobs(models=tuple(MODELS)):
    ids = st.lists(st.sampled_from("abcde"), min_size=1, max_size=4, unique=True)
    return ids.flatmap(lambda names: st.fixed_dictionaries(dict.fromkeys(names, entries(models))))


def folders():
    return st.dictionaries(st.sampled_from(["one.yaml", "two.yaml"]), jobs(), min_size=1)


def write(here, path, job, name):
    rows = [
        {"id": key, **entry, "output": f"{key}-{{{{ index }}}}.png"} for key, entry in job.items()
    ]
    text = {"version": 1, "name": name, "budget": None, "portable_names": False}
    here.write(path, json.dumps({**text, "inferences": rows}))


def exact(answer):
    return json.loads(answer.stdout, parse_float=Decimal, parse_int=Decimal)


def add(amounts):
    """The sum of some triples; what is unknown of one is unknown of all."""
    total = dict.fromkeys(ENDS, Decimal(0))
    for each in amounts:
        for end in ENDS:
            known = total[end] is not None and each[end] is not None
            total[end] = total[end] + each[end] if known else None
    return total


def check_sums(told):
    difference = told["difference_usd"]
    assert add([told["before_usd"], difference]) == {
        end: None if difference[end] is None else told["after_usd"][end] for end in ENDS
    }


@settings(
    max_examples=400 if ALL else 6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(before=folders(), after=folders())
def test_whatever_differs_adds_up(here, before, after):
    root = f"p{next(_NUMBERS)}"
    for side, files in (("before", before), ("after", after)):
        for name, job in files.items():
            write(here, f"{root}/{side}/{name}", job, name)
    told = exact(here("vidi", "diff", f"{root}/before", f"{root}/after", "-C", root, "--json"))
    for part in (told, *told["jobs"], *told["by_model"].values()):
        check_sums(part)
    for name in ("before_usd", "after_usd"):
        for parts in (told["jobs"], told["by_model"].values(), told["changes"]):
            assert add(each[name] for each in parts) == told[name]
        for job in told["jobs"]:
            assert add(each[name] for each in job["changes"]) == job[name]
    for side, name in (("before", "before_usd"), ("after", "after_usd")):
        asked = here("vidi-run", f"{root}/{side}", "-C", root, "--estimate", "--json")
        assert exact(asked)["estimate_usd"] == told[name]
    check_entries(told, before, after)
    back = exact(here("vidi", "diff", f"{root}/after", f"{root}/before", "-C", root, "--json"))
    assert (back["before_usd"], back["after_usd"]) == (told["after_usd"], told["before_usd"])


def check_entries(told, before, after):
    """Each entry of both sides is told of once, and is unchanged only where it is the same."""
    for job in told["jobs"]:
        name = job["job_file"].rpartition("/")[2]
        was, now = before.get(name, {}), after.get(name, {})
        kinds = {each["id"]: each["change"] for each in job["changes"]}
        renamed = {each["was"] for each in job["changes"] if each["change"] == "renamed"}
        assert kinds.keys() == (was.keys() | now.keys()) - renamed
        assert len(kinds) == len(job["changes"])
        assert {key for key, kind in kinds.items() if kind == "removed"} | renamed == (
            was.keys() - now.keys()
        )
        for key in was.keys() & now.keys():
            same = was[key] == now[key]
            assert (kinds[key] == "unchanged") == same, key


@settings(
    max_examples=60 if ALL else 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(before=jobs((FLUX,)), after=jobs((FLUX,)))
def test_what_is_called_bought_is_what_a_run_buys(here, before, after):
    root = f"p{next(_NUMBERS)}"
    write(here, f"{root}/before.yaml", before, "job")
    write(here, f"{root}/after.yaml", after, "job")
    options = ("-C", root, "--sandbox")
    run = ("--no-report", "--no-progress", "-q", "-y")
    assert here("vidi-run", f"{root}/before.yaml", *options, *run).exit_code == 0
    sides = (f"{root}/before.yaml", f"{root}/after.yaml")
    told = exact(here("vidi", "diff", *sides, *options, "--json"))
    called = {each["id"] for each in told["changes"] if each["action"] == "run"}
    ran = here("vidi-run", f"{root}/after.yaml", *options, *run, "--json")
    assert ran.exit_code == 0, ran.stderr
    log = here.folder / root / "outputs/sandbox/job/log.jsonl"
    events = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    last = next(each["run"] for each in reversed(events) if each["event"] == "run_started")
    bought = {each["id"] for each in events if each["event"] == "intent" and each["run"] == last}
    assert bought == called
    assert exact(ran)["spent_usd"] == told["estimate_usd"]["high"]
