"""A selector that means nothing is told: it is a slip of the pen, or it is worth knowing."""

import pytest

from support.servers.sandbox import serve_sandbox

MODEL = "replicate/black-forest-labs/flux-schnell"
STATUSES = (
    "completed, failed, in_doubt, intended, moderated, new, refused, submitted, succeeded, "
    "unfinished"
)
FORMS = "Write an id or a glob such as 'card-*', tag:x, model:fal/*, status:failed."
options = pytest.mark.parametrize("option", ["--select", "--exclude", "--rebuy", "--restore"])


def job(*ids):
    entries = "".join(
        f"  - {{id: {key!r}, model: {MODEL}, params: {{prompt: x}}, output: o{number}.webp}}\n"
        for number, key in enumerate(ids)
    )
    return f"version: 1\nbudget: 1\ninferences:\n{entries}"


def estimate(here, *arguments):
    return here("vidi-run", "job.yaml", "--estimate", "--json", *arguments)


def told(problems):
    return [(problem["message"], problem["hint"]) for problem in problems]


@pytest.mark.parametrize(
    ("selector", "hint"),
    [
        ("tre", "Did you mean 'tree'?"),
        ("zzz", ""),
        ("b*", ""),
        ("tag:none", ""),
        ("model:fal/*", ""),
        ("id:zzz", ""),
    ],
)
@options
def test_one_that_means_no_inference_is_a_mistake(here, option, selector, hint):
    here.write("job.yaml", job("tree"))
    answer = estimate(here, option, selector)
    shown = selector.removeprefix("id:")
    message = f"{option} {shown} means none of the inferences"
    assert (answer.exit_code, told(answer.json["errors"])) == (2, [(message, hint)])
    assert answer.json["errors"][0]["code"] == "unmatched-selector"
    answer = here("vidi-run", "job.yaml", "--sandbox", option, selector)
    hinted = f"  hint: {hint}\n" if hint else ""
    assert (answer.exit_code, answer.stderr) == (2, f"{message}\n{hinted}")


@options
def test_a_status_that_none_has_today_is_a_warning(here, option):
    here.write("job.yaml", job("tree"))
    answer = estimate(here, option, "status:failed")
    message = f"{option} status:failed means none of the inferences"
    assert (answer.exit_code, told(answer.json["warnings"])) == (0, [(message, "")])


@options
def test_one_that_means_some_is_none(here, option):
    here.write("job.yaml", job("tree", "bush"))
    assert estimate(here, option, "tree,status:new").json["warnings"] == []


@pytest.mark.parametrize(
    ("selector", "message", "hint"),
    [
        ("status:faild", "there is no status 'faild'", "Did you mean 'failed'?"),
        ("status:nonsense", "there is no status 'nonsense'", f"Statuses: {STATUSES}."),
        (
            "tga:x",
            "'tga:x': no inference has this id, and selectors do not begin with 'tga:'",
            "Did you mean 'tag'?",
        ),
        (
            "foo:bar",
            "'foo:bar': no inference has this id, and selectors do not begin with 'foo:'",
            FORMS,
        ),
    ],
)
@options
def test_one_that_can_mean_nothing_is_a_mistake(here, option, selector, message, hint):
    here.write("job.yaml", job("tree"))
    answer = estimate(here, option, selector)
    assert (answer.exit_code, told(answer.json["errors"])) == (2, [(message, hint)])


def test_an_id_with_a_colon_is_no_mistake(here):
    here.write("job.yaml", job("foo:bar", "tree"))
    answer = estimate(here, "--select", "foo:bar", "--select", "foo:*")
    assert (answer.exit_code, answer.json["warnings"]) == (0, [])
    assert [line["action"] for line in answer.json["jobs"][0]["inferences"]] == ["run", "skip"]


@pytest.mark.parametrize("status", ["failed", "refused", "fail*", "in_doubt", "unfinished"])
def test_the_words_of_the_journal_and_of_the_manifest_are_known(here, status):
    here.write("job.yaml", job("tree"))
    assert estimate(here, "--select", f"status:{status}").exit_code == 0


def test_what_one_of_several_files_has_is_meant(here):
    here.write("job.yaml", job("tree"))
    here.write("other.yaml", job("bush"))
    answer = estimate(here, "other.yaml", "--select", "bush")
    assert answer.json["warnings"] == []
    answer = estimate(here, "other.yaml", "--select", "bsh")
    assert told(answer.json["errors"]) == [
        ("--select bsh means none of the inferences", "Did you mean 'bush'?")
    ]


def test_the_mistakes_of_a_file_come_alone(here):
    here.write("job.yaml", job("tree").replace("prompt", "promt"))
    answer = estimate(here, "--select", "zzz")
    assert answer.exit_code == 2
    assert not [each for each in answer.json["errors"] if "means none" in each["message"]]


def test_it_is_told_each_time_though_nothing_is_left_to_do(here):
    here.write("job.yaml", job("tree"))
    for _ in range(3):
        answer = here("vidi-run", "job.yaml", "--sandbox", "--exclude", "status:failed")
        assert answer.exit_code == 0
        assert "warning: --exclude status:failed means none of the inferences" in answer.stderr


def test_a_status_is_meant_by_the_word_that_the_status_command_has_for_it(here):
    """`vidi status` calls `failed` what the journal calls refused."""
    here.write("job.yaml", job("tree"))
    with serve_sandbox([{"on": "submit", "fault": "400"}]) as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        assert here("vidi-run", "job.yaml").exit_code == 1
    for word in ("failed", "refused"):
        assert estimate(here, "--select", f"status:{word}").json["warnings"] == []


VARS = """\
version: 1
budget: 1
vars: {style: flat}
defaults: {model: MODEL}
inferences:
  - id: "{{ name }}-{{ n }}"
    vars: {name: tree}
    matrix: {n: [1, 2]}
    params: {prompt: "{{ style }} {{ name }}{% if mood is defined %}, {{ mood }}{% endif %}"}
    output: "{{ id }}.webp"
""".replace("MODEL", MODEL)


@pytest.mark.parametrize("name", ["style", "name", "mood", "n"])
def test_a_variable_that_the_file_sets_or_reads_is_taken(here, name):
    here.write("job.yaml", VARS)
    assert estimate(here, "--var", f"{name}=x").exit_code == 0


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("stile", "Did you mean 'style'?"),
        ("qqq", "Variables: mood, n, name, style."),
    ],
)
def test_a_variable_that_no_file_uses_is_a_mistake(here, name, hint):
    here.write("job.yaml", VARS)
    here.write("other.yaml", job("a"))
    here.write("vars.yaml", f"{name}: x\nstyle: round\n")
    for given in (("--var", f"{name}=x"), ("--vars-file", "vars.yaml")):
        answer = estimate(here, "other.yaml", *given)
        message = f"no job file uses the variable '{name}'"
        assert (answer.exit_code, told(answer.json["errors"])) == (2, [(message, hint)])


def test_a_variable_of_another_file_of_the_command_is_taken(here):
    here.write("job.yaml", job("a"))
    here.write("other.yaml", VARS)
    assert estimate(here, "other.yaml", "--var", "style=round").exit_code == 0
