"""Whatever route a secret takes to a param, it is in nothing that is written or said.

One job has all the routes by which a value reaches a param, and a secret on each of them.
"""

import json

import pytest

from support.models.templates import write_template
from support.secrets import find_leaks, read_all

MODEL = "replicate/openai/gpt-image-1.5"
SECRETS = {
    "a variable of the job": "sk-Sentinel/of+the=job",
    "one inside a mapping": "sk-SentinelInAMapping",
    "one of the defaults": "sk-SentinelOfTheDefaults",
    "one of the entry": "sk-SentinelOfTheEntry",
    "one made of another": "sk-SentinelMadeOfAnother",
    "an axis of the matrix": "sk-SentinelOfTheAxis",
    "a column of a table": "sk-SentinelOfTheTable",
    "a field of a row in the job": "sk-SentinelOfTheRow",
    "--var": "sk-SentinelOfTheCommand",
    "--vars-file": "sk-SentinelOfAFileOfVars",
    "file()": "sk-SentinelOfATextFile",
    "an expression": "sk-SentinelOfAnExpression",
    "a variable that feeds a param": "SentinelThatFeedsAParam",
    "an axis that feeds a param": "SentinelOnAnAxisThatFeeds",
    "a column that feeds a param": "SentinelInAColumnThatFeeds",
    "a param as it is written": "sk-SentinelAsItIsWritten",
    "a param by its own name": "sk-SentinelByItsOwnName",
}
(JOB, MAPPING, DEFAULTS, ENTRY, MADE, AXIS, TABLE, ROW, COMMAND, FILE, TEXT, EXPRESSION,
 FEEDS, AXIS_FEEDS, COLUMN_FEEDS, WRITTEN, NAMED) = SECRETS.values()  # fmt: skip
HALVES = EXPRESSION[:10], EXPRESSION[10:]


def entry(name, prompt, key="{{ none }}", **more):
    params = {"prompt": f"a tree {prompt}", "openai_api_key": key}
    base = {"id": name, "model": MODEL, "params": params, "output": "{{ id }}.webp"}
    return {**base, **more}


ENTRIES = [
    entry("job", "{{ job_token }} {{ ours.password }} {{ default_secret }}"),
    entry("entry", "{{ entry_token }}", vars={"entry_token": ENTRY}),
    entry("made", "{{ made_token }}", vars={"half": MADE[3:], "made_token": "sk-{{ half }}"}),
    entry("axis", "{{ access_token }}", matrix={"access_token": [AXIS]}),
    entry("table-{{ row }}", "{{ item.client_secret }}", foreach="rows.csv"),
    entry("row-{{ row }}", "{{ item.inner.password }}", foreach=[{"inner": {"password": ROW}}]),
    entry("given", "{{ given_token }} {{ filed_token }}"),
    entry("text", "{{ file('it.txt') }}", "{{ file('it.txt') }}"),
    entry("expression", "{{ a ~ b }}", "{{ a ~ b }}", vars=dict(zip("ab", HALVES, strict=True))),
    entry("feeds", "{{ mine }}", "Bearer {{ mine }}", vars={"mine": FEEDS}),
    entry("axis feeds", "{{ of }}", "{{ of|lower }}", matrix={"of": [AXIS_FEEDS]}),
    entry("column-{{ row }}", "{{ item.x }}", "{{ item.x|upper }}", foreach="rows.csv"),
    entry("written", WRITTEN, WRITTEN),
    entry("odd", "a thing", vars={}, mark=False),
    entry("named", NAMED, model="fal/acme/named", assume_cost=0.1),
]
ENTRIES[-1]["params"] = {"prompt": f"a tree {NAMED}", "session_token": NAMED}
DOCUMENT = {
    "version": 1,
    "name": "job",
    "budget": 50,
    "vars": {"none": "abcdefghijk", "job_token": JOB, "ours": {"password": MAPPING},
             "given_token": "replaced", "filed_token": "replaced"},
    "defaults": {"vars": {"default_secret": DEFAULTS}},
    "inferences": ENTRIES,
}  # fmt: skip
NAMED_PARAMS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"prompt": {"type": "string"}, "session_token": {"type": "string"}},
}
GIVEN = ("--var", f"given_token={COMMAND}", "--vars-file", "more.yaml")
EVERY = ("--junit", "out/junit.xml", "--summary-markdown", "out/summary.md", "--code-quality",
         "out/quality.json")  # fmt: skip


@pytest.fixture
def house(here):
    here.write("job.json", json.dumps(DOCUMENT))
    here.write("rows.csv", f"client_secret,x\n{TABLE},{COLUMN_FEEDS}\n")
    here.write("more.yaml", f"filed_token: {FILE}\n")
    here.write("it.txt", TEXT)
    write_template(
        here.folder / "templates", "fal/acme-named.json", id="fal/acme/named", params=NAMED_PARAMS
    )
    here._monkeypatch.setenv("VIDI_STORE", str(here.folder / "out/store"))
    here._monkeypatch.setenv("GITHUB_ACTIONS", "true")
    here._monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(here.folder / "out/step.md"))
    here._monkeypatch.setenv("GITHUB_OUTPUT", str(here.folder / "out/outputs"))
    (here.folder / "out").mkdir()
    return here


def test_it_is_nowhere(house):
    said = {}

    def give(*command, codes=(0,)):
        answer = house(*command)
        assert answer.exit_code in codes, (command, answer.stderr)
        said[" ".join(command)] = f"{answer.stdout}\n{answer.stderr}".encode()

    give("vidi-run", "job.json", "--estimate", "--plan", "out/plan.json", "-v", *GIVEN, *EVERY)
    give("vidi-run", "job.json", "--sandbox", "-v", "-j", "8", *GIVEN, *EVERY)
    give("vidi-run", "job.json", "--sandbox", "--json", *GIVEN, *EVERY)
    wrong = {**ENTRIES[0]["params"], "quality": "{{ job_token }}", "{{ job_token }}x": 1}
    house.write(
        "bad.json", json.dumps({**DOCUMENT, "inferences": [{**ENTRIES[0], "params": wrong}]})
    )
    for more in ((), ("--json",)):
        give("vidi-run", "bad.json", "--estimate", *more, *EVERY, codes=(2,))
    give("vidi", "report", "outputs/sandbox/job", "--contact-sheet", "out/sheet.png")
    give("vidi", "status", "outputs/sandbox/job")
    give("vidi", "find", "tree", "--json", codes=(0, 1))
    written = {**read_all(house.folder / "outputs"), **read_all(house.folder / "out")}
    assert {"sandbox/job/manifest.json", "junit.xml", "summary.md", "step.md"} <= written.keys()
    assert find_leaks(SECRETS, {**written, **said}) == []
