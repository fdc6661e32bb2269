"""Warnings are seen: counted in the last line, in JSON, in JUnit, as annotations."""

from xml.etree import ElementTree as ET

import pytest

from support.servers.sandbox import serve_sandbox

SCHNELL = "replicate/black-forest-labs/flux-schnell"
JOB = """\
version: 1
budget: 5
defaults: {output: "{{ id }}.jpg"}
inferences:
  - {id: fine, model: fal/fal-ai/flux/dev, params: {prompt: x}}
  - {id: black, model: fal/fal-ai/flux/dev, params: {prompt: x, seed: 1}}
  - {id: few, model: SCHNELL, params: {prompt: x, num_outputs: 3}, output: few.webp}
  - {id: named, model: fal/fal-ai/flux/dev, params: {prompt: x, seed: 2}, output: named.png}
  - {id: old, model: replicate/google/imagen-4-fast, params: {prompt: x}}
""".replace("SCHNELL", SCHNELL)
FAULTS = [
    {"on": "result", "fault": "nsfw", "nth": 2, "model": "fal/fal-ai/flux/dev"},
    {"on": "result", "fault": "partial-moderation", "model": SCHNELL},
]
ODD = {
    "black": "the provider's filter flagged it, and may have blacked it out",
    "few": "of 3 outputs came",
    "named": "named.png holds image/jpeg: its extension should be .jpg",
    "old": "replicate/google/imagen-4-fast is retired",
}


@pytest.fixture
def ran(here):
    """A run with each kind of warning; and the answers of two runs more."""
    here.write("job.yaml", JOB)
    here._monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with serve_sandbox(FAULTS) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)

        def run(*options):
            return here("vidi-run", "job.yaml", "--junit", "junit.xml", *options)

        run.here = here
        yield run


def test_each_kind_is_counted_and_told_and_annotated(ran):
    answer = ran()
    assert answer.exit_code == 0, answer.stderr
    assert "\nsucceeded: 5 succeeded, 4 with warnings\n" in answer.stderr
    for message in ODD.values():
        lines = [line for line in answer.stderr.splitlines() if message in line]
        assert any("warning: " in line for line in lines), message
        assert any(line.startswith("::warning file=job.yaml") for line in lines), message
    answer = ran()
    assert "\nsucceeded: 5 unchanged, 4 with warnings\n" in answer.stderr
    assert ODD["black"] not in answer.stderr, "what is there since yesterday is counted only"


def test_they_are_in_the_json_answer(ran):
    for _ in range(2):
        warnings = ran("--json").json["warnings"]
        assert {each["id"] for each in warnings} == ODD.keys()
        for inference, message in ODD.items():
            found = [each for each in warnings if each["ids"] == [inference]]
            assert any(message in each["message"] for each in found)
            assert {each["job_file"] for each in found} == {"job.yaml"}


def test_they_are_in_the_junit_report(ran):
    ran()
    suite = ET.parse(ran.here.folder / "junit.xml").getroot()[0]
    properties = {each.get("name"): each.get("value") for each in suite[0]}
    assert properties["warnings"] == "4"
    for case in suite.iter("testcase"):
        told = [each.get("value") for each in case[0] if each.get("name") == "warning"]
        message = ODD.get(case.get("name"))
        if message is None:
            assert told == []
        else:
            assert message in told[0]
            assert f"warning: {told[0]}" in case.find("system-out").text.splitlines()


def test_several_files_are_counted_together(ran):
    ran.here.write("other.yaml", JOB.replace("output: named.png", "output: named.jpg"))
    answer = ran("other.yaml")
    assert "all 2 job files: 10 succeeded, 5 with warnings\n" in answer.stderr


def test_a_price_of_low_confidence_is_a_warning_where_it_is_paid(here):
    here.write("job.yaml", JOB.partition("inferences:")[0] + LOW)
    for codes in ({"low-confidence"}, set()):
        warnings = here("vidi-run", "job.yaml", "--sandbox", "--json").json["warnings"]
        assert {each["code"] for each in warnings} - {"price-drift"} == codes


LOW = """\
inferences:
  - {id: a, model: fal/fal-ai/flux-2/klein/9b, params: {prompt: x}, output: a.png}
"""


@pytest.mark.parametrize(
    ("text", "code", "failures", "errors"),
    [
        (JOB, 0, 0, 0),
        (JOB.replace("budget: 5", "budget: 0.01"), 3, 0, 1),
        (JOB.replace("prompt", "promt"), 2, 0, 10),
    ],
)
def test_an_estimate_writes_a_junit_report_too(here, text, code, failures, errors):
    here.write("job.yaml", text)
    answer = here("vidi-run", "job.yaml", "--estimate", "--junit", "out/junit.xml")
    assert answer.exit_code == code
    root = ET.parse(here.folder / "out/junit.xml").getroot()
    assert (root.get("failures"), root.get("errors")) == (str(failures), str(errors))
    names = [case.get("name") for case in root.iter("testcase")]
    if code != 2:
        assert names[:5] == ["fine", "black", "few", "named", "old"]
        (price,) = root.findall(".//testcase[@name='few']//property[@name='estimate_usd.high']")
        assert price.get("value") == "0.009"
    else:
        lines = {case.get("line") for case in root.iter("testcase")}
        assert lines == {"5", "6", "7", "8", "9"}


def test_a_junit_report_that_cannot_be_written_is_a_mistake_before_anything(here):
    here.write("job.yaml", JOB)
    for options in (["--estimate"], ["--sandbox"]):
        answer = here("vidi-run", "job.yaml", "--junit", "job.yaml/x.xml", *options)
        assert (answer.exit_code, answer.stderr) == (
            2,
            "cannot write job.yaml/x.xml\n  hint: Name another file with --junit.\n",
        )
