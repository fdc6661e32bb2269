"""What was bought is found again by what it is: under another id, and after going back."""

import contextlib
import hashlib
import itertools

import pytest

from support.servers.sandbox import serve_sandbox

MODELS = {
    "replicate": ("replicate/black-forest-labs/flux-schnell", "aspect_ratio: '1:1'"),
    "fal": ("fal/fal-ai/flux/dev", "image_size: square"),
}
FOLDER = "outputs/job"
REPLACED = "restored from .vidi/replaced"
providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


def job(*entries, provider="fal"):
    """A job of (id, prompt) or (id, prompt, output)."""
    model, size = MODELS[provider]
    lines = [
        f"  - {{id: {key}, model: {model}, params: {{prompt: {prompt}, {size}}}, "
        f"output: {(*output, f'{key}.png')[0]}}}\n"
        for key, prompt, *output in entries
    ]
    return "version: 1\nname: job\nbudget: 1\ninferences:\n" + "".join(lines)


class Project:
    """A folder whose job file changes, in front of one sandbox."""

    def __init__(self, here, served):
        self.here, self.served = here, served
        self.folder = here.folder / FOLDER

    def plan(self, *entries, provider="fal", options=()):
        self.here.write("job.yaml", job(*entries, provider=provider))
        answer = self.here("vidi-run", "job.yaml", "--estimate", "--json", *options)
        assert answer.exit_code == 0, answer.stderr
        lines = answer.json["jobs"][0]["inferences"]
        return [(each["action"], each["reason"], each["estimate_usd"]["high"]) for each in lines]

    def run(self, *entries, provider="fal", options=(), code=0):
        """Run a job; returns how many were bought. Journal, files and manifest agree."""
        self.here.write("job.yaml", job(*entries, provider=provider))
        before = self.served.submits
        answer = self.here("vidi-run", "job.yaml", *options)
        assert answer.exit_code == code, answer.stderr
        assert self.here("vidi", "verify", FOLDER).exit_code == 0
        return self.served.submits - before

    def digests(self):
        rows = self.here.manifest(FOLDER)["inferences"]
        for row in rows:
            for asset in row["assets"]:
                assert digest(self.folder / asset["path"]) == asset["sha256"]
        return {row["id"]: [asset["sha256"] for asset in row["assets"]] for row in rows}

    def paths(self):
        rows = self.here.manifest(FOLDER)["inferences"]
        return {row["id"]: [asset["path"] for asset in row["assets"]] for row in rows}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def project(here):
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        yield Project(here, served)


def forget_keys(here):
    here._monkeypatch.delenv("REPLICATE_API_TOKEN")
    here._monkeypatch.delenv("FAL_KEY")


@providers
def test_a_renamed_id_costs_nothing_needs_no_key_and_is_frozen(project, provider):
    assert project.run(("a", "tree"), provider=provider) == 1
    (before,) = project.digests().values()
    assert project.plan(("b", "tree"), provider=provider) == [("move", "renamed from a", 0)]
    forget_keys(project.here)
    assert project.run(("b", "tree"), provider=provider, options=["--frozen"]) == 0
    assert project.digests() == {"b": before}
    assert project.paths() == {"b": ["b.png"]}
    assert not (project.folder / "a.png").exists()
    assert project.plan(("b", "tree"), provider=provider) == [("unchanged", "made before", 0)]


def test_only_the_id_changes(project):
    assert project.run(("a", "tree", "x.png")) == 1
    assert project.plan(("b", "tree", "x.png")) == [("move", "renamed from a", 0)]
    assert project.run(("b", "tree", "x.png")) == 0
    assert project.paths() == {"b": ["x.png"]}


@pytest.mark.parametrize("options", [(), ("-j", "4")])
@pytest.mark.parametrize("outputs", list(itertools.permutations(["a.png", "b.png", "c.png"])))
def test_ids_that_change_places_in_every_order_of_outputs(project, outputs, options):
    assert project.run(("a", "x"), ("b", "y"), ("c", "z")) == 3
    was = project.digests()
    entries = [("a", "y", outputs[0]), ("b", "z", outputs[1]), ("c", "x", outputs[2])]
    told = [("move", f"renamed from {old}", 0) for old in "bca"]
    assert project.plan(*entries) == told
    assert project.run(*entries, options=options) == 0
    assert project.digests() == {"a": was["b"], "b": was["c"], "c": was["a"]}
    assert project.paths() == {key: [path] for (key, _, path) in entries}
    assert project.run(("c", "z"), ("b", "y"), ("a", "x")) == 0
    assert project.digests() == was


@providers
def test_going_back_costs_nothing_as_often_as_one_likes(project, provider):
    assert project.run(("a", "tree"), provider=provider) == 1
    (tree,) = project.digests().values()
    assert project.run(("a", "bush"), provider=provider) == 1
    (bush,) = project.digests().values()
    assert project.plan(("a", "tree"), provider=provider) == [("restore", REPLACED, 0)]
    for prompt, made in [("tree", tree), ("bush", bush), ("tree", tree)]:
        assert project.run(("a", prompt), provider=provider, options=["--frozen"]) == 0
        assert project.digests() == {"a": made}
    assert project.run(("a", "fern"), provider=provider) == 1


def test_going_back_under_another_id_and_at_another_place(project):
    assert project.run(("a", "tree")) == 1
    was = project.digests()["a"]
    assert project.run(("a", "bush")) == 1
    entries = [("b", "tree", "sub/t.png"), ("a", "fern")]
    assert project.plan(*entries)[0] == ("restore", REPLACED, 0)
    assert project.run(*entries) == 1
    assert project.digests()["b"] == was
    assert project.run(("a", "bush"), ("c", "fern")) == 0


def test_a_place_that_changed_with_the_prompt_is_where_it_is_restored_from(project):
    assert project.run(("a", "tree", "one.png")) == 1
    assert project.run(("a", "bush", "two.png")) == 1
    assert project.plan(("a", "tree", "two.png")) == [("restore", "restored from one.png", 0)]
    assert project.run(("a", "tree", "two.png")) == 0


def test_twins_are_two_purchases_and_stay_so(project):
    assert project.run(("a", "x"), ("b", "x")) == 2
    assert project.run(("c", "x"), ("d", "x")) == 0
    assert project.run(("d", "x", "1.png"), ("c", "x", "2.png")) == 0
    assert project.run(("a", "x"), ("d", "x"), ("c", "x")) == 1
    assert project.run(("a", "y"), ("d", "y"), ("c", "y")) == 3
    assert project.run(("e", "x"), ("f", "x"), ("c", "x")) == 0
    assert project.run(("e", "x")) == 0
    assert project.run(*((key, "x") for key in "efgh")) == 1


def test_an_entry_that_was_removed_and_comes_back_is_found(project):
    assert project.run(("a", "x"), ("b", "y")) == 2
    assert project.run(("b", "y")) == 0
    assert project.run(("new", "z", "a.png"), ("b", "y")) == 1
    assert project.run(("new", "z"), ("b", "y"), ("back", "x", "a.png")) == 0


def test_a_renamed_id_makes_room_for_a_new_entry_of_the_old_name(project):
    assert project.run(("a", "x")) == 1
    entries = [("a", "y"), ("b", "x")]
    assert project.plan(*entries)[1] == ("move", "renamed from a", 0)
    assert project.run(*entries) == 1
    assert project.run(("a", "x"), ("b", "y")) == 0


def test_what_is_asked_to_be_bought_again_takes_from_nobody(project):
    assert project.run(("a", "x"), ("b", "y")) == 2
    assert project.run(("a", "x"), ("c", "y"), options=["--rebuy", "c"]) == 1
    assert project.run(("a", "x"), ("c", "y"), ("d", "y")) == 0


def test_lost_files_of_a_renamed_id_are_fetched_again(project):
    assert project.run(("a", "x")) == 1
    (project.folder / "a.png").unlink()
    assert project.plan(("b", "x"))[0][:2] == ("run", "renamed from a; asset missing: a.png")
    assert project.run(("b", "x")) == 0


def test_what_is_under_way_is_followed_to_its_new_id(project):
    slow = job(("a", "x")).replace("output:", "timeout: 1, output:")
    project.served.sandbox.faults._rules.extend(_stuck())
    project.here.write("job.yaml", slow)
    assert project.here("vidi-run", "job.yaml").exit_code == 5
    (work,) = project.served.sandbox.works.values()
    work.fate, work.deadline_at = None, float("inf")
    project.served.sandbox.billing.charge(work)
    assert project.plan(("b", "x")) == [("fetch", "renamed from a; submitted before: fetch it", 0)]
    assert project.run(("b", "x")) == 0
    row = project.here.manifest(FOLDER)["inferences"][0]
    assert (row["id"], row["status"], row["cost_usd"]["actual"]) == ("b", "succeeded", 0.025)
    costs = project.here("vidi", "costs", "--json").json
    assert (costs["total_usd"], costs["in_doubt_usd"]) == (0.025, 0)


def _stuck():
    with serve_sandbox([{"on": "result", "fault": "stuck"}]) as served:
        return list(served.sandbox.faults._rules)


def test_a_kill_between_the_new_name_and_the_file_is_made_good(project):
    assert project.run(("a", "x")) == 1
    assert project.run(("b", "x")) == 0
    log = project.folder / "log.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    cut = next(number for number, line in enumerate(lines) if '"renamed"' in line) + 1
    log.write_text("".join(lines[:cut]))
    (project.folder / ".vidi/holder.json").unlink()
    with contextlib.suppress(FileNotFoundError):
        (project.folder / "b.png").rename(project.folder / "a.png")
    assert project.run(("b", "x")) == 0
    assert project.paths() == {"b": ["b.png"]}


def test_a_fixed_seed_is_warned_of_when_it_is_bought_again(project):
    seeded = job(("a", "x")).replace("prompt: x", "prompt: x, seed: 7")
    project.here.write("job.yaml", seeded)
    assert project.here("vidi-run", "job.yaml").exit_code == 0
    answer = project.here("vidi-run", "job.yaml", "--rebuy", "a", "--json")
    (warning,) = (each for each in answer.json["warnings"] if each["code"] == "same-seed")
    assert warning["hint"] == "Change `seed`, or leave it out."
    assert warning["message"] == "a has a fixed seed (7), so buying it again may bring the same"
