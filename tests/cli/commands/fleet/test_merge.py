"""`vidi merge`: the folders of several shards as the one that a single run would have left."""

import json
import shutil

import pytest

from support.servers.sandbox import serve_sandbox

JOB = """\
version: 1
name: cards
budget: 0.50
inferences:
  - id: "card-{{ n }}"
    matrix: {n: "{{ range(9) | list }}"}
    model: fal/fal-ai/flux/schnell
    params: {prompt: "WORD {{ n }}"}
    output: "{{ id }}.png"
"""
SHARDS = ("out/1", "out/2", "out/3")
IDS = [f"card-{n}" for n in range(9)]


@pytest.fixture
def shop(here):
    """Three folders of a job's shards, and the provider that made what is in them."""
    here.write("job.yaml", JOB)
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        here.served = served
        for number, folder in enumerate(SHARDS, start=1):
            run(here, "--shard", f"{number}/3", "-o", folder)
        yield here


def run(here, *options, code=0):
    answer = here("vidi-run", "job.yaml", *options)
    assert answer.exit_code == code, answer.stderr
    return answer


def read(folder):
    """Every file with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_it_is_as_if_one_run_had_bought_everything(shop):
    before = {folder: read(shop.folder / folder) for folder in SHARDS}
    answer = shop("vidi", "merge", "outputs/cards", *SHARDS, "--json")
    assert answer.exit_code == 0
    assert answer.json == {
        "schema_version": 1, "command": "merge", "ok": True, "exit_code": 0,
        "output_dir": "outputs/cards", "folders": list(SHARDS), "bought": 9, "copied": 9,
        "missing": [], "paid_usd": 0.027, "manifest": "outputs/cards/manifest.json",
    }  # fmt: skip
    assert answer.stderr == "outputs/cards: 9 inferences bought, of 3 folders, 9 files brought in\n"
    whole = shop.manifest("outputs/cards")
    assert [row["id"] for row in whole["inferences"]] == IDS
    assert {row["status"] for row in whole["inferences"]} == {"succeeded"}
    assert (whole["cost_usd"]["actual"], whole["cost_usd"]["paid"]) == (0.027, 0.027)
    assert whole["totals"]["by_status"] == {"succeeded": 9}
    assert whole["run"]["status"] == "succeeded"
    run(shop, "--frozen")
    assert shop("vidi", "verify", "outputs/cards").exit_code == 0
    assert len(shop.served.sandbox.works) == 9
    own = {".vidi/lock", ".vidi/holder.json"}
    for folder, files in before.items():
        now = read(shop.folder / folder)
        assert {k: v for k, v in now.items() if k not in own} == {
            k: v for k, v in files.items() if k not in own
        }, "the shards' folders stay as they are"


def test_costs_are_counted_once_where_the_shards_shared_a_ledger(shop):
    shop("vidi", "merge", "outputs/cards", *SHARDS)
    run(shop, "--frozen")
    assert shop("vidi", "costs", "--json").json["total_usd"] == 0.027


def test_a_second_time_and_after_more_was_bought_it_brings_in_what_is_new(shop):
    assert shop("vidi", "merge", "all", *SHARDS[:2]).exit_code == 0
    again = shop("vidi", "merge", "all", *SHARDS)
    assert again.exit_code == 0
    first = read(shop.folder / "all")
    assert shop("vidi", "merge", "all", *SHARDS).exit_code == 0
    second = read(shop.folder / "all")
    assert first["log.jsonl"] == second["log.jsonl"]
    assert [row["id"] for row in shop.manifest("all")["inferences"]] == IDS
    run(shop, "-o", "all", "--frozen")


def test_what_made_way_in_a_shard_comes_with_it(shop):
    shop.write("job.yaml", JOB.replace("WORD", "other"))
    run(shop, "--shard", "1/3", "-o", SHARDS[0])
    shop("vidi", "merge", "all", *SHARDS)
    shop.write("job.yaml", JOB)
    run(shop, "-o", "all")
    assert len(shop.served.sandbox.works) == 9 + len(list((shop.folder / SHARDS[0]).glob("*.png")))


def test_an_inference_that_was_bought_in_two_of_them_is_refused_by_name(shop):
    run(shop, "--shard", "1/3", "-o", "out/other")
    answer = shop("vidi", "merge", "all", *SHARDS, "out/other")
    own = sorted(path.stem for path in (shop.folder / "out/1").glob("*.png"))
    assert (answer.exit_code, (shop.folder / "all/log.jsonl").exists()) == (2, False)
    assert answer.stderr == (
        f"'{own[0]}' was bought in out/1 and in out/other, and {len(own) - 1} more\n"
        "  hint: Each was paid for. Leave one of the folders out, or take it away from there.\n"
    )


def spoil_kind(folder):
    lines = (folder / "out/1/log.jsonl").read_text().replace('"sandbox":false', '"sandbox":true')
    (folder / "out/1/log.jsonl").write_text(lines)


def two_files(folder):
    for shard, text in (("1", "mine"), ("2", "yours")):
        (folder / "out" / shard / "notes.txt").write_text(text)


def cut_run(folder):
    shutil.copytree(folder / "out/1", folder / "all")
    lines = (folder / "all/log.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "all/log.jsonl").write_bytes(b"".join(lines[:-1]))
    (folder / "all/.vidi/holder.json").unlink()


WRONG = {
    "no such folder": (lambda folder: shutil.rmtree(folder / "out/2"), "there is no folder out/2"),
    "no journal": (
        lambda folder: [path.unlink() for path in (folder / "out/2").rglob("*") if path.is_file()],
        "out/2 has no log.jsonl of a run",
    ),
    "damaged": (spoil_kind, "does not fit its checksum"),
    "two files": (two_files, "out/1/notes.txt and out/2/notes.txt are two files of one name"),
    "a run cut short": (cut_run, "is in all and in out/1, but not as long"),
    "newer manifest": (
        lambda folder: (folder / "out/2/manifest.json").write_text('{"schema_version": 99}'),
        "a newer vidi has written out/2/manifest.json",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_merged_is_told_and_nothing_is_written(shop, case):
    spoil, message = WRONG[case]
    spoil(shop.folder)
    before = {name: each for name, each in read(shop.folder).items() if name.endswith("log.jsonl")}
    answer = shop("vidi", "merge", "all", *SHARDS)
    assert (answer.exit_code, message in answer.stderr) == (2, True), answer.stderr
    after = {name: each for name, each in read(shop.folder).items() if name.endswith("log.jsonl")}
    assert before == after


def test_real_and_sandbox_are_not_mixed(shop):
    run(shop, "--sandbox", "-o", "out/toy")
    answer = shop("vidi", "merge", "all", *SHARDS, "out/toy")
    assert answer.exit_code == 2
    assert "some of these folders were made by the sandbox, and others are real" in answer.stderr


def test_a_merge_that_was_killed_ends_with_the_same_command(shop):
    """Some files are there, one of them half under its other name, and no journal yet."""
    shutil.copytree(shop.folder / "out/1", shop.folder / "all", ignore=lambda *_: {"log.jsonl"})
    (shop.folder / "all/manifest.json").unlink()
    (shop.folder / "all/.vidi-tmp-0123").write_bytes(b"half")
    (shop.folder / "all/.vidi/holder.json").write_text(json.dumps({"held": True}))
    answer = shop("vidi", "merge", "all", *SHARDS)
    assert answer.exit_code == 0, answer.stderr
    assert not list((shop.folder / "all").rglob(".vidi-tmp-*"))
    run(shop, "-o", "all", "--frozen")


def test_a_missing_asset_and_a_missing_manifest_are_told_and_can_be_mended(shop):
    asset = next((shop.folder / "out/2").glob("*.png"))
    content = asset.read_bytes()
    asset.unlink()
    (shop.folder / "out/3/manifest.json").unlink()
    answer = shop("vidi", "merge", "all", *SHARDS)
    assert answer.exit_code == 0
    assert answer.stderr.splitlines() == [
        f"missing in their folder: {asset.name}; put them back and merge again, else the next run "
        "may buy them again",
        "one of the folders has no manifest.json, as its run was killed: the next run of the job "
        "in all writes it",
        "all: 9 inferences bought, of 3 folders, 8 files brought in",
    ]
    asset.write_bytes(content)
    assert shop("vidi", "merge", "all", *SHARDS).exit_code == 0
    run(shop, "-o", "all", "--frozen")
    assert len(shop.served.sandbox.works) == 9
    assert shop("vidi", "verify", "all").exit_code == 0
    assert len(shop.manifest("all")["inferences"]) == 9


def test_a_folder_that_a_run_holds_is_not_merged(shop):
    from vidi.runs.records.folder import hold_folder

    with hold_folder(shop.folder / "out/2"):
        answer = shop("vidi", "merge", "all", *SHARDS)
    assert answer.exit_code == 7
