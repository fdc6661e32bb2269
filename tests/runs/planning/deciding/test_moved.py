"""An entry whose `output` changed has its files moved: nothing is asked for, nothing is bought."""

import contextlib
import hashlib
import json
import shutil

import pytest

from support.journals import rewrite
from support.servers.sandbox import serve_sandbox

MODELS = {
    "replicate": ("replicate/black-forest-labs/flux-schnell", "num_outputs", "aspect_ratio: '1:1'"),
    "fal": ("fal/fal-ai/flux/dev", "num_images", "image_size: square"),
}
TYPES = {"replicate": "webp", "fal": "jpg"}
TEXT = "replicate/meta/meta-llama-3-8b-instruct"
providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


def job(provider, more="", count=1, **outputs):
    model, counter, size = MODELS[provider]
    entries = "".join(
        f"  - id: {key}\n    model: {model}\n"
        f"    params: {{prompt: {key}, {counter}: {count}, {size}}}\n    output: {output!r}\n{more}"
        for key, output in outputs.items()
    )
    return f"version: 1\nname: job\nbudget: 0.50\ninferences:\n{entries}"


@pytest.fixture
def folder(here):
    return here.folder / "outputs/job"


@pytest.fixture
def bought(here):
    @contextlib.contextmanager
    def bought(text, *faults):
        with serve_sandbox(faults) as served:
            for name, value in served.environment.items():
                here._monkeypatch.setenv(name, value)
            here.write("job.yaml", text)
            assert here("vidi-run", "job.yaml").exit_code == 0
            yield served

    return bought


def plan(here):
    lines = here("vidi-run", "job.yaml", "--estimate", "--json").json["jobs"][0]["inferences"]
    return [(line["action"], line["reason"], line["estimate_usd"]["high"]) for line in lines]


def files(folder):
    own = {"log.jsonl", "manifest.json", "report.html", "lock", "holder.json", "sealed.json"}
    found = (path for path in folder.rglob("*") if path.is_file() and path.name not in own)
    found = (path for path in found if path.parent.name != "thumbs")
    return {path.relative_to(folder).as_posix(): digest(path) for path in found}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rows(here):
    manifest = here.manifest("outputs/job")["inferences"]
    return {row["id"]: [asset["path"] for asset in row["assets"]] for row in manifest}


def hashes(here):
    manifest = here.manifest("outputs/job")["inferences"]
    return {asset["path"]: asset["sha256"] for row in manifest for asset in row["assets"]}


def run_again(here, text, *options):
    """Run a changed job; whatever it did, the journal and the manifest are right about it."""
    here.write("job.yaml", text)
    answer = here("vidi-run", "job.yaml", *options)
    assert here("vidi", "verify", "outputs/job").exit_code == 0
    return answer


@providers
def test_a_file_is_moved_for_nothing_without_a_key_or_a_network(here, bought, folder, provider):
    with bought(job(provider, tree="a.webp")):
        before = files(folder)["a.webp"]
    here._monkeypatch.delenv("REPLICATE_API_TOKEN")
    here._monkeypatch.delenv("FAL_KEY")
    here.write("job.yaml", job(provider, tree="sub/b.webp"))
    assert plan(here) == [("move", "output moved: a.webp", 0)]
    assert run_again(here, job(provider, tree="sub/b.webp"), "--frozen").exit_code == 0
    assert files(folder) == hashes(here) == {"sub/b.webp": before}
    assert here.manifest("outputs/job")["cost_usd"]["actual"] == 0
    assert plan(here) == [("unchanged", "made before", 0)]


def test_the_move_is_on_record_as_an_asset(here, bought, folder):
    with bought(job("fal", tree="a.webp")):
        run_again(here, job("fal", tree="b.webp"))
    events = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    assets = [event for event in events if event["event"] == "asset"]
    told = [(each["path"], each.get("moved_from")) for each in assets]
    assert told == [("a.webp", None), ("b.webp", "a.webp")]


@pytest.mark.parametrize("options", [(), ("-j", "4")])
@providers
def test_two_that_change_places_are_both_right(here, bought, folder, provider, options):
    with bought(job(provider, a="x.webp", b="y.webp")) as served:
        x, y = files(folder)["x.webp"], files(folder)["y.webp"]
        here.write("job.yaml", job(provider, a="y.webp", b="x.webp"))
        assert plan(here) == [
            ("move", "output moved: x.webp", 0),
            ("move", "output moved: y.webp", 0),
        ]
        answer = run_again(here, job(provider, a="y.webp", b="x.webp"), "--frozen", *options)
        assert (answer.exit_code, served.submits) == (0, 2)
    assert files(folder) == hashes(here) == {"x.webp": y, "y.webp": x}
    replaced = [row["assets"][0]["replaced"] for row in here.manifest("outputs/job")["inferences"]]
    assert replaced == [None, None]


@pytest.mark.parametrize("options", [(), ("-j", "4")])
@providers
def test_a_new_entry_takes_the_place_of_one_that_moves(here, bought, folder, provider, options):
    with bought(job(provider, x="x.webp")) as served:
        before = files(folder)["x.webp"]
        answer = run_again(here, job(provider, n="x.webp", x="moved.webp"), *options)
        assert (answer.exit_code, served.submits) == (0, 2)
    assert rows(here) == {"n": ["x.webp"], "x": ["moved.webp"]}
    assert files(folder) == hashes(here)
    assert files(folder)["moved.webp"] == before
    assert here("vidi-run", "job.yaml", "--frozen").exit_code == 0


@providers
def test_one_that_is_left_out_while_its_place_is_taken_is_kept(here, bought, folder, provider):
    with bought(job(provider, x="x.webp")) as served:
        before = files(folder)["x.webp"]
        text = job(provider, n="x.webp", x="moved.webp")
        assert run_again(here, text, "--exclude", "x").exit_code == 0
        assert rows(here) == {"n": ["x.webp"], "x": [".vidi/replaced/x.webp"]}
        assert plan(here)[1] == ("move", "output moved: .vidi/replaced/x.webp", 0)
        assert run_again(here, text).exit_code == 0
        assert served.submits == 2
    assert rows(here) == {"n": ["x.webp"], "x": ["moved.webp"]}
    assert files(folder)["moved.webp"] == before
    assert here.manifest("outputs/job")["inferences"][0]["assets"][0]["replaced"] is None


@pytest.mark.parametrize(
    ("first", "second", "made"),
    [
        ("x.webp", "y.webp", ["y-1.webp", "y-2.webp"]),
        ("x.webp", "{{ index }}/y.webp", ["1/y.webp", "2/y.webp"]),
        ("{{ index }}-x.webp", "x.webp", ["x-1.webp", "x-2.webp"]),
        ("a{{ index }}1.webp", "a2{{ index }}.webp", ["a21.webp", "a22.webp"]),
        ("x.webp", "y", ["y-1.{type}", "y-2.{type}"]),
        ("x", "y.webp", ["y-1.webp", "y-2.webp"]),
    ],
)
@providers
def test_several_are_moved_in_their_order(here, bought, folder, provider, first, second, made):
    with bought(job(provider, count=2, tree=first)) as served:
        before = list(hashes(here).values())
        assert run_again(here, job(provider, count=2, tree=second), "--frozen").exit_code == 0
        assert served.submits == 1
    paths = [path.format(type=TYPES[provider]) for path in made]
    assert rows(here) == {"tree": paths}
    assert files(folder) == dict(zip(paths, before, strict=True))
    assert plan(here) == [("unchanged", "made before", 0)]


def test_a_journal_that_does_not_number_its_assets_is_understood(here, bought, folder):
    with bought(job("replicate", count=4, tree="x.webp")) as served:
        before = list(hashes(here).values())
        log = folder / "log.jsonl"

        def forget_numbers(text):
            events = [json.loads(line) for line in text.splitlines()]
            for event in events:
                event.pop("index", None)
            return "".join(json.dumps(event) + "\n" for event in events)

        rewrite(log, forget_numbers)
        (folder / ".vidi/holder.json").unlink()
        assert run_again(here, job("replicate", count=4, tree="y.webp")).exit_code == 0
        assert served.submits == 1
    assert list(hashes(here).items()) == [
        (f"y-{number}.webp", each) for number, each in enumerate(before, start=1)
    ]


def test_a_text_is_moved(here, bought, folder):
    text = (
        "version: 1\nname: job\nbudget: 1\ninferences:\n"
        f"  - {{id: t, model: {TEXT}, params: {{prompt: hi}}, output: a.txt, "
        "assume_cost: 0.01}\n"
    )
    with bought(text):
        before = files(folder)["a.txt"]
    assert run_again(here, text.replace("a.txt", "b.md"), "--frozen").exit_code == 0
    assert files(folder) == {"b.md": before}


@providers
def test_where_the_old_file_is_lost_it_is_fetched_for_nothing(here, bought, folder, provider):
    with bought(job(provider, tree="a.webp")) as served:
        before = files(folder)["a.webp"]
        (folder / "a.webp").unlink()
        here.write("job.yaml", job(provider, tree="b.webp"))
        assert plan(here)[0][:2] == ("run", "asset missing: a.webp")
        assert run_again(here, job(provider, tree="b.webp")).exit_code == 0
        assert served.submits == 1
    assert files(folder) == hashes(here) == {"b.webp": before}


@providers
def test_where_the_old_file_is_another_now_that_one_stays(here, bought, folder, provider):
    with bought(job(provider, tree="a.webp")) as served:
        before = files(folder)["a.webp"]
        (folder / "a.webp").write_text("mine")
        here.write("job.yaml", job(provider, tree="b.webp"))
        assert plan(here)[0][:2] == ("run", "asset differs: a.webp")
        assert run_again(here, job(provider, tree="b.webp")).exit_code == 0
        assert served.submits == 1
    assert files(folder)["b.webp"] == before
    assert (folder / "a.webp").read_text() == "mine"


@providers
def test_where_it_is_lost_everywhere_it_is_bought_and_that_is_told(here, bought, folder, provider):
    gone = {"on": "download", "fault": "gone", "nth": 2}
    with bought(job(provider, tree="a.webp"), gone) as served:
        (folder / "a.webp").unlink()
        here.write("job.yaml", job(provider, tree="b.webp"))
        assert here("vidi-run", "job.yaml", "--frozen").exit_code == 3
        answer = run_again(here, job(provider, tree="b.webp"))
        assert (answer.exit_code, served.submits) == (0, 2)
        assert "; buying it again\n" in answer.stderr
    assert list(files(folder)) == ["b.webp"]


@providers
def test_of_several_only_what_is_lost_is_fetched(here, bought, folder, provider):
    with bought(job(provider, count=3, tree="x.webp")) as served:
        before = list(hashes(here).values())
        (folder / "x-2.webp").unlink()
        asked = served.requests - served.count("GET", "/models/pricing")
        assert run_again(here, job(provider, count=3, tree="y.webp")).exit_code == 0
        assert served.requests - served.count("GET", "/models/pricing") == asked + 1
    assert hashes(here) == files(folder)
    assert list(hashes(here).values()) == before


@providers
def test_what_was_cut_off_between_file_and_record_is_recorded(here, bought, folder, provider):
    with bought(job(provider, tree="a.webp")):
        (folder / "a.webp").rename(folder / "b.webp")
    here.write("job.yaml", job(provider, tree="b.webp"))
    assert plan(here) == [("move", "output moved: a.webp", 0)]
    assert run_again(here, job(provider, tree="b.webp"), "--frozen").exit_code == 0
    assert list(files(folder)) == ["b.webp"]


def test_a_copy_at_the_new_place_leaves_none_at_the_old(here, bought, folder):
    with bought(job("fal", tree="a.webp")):
        shutil.copy(folder / "a.webp", folder / "b.webp")
    assert run_again(here, job("fal", tree="b.webp")).exit_code == 0
    assert list(files(folder)) == ["b.webp"]


def test_a_file_that_another_entry_has_too_is_left_to_it(here, bought, folder):
    with bought(job("fal", tree="a.webp")) as served:
        same = job("fal", tree="b.webp") + job("fal", bush="a.webp").partition("inferences:\n")[2]
        same = same.replace("prompt: bush", "prompt: tree")
        assert run_again(here, same, "--exclude", "tree").exit_code == 0
        assert run_again(here, same).exit_code == 0
        assert served.submits == 2
    assert files(folder).keys() >= {"a.webp", "b.webp"}
    assert rows(here) == {"tree": ["b.webp"], "bush": ["a.webp"]}


@providers
def test_a_file_that_vidi_did_not_make_is_not_moved_over(here, bought, folder, provider):
    with bought(job(provider, tree="a.webp")):
        (folder / "b.webp").write_text("mine")
    answer = run_again(here, job(provider, tree="b.webp"))
    assert answer.exit_code == 2
    assert "exists already and vidi did not make it" in answer.stderr
    assert (folder / "b.webp").read_text() == "mine"
    assert run_again(here, job(provider, tree="b.webp"), "--overwrite").exit_code == 0
    assert list(files(folder)) == ["b.webp"]


def test_a_name_of_another_type_is_told_after_a_move_too(here, bought):
    with bought(job("replicate", tree="a.webp")):
        run_again(here, job("replicate", tree="b.png"))
        (asset,) = here.manifest("outputs/job")["inferences"][0]["assets"]
        assert asset["warning"] == "b.png holds image/webp: its extension should be .webp"
        run_again(here, job("replicate", tree="c.webp"))
    (asset,) = here.manifest("outputs/job")["inferences"][0]["assets"]
    assert "warning" not in asset
