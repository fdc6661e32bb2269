"""Names and prompts that are not ASCII, wherever the command is run."""

import pytest

from support.commands import run_installed

JOB = """\
version: 1
name: árbol
budget: 1.00
inferences:
  - id: niño-木
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: "un árbol 🌲"}
    output: "hojas/árbol-木.webp"
"""
MADE = "outputs/sandbox/árbol/hojas/árbol-木.webp"
COERCED = [
    {"LC_ALL": "C"},
    {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"},
]
"""Where Python names files in UTF-8, whatever it writes to a pipe."""
FOREIGN = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def job(tmp_path):
    (tmp_path / "job.yaml").write_text(JOB, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("environment", COERCED, ids=str)
def test_names_of_any_script_work(job, environment):
    answer = run_installed(
        "vidi-run", "job.yaml", "--sandbox", "--json", "-q", cwd=job, **environment
    )
    assert answer.exit_code == 0, answer.stderr
    assert (job / MADE).is_file()
    assert answer.json["jobs"][0]["inferences"][0]["id"] == "niño-木"
    assert answer.json["jobs"][0]["manifest"] == "outputs/sandbox/árbol/manifest.json"


@pytest.mark.parametrize("encoding", ["ascii", "iso8859-5"])
def test_what_a_stream_cannot_hold_is_escaped(job, encoding):
    (job / "job.yaml").write_text(JOB.replace("prompt:", "promt:"), encoding="utf-8")
    answer = run_installed("vidi", "validate", "job.yaml", cwd=job, PYTHONIOENCODING=encoding)
    assert answer.exit_code == 2
    shown = "un árbol 🌲" if encoding == "ascii" else "un \\xe1rbol \\U0001f332"
    assert f'    params: {{promt: "{shown}"}}\n' in answer.stderr


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("command", [("vidi-run", "job.yaml"), ("vidi", "status", "job.yaml")])
def test_a_python_that_cannot_name_them_is_refused_before_anything_is_sent(job, command, options):
    answer = run_installed(*command, *options, cwd=job, **FOREIGN)
    assert answer.exit_code == 2
    assert answer.stderr == (
        "Python names files in ascii here, and job files name them in UTF-8\n"
        "  hint: Set PYTHONUTF8=1, or a UTF-8 locale such as LC_ALL=C.UTF-8.\n"
    )
    assert list(job.iterdir()) == [job / "job.yaml"]
