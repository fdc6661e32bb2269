from decimal import Decimal

import pytest

from vidi.errors import UsageError
from vidi.inference.tracking.caps import Cap
from vidi.inference.tracking.project import read_project


def read(folder, *, environ=None, **files):
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return read_project(folder, environ or {})


def test_without_files_there_are_no_caps_and_no_limits_but_the_documented(tmp_path):
    settings = read(tmp_path)
    assert settings.caps == ()
    assert settings.limits == {}


def test_each_place_may_set_caps_and_the_lowest_wins(tmp_path):
    settings = read(
        tmp_path,
        environ={"VIDI_BUDGET_DAY": "$3", "VIDI_BUDGET_WEEK": "0.3", "VIDI_BUDGET_MONTH": ""},
        pyproject="[tool.vidi]\nbudget_day = 2\nbudget_month = 0.1\n[tool.other]\nx = 1\n",
        vidi='budget_day = "2.50"\nbudget_week = 1.5\n',
    )
    assert settings.caps == (
        Cap("day", Decimal(2), "budget_day in pyproject.toml [tool.vidi]"),
        Cap("week", Decimal("0.3"), "VIDI_BUDGET_WEEK"),
        Cap("month", Decimal("0.1"), "budget_month in pyproject.toml [tool.vidi]"),
    )


def test_limits_of_the_later_file_win(tmp_path):
    settings = read(
        tmp_path,
        pyproject="[tool.vidi.limits.replicate]\nconcurrency = 4\ncreates_per_minute = 60\n",
        vidi="limits.replicate.concurrency = 8\nlimits.fal.concurrency = 2\n",
    )
    assert settings.limits == {
        "replicate": {"concurrency": 8, "creates_per_minute": 60},
        "fal": {"concurrency": 2},
    }


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("budget_dya = 5", "vidi.toml has 'budget_dya', which vidi does not know",
         "Did you mean 'budget_day' or 'budget_week' or 'budget_month'?"),
        ("zzz = 5", "vidi.toml has 'zzz', which vidi does not know",
         "Known: budget_day, budget_week, budget_month, limits, mark, max_image_mib, "
         "max_price_age, notify, store, verify."),
        ("verify = 'all'", "verify in vidi.toml is 'all'", "Write one of usual, full."),
        ("max_price_age = -1", "max_price_age in vidi.toml is '-1', which is not a number of days",
         "Write it as 180, or leave it out for no limit."),
        ("max_price_age = true", "max_price_age in vidi.toml is 'True', which is not a number of "
         "days", "Write it as 180, or leave it out for no limit."),
        ("budget_day = -1", "budget_day in vidi.toml is '-1', which is not an amount in USD",
         "Write it as 5.00."),
        ("budget_day = nan", "budget_day in vidi.toml is 'NaN', which is not an amount in USD",
         "Write it as 5.00."),
        ("budget_day = 'much'", "budget_day in vidi.toml is 'much', which is not an amount in USD",
         "Write it as 5.00."),
        ("budget_day = true", "budget_day in vidi.toml is 'True', which is not an amount in USD",
         "Write it as 5.00."),
        ("limits = 3", "limits in vidi.toml must be a table",
         "Write limits.replicate.concurrency = 4."),
        ("limits.fla.concurrency = 3",
         "limits in vidi.toml has 'fla', which vidi does not know", "Did you mean 'fal'?"),
        ("limits.fal = 3", "limits.fal in vidi.toml must be a table",
         "Write {concurrency = 4} there."),
        ("limits.fal.rate = 3", "limits.fal in vidi.toml has 'rate', which vidi does not know",
         "Known: concurrency, creates_per_minute."),
        ("limits.fal.concurrency = 0",
         "concurrency of limits.fal in vidi.toml is '0', which is not a whole number from 1",
         "Write it as 4, or leave it out for the default."),
    ],
)  # fmt: skip
def test_every_mistake_says_what_to_write(tmp_path, text, message, hint):
    with pytest.raises(UsageError) as caught:
        read(tmp_path, vidi=text)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_file_that_is_no_toml_is_named(tmp_path):
    with pytest.raises(UsageError) as caught:
        read(tmp_path, vidi="budget_day: 5")
    assert str(caught.value.place) == str(tmp_path / "vidi.toml")


def test_a_tool_table_that_is_none_is_refused(tmp_path):
    with pytest.raises(UsageError) as caught:
        read(tmp_path, pyproject="[tool]\nvidi = 3\n")
    assert caught.value.message == "pyproject.toml [tool.vidi] must be a table"
