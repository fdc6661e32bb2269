"""One shape, however many files and whatever becomes of them: docs/answer.schema.json."""

import jsonschema_rs
import pytest

from support.servers.sandbox import serve_sandbox
from vidi.cli.display.answer_schema import answer_schema

DEV = "fal/fal-ai/flux/dev"
JOB = f"""\
version: 1
budget: 0.50
inferences:
  - {{id: a, model: {DEV}, params: {{prompt: an ash, image_size: square_hd}}, output: a.png}}
  - {{id: b, model: {DEV}, params: {{prompt: a birch}}, output: b.jpg, tags: [tree]}}
"""
BAD = JOB.replace("prompt", "promt")
COMMANDS = [("vidi-run", "--estimate"), ("vidi-run", "--sandbox"), ("vidi", "validate")]
ENDS = {
    "all is well": (["a.yaml"], [], {0}),
    "two files": (["a.yaml", "b.yaml"], [], {0}),
    "a mistake": (["a.yaml", "bad.yaml"], [], {2}),
    "no such file": (["none.yaml"], [], {2}),
    "no such option": (["a.yaml"], ["--nonsense"], {2}),
    "over the budget": (["a.yaml", "b.yaml"], ["--budget", "0.01"], {0, 3}),
    "two of one folder": (["a.yaml", "b.yaml"], ["-o", "out"], {2}),
    "selected": (["a.yaml"], ["--select", "a"], {0}),
}


def check(answer):
    jsonschema_rs.validator_for(answer_schema()).validate(answer.json)
    assert answer.json["exit_code"] == answer.exit_code
    assert answer.json["ok"] is (answer.exit_code == 0)
    return answer.json


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("end", ENDS)
def test_every_answer_has_the_one_shape(here, command, end):
    for name, text in (("a", JOB), ("b", JOB), ("bad", BAD)):
        here.write(f"{name}.yaml", text)
    names, options, codes = ENDS[end]
    answer = here(command[0], *command[1:], *names, *options, "--json")
    assert answer.exit_code in codes
    found = check(answer)
    if found["jobs"]:
        assert [job["job_file"] for job in found["jobs"]] == names
    assert bool(found["errors"]) == bool(answer.exit_code)


def test_what_became_of_each_inference_is_told(here):
    here.write("a.yaml", JOB)
    with serve_sandbox([{"on": "result", "fault": "failed", "nth": 2}]) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        found = check(here("vidi-run", "a.yaml", "--json"))
        (job,) = found["jobs"]
        assert [(row["id"], row["status"], row["assets"]) for row in job["inferences"]] == [
            ("a", "succeeded", ["a.png"]),
            ("b", "failed", []),
        ]
        costs = [row["actual_usd"] for row in job["inferences"]]
        assert sum(costs) == pytest.approx(found["spent_usd"])
        assert (job["output_dir"], job["manifest"]) == ("outputs/a", "outputs/a/manifest.json")
        (error,) = found["errors"]
        assert (error["job_file"], error["id"], error["count"]) == ("a.yaml", "b", 1)
        (odd,) = found["warnings"]
        assert (odd["code"], odd["id"]) == ("asset-warning", "a")
        assert odd["message"] == "a.png holds image/jpeg: its extension should be .jpg"
