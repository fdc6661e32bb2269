"""What is refused before anything is sent, and what is not believed at once."""

import pytest

from support.servers.sandbox import serve_sandbox

JOB = """\
version: 1
name: one
budget: 0.01
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: a tree}
    output: tree.webp
"""


@pytest.fixture
def one(here):
    here.write("one.yaml", JOB)
    return here


def lead_to(served, here):
    for name, value in served.environment.items():
        here._monkeypatch.setenv(name, value)


def test_an_empty_variable_does_not_hide_the_key_in_the_env_file(one):
    with serve_sandbox() as served:
        lead_to(served, one)
        one._monkeypatch.setenv("REPLICATE_API_TOKEN", "")
        one.write(".env", "REPLICATE_API_TOKEN=from-the-file\n")
        assert one("vidi-run", "one.yaml").exit_code == 0


@pytest.mark.parametrize("path", ["/proc/nope/x.xml", "one.yaml/x.xml"])
def test_a_junit_report_that_cannot_be_written_is_told_before_anything_is_sent(one, path):
    with serve_sandbox() as served:
        lead_to(served, one)
        answer = one("vidi-run", "one.yaml", "--junit", path)
        assert (answer.exit_code, served.requests) == (2, 0)
    assert answer.stderr == f"cannot write {path}\n  hint: Name another file with --junit.\n"


@pytest.mark.parametrize("again", ["one.yaml", "./one.yaml"])
def test_a_job_file_named_twice_is_refused(one, again):
    answer = one("vidi-run", "one.yaml", again, "--sandbox")
    assert answer.exit_code == 2
    assert "both write to outputs/sandbox/one" in answer.stderr


def test_a_key_that_a_gateway_refuses_once_is_still_good(one):
    with serve_sandbox([{"on": "poll", "fault": "401"}]) as served:
        lead_to(served, one)
        assert one("vidi-run", "one.yaml").exit_code == 0
        assert served.submits == 1


def test_what_is_still_open_counts_against_the_budget_in_the_estimate_too(one):
    one.write("one.yaml", JOB.replace("0.01", "0.003") + "    timeout: 1\n")
    other = JOB.partition("inferences:\n")[2].replace("tree", "bush")
    with serve_sandbox([{"on": "result", "fault": "stuck", "times": 0}]) as served:
        lead_to(served, one)
        assert one("vidi-run", "one.yaml").exit_code == 5
        one.write("one.yaml", JOB.replace("0.01", "0.003") + other)
        assert one("vidi-run", "one.yaml", "--estimate").exit_code == 3
        assert one("vidi-run", "one.yaml").exit_code == 3
        assert served.submits == 1


@pytest.mark.parametrize(
    ("setting", "value", "stderr"),
    [
        (
            "HTTPS_PROXY",
            "gopher://x:1",
            "HTTPS_PROXY is not an HTTP proxy\n"
            "  hint: Set HTTPS_PROXY to http://host:port, or unset it.\n",
        ),
        (
            "SSL_CERT_FILE",
            "/no/such.pem",
            "the certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read: "
            "[Errno 2] No such file or directory\n"
            "  hint: Point SSL_CERT_FILE at a PEM file, or unset it.\n",
        ),
    ],
)
def test_a_connection_that_cannot_be_set_up_is_told_before_anything_is_set_aside(
    one, setting, value, stderr
):
    one._monkeypatch.setenv("REPLICATE_API_TOKEN", "key")
    one._monkeypatch.setenv(setting, value)
    answer = one("vidi-run", "one.yaml")
    assert (answer.exit_code, answer.stderr) == (2, stderr)
    manifest = one.manifest("outputs/one")
    assert (manifest["run"]["status"], manifest["run"]["exit_code"]) == ("failed", 2)
    assert manifest["inferences"][0]["status"] == "skipped"
    assert one("vidi", "costs", "--json").json["in_doubt_usd"] == 0
