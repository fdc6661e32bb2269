"""Everything that can be wrong with params, and what is said about it."""

from decimal import Decimal
from pathlib import Path

import pytest

from support.models.params import MODEL, check, said
from vidi.inference.models.params.schema import check_params

KNOWN = (
    "Known params: prompt, ratio, duration, seconds, speed, flag, voice, tolerance, factor, mode, "
    "seed, count, steps, cap, scale, width, strict, guidance, loop, either, … (14 more)."
)
SIZES = "'size' must be one of 'square', 'wide' or a mapping with width and height, not "
TWELVE = ", ".join(f"'Voice {number}'" for number in range(1, 13))

MISTAKES = [
    ({"promt": "a"}, ["unknown param 'promt' | Did you mean 'prompt'?"]),
    ({"zzz": None}, []),
    ({"gon": 1}, [f"unknown param 'gon' | {KNOWN}"]),
    ({"prompt": None}, ["'prompt' is required | Add 'prompt' to the params."]),
    ({"prompt": 2024}, ["'prompt' must be text, not 2024 | Put it in quotes: \"2024\"."]),
    ({"prompt": True}, ["'prompt' must be text, not true | Put it in quotes: \"true\"."]),
    ({"prompt": ["a"]}, ["'prompt' must be text, not a list | Write one text, not a list."]),
    ({"prompt": {"a": 1}}, ["'prompt' must be text, not a mapping | Write a text."]),
    (
        {"prompt": "a"},
        ["'prompt' has 1 character; at least 2 are needed | Add 1 character."],
    ),
    (
        {"prompt": "ñandúes 🦤🦤🦤🦤"},
        ["'prompt' has 12 characters; at most 10 are allowed | Take 2 characters out."],
    ),
    (
        {"ratio": "16x9"},
        ["'ratio' must be one of '1:1', '16:9', '9:16', not '16x9' | Did you mean '16:9'?"],
    ),
    (
        {"ratio": "zzz"},
        ["'ratio' must be one of '1:1', '16:9', '9:16', not 'zzz' | Write one of these values."],
    ),
    (
        {"ratio": ["1:1"]},
        [
            "'ratio' must be one of '1:1', '16:9', '9:16', not a list | "
            "Write one of '1:1', '16:9', '9:16'."
        ],
    ),
    ({"duration": 7}, ["'duration' must be one of '5', '10', not 7 | Write one of these values."]),
    ({"duration": "05"}, ["'duration' must be one of '5', '10', not '05' | Did you mean '5'?"]),
    ({"seconds": True}, ["'seconds' must be one of 4, 8, not true | Write one of these values."]),
    ({"seconds": "4s"}, ["'seconds' must be one of 4, 8, not '4s' | Did you mean '4'?"]),
    (
        {"voice": "voice12"},
        [
            f"'voice' must be one of {TWELVE}, … (8 more), not 'voice12' | "
            "Did you mean 'Voice 12' or 'Voice 2' or 'Voice 1'?"
        ],
    ),
    (
        {"voice": "Rachel"},
        [
            f"'voice' must be one of {TWELVE}, … (8 more), not 'Rachel' | "
            "`vidi models show` lists all values."
        ],
    ),
    (
        {"tolerance": 3},
        ["'tolerance' must be one of '1', '2', not 3 | Write one of these values."],
    ),
    ({"factor": 5}, ["'factor' must be 4, not 5 | Write 4."]),
    ({"mode": "slow"}, ["'mode' must be 'fast', not 'slow' | Write 'fast'."]),
    (
        {"seed": "twelve"},
        ["'seed' must be a whole number, not the text 'twelve' | Write a whole number."],
    ),
    ({"seed": "5"}, ["'seed' must be a whole number, not the text '5' | Drop the quotes: 5."]),
    (
        {"seed": "5.5"},
        ["'seed' must be a whole number, not the text '5.5' | Write a whole number."],
    ),
    ({"seed": 5.5}, ["'seed' must be a whole number, not 5.5 | Write a whole number."]),
    ({"seed": True}, ["'seed' must be a whole number, not true | Write a whole number."]),
    ({"seed": [5]}, ["'seed' must be a whole number, not a list | Write a whole number."]),
    ({"count": 0}, ["'count' must be at least 1, not 0 | Write a number from 1 to 4."]),
    ({"count": 9}, ["'count' must be at most 4, not 9 | Write a number from 1 to 4."]),
    ({"steps": 0}, ["'steps' must be at least 1, not 0 | Write 1 or more."]),
    ({"cap": 101}, ["'cap' must be at most 100, not 101 | Write 100 or less."]),
    (
        {"scale": 0},
        ["'scale' must be more than 0, not 0 | Write more than 0 and less than 1."],
    ),
    (
        {"scale": 1.0},
        ["'scale' must be less than 1, not 1.0 | Write more than 0 and less than 1."],
    ),
    ({"width": 1000}, ["'width' must be a multiple of 16, not 1000 | Write 992 or 1008."]),
    (
        {"width": 4100},
        [
            "'width' must be at most 4096, not 4100 | Write a number from 64 to 4096.",
            "'width' must be a multiple of 16, not 4100 | Write 4096.",
        ],
    ),
    ({"strict": 5}, ["'strict' must be a multiple of 10, not 5 | Write a multiple of 10."]),
    (
        {"guidance": "0.7"},
        ["'guidance' must be a number, not the text '0.7' | Drop the quotes: 0.7."],
    ),
    (
        {"guidance": float("nan")},
        ["'guidance' must be a finite number, not nan | Write a number."],
    ),
    (
        {"anything": [float("-inf")]},
        ["'anything[0]' must be a finite number, not -inf | Write a number."],
    ),
    (
        {"guidance": Decimal("NaN")},
        ["'guidance' must be a finite number, not nan | Write a number."],
    ),
    (
        {"loop": "true"},
        ["'loop' must be true or false, not the text 'true' | Drop the quotes: true."],
    ),
    ({"loop": "No"}, ["'loop' must be true or false, not the text 'No' | Write false."]),
    ({"loop": "x"}, ["'loop' must be true or false, not the text 'x' | Write true or false."]),
    ({"loop": 1}, ["'loop' must be true or false, not 1 | Write true."]),
    ({"loop": 2}, ["'loop' must be true or false, not 2 | Write true or false."]),
    ({"loop": {}}, ["'loop' must be true or false, not a mapping | Write true or false."]),
    (
        {"either": "x"},
        [
            "'either' must be a whole number or true or false, not the text 'x' | "
            "Write a whole number or true or false."
        ],
    ),
    (
        {"language": "eng"},
        [
            "'language' must have the form ^[a-z]{2}$, not the text 'eng' | "
            "Write it in the form of that pattern."
        ],
    ),
    ({"size": "1024x768"}, [f"{SIZES}'1024x768' | Write {{width: 1024, height: 768}}."]),
    ({"size": "squar"}, [f"{SIZES}'squar' | Did you mean 'square'?"]),
    ({"size": 7}, [f"{SIZES}7 | Write one of these values."]),
    (
        {"size": [1, 2]},
        [f"{SIZES}a list | Write one of 'square', 'wide' or a mapping with width and height."],
    ),
    (
        {"size": {"width": 8, "depth": 1, "x": 2}},
        [
            "'size.width' must be at least 64, not 8 | Write a number from 64 to 4096.",
            "unknown param 'size.depth' | Did you mean 'width'?",
            "unknown param 'size.x' | Known params: width, height.",
            "'size.height' is required | Add 'height' to 'size'.",
        ],
    ),
    (
        {"size": {"width": None, "height": "5"}},
        [
            "'size.height' must be a whole number, not the text '5' | Drop the quotes: 5.",
            "'size.width' is required | Add 'width' to 'size'.",
        ],
    ),
    ({"amount": 10}, ["'amount' must be at most 9, not 10 | Write 9 or less."]),
    (
        {"amount": "aut"},
        ["'amount' must be a whole number or 'auto', not 'aut' | Did you mean 'auto'?"],
    ),
    (
        {"amount": True},
        ["'amount' must be a whole number or 'auto', not true | Write a whole number or 'auto'."],
    ),
    ({"tags": "a"}, ["'tags' must be a list, not the text 'a' | Write it as a list: ['a']."]),
    ({"tags": {"a": 1}}, ["'tags' must be a list, not a mapping | Write a list."]),
    ({"tags": []}, ["'tags' has 0 items; at least 1 is needed | Add 1 item."]),
    (
        {"tags": ["a", 1, None]},
        [
            "'tags' has 3 items; at most 2 are allowed | Take 1 item out.",
            "'tags[1]' must be text, not 1 | Put it in quotes: \"1\".",
            "'tags[2]' must be text, not null | Write a text.",
        ],
    ),
    ({"pair": (1,)}, ["'pair' has 1 item; at least 2 are needed | Add 1 item."]),
    (
        {"scenes": [{"text": "", "seconds": "7"}, {}]},
        [
            "'scenes[0].text' has 0 characters; at least 1 is needed | Add 1 character.",
            "'scenes[0].seconds' must be one of 5, 10, not '7' | Write one of these values.",
            "'scenes[1].text' is required | Add 'text' to 'scenes[1]'.",
        ],
    ),
    (
        {"options": 5},
        ["'options' must be a mapping, not 5 | Write a mapping with a and b."],
    ),
    ({"free": "x"}, ["'free' must be a mapping, not the text 'x' | Write a mapping."]),
    ({"none": {"a": 1}}, ["unknown param 'none.a' | Take it out: there are no params."]),
    (
        {"token": "x"},
        [
            "'token' has 1 character; at least 3 are needed | Add 2 characters.",
            "'token' must have the form ^r8, not this text | Write it in the form of that pattern.",
        ],
    ),
    ({"token": 1234}, ["'token' must be text, not a number | Put it in quotes."]),
    ({"token": True}, ["'token' must be text, not true or false | Put it in quotes."]),
    ({"token": []}, ["'token' must be text, not a list | Write one text, not a list."]),
    ({"kind": "b"}, ["'kind' must be 'a', not this text | Write 'a'."]),
    (
        {"gone": "x"},
        ["'gone' is not sent: the model no longer takes it | Take it out."],
    ),
    (
        {"old": "x"},
        [
            "'old' is deprecated | Take it out: a later version of the model may refuse it.",
            "'old' must be a whole number, not the text 'x' | Write a whole number.",
        ],
    ),
    (
        {"sync_mode": True},
        [
            "'sync_mode' must not be true: the provider then stores no result | "
            "Write false, or take it out."
        ],
    ),
    (
        {"prompt": "a\ud800b"},
        [
            "'prompt' has a broken character: half of a surrogate pair | "
            "Write the character itself, as UTF-8."
        ],
    ),
    (
        {"free": {"\udfff": 1}},
        [
            "'free.\\udfff' has a broken character: half of a surrogate pair | "
            "Write the character itself, as UTF-8."
        ],
    ),
    (
        {"anything": b"x"},
        [
            "'anything' must be text, a number, true, false, a list or a mapping, "
            "not a bytes object | Write a value that JSON has."
        ],
    ),
    (
        {"seed": "x" * 100},
        [f"'seed' must be a whole number, not the text '{'x' * 59}…' | Write a whole number."],
    ),
]


@pytest.mark.parametrize(("params", "messages"), MISTAKES)
def test_what_is_wrong_is_said(params, messages):
    assert said(check(**params)) == messages


def test_the_order_is_that_of_the_params_and_what_is_missing_comes_last():
    params = {"seed": "x", "gone": "a", "tags": [1], "zzz": 1, "count": 9}
    problems = check_params(MODEL, params, base=Path()).problems
    assert [(each.path, each.on_key, each.code, each.severity) for each in problems] == [
        (("seed",), False, "wrong-type", "error"),
        (("gone",), True, "legacy-param", "warning"),
        (("tags", 0), False, "wrong-type", "error"),
        (("zzz",), True, "unknown-param", "error"),
        (("count",), False, "bad-value", "error"),
        ((), True, "missing-param", "error"),
    ]


@pytest.mark.parametrize("name", ["deprecated-param", "legacy-param"])
def test_warnings_forbid_nothing(name):
    checked = check(gone="x", old=1)
    assert name in [each.code for each in checked.problems]
    assert checked.errors == ()
