"""Manifests as JUnit XML: outcomes, figures, and any text whatever."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.manifests import ERROR, FLUX, make_asset, make_cost, make_inference, make_manifest
from vidi.runs.records.junit import OUTCOMES, JobReport, render_junit, write_junit
from vidi.runs.records.manifest.schema import INFERENCE_STATUSES


def report(manifest, **fields):
    return JobReport(manifest["run"]["job_file"], manifest, **fields)


WHOLE = make_manifest(
    make_inference(assets=[make_asset("forest-1.webp"), make_asset("forest-2.webp")]),
    make_inference("cat", "failed", error=ERROR, cost_usd=make_cost(actual=0, basis="none")),
)
WHOLE_SAYS = """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="vidi" tests="2" failures="1" errors="0" skipped="0">
  <testsuite name="thumbnails" timestamp="2026-11-23T19:04:07Z" time="94.000" tests="2" \
failures="1" errors="0" skipped="0">
    <properties>
      <property name="run_id" value="run-1" />
      <property name="sandbox" value="false" />
      <property name="budget_usd" value="0.50" />
      <property name="cost_usd.estimated_low" value="0.003" />
      <property name="cost_usd.estimated_high" value="0.003" />
      <property name="cost_usd.actual" value="0.003" />
      <property name="cost_usd.in_doubt" value="0.00" />
      <property name="cost_usd.saved" value="0.00" />
      <property name="cost_usd.paid" value="0.003" />
    </properties>
    <testcase classname="replicate/black-forest-labs/flux-schnell" name="forest" time="2.400" \
file="jobs/thumbnails.yaml">
      <properties>
        <property name="status" value="succeeded" />
        <property name="request_id" value="req-1" />
        <property name="cost_usd.estimated_low" value="0.003" />
        <property name="cost_usd.estimated_high" value="0.003" />
        <property name="cost_usd.actual" value="0.003" />
        <property name="cost_usd.basis" value="metered" />
        <property name="cost_usd.paid" value="0.003" />
        <property name="cost_usd.paid_basis" value="metered" />
      </properties>
      <system-out>forest-1.webp
forest-2.webp</system-out>
    </testcase>
    <testcase classname="replicate/black-forest-labs/flux-schnell" name="cat" time="2.400" \
file="jobs/thumbnails.yaml">
      <properties>
        <property name="status" value="failed" />
        <property name="request_id" value="req-1" />
        <property name="cost_usd.estimated_low" value="0.003" />
        <property name="cost_usd.estimated_high" value="0.003" />
        <property name="cost_usd.actual" value="0.00" />
        <property name="cost_usd.basis" value="none" />
        <property name="cost_usd.paid" value="0.00" />
      </properties>
      <failure message="422: seed must be an integer" type="rejected">\
422: seed must be an integer
Write seed: 12.
request req-1</failure>
    </testcase>
  </testsuite>
</testsuites>
"""


def read_case(**fields):
    return ET.fromstring(render_junit(report(make_manifest(make_inference(**fields))))).find(
        ".//testcase"
    )


def test_the_whole_file():
    assert render_junit(report(WHOLE)) == WHOLE_SAYS


def test_every_status_has_an_outcome():
    assert set(OUTCOMES) == set(INFERENCE_STATUSES)


@pytest.mark.parametrize(("status", "outcome"), OUTCOMES.items())
def test_each_status_becomes_its_element(status, outcome):
    case = read_case(status=status)
    found = {child.tag for child in case} & {"failure", "error", "skipped"}
    assert found == ({outcome} if outcome else set())


@pytest.mark.parametrize(("status", "outcome"), OUTCOMES.items())
def test_suites_count_their_outcomes(status, outcome):
    root = ET.fromstring(render_junit(report(make_manifest(make_inference(status=status)))))
    counted = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    for element in (root, root[0]):
        assert {name: element.get(name) for name in counted} == {
            name: str(int(tag == outcome)) for name, tag in counted.items()
        }


def test_skipped_says_why():
    case = read_case(status="skipped", reason="--fail-fast", attempts=0, request_id=None)
    assert case.find("skipped").get("message") == "--fail-fast"


def test_an_ending_without_an_error_is_told_by_its_reason():
    case = read_case(status="unfinished", reason="still running", request_id=None)
    error = case.find("error")
    assert error.attrib == {"message": "still running", "type": "unfinished"}
    assert error.text == "still running\nrequest never accepted"


def test_what_is_unknown_is_left_out():
    case = read_case(duration_s=None, cost_usd=make_cost(0.8, None, None, None))
    names = [found.get("name") for found in case.iter("property")]
    assert names == ["status", "request_id", "cost_usd.estimated_low", "cost_usd.paid"]
    assert case.get("time") == "0.000"


def test_a_run_that_has_not_ended_takes_no_time():
    manifest = make_manifest(run={"finished_at": None}, budget_usd=None)
    suite = ET.fromstring(render_junit(report(manifest)))[0]
    assert suite.get("time") == "0.000"
    assert "budget_usd" not in [found.get("name") for found in suite.iter("property")]


def test_each_job_is_a_suite():
    other = make_manifest(make_inference(model=FLUX), run={"job_file": "jobs/voices.yaml"})
    root = ET.fromstring(render_junit(report(WHOLE), report(other)))
    assert [suite.get("name") for suite in root] == ["thumbnails", "voices"]
    assert root.get("tests") == "3"


@given(text=st.text(st.characters()))
def test_any_text_makes_well_formed_xml(text):
    error = {"code": text, "message": text, "hint": text}
    inference = make_inference(
        text, "failed", model=text, error=error, assets=[make_asset(path=text)]
    )
    ET.fromstring(render_junit(report(make_manifest(inference))).encode())


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\x0b", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_cannot_hold_is_left_out(bad):
    assert read_case(name=f"a{bad}b").get("name") == "ab"


@pytest.mark.parametrize("kept", ["<&>\"'", "ñ", "\U0001f600", "a\tb\nc\rd"])
def test_what_xml_can_hold_stays(kept):
    assert read_case(name=kept).get("name") == kept


def test_it_is_written_whole_where_asked(tmp_path):
    path = tmp_path / "build" / "junit.xml"
    assert write_junit(path, report(WHOLE)) == path
    assert path.read_text("utf-8") == WHOLE_SAYS
    assert list(path.parent.iterdir()) == [path]


def test_several_jobs_are_written_into_one_file(tmp_path):
    path = write_junit(tmp_path / "junit.xml", report(WHOLE), report(WHOLE))
    assert path.read_text("utf-8") == render_junit(report(WHOLE), report(WHOLE))
