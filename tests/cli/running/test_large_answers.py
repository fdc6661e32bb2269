"""An answer of more than a thousand inferences is printed in pieces, and says just the same."""

import subprocess

import pytest

COUNT = 600
"""Of a file: two of them are more than are printed for people."""


def write_job(here, name, count=COUNT, param="prompt"):
    entries = "".join(
        f"  - {{id: a{number}, model: fal/fal-ai/flux/dev, params: {{{param}: x {number}}}, "
        f"output: {number}.jpg}}\n"
        for number in range(count)
    )
    here.write(name, f"version: 1\nbudget: 500\ninferences:\n{entries}")


def list_rows(answer):
    return {job["job_file"]: job["inferences"] for job in answer.json["jobs"]}


@pytest.mark.parametrize("command", [("vidi-run", "--estimate"), ("vidi", "validate")])
def test_each_job_file_has_its_own_rows(here, command):
    program, *words = command
    for name in ("one.yaml", "two.yaml"):
        write_job(here, name)
    write_job(here, "bad.yaml", 1, "promt")
    alone = list_rows(here(program, *words, "one.yaml", "--json"))
    assert len(alone["one.yaml"]) == COUNT
    answer = here(program, *words, "one.yaml", "bad.yaml", "two.yaml", "--json")
    assert answer.exit_code == 2
    assert answer.stdout.count("\n") == 1
    rows = list_rows(answer)
    assert rows == {"one.yaml": alone["one.yaml"], "bad.yaml": [], "two.yaml": alone["one.yaml"]}


def test_a_difference_has_the_rows_of_files_that_were_added_and_removed(here):
    write_job(here, "old.yaml", 1)
    write_job(here, "one.yaml")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "before"]):
        named = ["-c", "user.email=a@example.com", "-c", "user.name=a"]
        subprocess.run(["git", *named, *words], cwd=here.folder, check=True)
    (here.folder / "old.yaml").unlink()
    write_job(here, "two.yaml")
    answer = here("vidi", "diff", "HEAD", "--json")
    assert answer.exit_code == 0
    found = {name: [row["id"] for row in rows] for name, rows in list_rows(answer).items()}
    ids = [f"a{number}" for number in range(COUNT)]
    assert found == {"old.yaml": [], "one.yaml": ids, "two.yaml": ids}
    assert len(answer.json["changes"]) == 2 * COUNT + 1
