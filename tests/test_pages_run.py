"""Every command of the tutorial and of the page on tables, run as it stands there."""

import csv
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from openpyxl import Workbook

from support.servers.sandbox import serve_sandbox

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"((?:<!-- [^\n]* -->)*)\n```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)```", re.DOTALL)
WORKBOOK = re.compile(r"workbook: (\S+)#(\S+) from (\S+)")


def noted(notes, name):
    found = re.search(rf"<!-- {name}: (.+?) -->", notes)
    return found[1] if found else ""


def write_file(folder, name, text, notes):
    """A block with a title is that file; notes before it say how its program saves it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if "<!-- tabs -->" in notes:
        text = text.replace("→", "\t")
    path.write_bytes(text.encode(noted(notes, "encoding") or "utf-8"))


def write_workbook(folder, notes):
    if (found := WORKBOOK.search(notes)) is None:
        return
    book = Workbook()
    sheet = book.create_sheet(found[2])
    with (folder / found[3]).open(newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            sheet.append(row)
    book.save(folder / found[1])


def run_block(here, text, code):
    """Each command ends as it should, and prints every line below it in that order."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *lines = part.strip().splitlines()
        program, *arguments = shlex.split(command)
        if program == "git":
            subprocess.run([program, *arguments], cwd=here.folder, check=True)
            continue
        answer = here(program, *arguments)
        assert answer.exit_code == code, f"{command}\n{answer.stdout}{answer.stderr}"
        printed = f"{answer.stdout}\n{answer.stderr}"
        for line in lines:
            pattern = ".*".join(map(re.escape, re.split(r"…(?=:|$)", line.strip())))
            assert re.search(pattern, printed), f"{command}\n{line}\nis not in\n{printed}"


@pytest.mark.parametrize("page", ["tutorial.md", "spreadsheets.md", "changes.md"])
def test_every_command_of_a_page_does_what_it_says(here, monkeypatch, page):
    monkeypatch.setenv("BROWSER", "true")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "somebody")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "somebody@example.com")
    monkeypatch.setattr("webbrowser._tryorder", None)
    monkeypatch.setattr("webbrowser._browsers", {})
    text = (DOCS / page).read_text(encoding="utf-8")
    commands = 0
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        for notes, language, title, body in BLOCK.findall(text):
            write_workbook(here.folder, notes)
            if title:
                write_file(here.folder, title, body, notes)
            elif language == "console":
                run_block(here, body, int(noted(notes, "exit") or 0))
                commands += body.count("\n$ ") + body.startswith("$ ")
    assert commands == len(re.findall(r"^\$ (?:vidi|git)", text, re.MULTILINE)) >= 7


def test_the_site_has_every_page():
    listed = re.findall(r"[\w-]+\.md", (DOCS.parent / ".ci/mkdocs.yml").read_text("utf-8"))
    assert sorted(listed) == sorted(path.name for path in DOCS.glob("*.md"))
