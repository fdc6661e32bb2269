"""In doubt, through the command against a sandbox on a socket: adopted, or left to the user."""

import contextlib
import hashlib
import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from support.servers.sandbox import serve_sandbox, unreadable_lists
from vidi.inference.lifecycle.sent_params import HashedText, describe_sent, restore_params
from vidi.inference.models.params.checked import CheckedParams, InputFile
from vidi.inference.models.prices.estimate import Estimate
from vidi.inference.models.registry import ModelRegistry
from vidi.inference.providers.same_json import is_same_json
from vidi.inference.request import InferenceRequest
from vidi.inference.tracking.journal.events import InferenceState

MODELS = {"replicate": "replicate/black-forest-labs/flux-schnell", "fal": "fal/fal-ai/flux/dev"}
LOST = {"on": "submit", "fault": "reset-after"}
NEVER_ARRIVED = {"on": "submit", "fault": "reset"}
providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


def job(provider, *ids, params="{prompt: a tree}", model=None):
    entries = "".join(f"  - {{id: {key}, params: {params}, output: {key}.webp}}\n" for key in ids)
    return (
        f"version: 1\nname: job\nbudget: 1.00\ndefaults: {{model: {model or MODELS[provider]}}}\n"
        f"inferences:\n{entries}"
    )


@pytest.fixture
def sandbox(here):
    @contextlib.contextmanager
    def sandbox(*faults, latency=0.0):
        with serve_sandbox(faults, latency) as served:
            for name, value in served.environment.items():
                here._monkeypatch.setenv(name, value)
            yield served

    return sandbox


def statuses(here):
    rows = here.manifest("outputs/job")["inferences"]
    return {row["id"]: row["status"] for row in rows}


def events(here, kind):
    lines = (here.folder / "outputs/job/log.jsonl").read_text(encoding="utf-8").splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == kind]


@providers
def test_one_match_is_adopted_and_goes_on_as_if_the_receipt_had_come(here, sandbox, provider):
    here.write("job.yaml", job(provider, "a"))
    with sandbox(LOST) as served:
        answer = here("vidi-run", "job.yaml")
        assert (answer.exit_code, served.submits) == (0, 1)
        (submitted,) = events(here, "submitted")
        assert submitted["adopted"] is True
        assert submitted["request_id"] in served.sandbox.works
        assert f"a: it was bought, as {submitted['request_id']}\n" in answer.stderr
    assert here.manifest("outputs/job")["cost_usd"]["in_doubt"] == 0


@providers
def test_a_list_that_cannot_be_read_at_first_is_read_again(here, sandbox, provider):
    here.write("job.yaml", job(provider, "a"))
    with sandbox(LOST, unreadable_lists(provider, 2)) as served:
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 1


@providers
def test_what_a_run_could_not_find_out_the_next_one_does(here, sandbox, provider):
    here.write("job.yaml", job(provider, "a", "b"))
    with sandbox(LOST, unreadable_lists(provider, 3)) as served:
        answer = here("vidi-run", "job.yaml", "--select", "a")
        assert answer.exit_code == 6
        assert "the provider's list cannot be read" in answer.stderr
        (planned,) = [
            each
            for each in here("vidi-run", "job.yaml", "--estimate", "--json").json["jobs"][0][
                "inferences"
            ]
            if each["id"] == "a"
        ]
        assert (planned["action"], planned["reason"], planned["estimate_usd"]["high"]) == (
            "fetch",
            "in doubt: the provider is asked first",
            0,
        )
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 2
    assert statuses(here) == {"a": "succeeded", "b": "succeeded"}


@providers
def test_what_never_arrived_stays_in_doubt_and_everything_else_runs(here, sandbox, provider):
    text = job(provider, "a") + "  - {id: b, params: {prompt: other}, output: b.webp}\n"
    here.write("job.yaml", text)
    with sandbox(NEVER_ARRIVED) as served:
        for _ in range(3):
            answer = here("vidi-run", "job.yaml")
            assert answer.exit_code == 6
            assert "the provider lists nothing like it" in answer.stderr
        assert served.submits == 2
    assert statuses(here) == {"a": "in_doubt", "b": "unchanged"}


@providers
def test_two_in_doubt_and_two_alike_are_for_the_user_to_tell_apart(here, sandbox, provider):
    here.write("job.yaml", job(provider, "a", "b"))
    with sandbox({**LOST, "times": 2}, unreadable_lists(provider, 6)) as served:
        assert here("vidi-run", "job.yaml").exit_code == 6
        answer = here("vidi-run", "job.yaml")
        assert answer.exit_code == 6
        first, second = served.sandbox.works
        newest_first = f"the provider lists 2 that are exactly like it: {second}, {first}"
        assert newest_first in answer.stderr
        paid = ["--paid", f"a={first}", "--paid", f"b={second}"]
        assert here("vidi", "reconcile", "job.yaml", *paid).exit_code == 0
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 2
    ids = [row["request_id"] for row in here.manifest("outputs/job")["inferences"]]
    assert ids == [first, second]


@providers
def test_one_match_for_two_in_doubt_is_adopted_once(here, sandbox, provider):
    here.write("job.yaml", job(provider, "a", "b"))
    with sandbox(NEVER_ARRIVED, {**LOST, "nth": 2}, unreadable_lists(provider, 6)) as served:
        assert here("vidi-run", "job.yaml").exit_code == 6
        assert here("vidi-run", "job.yaml").exit_code == 6
        assert (served.submits, len(served.sandbox.works)) == (2, 1)
    assert sorted(statuses(here).values()) == ["in_doubt", "succeeded"]


@providers
def test_the_receipt_of_another_is_no_match(here, sandbox, provider):
    here.write("job.yaml", job(provider, "a", "b"))
    with sandbox({**NEVER_ARRIVED, "nth": 2}) as served:
        assert here("vidi-run", "job.yaml").exit_code == 6
        assert here("vidi-run", "job.yaml").exit_code == 6
        assert served.submits == 2
    assert statuses(here) == {"a": "unchanged", "b": "in_doubt"}


@providers
def test_a_match_that_is_being_bought_right_now_is_another_ones(here, sandbox, provider):
    here.write("job.yaml", job(provider, "a", "b"))
    slow = {"on": "submit", "fault": "slow", "nth": 2, "seconds": 0.4}
    with sandbox(NEVER_ARRIVED, slow) as served:
        assert here("vidi-run", "job.yaml", "-j", 2).exit_code == 6
        assert (served.submits, len(served.sandbox.works)) == (2, 1)
    assert sorted(statuses(here).values()) == ["in_doubt", "succeeded"]
    assert not any("adopted" in event for event in events(here, "submitted"))


@providers
@pytest.mark.parametrize("changed", ["{prompt: a tree, seed: 1}", "{prompt: A tree}"])
def test_only_exactly_the_same_input_is_a_match(here, sandbox, provider, changed):
    here.write("job.yaml", job(provider, "a"))
    here.write("other.yaml", job(provider, "x", params=changed).replace("job", "other"))
    with sandbox({**NEVER_ARRIVED, "nth": 2}):
        assert here("vidi-run", "other.yaml").exit_code == 0
        assert here("vidi-run", "job.yaml").exit_code == 6


@providers
def test_numbers_are_compared_as_the_numbers_they_are(here, sandbox, provider):
    seed = "{prompt: a tree, seed: 7}"
    guided = "{prompt: a tree, guidance_scale: 3.7, num_images: 1}"
    here.write("job.yaml", job(provider, "a", params=seed if provider == "replicate" else guided))
    with sandbox(LOST, unreadable_lists(provider, 3)) as served:
        assert here("vidi-run", "job.yaml").exit_code == 6
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 1


FILES = {
    "replicate": ("replicate/black-forest-labs/flux-kontext-pro", "input_image"),
    "fal": ("fal/fal-ai/flux-pro/kontext", "image_url"),
}


@pytest.mark.parametrize(
    ("provider", "side", "sent"),
    [("replicate", 16, {"$sha256", "length"}), ("replicate", 500, str), ("fal", 16, str)],
    ids=["data-uri", "upload", "fal-cdn"],
)
def test_files_are_recognised_by_what_was_sent_for_them(here, sandbox, provider, side, sent):
    model, param = FILES[provider]
    draw_noise(here.folder / "in.png", side)
    params = f"{{prompt: a tree, {param}: in.png}}"
    here.write("job.yaml", job(provider, "a", model=model, params=params))
    with sandbox(LOST, unreadable_lists(provider, 3)) as served:
        assert here("vidi-run", "job.yaml").exit_code == 6
        (intent,) = events(here, "intent")
        value = intent["sent"][param]
        assert value.keys() == sent if isinstance(sent, set) else isinstance(value, sent)
        assert intent["params"][param]["file"] == "in.png"
        assert len(json.dumps(intent)) < 4000
        assert here("vidi-run", "job.yaml").exit_code == 0
        assert served.submits == 1


def draw_noise(path, side):
    """A picture that does not compress."""
    Image.frombytes("RGB", (side, side), os.urandom(3 * side * side)).save(path)


@pytest.mark.parametrize(
    ("text", "same"), [("data:abc", True), ("data:abd", False), ("data:abcd", False), (3, False)]
)
def test_a_hashed_text_is_the_text_itself(text, same):
    sha256 = hashlib.sha256(b"data:abc").hexdigest()
    assert is_same_json({"x": [text]}, {"x": [HashedText(sha256, 8)]}) is same


def test_a_secret_is_taken_from_whoever_knows_it():
    model = ModelRegistry().get_template("fal/fal-ai/sora-2/text-to-video")
    state = InferenceState("a", params={"prompt": "x", "api_key": "[redacted]"})
    assert restore_params(state, model)["api_key"] == "[redacted]"
    assert restore_params(state, model, {"api_key": "k"}) == {"prompt": "x", "api_key": "k"}


@pytest.mark.parametrize(
    ("sent", "given", "same"),
    [
        (["https://a", "data:abc"], ["https://a", "data:abc"], True),
        (["https://a", "data:abc"], ["https://a", "data:abd"], False),
        ([{"url": "data:abc"}], [{"url": "data:abc"}], True),
        ([{"url": "data:abc"}], [{"url": "https://a"}], False),
    ],
)
def test_files_in_lists_are_recorded_short_and_recognised(sent, given, same):
    model = ModelRegistry().get_template("fal/fal-ai/flux/dev")
    files = (InputFile(("images", 0), Path("a"), "a", 3),)
    request = InferenceRequest(
        id="a",
        model=model,
        checked=CheckedParams({"images": ["a"]}, {}, files),
        estimate=Estimate(Decimal(0), Decimal(0)),
        reserve=Decimal(0),
        fingerprint="f",
        output="a.png",
        timeout_s=1,
    )
    described = describe_sent(request, {"images": sent, "prompt": "x"})
    assert "data:" not in json.dumps(described)
    recorded = json.loads(json.dumps(described), parse_float=Decimal)
    state = InferenceState("a", params={"prompt": "x", "strength": Decimal("0.7")}, sent=recorded)
    restored = restore_params(state, model)
    assert is_same_json({"prompt": "x", "strength": 0.7, "images": given}, restored) is same


def test_looking_is_bounded_in_time(here, sandbox):
    here._monkeypatch.setenv("VIDI_RECONCILE_SECONDS", "1.5")
    here.write("job.yaml", job("replicate", "a"))
    with sandbox(NEVER_ARRIVED) as served:
        assert here("vidi-run", "job.yaml").exit_code == 6
        assert 1 <= served.count("GET", "/predictions") <= 5
    assert events(here, "in_doubt")[0]["ts"] < datetime.now(UTC).isoformat()


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "601"])
def test_the_time_to_look_is_a_number_of_seconds(here, value):
    here._monkeypatch.setenv("VIDI_RECONCILE_SECONDS", value)
    here.write("job.yaml", job("replicate", "a"))
    answer = here("vidi-run", "job.yaml")
    assert answer.exit_code == 2
    assert answer.stderr == (
        f"VIDI_RECONCILE_SECONDS is not a number of seconds: {value}\n"
        "  hint: Set it to a number from 0 to 600, or unset it.\n"
    )
