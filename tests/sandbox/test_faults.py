"""The fault plan: which request a rule strikes, and what is said of a wrong rule."""

import json

import pytest

from vidi.errors import UsageError
from vidi.sandbox.faults import FATES, REFUSALS, SPOILERS, FaultPlan, load_faults


def _strikes(rule, count, action="submit", provider="fal", model="fal/acme/film"):
    plan = FaultPlan([rule])
    return [plan.strike(action, provider, model) is not None for _ in range(count)]


@pytest.mark.parametrize(
    ("more", "struck"),
    [
        ({}, [1, 0, 0, 0]), ({"nth": 2}, [0, 1, 0, 0]), ({"times": 2}, [1, 1, 0, 0]),
        ({"nth": 2, "times": 2}, [0, 1, 1, 0]), ({"times": 0}, [1, 1, 1, 1]),
        ({"nth": 3, "times": 0}, [0, 0, 1, 1]), ({"model": "fal/acme/*"}, [1, 0, 0, 0]),
        ({"model": "replicate/*"}, [0] * 4), ({"provider": "fal"}, [1, 0, 0, 0]),
        ({"provider": "replicate"}, [0] * 4),
    ],
)  # fmt: skip
def test_which_requests_are_struck(more, struck):
    assert _strikes({"on": "submit", "fault": "reset", **more}, 4) == [
        bool(each) for each in struck
    ]


def test_only_matching_requests_count():
    plan = FaultPlan([{"on": "submit", "fault": "reset", "nth": 2, "model": "fal/*"}])
    models = ["fal/a", "replicate/b", "fal/c", "fal/d"]
    struck = [plan.strike("submit", model.partition("/")[0], model) for model in models]
    assert [bool(fault) for fault in struck] == [False, False, True, False]


def test_the_first_rule_wins_and_all_count():
    plan = FaultPlan([{"on": "poll", "fault": "500"}, {"on": "poll", "fault": "503", "times": 2}])
    struck = [plan.strike("poll", "fal") for _ in range(3)]
    assert [fault and fault.name for fault in struck] == ["500", "503", None]


def test_a_fate_is_no_wire_fault():
    plan = FaultPlan([{"on": "result", "fault": "failed"}])
    assert plan.strike("result", "fal") is None
    assert plan.fate("fal", "fal/acme/film").name == "failed"
    assert plan.fate("fal", "fal/acme/film") is None


@pytest.mark.parametrize("name", [*REFUSALS, *SPOILERS, *FATES])
def test_every_fault_has_a_rule(name):
    FaultPlan([{"on": "result", "fault": name}])


@pytest.mark.parametrize("name", REFUSALS)
def test_every_refusal_may_come_after(name):
    plan = FaultPlan([{"on": "submit", "fault": f"{name}-after"}])
    fault = plan.strike("submit", "fal")
    assert (fault.kind, fault.after) == (name, True)


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"on": "submit", "fault": "melt"}, "has no fault by the name melt"),
        ({"on": "submit", "fault": "failed-after"}, "has no fault by the name failed-after"),
        ({"on": "submit"}, "has no fault by the name None"),
        ({"on": "lunch", "fault": "reset"},
         "needs `on`: one of upload, submit, poll, result, download, cancel, list"),
        ({"fault": "reset"},
         "needs `on`: one of upload, submit, poll, result, download, cancel, list"),
        ({"on": "submit", "fault": "reset", "when": 1}, "has an unknown key"),
        ({"on": "submit", "fault": "reset", "nth": 0}, "needs a whole number from 1 as `nth`"),
        ({"on": "submit", "fault": "reset", "times": ""}, "needs a whole number from 0 as `times`"),
    ],
)  # fmt: skip
def test_wrong_rules(rule, complaint):
    with pytest.raises(UsageError) as caught:
        FaultPlan([rule])
    assert caught.value.message == f"the fault rule {json.dumps(rule)} {complaint}"
    assert caught.value.hint.startswith(
        "A rule has fault, model, nth, on, provider, times and message, retry_after, seconds, "
        "status, to; the faults are refused, reset, timeout, "
    )


def test_load_faults(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text('[{"on": "list", "fault": "429", "retry_after": 3}]')
    fault = load_faults(path).strike("list", "replicate")
    assert (fault.name, fault.options) == ("429", {"retry_after": 3})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read: [Errno 2] No such file or directory: "),
        ("{", "cannot be read: Expecting property name"),
        ("{}", "is not a list of rules"),
    ],
)
def test_load_faults_refuses(tmp_path, text, message):
    path = tmp_path / "plan.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load_faults(path)
    assert caught.value.message.startswith(f"the fault plan {path} {message}")
    assert '[{"on": "submit", "fault": "reset-after"}]' in caught.value.hint


def test_a_plan_of_something_else(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text('["reset"]')
    with pytest.raises(UsageError, match=r'the fault rule "reset" is not an object'):
        load_faults(path)
