"""What README and docs/ say is what the commands do."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]


def read(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


def test_generated_parts_and_schemas_are_current():
    done = subprocess.run(
        [sys.executable, CHECKOUT / "docs/make.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nrun: python docs/make.py"


def test_the_picture_shows_a_run_of_the_sample():
    picture = read("docs/run.svg").replace("&#160;", " ")
    for shown in ("vidi-run jobs/thumbnails.yaml --sandbox", "forest: succeeded", "7 succeeded"):
        assert shown in picture


def test_every_dependency_has_its_reason():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    reasons = read("docs/architecture.md")
    development = project["optional-dependencies"]["dev"]
    for requirement in [*project["dependencies"], *development]:
        name = re.split(r"[<>=\[]", requirement)[0].lower().removeprefix("types-")
        assert re.search(rf"\b{re.escape(name)}\b", reasons, re.IGNORECASE), requirement


def test_the_plan_of_the_house_names_what_is_there():
    page = read("docs/architecture.md")
    rows = page.partition("## Where does it go?")[2].partition("\n## ")[0]
    for path in re.findall(r"`([\w./]+\.\w+|[\w./]+/)`", rows):
        folders = ("", "runner/vidi", "tests")
        assert any((CHECKOUT / folder / path).exists() for folder in folders), path
    for path in re.findall(r"`((?:cli|jobs|runs|inference|sandbox)/[\w./]*)`", page):
        assert any((CHECKOUT / place / path).exists() for place in ("runner/vidi", "tests")), path


def test_every_promise_of_the_security_page_has_its_tests():
    page = read("docs/security.md")
    for path in re.findall(r"`([\w/]+/test_\w+\.py)`", page):
        assert (CHECKOUT / "tests" / path).is_file(), path
    table = page.partition("what tries to break it")[2].partition("\n## ")[0]
    promises = [row for row in table.splitlines() if row.startswith("| ")][1:]
    assert len(promises) > 15
    assert [row for row in promises if not re.search(r"`[\w/]+/test_\w+\.py`", row)] == []


def test_the_readme_has_two_set_up_lines_and_each_makes_its_own_environment():
    set_up = read("README.md").partition("## Set up")[2].partition("\n## ")[0]
    lines = [line for line in set_up.splitlines() if line.startswith("python3 ")]
    assert len(lines) == 2
    assert all(line.startswith("python3 -m venv .venv && .venv/bin/pip ") for line in lines)


def test_what_takes_long_is_said_and_runs_every_night():
    settings = set(re.findall(r"VIDI_ALL_\w+", read("docs/contributing.md")))
    sources = "".join(path.read_text("utf-8") for path in (CHECKOUT / "tests").rglob("*.py"))
    assert settings == set(re.findall(r"VIDI_ALL_\w+", sources)) - {"VIDI_ALL_"}
    assert settings == set(re.findall(r"VIDI_ALL_\w+", read(".github/workflows/long.yml")))


def test_links_between_pages_lead_somewhere():
    for page in ("README.md", *(f"docs/{path.name}" for path in (CHECKOUT / "docs").glob("*.md"))):
        for link in re.findall(r"\]\(([^)#:]+)\)", read(page)):
            assert (CHECKOUT / page).parent.joinpath(link).exists(), f"{page}: {link}"
