"""`vidi status`: what a folder holds, without asking anybody."""

import pytest

from support.servers.intervening import JOB
from support.servers.sandbox import serve_sandbox


@pytest.fixture
def run(here):
    here.write("job.yaml", JOB)
    here._monkeypatch.setenv("VIDI_RECONCILE_SECONDS", "0")

    def run(*faults, options=()):
        with serve_sandbox(faults) as served:
            for name, value in served.environment.items():
                here._monkeypatch.setenv(name, value)
            return here("vidi-run", "job.yaml", *options)

    return run


def lines(here):
    return {
        line["id"]: line for line in here("vidi", "status", "job.yaml", "--json").json["inferences"]
    }


def test_a_job_that_was_never_run(here):
    here.write("job.yaml", JOB)
    answer = here("vidi", "status", "job.yaml")
    assert (answer.exit_code, answer.stdout) == (
        0,
        "outputs/job: 2 inferences, $0.00\n"
        "inference  model                                     status   cost  may be billed  since"
        "  what\n"
        "tree       replicate/black-forest-labs/flux-schnell  new     $0.00\n"
        "card       fal/fal-ai/flux/dev                       new     $0.00\n"
        "next: vidi-run job.yaml\n",
    )
    assert not (here.folder / "outputs").exists()


def test_a_job_that_is_done(here, run):
    run()
    answer = here("vidi", "status", "job.yaml")
    assert answer.stdout == (
        "outputs/job: 2 inferences, $0.028\n"
        "inference  model                                     status       cost  may be billed"
        "  since      what\n"
        "tree       replicate/black-forest-labs/flux-schnell  succeeded  $0.003"
        "                 0 min ago  tree.webp\n"
        "card       fal/fal-ai/flux/dev                       succeeded  $0.025"
        "                 0 min ago  card.jpg\n"
        "nothing to do\n"
    )


def test_what_is_in_doubt_comes_first(here, run):
    run({"on": "submit", "fault": "reset"})
    answer = here("vidi", "status", "job.yaml", "--json").json
    assert (answer["cost_usd"], answer["may_be_billed_usd"]) == (0.025, 0.003)
    assert answer["next_command"] == "vidi reconcile job.yaml"
    assert lines(here)["tree"]["status"] == "in_doubt"
    assert lines(here)["tree"]["may_be_billed_usd"] == 0.003


def test_what_is_unfinished_is_to_be_fetched(here, run):
    here.write("job.yaml", JOB.replace("output: tree.webp", "output: tree.webp\n    timeout: 1"))
    run({"on": "result", "fault": "stuck", "provider": "replicate"})
    answer = here("vidi", "status", "job.yaml", "--json").json
    assert answer["next_command"] == "vidi-run job.yaml"
    tree = answer["inferences"][0]
    assert (tree["status"], tree["may_be_billed_usd"]) == ("unfinished", 0.003)
    assert tree["error"]["code"] == "unfinished"
    assert tree["request_id"]


def test_what_failed_says_why(here, run):
    run({"on": "submit", "fault": "422"})
    assert lines(here)["tree"]["status"] == "failed"
    assert lines(here)["tree"]["cost_usd"] == 0
    assert "Replicate refused it" in here("vidi", "status", "job.yaml").stdout


def test_costs_are_of_all_runs_together(here, run):
    run()
    run(options=["--rebuy", "tree"])
    run()
    assert lines(here)["tree"]["cost_usd"] == 0.006


def test_what_left_the_job_file_is_marked(here, run):
    run()
    here.write("job.yaml", JOB.partition("  - id: card")[0])
    assert lines(here)["card"]["in_job"] is False
    assert "not in the job file; card.jpg" in here("vidi", "status", "job.yaml").stdout


def test_a_folder_says_the_same_without_the_job_file(here, run):
    run({"on": "submit", "fault": "reset"})
    found = here("vidi", "status", "outputs/job", "--json").json
    assert found["next_command"] == "vidi reconcile job.yaml"
    assert [line["in_job"] for line in found["inferences"]] == [None, None]


def test_a_folder_that_is_not_the_usual_one_is_named_in_the_next_command(here, run):
    run({"on": "submit", "fault": "reset"}, options=["-o", "there"])
    found = here("vidi", "status", "there", "--json").json
    assert found["next_command"] == "vidi reconcile job.yaml -o there"
    (here.folder / "job.yaml").unlink()
    found = here("vidi", "status", "there", "--json").json
    assert found["next_command"] == "vidi reconcile job.yaml"


def test_the_sandbox_has_a_folder_of_its_own(here):
    here.write("job.yaml", JOB)
    here("vidi-run", "job.yaml", "--sandbox", "--select", "tree")
    answer = here("vidi", "status", "job.yaml", "--sandbox", "--json").json
    assert (answer["sandbox"], answer["next_command"]) == (True, "vidi-run job.yaml --sandbox")
    by_folder = here("vidi", "status", "outputs/sandbox/job", "--json").json
    assert by_folder["next_command"] is None


def test_options_are_repeated_in_the_next_command(here):
    here.write("sub/job.yaml", JOB)
    answer = here("vidi", "status", "sub/job.yaml", "-C", "sub", "-o", "there", "--json").json
    assert answer["next_command"] == "vidi-run sub/job.yaml -C sub -o there"
    assert answer["folder"] == "sub/there"


def test_a_job_file_that_is_not_there(here):
    assert here("vidi", "status", "nothing.yaml").exit_code == 2


def test_a_folder_of_folders_is_a_line_each(here, run):
    here.write("other.yaml", JOB.replace("name: job", "name: other"))
    run({"on": "submit", "fault": "400"})
    here("vidi-run", "other.yaml", "--sandbox")
    answer = here("vidi", "status", "outputs")
    assert (answer.exit_code, answer.stdout) == (
        0,
        "folder                           inferences  status                   cost"
        "  may be billed\n"
        "outputs/job                               2  1 failed, 1 succeeded  $0.025\n"
        "outputs/sandbox/other (sandbox)           2  2 succeeded            $0.028\n"
        "total                                     4                         $0.025\n"
        "next: vidi-run job.yaml\n",
    )
    found = here("vidi", "status", "outputs", "--json").json
    assert (found["folder"], found["cost_usd"], found["may_be_billed_usd"]) == ("outputs", 0.025, 0)
    assert [(each["folder"], each["sandbox"]) for each in found["folders"]] == [
        ("outputs/job", False),
        ("outputs/sandbox/other", True),
    ]


def test_a_folder_that_cannot_be_read_hides_no_other(here, run):
    run()
    here.write("outputs/spoilt/log.jsonl", "{}\n")
    answer = here("vidi", "status", "outputs", "--json")
    assert answer.exit_code == 0
    assert [each["folder"] for each in answer.json["folders"]] == ["outputs/job"]
    (error,) = answer.json["errors"]
    assert error["path"] == "outputs/spoilt/log.jsonl"
