"""The store, through the command: what one folder bought, every other one has for nothing."""

import hashlib
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from support.servers.object_storage import KEYS, make_bucket
from support.servers.sandbox import serve_sandbox
from vidi.inference.outputs.keeping.folder import FolderStore
from vidi.inference.store.folder import FolderBlobs
from vidi.inference.store.record import StoreRecord
from vidi.inference.store.store import PurchaseStore
from vidi.inference.tracking.journal.events import AssetRecord

MODEL = "fal/fal-ai/flux/dev"
FOLDER = "outputs/job"


def job(*entries, count=1):
    lines = "".join(
        f"  - {{id: {key}, model: {MODEL}, output: {key}.jpg, "
        f"params: {{prompt: {prompt}, num_images: {count}, image_size: square}}}}\n"
        for key, prompt in entries
    )
    return f"version: 1\nname: job\nbudget: 1\ninferences:\n{lines}"


@pytest.fixture(params=["folder", "s3"])
def address(request, here):
    """A store of either kind, set in the environment."""
    if request.param == "folder":
        found = str(here.folder / "store")
    else:
        url = request.getfixturevalue("s3")
        found = f"s3://{make_bucket(url)}/some/prefix"
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": url}.items():
            here._monkeypatch.setenv(name, value)
    here._monkeypatch.setenv("VIDI_STORE", found)
    return found


@pytest.fixture
def folder_store(here):
    here._monkeypatch.setenv("VIDI_STORE", str(here.folder / "store"))
    return here.folder / "store"


class Clones:
    """Clones of one project, each a folder, in front of one sandbox."""

    def __init__(self, here, served):
        self.here, self.served = here, served

    def run(self, clone, text, *options, code=0):
        """Run a job in a clone; returns how many were bought."""
        self.here.write(f"{clone}/job.yaml", text)
        before = self.served.submits
        answer = self.here("vidi-run", f"{clone}/job.yaml", "-C", clone, *options)
        assert answer.exit_code == code, answer.stderr
        self.told = answer.stderr
        if code == 0:
            assert self.here("vidi", "verify", f"{clone}/{FOLDER}").exit_code == 0
        return self.served.submits - before

    def plan(self, clone, text, *options):
        self.here.write(f"{clone}/job.yaml", text)
        arguments = ("--estimate", "--json", "-C", clone, *options)
        answer = self.here("vidi-run", f"{clone}/job.yaml", *arguments).json
        lines = answer["jobs"][0]["inferences"]
        return [(each["action"], each["reason"], each["estimate_usd"]["high"]) for each in lines]

    def digests(self, clone):
        rows = self.here.manifest(f"{clone}/{FOLDER}")["inferences"]
        return {row["id"]: [asset["sha256"] for asset in row["assets"]] for row in rows}

    def list(self, *options):
        return self.here("vidi", "store", "ls", "--json", *options).json["records"]


@pytest.fixture
def clones(here):
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        yield Clones(here, served)


STORED = ("fetch", "from the store", 0)


@pytest.mark.usefixtures("address")
def test_a_fresh_clone_makes_a_finished_job_again_for_nothing_and_with_no_key(clones):
    text = job(("a", "x"), ("b", "y"), count=2)
    assert clones.run("one", text) == 2
    clones.here._monkeypatch.delenv("FAL_KEY")
    assert clones.plan("two", text) == [STORED, STORED]
    assert clones.run("two", text, "--frozen") == 0
    assert clones.digests("two") == clones.digests("one")
    manifest = clones.here.manifest(f"two/{FOLDER}")
    assert manifest["cost_usd"]["actual"] == 0
    assert manifest["cost_usd"]["paid"] == 0.1
    assert clones.plan("two", text) == [("unchanged", "made before", 0)] * 2
    assert {record["paid_usd"] for record in clones.list()} == {0.05}
    assert clones.here("vidi", "store", "verify").exit_code == 0


@pytest.mark.usefixtures("address")
def test_what_is_lost_here_comes_from_the_store_before_anybody_is_asked(clones):
    assert clones.run("one", job(("a", "x"))) == 1
    (clones.here.folder / "one" / FOLDER / "a.jpg").unlink()
    clones.here._monkeypatch.delenv("FAL_KEY")
    assert clones.plan("one", job(("a", "x"))) == [STORED]
    assert clones.run("one", job(("a", "x")), "--frozen") == 0


def test_the_project_may_name_it(clones):
    clones.here.write("one/vidi.toml", 'store = "../shared"\n')
    clones.here.write("two/pyproject.toml", '[tool.vidi]\nstore = "../shared"\n')
    assert clones.run("one", job(("a", "x"))) == 1
    assert clones.run("two", job(("a", "x"))) == 0


@pytest.mark.usefixtures("folder_store")
def test_twins_are_numbered_in_the_store_too(clones):
    twins = job(("a", "x"), ("b", "x"))
    assert clones.run("one", twins) == 2
    assert [record["number"] for record in clones.list()] == [1, 2]
    assert clones.run("two", job(("only", "x"))) == 0
    assert clones.run("two", job(("first", "x"), ("only", "x"), ("third", "x"))) == 1
    assert clones.run("three", job(*((key, "x") for key in "abc"))) == 0


def test_what_was_made_before_the_store_was_set_is_put_there(clones, here):
    assert clones.run("one", job(("a", "x"))) == 1
    here._monkeypatch.setenv("VIDI_STORE", str(here.folder / "store"))
    assert clones.run("one", job(("a", "x"))) == 0
    assert clones.run("two", job(("a", "x"))) == 0


@pytest.mark.usefixtures("folder_store")
def test_sandbox_and_real_purchases_never_meet(clones):
    assert clones.run("one", job(("a", "x")), "--sandbox", "-o", FOLDER) == 0
    assert (len(clones.list("--sandbox")), clones.list()) == (1, [])
    assert clones.plan("two", job(("a", "x")), "--sandbox") == [STORED]
    assert clones.run("two", job(("a", "x"))) == 1
    assert (len(clones.list("--sandbox")), len(clones.list())) == (1, 1)


@pytest.mark.usefixtures("folder_store")
def test_what_was_bought_again_takes_the_place_of_what_it_was(clones):
    assert clones.run("one", job(("a", "x"))) == 1
    (before,) = clones.list()
    assert clones.run("one", job(("a", "x")), "--rebuy", "a") == 1
    (after,) = clones.list()
    assert (after["number"], after["request_id"] == before["request_id"]) == (1, False)


def test_an_edited_file_is_not_put_there(clones, here):
    assert clones.run("one", job(("a", "x"))) == 1
    path = here.folder / "one" / FOLDER / "a.jpg"
    path.write_bytes(path.read_bytes() + b"\n")
    here._monkeypatch.setenv("VIDI_STORE", str(here.folder / "store"))
    here("vidi-run", "one/job.yaml", "-C", "one")
    assert clones.list() == []


def spoil(store, where):
    (path,) = (each for each in (store / where).rglob("*") if each.is_file())
    path.write_bytes(b"spoilt")
    return path


@pytest.mark.parametrize("where", ["assets", "records"])
def test_what_is_damaged_is_told_and_never_taken(clones, folder_store, where):
    assert clones.run("one", job(("a", "x"))) == 1
    spoil(folder_store, where)
    assert clones.run("two", job(("a", "x")), code=1) == 0
    (row,) = clones.here.manifest(f"two/{FOLDER}")["inferences"]
    assert row["error"]["hint"].startswith("`vidi store verify --remove`")
    assert not list((clones.here.folder / "two" / FOLDER).glob("*.jpg"))
    answer = clones.here("vidi", "store", "verify", "--json")
    assert (answer.exit_code, len(answer.json["damaged"])) == (1, 1)
    assert clones.here("vidi", "store", "verify", "--remove").exit_code == 0
    assert clones.run("two", job(("a", "x"))) == 1
    assert clones.run("three", job(("a", "x"))) == 0


def test_a_store_that_cannot_be_written_costs_nothing_but_a_warning(clones, folder_store):
    folder_store.write_text("in the way")
    assert clones.run("one", job(("a", "x"))) == 1
    assert "a: it is here, but not in the store:" in clones.told
    folder_store.unlink()
    assert clones.run("one", job(("a", "x"))) == 0
    assert len(clones.list()) == 1


@pytest.mark.usefixtures("folder_store")
def test_a_kill_between_the_file_and_its_record_is_made_good(clones, here):
    assert clones.run("one", job(("a", "x"))) == 1
    assert clones.run("two", job(("a", "x"))) == 0
    folder = here.folder / "two" / FOLDER
    lines = (folder / "log.jsonl").read_text().splitlines(keepends=True)
    cut = next(number for number, line in enumerate(lines) if '"taken"' in line)
    (folder / "log.jsonl").write_text("".join(lines[:cut]))
    (folder / ".vidi/holder.json").unlink()
    assert clones.plan("two", job(("a", "x"))) == [STORED]
    assert clones.run("two", job(("a", "x"))) == 0


@pytest.mark.usefixtures("folder_store")
def test_what_it_takes_the_place_of_is_kept_and_found_again(clones):
    assert clones.run("one", job(("a", "x"))) == 1
    assert clones.run("two", job(("a", "y"))) == 1
    was = clones.digests("two")
    assert clones.run("two", job(("a", "x"))) == 0
    assert clones.digests("two") == clones.digests("one")
    assert clones.plan("two", job(("a", "y")))[0][0] == "restore"
    assert clones.run("two", job(("a", "y"))) == 0
    assert clones.digests("two") == was


@pytest.mark.usefixtures("folder_store")
def test_a_file_that_vidi_did_not_make_is_not_written_over(clones, here):
    assert clones.run("one", job(("a", "x"))) == 1
    mine = here.write(f"two/{FOLDER}/a.jpg", "mine")
    assert clones.run("two", job(("a", "x")), code=2) == 0
    assert mine.read_text() == "mine"


def test_prune_takes_away_what_no_record_names(clones, folder_store):
    assert clones.run("one", job(("a", "x"))) == 1
    stray = folder_store / "assets/00" / ("0" * 64)
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"stray")
    assert clones.here("vidi", "store", "prune").exit_code == 0
    assert stray.exists()  # somebody may be about to name it
    os.utime(stray, (0, 0))
    answer = clones.here("vidi", "store", "prune", "--dry-run", "--json").json
    assert (answer["assets"], answer["bytes"], stray.exists()) == (1, 5, True)
    assert clones.here("vidi", "store", "prune").exit_code == 0
    assert (stray.exists(), len(clones.list())) == (False, 1)
    assert clones.here("vidi", "store", "prune", "--older-than", "0").exit_code == 0
    assert clones.list() == []


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("ftp://host/x", "of a kind that vidi does not know"),
        ("s3://", "cannot be opened"),
    ],
)
def test_an_address_that_is_none_is_a_mistake(clones, setting, message):
    clones.here._monkeypatch.setenv("VIDI_STORE", setting)
    assert clones.run("one", job(("a", "x")), code=2) == 0
    assert message in clones.told


def test_without_the_extra_it_says_what_to_install(clones, here):
    here._monkeypatch.setenv("VIDI_STORE", "s3://bucket/x")
    here._monkeypatch.setitem(sys.modules, "obstore", None)
    assert clones.run("one", job(("a", "x")), code=2) == 0
    assert "pip install 'vidi-run[objects]'" in clones.told


def test_a_bucket_that_is_not_there_is_told_before_anything_is_bought(clones, here, s3):
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": s3}.items():
        here._monkeypatch.setenv(name, value)
    here._monkeypatch.setenv("VIDI_STORE", "s3://nowhere/x")
    assert clones.run("one", job(("a", "x")), code=2) == 0
    assert "the store s3://nowhere/x cannot be read" in clones.told


def test_a_store_that_is_away_keeps_nobody_from_what_is_here(clones, here, s3):
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": s3}.items():
        here._monkeypatch.setenv(name, value)
    assert clones.run("one", job(("a", "x"))) == 1
    here._monkeypatch.setenv("VIDI_STORE", "s3://nowhere/x")
    assert clones.run("one", job(("a", "x"))) == 0
    assert "a: it is here, but not in the store:" in clones.told


def test_no_store_is_said(here):
    answer = here("vidi", "store", "ls")
    assert (answer.exit_code, "no store is set" in answer.stderr) == (2, True)


def test_many_writers_of_the_same_leave_one_whole_record(tmp_path):
    """Sixteen at once, each with a purchase of its own: the first is remembered, and is whole."""

    def keep(number):
        content = f"picture {number}".encode()
        folder = tmp_path / f"clone-{number}"
        folder.mkdir()
        (folder / "a.txt").write_bytes(content)
        asset = AssetRecord(
            "a.txt", hashlib.sha256(content).hexdigest(), len(content), "text/plain"
        )
        record = StoreRecord(
            "f" * 64, 1, "fal/x", {}, {}, f"q{number}", Decimal("0.1"), "metered", None, (asset,)
        )
        store = PurchaseStore(FolderBlobs(tmp_path / "store"), sandbox=False)
        return record if store.keep(record, FolderStore(folder), replace=False) else None

    with ThreadPoolExecutor(16) as pool:
        kept = [record for record in pool.map(keep, range(16)) if record is not None]
    assert len(kept) == 1
    store = PurchaseStore(FolderBlobs(tmp_path / "store"), sandbox=False)
    assert store.list_numbers() == {"f" * 64: {1}}
    record = store.read("f" * 64, 1)
    assert record.request_id == kept[0].request_id
    (asset,) = record.assets
    assert hashlib.sha256(b"".join(store.read_asset(asset.sha256))).hexdigest() == asset.sha256
    shutil.rmtree(tmp_path / "store")
