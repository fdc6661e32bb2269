"""`vidi models price`, through the front door."""

import json

import pytest

from support.models.commands import DEV, FILES, SCHNELL, TODAY, models, own, written
from support.models.templates import template

VEO = "fal/fal-ai/veo3.1"
PAGE = "https://fal.ai/models/acme/clip"
PARAMS = {
    "type": "object",
    "properties": {
        "prompt": {"type": "string"},
        "resolution": {"type": "string", "enum": ["720p", "1080p"], "default": "720p"},
        "duration": {"type": "integer", "enum": [5, 10], "default": 5},
        "audio": {"type": "boolean", "default": False},
        "image": {"type": "string", "x-file": "image"},
    },
    "required": ["prompt"],
    "additionalProperties": False,
}
CLIP = "fal/acme/clip"
PATH = "templates/fal/acme-clip.json"


def line(*rates, label="seconds", **more):
    return {"label": label, "quantity": {"seconds": "duration"}, "rates": list(rates), **more}


def clip(here, *lines, rows=None, **changes):
    own_rows = rows if rows is not None else [
        {"from": "2026-01-01", "source": "https://example.com", "lines": list(lines)}
    ]  # fmt: skip
    whole = template(
        CLIP, params=PARAMS, output_type="video", output="video.url",
        category="text-to-video", pricing={"rows": own_rows}, page=PAGE, **changes,
    )  # fmt: skip
    here.write(PATH, json.dumps(whole))


def rates_of(here, at=-1):
    pricing = json.loads((here.folder / PATH).read_text(encoding="utf-8"))["pricing"]
    return pricing["rows"][at]["lines"][0]["rates"]


def price(here, *arguments, model=CLIP, source=PAGE):
    return models(here, "price", model, *arguments, "--source", source)


def test_a_row_is_appended_and_shown_before_and_after(here):
    own(here)
    old = written(here)["pricing"]["rows"]
    source = "https://replicate.com/black-forest-labs/flux-schnell"
    answer = price(here, "--per", "image", "0.004", model=SCHNELL, source=source)
    assert (answer.exit_code, answer.stdout) == (0, f"templates/{FILES[SCHNELL]}\n"), answer.stderr
    assert "  before $0.003  = 1 image × $0.003\n  after  $0.004  = 1 image × $0.004\n" in (
        answer.stderr
    )
    made = written(here)
    *before, row = made["pricing"]["rows"]
    assert before == old
    assert row == {
        "from": TODAY, "source": source, "checked": TODAY, "confidence": "high",
        "lines": [{**old[-1]["lines"][0], "rates": [{"usd_per_image": 0.004}]}],
    }  # fmt: skip
    assert (made["as_of"]["pricing"], made["confidence"]["pricing"]) == (TODAY, "high")
    assert models(here, "check", SCHNELL).exit_code == 0


def test_a_shipped_template_is_copied_and_gets_the_row(here):
    answer = price(here, "--per", "megapixel", "0.03", "--from", "2999-01-01", "--json", model=DEV)
    assert answer.exit_code == 0, answer.stderr
    assert answer.json["before_usd"]["high"] < answer.json["after_usd"]["high"]
    assert written(here, DEV)["pricing"]["rows"][-1] == answer.json["row"]
    assert answer.json["row"]["from"] == "2999-01-01"
    high = models(here, "show", DEV, "--json").json["example_estimate_usd"]["high"]
    assert high == answer.json["before_usd"]["high"]  # it does not hold yet


BASE = [{"usd_per_second": 0.1}]
TIERS = [{"when": {"resolution": "1080p"}, "usd_per_second": 0.3}, {"usd_per_second": 0.1}]
NARROW = [
    {"when": {"audio": True}, "usd_per_second": 9},
    {"when": {"resolution": "1080p", "audio": False}, "usd_per_second": 0.3},
    {"usd_per_second": 0.1},
]


@pytest.mark.parametrize(
    ("rates", "when", "expected"),
    [
        (BASE, [], [{"usd_per_second": 0.5}]),
        (TIERS, [], [TIERS[0], {"usd_per_second": 0.5}]),
        (BASE, ["resolution=1080p"],
         [{"when": {"resolution": "1080p"}, "usd_per_second": 0.5}, *BASE]),
        (TIERS, ["resolution=1080p"],
         [{"when": {"resolution": "1080p"}, "usd_per_second": 0.5}, TIERS[1]]),
        (NARROW, ["resolution=1080p"],
         [NARROW[0], {"when": {"resolution": "1080p"}, "usd_per_second": 0.5}, NARROW[2]]),
        (BASE, ["duration=10", "audio=true"],
         [{"when": {"duration": 10, "audio": True}, "usd_per_second": 0.5}, *BASE]),
        (BASE, ["duration>5", "duration<=10"],
         [{"when": {"duration": {"gt": 5, "lte": 10}}, "usd_per_second": 0.5}, *BASE]),
        (BASE, ["resolution=720p,1080p"],
         [{"when": {"resolution": ["720p", "1080p"]}, "usd_per_second": 0.5}, *BASE]),
        (BASE, ["image=present"],
         [{"when": {"image": "present"}, "usd_per_second": 0.5}, *BASE]),
        (BASE, ["image=null"], [{"when": {"image": None}, "usd_per_second": 0.5}, *BASE]),
    ],
)  # fmt: skip
def test_where_a_rate_stands(here, rates, when, expected):
    clip(here, line(*rates))
    tests = [part for test in when for part in ("--when", test)]
    answer = price(here, "--per", "second", "0.5", *tests)
    assert answer.exit_code == 0, answer.stderr
    assert rates_of(here) == expected
    assert rates_of(here, 0) == rates
    assert models(here, "check", CLIP).exit_code == 0


def test_the_example_has_what_the_price_is_for(here):
    clip(here, line(*BASE))
    answer = price(here, "--per", "second", "0.3", "--when", "resolution=1080p", "--json").json
    assert answer["example"] == {"prompt": "a lighthouse", "resolution": "1080p"}
    assert (answer["before_usd"]["high"], answer["after_usd"]["high"]) == (0.5, 1.5)


def test_two_tiers_are_two_commands_of_one_day(here):
    clip(here, rows=[{"from": "2026-01-01", "source": "x", "unpriced": "nobody has read it"}])
    price(here, "--per", "second", "0.3", "--when", "resolution=1080p")
    answer = price(here, "--per", "seconds", "0.1", "--when", "resolution=720p")
    assert answer.exit_code == 0, answer.stderr
    assert rates_of(here) == [
        {"when": {"resolution": "720p"}, "usd_per_second": 0.1},
        {"when": {"resolution": "1080p"}, "usd_per_second": 0.3},
    ]
    assert "  before $0.50" not in answer.stderr
    assert "  after  $0.50  = 5 second × $0.1" in answer.stderr


def test_the_other_lines_hold_on_and_the_witness_does_not(here):
    witness = {"source": "y", "as_of": "2026-01", "says": {"usd_per_second": 0.1}}
    extra = {"label": "image", "when": {"image": "present"}, "rates": [{"usd_per_request": 0.02}]}
    clip(here, rows=[{"from": "2026-01-01", "source": "x", "via": "z", "witness": witness,
                      "minimum_usd": 0.2, "lines": [line(*BASE), extra]}])  # fmt: skip
    answer = price(here, "--per", "second", "0.3", "--witness", "https://example.com/table",
                   source="https://example.com/list", )  # fmt: skip
    assert answer.exit_code == 0, answer.stderr
    row = json.loads((here.folder / PATH).read_text())["pricing"]["rows"][-1]
    assert row["lines"] == [line({"usd_per_second": 0.3}), extra]
    assert (row["minimum_usd"], row["confidence"], "via" in row) == (0.2, "medium", False)
    assert row["witness"] == {
        "source": "https://example.com/table", "as_of": TODAY, "says": {"usd_per_second": 0.3},
    }  # fmt: skip


def test_another_unit_gives_up_the_lines_before(here):
    clip(here, line(*BASE))
    answer = price(here, "--per", "video", "0.4")
    assert answer.exit_code == 0
    assert "warning: the row before charges by other units; they hold no longer\n" in answer.stderr
    row = json.loads((here.folder / PATH).read_text())["pricing"]["rows"][-1]
    assert row["lines"] == [{"label": "videos", "quantity": 1, "rates": [{"usd_per_video": 0.4}]}]


SECOND = ("--per", "second", "0.3")
TWO = (line(*BASE), line(*BASE, label="more"))


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("--per", "secnod", "1"), "nothing is sold by the 'secnod'", "Did you mean 'second' or "),
        (("--per", "page", "1"), "nothing among the params of fal/acme/clip tells how many pages "
         "a run has", "Write the row into the template by hand: docs/prices.md."),
        ((*SECOND, "--when", "resolutoin=720p"), "fal/acme/clip has no param 'resolutoin'",
         "Did you mean 'resolution'?"),
        ((*SECOND, "--when", "resolution=700p"), "'resolution' is never '700p'",
         "Did you mean '720p'"),
        ((*SECOND, "--when", "duration=7"), "'duration' is never '7'", "It is 5, 10."),
        ((*SECOND, "--when", "resolution"), "'resolution' is no condition of a price",
         "Write --when resolution=720p"),
        ((*SECOND, "--when", "duration<x"), "'duration<x' compares with no number",
         "Write --when 'duration<=5'."),
        ((*SECOND, "--from", "2025-12-31"), "the last price of fal/acme/clip holds from "
         "2026-01-01, after 2025-12-31", "Rows stand in the order of their dates"),
        (SECOND, "which price by the second is it: 'seconds', 'more'?", "Say which with --label."),
        ((*SECOND, "--label", "x"), "which price by the second is it: 'seconds', 'more'?",
         "Say which with --label."),
    ],
)  # fmt: skip
def test_what_is_no_price(here, arguments, message, hint):
    clip(here, *TWO)
    before = (here.folder / PATH).read_bytes()
    answer = price(here, *arguments)
    assert answer.exit_code == 2
    assert answer.stderr.startswith(f"{message}\n  hint: {hint}")
    assert (here.folder / PATH).read_bytes() == before


def test_a_line_is_named(here):
    clip(here, *TWO)
    assert price(here, *SECOND, "--label", "more").exit_code == 0
    row = json.loads((here.folder / PATH).read_text())["pricing"]["rows"][-1]
    assert row["lines"] == [TWO[0], line({"usd_per_second": 0.3}, label="more")]


def test_an_unknown_model_has_no_price(here):
    answer = price(here, *SECOND, model="fal/none/none")
    assert answer.exit_code == 2
    assert "`vidi models pull fal/none/none`" in answer.stderr
