"""Over many folders: one page, what is found by words, and what is given to others."""

import re
import zipfile

import pytest

HOSTILE = "</script><img src=x onerror=alert(1)>"
JOB = """\
version: 1
budget: 1
defaults: {tags: [TAG]}
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: 'NAME HOSTILE', seed: 4711}
    output: a/tree.png
  - id: words
    model: replicate/meta/meta-llama-3-8b-instruct
    params: {prompt: NAME}
    output: words.txt
"""


@pytest.fixture
def made(here):
    for name, tag in (("red", "warm"), ("blue", "cold")):
        text = JOB.replace("NAME", name).replace("TAG", tag).replace("HOSTILE", HOSTILE)
        here.write(f"jobs/{name}.yaml", text)
        assert here("vidi-run", f"jobs/{name}.yaml", "--sandbox", "--no-report").exit_code == 0
    here("vidi", "mark", "reject", "tree", "--in", "jobs/red.yaml", "--note", HOSTILE)
    return here


def test_an_overview_adds_up_and_leads_into_each(browser, made):
    """What was ever paid is told, also where the last run bought nothing."""
    made.write("jobs/blue.yaml", JOB.replace("NAME", "blue").replace("TAG", "cold"))
    assert made("vidi-run", "jobs/blue.yaml", "--sandbox", "--select", "words").exit_code == 0
    assert made("vidi", "report", "outputs").exit_code == 0

    def act(page):
        tables = page.locator(".totals .table").all_inner_texts()
        told = {table.split()[0]: table for table in tables}
        assert {"Status", "Provider", "Week", "Model", "Job", "Tag"} == set(told)
        assert re.search(r"red\s+2\s+2\s+\$0\.0", told["Job"])
        assert re.search(r"flux-schnell\s+2\s+2\s+\$0\.006", told["Model"])
        assert re.search(r"warm\s+2\s+2\s+\$0\.0", told["Tag"])
        assert re.search(r"20\d\d-W\d\d\s+4\s+4", told["Week"])
        page.fill("[name=words]", "blue tree")
        assert page.locator(".card:not([hidden]) h3").all_inner_texts() == ["blue/tree"]
        page.click(".card:not([hidden]) a:has-text('Its own page')")
        page.wait_for_url("**/blue/report.html#i-tree")
        assert page.locator("h1").inner_text() == "blue"

    browser.visit((made.folder / "outputs/sandbox/report.html").as_uri(), act)


def test_words_find_what_was_made(made):
    answer = made("vidi", "find", "onerror", "RED")
    assert answer.exit_code == 0
    heading, line = answer.stdout.splitlines()
    assert heading.split() == ["asset", "inference", "model", "paid", "review", "prompt"]
    assert line.startswith("outputs/sandbox/red/a/tree.png  tree ")
    assert "$0.003  rejected" in line
    found = made("vidi", "find", "cold", "--json").json["found"]
    assert [(each["folder"], each["id"]) for each in found] == [
        ("outputs/sandbox/blue", "tree"),
        ("outputs/sandbox/blue", "words"),
    ]
    made.write("outputs/sandbox/blue/log.jsonl", "broken\nbroken\n")
    rest = made("vidi", "find", "prompt", "red", "--json").json
    assert [error["code"] for error in rest["errors"]] == ["usage"]
    nothing = made("vidi", "find", "unheard-of", "--in", "outputs")
    assert (nothing.exit_code, nothing.stdout) == (0, "")


def test_what_is_shared_says_nothing_that_was_not_asked_for(browser, made, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    answer = made("vidi", "report", "outputs", "--share", "share.zip")
    assert (answer.exit_code, answer.stdout) == (0, "share.zip\n"), answer.stderr
    with zipfile.ZipFile(made.folder / "share.zip") as packed:
        names = packed.namelist()
        packed.extractall(elsewhere)
    assert sorted(name for name in names if not name.startswith("thumbs/")) == [
        "blue/a/tree.png",
        "blue/words.txt",
        "index.html",
        "red/a/tree.png",
        "red/words.txt",
    ]
    source = (elsewhere / "index.html").read_text("utf-8")
    page = source[source.index("<body>") : source.index("<script>")]
    rows = made.manifest("outputs/sandbox/red")["inferences"]
    secrets = ["$0", "4711", "onerror", "rejected", "Budget", "log.jsonl", "jobs/"]
    secrets += [row["request_id"] for row in rows] + [row["fingerprint"] for row in rows]
    assert [secret for secret in secrets if secret in page] == []

    def act(page):
        assert page.locator(".card").count() == 4
        page.locator(".card img").first.wait_for()
        loaded = "all => all.every(e => e.complete && e.naturalWidth)"
        assert page.eval_on_selector_all(".card img", loaded)
        page.click(".card a.frame >> nth=0")
        assert page.locator("#lightbox").is_visible()

    browser.visit((elsewhere / "index.html").as_uri(), act)
    # Again, with what is asked for; but never over a file that is another's.
    options = ("--share", "share.zip", "--with", "prices", "--with", "params")
    assert made("vidi", "report", "outputs/sandbox/red", *options).exit_code == 0
    with zipfile.ZipFile(made.folder / "share.zip") as packed:
        page = packed.read("index.html").decode()
    assert all(word in page for word in ("$0.003", "4711", "&lt;img src=x"))
    assert rows[0]["request_id"] not in page
    made.write("other.zip", "mine")
    refused = made("vidi", "report", "outputs/sandbox/red", "--share", "other.zip")
    assert refused.exit_code == 2
    assert (made.folder / "other.zip").read_text("utf-8") == "mine"
