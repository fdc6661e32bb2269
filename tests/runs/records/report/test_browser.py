"""The page in a real browser: keys, filters, addresses, and that nothing in it gets out."""

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from PIL import Image
from playwright.sync_api import expect

from support.browser import find_barriers
from support.manifests import ERROR, FLUX, VEO, make_asset, make_inference, make_manifest
from vidi.jobs.reviews.review import Review
from vidi.runs.records.report.beside import Beside
from vidi.runs.records.report.earlier import Change, Earlier
from vidi.runs.records.report.render import UNFOLDED, render_report

HOSTILE = "</noscript></script><img src=x onerror=alert(1)>"
KINDS = (
    ("image/png", "png"),
    ("audio/mpeg", "mp3"),
    ("text/plain", "txt"),
    ("image/svg+xml", "svg"),
)
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="alert(1)">'
    '<script>alert(1)</script><image href="https://evil.example/x.png"/></svg>'
)
COUNT = UNFOLDED + 12
WITHOUT_HASH = re.compile(r"^[^#]*$")
PROMPTS = ("Un bosque negro", "مرحبا بالعالم جميل", HOSTILE)


def make_row(number):
    content_type, extension = KINDS[number % 4]
    asset = make_asset(f"a/{number}.{extension}", content_type)
    return make_inference(
        f"i{number}",
        model=(FLUX, VEO)[number % 2],
        tags=[["night"], ["day", HOSTILE], []][number % 3],
        params={"prompt": PROMPTS[number % 3], "steps": (4, 8)[number % 2]},
        axes={"city": ("Lima", "Quito", "Cusco")[number % 3], "size": ("s", "l")[number % 2]},
        duration_s=float(number % 7),
        assets=[asset],
    )


def write_page(folder, count, unfold=""):
    """A page of many kinds of assets, some of them hostile; returns its address."""
    (folder / "a").mkdir(exist_ok=True)
    rows = [make_row(number) for number in range(count)]
    for number in range(0, count, 4):
        Image.new("RGB", (320, 180), (number * 7, 80, 120)).save(folder / f"a/{number}.png")
        (folder / f"a/{number + 3}.svg").write_text(DRAWING, "utf-8")
    rows[1] |= {"status": "failed", "error": ERROR | {"message": HOSTILE}, "assets": []}
    earlier = Earlier((make_asset("a/4.png", "image/png"),), (Change("prompt", HOSTILE, "b"),))
    marks = {
        "i0": Review("i0", "f", "a", datetime.now(UTC), "approved", favourite=True),
        "i2": Review("i2", "f", "a", datetime.now(UTC), "rejected", note=HOSTILE, seed=7),
    }
    texts = {f"a/{number}.txt": HOSTILE for number in range(2, count, 4)}
    source = render_report(make_manifest(*rows), Beside(texts, {}, {"i0": earlier}, marks))
    page = folder / "report.html"
    page.write_text(re.sub(unfold, "", source, flags=re.DOTALL) if unfold else source, "utf-8")
    return page.as_uri()


@pytest.fixture(scope="module")
def page_of(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("outputs"), COUNT)


def shown(page):
    return page.eval_on_selector_all(".card:not([hidden]) h3", "all => all.map(e => e.innerText)")


def address(page):
    return parse_qs(page.url.partition("#?")[2])


def test_keys_go_through_the_gallery_and_the_lightbox(browser, page_of):
    def act(page):
        keys = page.keyboard
        for key in "jjk":
            keys.press(key)
        assert page.evaluate("document.activeElement.id") == "i-i0"
        keys.press("Enter")
        title = page.locator("#lightbox h2")
        assert title.inner_text() == "i0"
        keys.press("ArrowRight")
        assert title.inner_text() == "i2"  # the failed one has nothing to show
        assert page.locator("#lightbox pre").inner_text().strip() == HOSTILE
        keys.press("Space")
        assert page.locator("#lightbox img").count() == 1
        keys.press("ArrowLeft")
        assert address(page) == {"open": ["i2"]}
        page.reload()
        assert title.inner_text() == "i2"
        keys.press("Escape")
        assert not page.locator("#lightbox").is_visible()
        assert page.evaluate("document.activeElement.id") == "i-i2"
        keys.press("/")
        keys.type("quito bosque")
        assert page.locator("#nothing").is_visible()
        keys.press("Escape")
        assert page.evaluate("document.activeElement === document.body")
        keys.press("?")
        assert page.locator("#keys").is_visible()

    browser.visit(page_of, act)


def test_a_view_is_in_the_address_and_opens_again(browser, page_of):
    def act(page):
        page.select_option("[name=tag]", HOSTILE)
        page.select_option("[name=kind]", "image")
        page.select_option("[name=sort]", "time")
        page.fill("[name=words]", PROMPTS[1][:6])
        page.check("[name=status][value=succeeded]", force=True)
        page.check("[name=view][value=sheet]", force=True)
        found = shown(page)
        times = page.eval_on_selector_all(
            ".card:not([hidden])", "all => all.map(e => JSON.parse(e.dataset.facts).time)"
        )
        assert len(found) == 6
        assert times == sorted(times, reverse=True)
        assert page.locator("#shown").inner_text() == f"6 of {COUNT} shown"
        asked = address(page)
        assert asked == {
            "status": ["succeeded"],
            "kind": ["image"],
            "tag": [HOSTILE],
            "words": [PROMPTS[1][:6]],
            "sort": ["time"],
            "view": ["sheet"],
        }
        page.reload()
        assert (shown(page), address(page)) == (found, asked)
        page.click("[type=reset]")
        expect(page).to_have_url(WITHOUT_HASH)  # the page lets no script be made of text
        assert page.locator(".card:not([hidden])").count() == COUNT
        page.select_option("[name=mark]", "favourite")
        assert shown(page) == ["i0"]

    browser.visit(page_of, act)


def test_a_grid_by_axes_has_averages_in_its_margins(browser, page_of):
    def act(page):
        assert page.locator("#gallery").is_hidden()
        head = page.locator("#grid thead th").all_inner_texts()
        assert [each.strip() for each in head[1:]] == ["s", "l", "Average"]
        rows = page.locator("#grid tbody th").all_inner_texts()
        assert rows == ["Lima", "Quito", "Cusco"]
        assert page.locator("#grid tbody tr").first.locator("td a").count() == COUNT // 3
        assert page.locator("#grid tfoot td").last.inner_text() == "$0.003\n2.9 s"
        page.select_option("#grid label:has-text('Rows') select", "param steps")
        page.select_option("#grid label:has-text('Columns') select", "model")
        assert page.locator("#grid tbody th").all_inner_texts() == ["4", "8"]
        assert address(page)["rows"] == ["param steps"]
        page.click("#grid tbody a[title=i0]")
        assert page.locator("#lightbox h2").inner_text() == "i0"

    browser.visit(page_of + "#?view=grid", act)


def test_before_and_after_lie_beside_each_other_and_any_two_may(browser, page_of):
    def act(page):
        page.click("#i-i0 .earlier summary")
        page.click("#i-i0 .earlier button")
        sources = page.eval_on_selector_all("#compare img", "all => all.map(e => e.src.slice(-7))")
        assert sources == ["a/4.png", "a/0.png"]
        assert page.locator("#compare tbody").inner_text().split("\t") == ["prompt", HOSTILE, "b"]
        page.locator("#compare-slider").fill("80")
        clip = "getComputedStyle(document.querySelector('#compare img')).clipPath"
        assert "20%" in page.evaluate(clip)
        page.click("#compare [data-do=beside]")
        assert page.locator("#compare-slider").is_hidden()
        page.keyboard.press("Escape")
        for key in ("i4", "i8"):
            page.focus(f"#i-{key}")
            page.keyboard.press("c")
        assert page.locator("#compare h2").inner_text() == "i4 and i8"

    browser.visit(page_of, act)


def test_content_is_made_where_it_is_seen_and_players_with_it(browser, page_of):
    def act(page):
        last = f"#i-i{COUNT - 1}"
        assert page.locator("noscript").count() > 0
        assert page.locator("audio, video").evaluate_all(
            "all => all.every(e => e.preload === 'none')"
        )
        page.locator(last).scroll_into_view_if_needed()
        page.wait_for_selector(f"{last} h3")
        page.locator("#i-i5").scroll_into_view_if_needed()
        page.wait_for_selector("#i-i5 audio")
        # A drawing is shown as a picture, and nothing leads into it.
        assert page.locator("#i-i3 img").count() == 1
        assert page.locator("#i-i3 a[href*=svg]").count() == 0
        page.goto(page_of + f"#{last[1:]}")
        assert page.locator(last).evaluate("e => e.getBoundingClientRect().top < 500")

    browser.visit(page_of, act)


@pytest.mark.parametrize(
    "how", [{}, {"dark": True}, {"width": 360}], ids=["light", "dark", "phone"]
)
def test_axe_finds_no_barrier(browser, tmp_path, how):
    page_of = write_page(tmp_path, 8)

    def act(page):
        found = []
        for view in ("", "#?view=grid", "#?open=i0") if how else ("", "#?view=sheet"):
            page.goto(page_of + view)
            found += find_barriers(page)
        return found

    assert browser.visit(page_of, act, **how) == []


def test_axe_finds_no_barrier_without_the_script(browser, tmp_path):
    """As it is where no script runs: axe itself is one, so the page comes without its own."""
    page_of = write_page(tmp_path, 8, unfold=r"<script>.*</script>|</?noscript>")
    assert browser.visit(page_of, find_barriers) == []
    text = browser.visit(page_of, lambda page: page.inner_text("main"), scripts=False)
    assert all(word in text for word in (HOSTILE, PROMPTS[1], "approved", "Before and after"))
