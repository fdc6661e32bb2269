"""The output folder is deleted, moved away or replaced while a run goes on."""

import shutil
from pathlib import Path

import pytest

from support.commands import run_installed
from support.servers.intervening import serve_world

FOLDER = Path("outputs/job")
ELSEWHERE = Path("outputs/elsewhere")
MOMENTS = ["submit", "look", "download"]
"""Between intent and submitted, while it is waited for, while its asset comes."""
DELETED = (
    "outputs/job/log.jsonl was deleted during the run, and has been put back; tree was bought as "
    "{request}\n"
    "  hint: Run the same command again: it fetches what was bought, for nothing.\n"
)
MOVED = (
    "outputs/job/log.jsonl was moved away or replaced during the run; tree was bought as "
    "{request}\n"
    "  hint: Move the folder back and run the same command again: it fetches what was bought, for "
    "nothing. Without that log.jsonl it would be bought again.\n"
)


@pytest.fixture
def world(here):
    with serve_world(here, latency=0.1) as served:
        yield served


def delete():
    shutil.rmtree(FOLDER)


def move_away():
    FOLDER.rename(ELSEWHERE)


def replace_by_an_empty_one():
    move_away()
    FOLDER.mkdir()


def replace_by_a_copy():
    move_away()
    shutil.copytree(ELSEWHERE, FOLDER)


def delete_and_make_anew():
    delete()
    FOLDER.mkdir()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("happen", [delete, delete_and_make_anew])
def test_a_folder_that_is_deleted_gets_its_journal_back_and_nothing_more_is_bought(
    world, moment, happen
):
    world.at(moment, happen)
    answer = world.run("-q")
    assert (answer.exit_code, world.served.submits) == (1, 1)
    assert answer.stderr == DELETED.format(request=world.request_of("a tree"))
    world.check_that_all_is_well()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("happen", [move_away, replace_by_an_empty_one, replace_by_a_copy])
def test_a_folder_that_is_moved_away_takes_its_journal_with_it(world, moment, happen):
    world.at(moment, happen)
    answer = world.run("-q")
    assert (answer.exit_code, world.served.submits) == (1, 1)
    assert answer.stderr == MOVED.format(request=world.request_of("a tree"))
    shutil.rmtree(FOLDER, ignore_errors=True)
    ELSEWHERE.rename(FOLDER)
    world.check_that_all_is_well()


def test_what_was_settled_before_is_not_named_again(world):
    assert world.run("--select", "tree").exit_code == 0
    world.at("look", delete)
    answer = world.run("-q")
    assert "; card was bought as " in answer.stderr
    assert "tree" not in answer.stderr


def test_every_one_that_is_under_way_is_named(world):
    world.at("download", delete)
    answer = world.run("-q", "-j", "2")
    names = [f"{key} was bought as {world.request_of(f'a {key}')}" for key in ("tree", "card")]
    assert answer.exit_code == 1
    assert answer.stderr.splitlines()[0].split("; ")[1:] == names
    world.check_that_all_is_well()


def test_a_journal_that_cannot_be_put_back_is_said_with_what_was_bought(world):
    def delete_for_good():
        delete()
        FOLDER.write_text("in the way")

    world.at("submit", delete_for_good)
    answer = world.run("-q")
    request = world.request_of("a tree")
    assert answer.exit_code == 1
    assert answer.stderr == (
        f"cannot write outputs/job/log.jsonl: Not a directory; tree was bought as {request}\n"
        "  hint: Make room or make the folder writable, then run the same command again.\n"
    )
    assert world.served.submits == 1


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_journal_that_another_one_stands_in_for_is_said_with_what_was_bought(world, moment):
    def delete_and_begin_anew():
        delete()
        FOLDER.mkdir()
        (FOLDER / "log.jsonl").touch()

    world.at(moment, delete_and_begin_anew)
    answer = world.run("-q")
    assert (answer.exit_code, world.served.submits) == (1, 1)
    assert answer.stderr == (
        "outputs/job/log.jsonl was deleted during the run, and another one is in its place; "
        f"tree was bought as {world.request_of('a tree')}\n"
        "  hint: What was bought is at the provider, under these ids; nothing in this folder knows "
        "of it, so the same command would buy it again.\n"
    )


def test_the_installed_command_says_it_in_its_json_too(world):
    world.at("submit", delete)
    environment = {**world.served.environment, "PYTHONWARNINGS": "error"}
    answer = run_installed(
        "vidi-run", "job.yaml", "--json", "-q", cwd=world.here.folder, **environment
    )
    assert answer.exit_code == answer.json["exit_code"] == 1
    message, _, hint = DELETED.format(request=world.request_of("a tree")).partition("\n  hint: ")
    (error,) = answer.json["errors"]
    assert (error["message"], error["hint"]) == (message, hint.strip())
    world.check_that_all_is_well()
