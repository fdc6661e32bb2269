"""`vidi report` over several folders: one page, in the folder that holds them all."""

import re

import pytest

JOB = """\
version: 1
budget: 1
inferences:
  - {id: tree, model: fal/fal-ai/flux/dev, params: {prompt: NAME}, output: t.jpg}
"""


@pytest.fixture
def made(here):
    for name in ("a", "b"):
        here.write(f"{name}.yaml", JOB.replace("NAME", name))
        assert here("vidi-run", f"{name}.yaml", "--sandbox").exit_code == 0
    return here


@pytest.mark.parametrize(
    "folders", [["outputs/sandbox/a", "outputs/sandbox/b"], ["outputs"], ["outputs/sandbox"]]
)
def test_one_page_over_several(made, folders):
    answer = made("vidi", "report", *folders)
    page = made.folder / "outputs/sandbox/report.html"
    assert (answer.exit_code, answer.stdout) == (0, f"{page}\n"), answer.stderr
    text = page.read_text(encoding="utf-8")
    for name in ("a", "b"):
        assert f'src="./{name}/t.jpg"' in text
        assert f"{name}/tree" in text
    assert "2 job files" in text
    assert re.search(r"\$0\.0[25]", text)
    assert made("vidi", "report", *folders).exit_code == 0, "its own page it may replace"


def test_a_page_that_somebody_else_made_is_not_replaced(made):
    made.write("outputs/sandbox/report.html", "<p>mine")
    answer = made("vidi", "report", "outputs")
    assert answer.exit_code == 2
    assert "exists already and vidi did not make it" in answer.stderr


def test_real_ones_and_such_of_the_sandbox_are_not_mixed(made):
    made.write("job.yaml", JOB)
    folder = made.folder / "outputs/sandbox/a"
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    made.write("outputs/real/manifest.json", text.replace('"sandbox": true', '"sandbox": false'))
    made.write("outputs/real/log.jsonl", "")
    answer = made("vidi", "report", "outputs/real", "outputs/sandbox/b")
    assert answer.exit_code == 2
    assert answer.stderr.startswith("some of these folders were made by the sandbox")
    assert made("vidi", "report", "outputs").stdout == "outputs/real/report.html\n"
