"""A review in a real browser, over its server: marked, bought again, seen before and after."""

import contextlib
import signal
import subprocess
import time

import httpx
import pytest

from support.browser import find_barriers
from support.commands import installed

HOSTILE = "</textarea><img src=x onerror=alert(1)>\u202e"
FOLDER = "outputs/sandbox/job"
JOB = """\
version: 1
name: job
budget: 1
concurrency: 6
inferences:
  - id: "{{ city }} {{ n }}"
    matrix: {city: [Lima, Quito, Córdoba], n: [1, 2, 3, 4]}
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: "postcard of {{ city }} {{ n }}"}
    output: "{{ id | slug }}.webp"
"""
TWO = ("Lima 2", "Córdoba 4")


@contextlib.contextmanager
def serve(folder, *where):
    """`vidi review` until the end of the block; gives its address."""
    process = subprocess.Popen(
        [installed("vidi"), "review", *where], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        process.stdout.close()


@pytest.fixture
def twelve(here):
    here.write("jobs/job.yaml", JOB)
    assert run(here).exit_code == 0
    return here


def run(here, *options):
    return here("vidi-run", "jobs/job.yaml", "--sandbox", "-y", *options)


def params(here):
    return {row["id"]: row["params"] for row in here.manifest(FOLDER)["inferences"]}


def wait_for(seen):
    ends = time.monotonic() + 10
    while not seen():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_two_of_twelve_are_rejected_and_only_they_are_bought_again(browser, twelve):
    first = params(twelve)

    def review(page):
        lima, cordoba = (page.locator(f"[id='i-{each.replace(' ', '_')}']") for each in TWO)
        lima.get_by_role("button", name="Reject").click()
        page.fill("#ask textarea", HOSTILE)
        page.click("#ask [data-do=reject]")
        lima.locator(".mark.rejected").wait_for()
        assert lima.locator(".marks q").inner_text() == HOSTILE
        cordoba.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("r")
        page.locator("#lightbox-facts:has-text('rejected')").wait_for()
        page.keyboard.press("Escape")
        page.keyboard.press("k")
        page.keyboard.press("a")
        page.locator(".mark.approved").wait_for()
        page.keyboard.press("f")
        page.locator(".mark.favourite").wait_for()
        assert page.locator("#reviewed").inner_text() == "1 approved, 2 rejected"
        page.select_option("[name=mark]", "rejected")
        assert page.locator(".card:not([hidden])").count() == 2
        return find_barriers(page)

    with serve(twelve.folder, "jobs/job.yaml") as address:
        origin = address.rpartition("/")[0].rpartition("/")[0]
        assert browser.visit(address, review, own=origin) == []
    page = (twelve.folder / FOLDER / "report.html").read_text("utf-8")
    assert page.count('<span class="mark rejected">') == 2
    priced = run(twelve, "--rejected", "--estimate", "--json").json
    assert priced["estimate_usd"]["high"] == 0.006
    assert run(twelve, "--rejected").exit_code == 0
    second = params(twelve)
    changed = {key for key in first if first[key] != second[key]}
    assert changed == set(TWO)
    assert len({second[key]["seed"] for key in TWO}) == 2

    def look(page):
        assert page.locator(".earlier").count() == 2
        card = page.locator("[id='i-Lima_2']")
        card.locator(".earlier summary").click()
        card.locator(".earlier button").click()
        sources = page.eval_on_selector_all("#compare img", "all => all.map(e => e.src)")
        assert [".vidi/replaced" in each for each in sources] == [True, False]
        assert page.locator("#compare tbody th").all_inner_texts() == ["seed"]

    browser.visit((twelve.folder / FOLDER / "report.html").as_uri(), look)


def test_several_folders_have_an_overview_and_a_list_without_barriers(browser, here):
    for name in ("one", "two"):
        here.write(f"jobs/{name}.yaml", JOB.replace("name: job", f"name: {name}"))
    made = here("vidi-run", "jobs", "--sandbox", "-y", "--select", "Lima*")
    assert made.exit_code == 0, made.stderr
    page = here("vidi", "report", "outputs/sandbox").stdout.strip()
    assert browser.visit(f"file://{page}", find_barriers) == []
    with serve(here.folder, "outputs/sandbox/one", "outputs/sandbox/two") as address:
        origin = address.rpartition("/")[0].rpartition("/")[0]
        assert browser.visit(address, find_barriers, own=origin) == []
        opened = browser.visit(address, lambda page: page.locator("li a").count(), own=origin)
    assert opened == 2


def test_the_server_is_its_own_users_alone(here):
    here.write("jobs/job.yaml", JOB.replace("[Lima, Quito, Córdoba]", "[Lima]"))
    assert run(here).exit_code == 0
    here.write("outputs/sandbox/job/secret.txt", "not for you")
    with serve(here.folder, FOLDER) as address, httpx.Client() as client:
        root, page = address.rpartition("/")[0].rpartition("/")[0], address + "0/"
        good = {"json": {"id": "Lima 1", "act": "approve"}}
        refused = {
            "no token": client.get(root + "/0/"),
            "another token": client.get(root + "/x/0/"),
            "another name": client.get(page, headers={"Host": "evil.example"}),
            "another port": client.get(page, headers={"Host": "127.0.0.1:1"}),
            "a file of nobody": client.get(page + "secret.txt"),
            "out of the folder": client.get(page + "..%2f..%2f..%2fjobs/job.yaml"),
            "another page": client.post(page + "marks", headers={"Origin": "http://a"}, **good),
            "a form": client.post(page + "marks", content=b'{"id":"Lima 1","act":"approve"}'),
            "no act": client.post(page + "marks", json={"id": "Lima 1", "act": "buy"}),
            "too much": client.post(page + "marks", content=b"x" * (1 << 17), headers=JSON),
            "no JSON": client.post(page + "marks", content=b"[" * 9000, headers=JSON),
            "nobody": client.post(page + "marks", json={"id": "Lima 9", "act": "approve"}),
        }
        assert {name: answer.status_code for name, answer in refused.items()} == {
            **dict.fromkeys(list(refused)[:6], 404),
            "another page": 403,
            "a form": 403,
            "too much": 413,
            **dict.fromkeys(["no act", "no JSON", "nobody"], 400),
        }
        assert refused["nobody"].json() == {"error": "there is no Lima 9 in outputs/sandbox/job"}
        assert not (here.folder / "jobs/reviews.yaml").exists()
        assert client.get(address).headers["location"].endswith("/0/")
        picture = client.get(page + "lima-1.webp", headers={"Range": "bytes=0-3"})
        assert (picture.status_code, picture.content) == (206, b"RIFF")
        assert picture.headers["content-security-policy"].endswith("sandbox")
        assert client.post(page + "marks", **good).json()["mark"] == "approved"
        assert client.get(page).text.count('class="mark approved"') == 1
        # Damaged by hand meanwhile: said, and left as it is.
        damaged = here.write("jobs/reviews.yaml", "version: 1\nreviews: 12\n")
        answer = client.post(page + "marks", **good)
        assert (answer.status_code, "jobs/reviews.yaml:2:10" in answer.json()["error"]) == (
            400,
            True,
        )
        assert damaged.read_text("utf-8") == "version: 1\nreviews: 12\n"
        damaged.unlink()


JSON = {"Content-Type": "application/json"}
