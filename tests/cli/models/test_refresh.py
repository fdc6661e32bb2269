"""`vidi models refresh` against a sandbox that serves other models than there are templates of."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from support.commands import installed
from support.models.commands import TODAY, models
from support.models.templates import PARAMS, template
from support.servers.answering import answering
from support.servers.sandbox import serve_sandbox
from vidi.errors import UsageError
from vidi.inference.models.about import RegistryVersion
from vidi.inference.models.ids import file_name
from vidi.inference.models.loading import load_template
from vidi.inference.models.shipping.pack import build_pack

BILLING = {"unit": "images", "unit_usd": 0.1, "as_of": "2026-05-01", "source": "x"}
ITEM = {"type": "object", "properties": {"scale": {"type": "number", "maximum": 2}}}


class OnlyThese:
    """A registry of the templates of one folder, and of no shipped ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get_template(self, model_id):
        for model in self.list_models():
            if model.id == model_id:
                return model
        raise UsageError("none")

    def list_models(self, provider=None):
        paths = sorted(self.folder.glob(f"{provider or '*'}/*.json"))
        return [load_template(path) for path in paths]


def fal(name, **changes):
    return template(
        f"fal/acme/{name}", billing=BILLING, title=f"Acme {name}",
        page=f"https://fal.ai/models/acme/{name}", **changes,
    )  # fmt: skip


def replicate(name, **changes):
    changes = {"call": {"official": True}, "output": "output[]", **changes}
    return template(
        f"replicate/acme/{name}", title=f"{name.title()} (acme)",
        page=f"https://replicate.com/acme/{name}", **changes,
    )  # fmt: skip


def params(**properties):
    return {**PARAMS, "properties": {**PARAMS["properties"], **properties}}


LORAS = params(loras={"type": "array", "items": ITEM})
SIZED = params(steps={"type": "integer", "maximum": 10})
OURS = [
    fal("same"), fal("ranges", params=SIZED), fal("nested", params=LORAS), fal("priced"),
    fal("gone"), fal("deprecated"), fal("old-name", params=params(strength={"type": "number"})),
    fal("past", retired="long ago"),
    replicate("same"), replicate("moved", call={"version": "1" * 64}), replicate("lost"),
]  # fmt: skip
ITEM_NOW = {"type": "object", "properties": {"scale": {"type": "number", "maximum": 4}}}
THEIRS = [
    fal("same"), fal("ranges", params=params(steps={"type": "integer", "maximum": 50})),
    fal("nested", params=params(loras={"type": "array", "items": ITEM_NOW})),
    {**fal("priced"), "billing": {**BILLING, "unit_usd": 0.12}},
    {**fal("deprecated"), "retired": "old"},
    {**fal("old-name", params=params(strength={"type": "number"})),
     "id": "fal/acme/new-name", "page": "https://fal.ai/models/acme/new-name"},
    fal("brand-new"),
    replicate("same"), replicate("moved", call={"version": "2" * 64}), replicate("fresh"),
]  # fmt: skip


def lay(folder, templates):
    for each in templates:
        path = folder / file_name(each["id"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(each, indent=1), encoding="utf-8")


@pytest.fixture
def world(here, monkeypatch):
    """Our templates in `out`, theirs behind a sandbox, and no shipped ones."""
    lay(here.folder / "out", OURS)
    lay(here.folder / "theirs", THEIRS)
    empty = build_pack({}, RegistryVersion(10**6, TODAY))
    (here.folder / "empty.pack").write_bytes(empty)
    monkeypatch.setenv("VIDI_REGISTRY", str(here.folder / "empty.pack"))
    with serve_sandbox() as served:
        served.sandbox.registry = OnlyThese(here.folder / "theirs")
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        here.served = served
        yield here


def files_in(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read(here, name, folder="out"):
    return json.loads((here.folder / folder / name).read_text(encoding="utf-8"))


def refresh(here, *options):
    return models(here, "refresh", "--out", "out", *options)


def test_a_changed_provider_is_one_summary_and_the_templates_that_it_means(world):
    before = files_in(world.folder / "out")
    answer = refresh(world, "--json")
    assert answer.exit_code == 0, answer.stderr
    told = {each["id"]: each for each in answer.json["models"]}
    assert {name: each["kind"] for name, each in told.items()} == {
        "fal/acme/brand-new": "new", "replicate/acme/fresh": "new",
        "fal/acme/ranges": "changed", "fal/acme/nested": "changed", "fal/acme/priced": "changed",
        "replicate/acme/moved": "changed", "fal/acme/old-name": "renamed",
        "fal/acme/gone": "retired", "fal/acme/deprecated": "retired",
        "replicate/acme/lost": "retired",
    }  # fmt: skip
    after = files_in(world.folder / "out")
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed == {
        "listing.json", "fal/acme-brand-new.json", "fal/acme-ranges.json", "fal/acme-nested.json",
        "fal/acme-priced.json", "fal/acme-old-name.json", "fal/acme-new-name.json",
        "fal/acme-gone.json", "fal/acme-deprecated.json",
        "replicate/acme_fresh.json", "replicate/acme_moved.json", "replicate/acme_lost.json",
    } == set(answer.json["files"])  # fmt: skip
    assert "fal/acme-old-name.json" not in after
    assert read(world, "fal/acme-ranges.json")["params"]["properties"]["steps"]["maximum"] == 50
    loras = read(world, "fal/acme-nested.json")["params"]["properties"]["loras"]
    assert loras["items"]["properties"]["scale"]["maximum"] == 4
    assert read(world, "fal/acme-gone.json")["retired"] == f"fal.ai has no such model since {TODAY}"
    assert read(world, "fal/acme-deprecated.json")["retired"] == "fal lists it as deprecated"
    assert read(world, "replicate/acme_moved.json")["call"] == {"version": "2" * 64}
    renamed = read(world, "fal/acme-new-name.json")
    assert (renamed["aliases"], renamed["pricing"]) == (["fal/acme/old-name"], OURS[0]["pricing"])
    new = read(world, "fal/acme-brand-new.json")
    assert "unpriced" in new["pricing"]["rows"][0]
    assert new["billing"]["unit_usd"] == 0.1
    assert models(world, "check", "--templates", "out").exit_code == 0


def test_no_price_row_is_written_and_one_is_proposed(world):
    answer = refresh(world, "--json").json
    priced = read(world, "fal/acme-priced.json")
    (row,) = priced["pricing"]["rows"]
    assert (row, priced["billing"]["unit_usd"]) == (OURS[3]["pricing"]["rows"][0], 0.12)
    told = next(each for each in answer["models"] if each["id"] == "fal/acme/priced")
    proposal = told["proposal"]
    assert proposal["old_row"] == row
    assert proposal["row"]["lines"][0]["rates"] == [{"usd_per_image": 0.12}]
    assert proposal["command"] == (
        "vidi models price fal/acme/priced --per image 0.12 --source "
        "https://fal.ai/models/acme/priced"
    )
    summary = answer["summary"]
    assert summary.startswith(f"# Registry refresh of {TODAY}\n\n2 new models, unpriced, 1 renamed")
    for line in (
        "- `fal/acme/old-name`: fal/acme/new-name since ",
        "  - steps: maximum 50 now, was 10",
        "  - loras[].scale: maximum 4 now, was 2",
        "  - base price: 0.12 USD per images now, was 0.1 USD per images; the price rows are kept",
        "  - called by version 222222222222 now, was called by version 111111111111",
        f"- `{proposal['command']}`",
    ):
        assert line in summary, summary


def test_a_second_refresh_finds_nothing_and_reads_no_schema_again(world):
    refresh(world)
    before = files_in(world.folder / "out")
    asked = world.served.count("GET", "openapi.json")
    answer = refresh(world)
    assert (answer.exit_code, answer.stderr) == (0, "0 files written\n")
    assert answer.stdout == f"# Registry refresh of {TODAY}\n\nNothing has changed.\n"
    assert files_in(world.folder / "out") == before
    assert world.served.count("GET", "openapi.json") == asked


def test_what_people_wrote_and_the_jobs_of_the_old_name_go_on(world):
    refresh(world)
    world.write(
        "job.yaml",
        "version: 1\nbudget: 1\ninferences:\n"
        "  - {id: a, model: fal/acme/old-name, params: {prompt: x}, output: a.png}\n",
    )
    answer = world("vidi-run", "job.yaml", "--sandbox", "--templates", "out")
    assert answer.exit_code == 0, answer.stderr
    assert "fal/acme/old-name is called fal/acme/new-name now" in answer.stderr
    text = (world.folder / "job.yaml").read_text().replace("old-name", "new-name")
    world.write("job.yaml", text)
    again = world("vidi-run", "job.yaml", "--sandbox", "--templates", "out")
    assert world.manifest("outputs/sandbox/job")["inferences"][0]["status"] in {
        "succeeded", "unchanged",
    }  # fmt: skip
    assert "nothing to do" in again.stderr or "unchanged" in again.stderr


def test_a_whole_registry_gets_its_next_version(world):
    world.write("out/registry.json", '{"version": 7, "date": "2026-01-01"}')
    refresh(world)
    assert read(world, "registry.json") == {"version": 8, "date": TODAY}
    refresh(world)
    assert read(world, "registry.json")["version"] == 8


def test_new_models_may_be_named_alone(world):
    answer = refresh(world, "--no-new", "--provider", "fal", "--json").json
    new = [each for each in answer["models"] if each["kind"] == "new"]
    assert [(each["id"], each["files"]) for each in new] == [("fal/acme/brand-new", [])]
    assert not (world.folder / "out/fal/acme-brand-new.json").exists()
    assert not any(each["id"].startswith("replicate/") for each in answer["models"])


def test_the_price_in_fals_own_words(world, monkeypatch):
    url = world.served.environment["VIDI_FAL_PLATFORM_URL"]
    said = {"text": "Each image costs $0.10."}

    def list_models(_):
        entries = [
            {"endpoint_id": each["id"].removeprefix("fal/"),
             "metadata": {"display_name": each["title"], "updated_at": "2026-01-01",
                          "pricing_info": said["text"]}}
            for each in THEIRS if each["id"].startswith("fal/")
        ]  # fmt: skip
        return {"models": entries, "next_cursor": None, "has_more": False}

    with answering({"/v1/models": list_models}, url) as front:
        monkeypatch.setenv("VIDI_FAL_PLATFORM_URL", front)
        refresh(world, "--provider", "fal")
        said["text"] = "Each image costs $0.20."
        answer = refresh(world, "--provider", "fal", "--json").json
    told = {each["id"]: each["proposal"]["sentence"] for each in answer["models"]}
    assert told["fal/acme/same"] == "Each image costs $0.20."
    assert answer["files"] == ["listing.json"]
    assert "- fal says: Each image costs $0.20." in answer["summary"]


@pytest.mark.parametrize("pages", [1, 3])
def test_every_page_of_the_list_is_read(world, monkeypatch, pages):
    url = world.served.environment["VIDI_FAL_PLATFORM_URL"]
    names = [each["id"].removeprefix("fal/") for each in THEIRS if each["id"].startswith("fal/")]

    def list_models(path):
        at = int(path.rpartition("cursor=")[2]) if "cursor=" in path else 0
        more = at + 1 < pages
        part = names[at::pages]
        entries = [{"endpoint_id": name, "metadata": {"display_name": "x"}} for name in part]
        return {"models": entries, "next_cursor": str(at + 1) if more else None, "has_more": more}

    with answering({"/v1/models": list_models}, url) as front:
        monkeypatch.setenv("VIDI_FAL_PLATFORM_URL", front)
        answer = refresh(world, "--provider", "fal", "--json").json
    kinds = {each["id"]: each["kind"] for each in answer["models"]}
    assert kinds["fal/acme/gone"] == "retired"
    assert "fal/acme/same" not in kinds


def test_what_cannot_be_read_is_named_and_left_alone(world, monkeypatch):
    before = files_in(world.folder / "out")
    monkeypatch.setenv("VIDI_FAL_SITE_URL", "http://127.0.0.1:9")
    answer = refresh(world, "--provider", "fal", "--json")
    assert answer.exit_code == 1
    assert "fal/acme/same" in answer.json["unread"]
    changed = {name: text for name, text in files_in(world.folder / "out").items()
               if before.get(name) != text}  # fmt: skip
    assert set(changed) <= {"listing.json"}


def test_a_second_refresh_of_one_folder_waits_for_nobody(world):
    from filelock import FileLock

    (world.folder / "out/.refresh").mkdir()
    with FileLock(world.folder / "out/.refresh/lock"):
        assert refresh(world).exit_code == 7


@pytest.mark.parametrize("kills", [1, 3])
def test_killed_in_the_middle_and_begun_again(world, monkeypatch, kills):
    shutil.copytree(world.folder / "out", world.folder / "whole")
    whole = models(world, "refresh", "--out", "whole", "--json")
    program = [installed("vidi"), "models", "refresh", "--out", "out"]
    slow = {"/api/openapi/queue/openapi.json": lambda _: time.sleep(0.5)}
    with answering(slow, world.served.environment["VIDI_FAL_SITE_URL"]) as front:
        monkeypatch.setenv("VIDI_FAL_SITE_URL", front)
        for at in range(kills):
            process = subprocess.Popen(program, cwd=world.folder, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)  # fmt: skip
            _wait_for_answers(world.folder / "out/.refresh/answers.jsonl", 2 + at)
            process.kill()
            process.wait(10)
        assert not (world.folder / "out/listing.json").exists()
        answer = refresh(world, "--json")
    assert answer.json == whole.json
    assert files_in(world.folder / "out") == files_in(world.folder / "whole")


def _wait_for_answers(path, count):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if path.is_file() and path.read_text(encoding="utf-8").count("\n") > count:
            return
        time.sleep(0.002)
    raise AssertionError("the refresh does not come on")


def test_killed_while_it_writes_it_writes_the_same_and_tells_the_same(world):
    shutil.copytree(world.folder / "out", world.folder / "whole")
    whole = models(world, "refresh", "--out", "whole", "--json").json
    blocked = world.folder / "out/replicate/acme_moved.json"
    text = blocked.read_text(encoding="utf-8")
    blocked.unlink()
    blocked.mkdir()  # the third file that is written cannot be
    (blocked / "x").touch()
    assert refresh(world).exit_code != 0
    shutil.rmtree(blocked)
    blocked.write_text(text, encoding="utf-8")
    assert refresh(world, "--json").json == whole
    assert files_in(world.folder / "out") == files_in(world.folder / "whole")


def test_the_shipped_templates_are_as_the_sandbox_says(here):
    answer = models(here, "refresh", "--sandbox", "--json", "--provider", "replicate")
    assert answer.exit_code == 0, answer.stderr
    # Of fal the same is said by `check --live`, which reads as many schemas.
    assert (answer.json["models"], answer.json["files"]) == ([], [])
    assert list((here.folder / "templates").iterdir()) == []
