"""The page: what it shows, where it links, and that nothing in a manifest can run in it."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.manifests import ERROR, FLUX, VEO, make_asset, make_cost, make_inference, make_manifest
from support.turns import examples
from vidi.errors import StorageError
from vidi.runs.records.manifest.schema import BASES, INFERENCE_STATUSES, RUN_STATUSES
from vidi.runs.records.report.beside import Beside
from vidi.runs.records.report.present import link_to, name_kind
from vidi.runs.records.report.render import render_report
from vidi.runs.records.report.texts import TEXT_LIMIT, TEXTS_LIMIT, read_texts
from vidi.runs.records.report.write import write_report

VOID = {"meta", "img", "input", "rect", "path", "br", "hr", "link"}
ODD_PATHS = [
    "a b.png",
    "lima #1.png",
    "100%.png",
    "%41.png",
    "what?.png",
    "niño «ñ».png",
    'it\'s "so".png',
    "javascript:alert(1).png",
    "//evil.example/x.png",
    "data:text/html,x.png",
    "a\\b.png",
    "a&amp;b.png",
    "<b>.png",
]
ATTACKS = [
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "<!--",
    "]]>",
    "javascript:alert(1)",
]


@dataclass
class Element:
    tag: str
    attributes: dict
    text: str = ""


@dataclass
class Page(HTMLParser):
    """What a browser would find: every element, its attributes, and its own text."""

    source: str
    elements: list = field(default_factory=list)
    open: list = field(default_factory=list)

    def __post_init__(self):
        super().__init__()
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(Element(tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_startendtag(self, tag, attrs):
        self.elements.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag):
        while self.open and self.open.pop().tag != tag:
            pass

    def handle_data(self, data):
        for element in self.open:
            element.text += data

    def all(self, tag, **attributes):
        return [
            element
            for element in self.elements
            if element.tag == tag and attributes.items() <= element.attributes.items()
        ]

    def text(self):
        return self.all("body")[0].text

    def links(self):
        return [
            element.attributes[name]
            for element in self.elements
            for name in ("href", "src", "action", "data", "poster", "srcset")
            if name in element.attributes
        ]


def show(*inferences, texts=None, **fields):
    return Page(render_report(make_manifest(*inferences, **fields), Beside(texts or {})))


def show_asset(path, content_type, texts=None, **fields):
    return show(make_inference(assets=[make_asset(path, content_type, **fields)]), texts=texts)


def attacked(attack):
    """A manifest that says `attack` wherever it may say what it likes."""
    asset = make_asset(attack, "text/plain", warning=attack, replaced=attack)
    error = {"code": attack, "message": attack, "hint": attack}
    parts = {"model": attack, "reason": attack, "request_id": attack, "fingerprint": attack}
    params = {"prompt": attack, attack: attack, "list": [{attack: attack}]}
    shown = make_inference(attack, params=params, assets=[asset], error=error, **parts)
    image = make_inference(params=params, assets=[make_asset(f"{attack}.png", "image/png")])
    run = {"id": attack, "job_file": f"{attack}.yaml", "vars": {attack: attack}}
    manifest = make_manifest(shown, image, {**shown, "assets": []}, vidi_version=attack, run=run)
    return Page(render_report(manifest, Beside({attack: attack})))


def test_the_policy_lets_nothing_in_but_the_script_and_the_style_of_the_page():
    page = show(make_inference())
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0].attributes["content"]

    def allow(tag):
        (element,) = page.all(tag)
        digest = hashlib.sha256(element.text.encode()).digest()
        return f"'sha256-{base64.b64encode(digest).decode()}'"

    assert policy == (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        "img-src 'self' file: data:; media-src 'self' file:; "
        f"style-src {allow('style')}; script-src {allow('script')}"
    )


def test_the_page_begins_with_its_type():
    assert render_report(make_manifest()).startswith('<!doctype html>\n<html lang="en">\n<head>')


def test_the_policy_comes_before_what_it_governs():
    tags = [element.tag for element in show(make_inference()).elements]
    assert tags.index("meta") < tags.index("style") < tags.index("script")


def test_the_page_asks_nobody_for_anything():
    source = render_report(make_manifest(make_inference(assets=[make_asset()])))
    assert not {"http:", "https:", "@import", "url(", "//"} & set(source.split('"'))
    assert all(link.startswith(("./", "#")) for link in Page(source).links())


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_in_a_manifest_becomes_markup(attack):
    plain, page = attacked("plain"), attacked(attack)
    assert [found.tag for found in page.elements] == [found.tag for found in plain.elements]
    assert [found.attributes.keys() for found in page.elements] == [
        found.attributes.keys() for found in plain.elements
    ]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_in_a_manifest_changes_the_script_or_the_style(attack):
    page, plain = attacked(attack), attacked("plain")
    for tag in ("script", "style"):
        assert page.all(tag) == plain.all(tag)


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_is_shown_as_it_was_written(attack):
    page = attacked(attack)
    assert page.all("h3")[0].text == attack
    assert page.all("pre")[0].text.strip() == attack
    assert page.text().count(attack) >= 20


@settings(max_examples=examples(30), deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_text_stays_text(text):
    page = attacked(text)
    assert page.all("h3")[0].text == text
    assert len(page.elements) == len(attacked("plain").elements)


@pytest.mark.parametrize("path", ODD_PATHS)
def test_links_lead_to_the_file_and_nowhere_else(path):
    target = urljoin("file:///out/report.html", link_to(path))
    assert target.startswith("file:///out/")
    assert unquote(target.removeprefix("file:///out/")) == path.lstrip("/")
    assert not {"#", "?", '"', "'", "<", " ", "\\"} & set(target)


@pytest.mark.parametrize("path", ODD_PATHS)
def test_images_are_shown_and_linked(path):
    page = show_asset(path, "image/png")
    assert page.all("img")[0].attributes["src"] == link_to(path)
    assert len(page.all("a", href=link_to(path))) == 2


@pytest.mark.parametrize(
    ("path", "link"), [("b\ud800", "./b%ED%A0%80"), ("\0", "./%00"), ("x" * 300, "./" + "x" * 300)]
)
def test_names_that_no_file_can_have_are_no_obstacle(tmp_path, path, link):
    manifest = make_manifest(make_inference(path, assets=[make_asset(path, "text/plain")]))
    assert link in Page(write_report(manifest, tmp_path).read_text("utf-8")).links()


def test_images_load_when_they_come_into_view():
    image = show_asset("forest.webp", "image/webp").all("img")[0].attributes
    assert image == {
        "src": "./forest.webp",
        "alt": "forest, forest.webp: Un bosque negro",
        "loading": "lazy",
        "decoding": "async",
        "width": "1344",
        "height": "768",
    }


@pytest.mark.parametrize(
    ("content_type", "tag"), [("video/mp4", "video"), ("audio/mpeg", "audio")], ids=str
)
def test_media_have_a_player_where_they_are_seen_and_a_link_without_the_script(content_type, tag):
    page = show_asset("clip", content_type, duration_s=3.02)
    figure, link = page.all("figure")[0].attributes, page.all("a")[1].attributes
    assert (figure["data-kind"], figure["data-src"]) == (tag, "./clip")
    assert link["class"].startswith("frame play")
    assert (link["href"], link["aria-label"]) == ("./clip", "forest, clip")


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("image/png", "image"),
        ("image/svg+xml", "image"),
        ("IMAGE/JPEG; q=1", "image"),
        ("image/tiff", "file"),
        ("image/x-exr", "file"),
        ("video/webm", "video"),
        ("audio/wav", "audio"),
        ("text/plain; charset=utf-8", "text"),
        ("application/json", "text"),
        ("application/ld+json", "text"),
        ("application/zip", "file"),
        ("model/gltf+json", "file"),
        ("model/gltf-binary", "file"),
        ("", "file"),
    ],
)
def test_each_type_is_presented_its_way(content_type, kind):
    assert name_kind({"content_type": content_type}) == kind


def test_files_that_no_browser_shows_are_linked():
    link = show_asset("box.glb", "model/gltf-binary").all("a", **{"class": "file"})[0]
    assert (link.attributes["href"], link.text) == ("./box.glb", "model/gltf-binary")


def test_text_is_shown_where_it_is_known():
    page = show_asset("poem.txt", "text/plain", texts={"poem.txt": "\n  Nieve\n& nada"})
    assert page.all("pre")[0].text == "\n\n  Nieve\n& nada"  # the parser of a browser eats one


def test_text_is_linked_where_it_is_not_known():
    page = show_asset("poem.txt", "text/plain")
    assert not page.all("pre")
    assert page.all("a", **{"class": "file"})[0].attributes["href"] == "./poem.txt"


def test_an_asset_is_named_with_its_facts():
    page = show_asset("a.mp4", "video/mp4", duration_s=71.3, warning="Odd.", replaced=".vidi/r/a")
    caption = " ".join(page.all("figcaption")[0].text.split())
    assert caption == (
        "a.mp4 1344 × 768 1 min 11 s 48.2 kB 3f3f3f3f3f Odd.The earlier file is kept: .vidi/r/a"
    )
    assert page.all("span", title="sha256 " + "3f" * 32)
    assert page.all("span", title="48213 bytes, video/mp4")


@pytest.mark.parametrize("status", INFERENCE_STATUSES)
@pytest.mark.parametrize("assets", [[], [make_asset()]], ids=["bare", "with asset"])
def test_every_ending_shows_its_status_and_its_error(status, assets):
    page = show(make_inference(status=status, error=ERROR, assets=assets))
    card = page.all("article")[0]
    assert card.attributes["data-status"] == status
    assert status.replace("_", " ") in card.text
    # Once at a glance, once with the details.
    assert card.text.count("422: seed must be an integer") == 2
    assert card.text.count("Write seed: 12.") == 2


def test_an_ending_without_an_error_gives_its_reason():
    page = show(make_inference(status="skipped", reason="stopped after the first failure"))
    assert page.all("div", **{"class": "frame empty skipped"})[0].text.strip() == (
        "stopped after the first failure"
    )


def test_details_hold_everything():
    params = {"prompt": "a\n  b", "seed": 42, "go_fast": True, "size": {"width": 5}, "none": None}
    cost = make_cost(0.8, 1.2, 0.9, "derived")
    page = show(make_inference(params=params, attempts=2, error=ERROR, cost_usd=cost))
    terms = [element.text for element in page.all("dt")]
    values = [element.text for element in page.all("dd")]
    details = dict(zip(terms, values, strict=True))
    assert (
        details.items()
        >= {
            "prompt": "a\n  b",
            "seed": "42",
            "go_fast": "true",
            "size": '{\n  "width": 5\n}',
            "none": "null",
            "Reason": "new",
            "Estimated": "$0.80–$1.20",
            "Actual": "$0.90, the price applied to what came out",
            "Submitted": "2026-11-23 19:04:07 UTC",
            "Completed": "2026-11-23 19:04:09 UTC",
            "Took": "2.4 s",
            "Attempts": "2",
            "Request": "req-1",
            "Error": "rejected\n422: seed must be an integer\nWrite seed: 12.",
            "Fingerprint": "b7" * 32,
        }.items()
    )


@pytest.mark.parametrize("basis", [*BASES, None])
def test_every_basis_has_words(basis):
    assert "$0.003" in show(make_inference(cost_usd=make_cost(basis=basis))).text()


@pytest.mark.parametrize("high", [None, 0.4])
def test_what_is_not_settled_shows_its_estimate(high):
    page = show(make_inference(status="in_doubt", cost_usd=make_cost(0.4, high, None, None)))
    expected = "estimated $0.40 or more" if high is None else "estimated $0.40"
    assert expected in page.all("article")[0].text


def test_what_an_earlier_attempt_cost_is_shown_beside_the_estimate():
    page = show(make_inference(status="in_doubt", cost_usd=make_cost(0.4, 0.4, 0.1, None)))
    assert "estimated $0.40 $0.10 so far" in page.all("article")[0].text


@pytest.mark.parametrize("status", RUN_STATUSES)
def test_the_header_says_how_the_run_ended(status):
    page = show(run={"status": status})
    assert page.all("h1")[0].text == "thumbnails"
    assert page.all("title")[0].text == f"thumbnails · {status}"
    assert page.all("div", **{"class": "title"})[0].text == f"thumbnails{status}"


def test_the_header_says_what_it_was_and_what_it_cost():
    cost = {"estimated_low": 0.3, "estimated_high": None, "actual": 0.125} | {
        "in_doubt": 0.25,
        "saved": 0.01,
    }
    page = show(make_inference(), cost_usd=cost, run={"vars": {"city": "Lima"}})
    header = " ".join(page.all("header")[0].text.split())
    assert header == (
        "thumbnailssucceeded jobs/thumbnails.yaml 2026-11-23 19:04:07 UTC 1 min 34 s 1 inference "
        "0 assets Cost$0.125 Estimated$0.30 or more In doubt$0.25 Saved$0.01 Budget$0.50 "
        "1 variablecityLima"
    )


def test_a_run_that_lasts_says_so():
    assert "not finished" in show(run={"finished_at": None}).all("header")[0].text


@pytest.mark.parametrize(
    ("budget", "spent", "doubt"),
    [(0.5, "25.0", "50.0"), (0.25, "33.33", "66.67"), (Decimal(5), "2.5", "5.0")],
)
def test_the_bar_measures_the_budget(budget, spent, doubt):
    cost = make_manifest()["cost_usd"] | {"actual": 0.125, "in_doubt": 0.25}
    bars = show(budget_usd=budget, cost_usd=cost).all("rect")
    assert [bar.attributes["width"] for bar in bars] == [spent, doubt]


@pytest.mark.parametrize("budget", [None, 0])
def test_there_is_no_bar_without_a_budget(budget):
    assert not show(budget_usd=budget).all("rect")


@pytest.mark.parametrize("sandbox", [True, False])
def test_the_sandbox_is_announced(sandbox):
    page = show(sandbox=sandbox)
    assert ("SANDBOX" in page.all("h1")[0].text + page.text()) == sandbox
    assert ("SANDBOX" in page.all("title")[0].text) == sandbox


MIXED = [
    make_inference("a", "failed", error=ERROR, cost_usd=make_cost(actual=0, basis="none")),
    make_inference("b", assets=[make_asset("b.webp")]),
    make_inference("c", "in_doubt", model=VEO, cost_usd=make_cost(0.8, 1.2, None, None)),
]


def test_the_filters_count_what_they_would_show():
    page = show(*MIXED)
    labels = [" ".join(label.text.split()) for label in page.all("label")]
    assert labels == ["succeeded 1", "failed 1", "in doubt 1", "Cards", "Sheet", "Grid"]
    assert [option.text for option in page.all("option")] == [
        "All providers (3)",
        "replicate (2)",
        "fal (1)",
        "All models (3)",
        f"{FLUX} (2)",
        f"{VEO} (1)",
        *("File order", "Dearest first", "Slowest first", "By status", "By model"),
    ]


def test_filters_wait_for_the_script_and_are_not_offered_for_one_inference():
    assert "hidden" in show(*MIXED).all("form")[0].attributes
    assert not show(make_inference()).all("form")


def test_the_totals_add_up():
    doubt = make_manifest()["cost_usd"] | {"in_doubt": 1.2}
    rows = [
        [cell.strip() for cell in row.text.split("$")]
        for row in show(*MIXED, cost_usd=doubt).all("tr")
    ]
    assert [row for row in rows if row[0].startswith(("fal", "in doubt", "repl"))] == [
        ["in doubt10", "0.00"],
        ["replicate21", "0.003–"],
        ["fal10", "0.00", "1.20"],
        [f"{FLUX}21", "0.003–"],
        [f"{VEO}10", "0.00", "1.20"],
    ]


def test_an_empty_run_is_a_page_too():
    assert "The job file asked for nothing." in show().text()


@pytest.mark.parametrize(("count", "layout"), [(1, "single"), (2, "few"), (4, "few"), (5, "many")])
def test_the_gallery_fits_the_number(count, layout):
    page = show(*(make_inference(f"i{number}") for number in range(count)))
    assert page.all("section", id="gallery")[0].attributes["class"] == f"gallery {layout}"


def test_ids_of_elements_are_unique():
    page = show(*MIXED)
    ids = [found.attributes["id"] for found in page.elements if "id" in found.attributes]
    assert len(ids) == len(set(ids))


def test_write_report_shows_the_texts_of_the_folder(tmp_path):
    (tmp_path / "poem.txt").write_text("nieve", "utf-8")
    (tmp_path / "caption.json").write_text(json.dumps({"cat": "ñ"}), "utf-8")
    assets = [
        make_asset("poem.txt", "text/plain"),
        make_asset("caption.json", "application/json"),
        make_asset("gone.txt", "text/plain"),
    ]
    path = write_report(make_manifest(make_inference(assets=assets)), tmp_path)
    page = Page(path.read_text("utf-8"))
    assert [found.text for found in page.all("pre")] == ["\nnieve", '\n{"cat": "\\u00f1"}']


def test_the_page_holds_no_more_text_than_it_may(tmp_path):
    count = TEXTS_LIMIT // TEXT_LIMIT + 3
    for number in range(count):
        (tmp_path / f"{number}.txt").write_bytes(b"x" * TEXT_LIMIT)
    assets = [make_asset(f"{number}.txt", "text/plain") for number in range(count)]
    texts = read_texts(make_manifest(make_inference(assets=assets)), tmp_path)
    assert sum(text.count("x") for text in texts.values()) == TEXTS_LIMIT


def test_a_long_text_is_cut(tmp_path):
    (tmp_path / "long.txt").write_text("x" * (TEXT_LIMIT + 1), "utf-8")
    assets = [make_asset("long.txt", "text/plain")]
    path = write_report(make_manifest(make_inference(assets=assets)), tmp_path)
    text = Page(path.read_text("utf-8")).all("pre")[0].text
    assert text == "\n" + "x" * TEXT_LIMIT + "\n…"


@pytest.mark.parametrize("path", ["../secret.txt", "link.txt"])
def test_texts_outside_the_folder_are_not_read(tmp_path, path):
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret!", "utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    manifest = make_manifest(make_inference(assets=[make_asset(path, "text/plain")]))
    assert "secret!" not in write_report(manifest, folder).read_text("utf-8")


def test_a_report_replaces_the_last_one_and_leaves_nothing_else(tmp_path):
    (tmp_path / "report.html").write_text("old", "utf-8")
    path = write_report(make_manifest(), tmp_path)
    assert path == tmp_path / "report.html"
    assert path.read_text("utf-8") == render_report(make_manifest())
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_that_cannot_be_put_in_place_leaves_no_trace(tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(StorageError, match=r"report\.html"):
        write_report(make_manifest(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
