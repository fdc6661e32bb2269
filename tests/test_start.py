"""What a command must not import: start-up is fast because little is read."""

import subprocess
import sys

import pytest

HEAVY = {
    "replicate", "fal_client", "httpx", "aiohttp", "PIL", "av", "starlette", "uvicorn",
    "pydantic", "sqlalchemy", "psycopg", "procrastinate",
}  # fmt: skip
JOB = """\
version: 1
inferences:
  - id: tree
    model: fal/fal-ai/flux/dev
    params: {prompt: a tree}
    output: tree.jpg
"""


def loaded_by(*arguments: str, cwd) -> set[str]:
    """The top-level modules that a command has loaded when it ends."""
    program = (
        "import sys; sys.argv = ['vidi-run', *sys.argv[1:]]\n"
        "from vidi.cli.boundary import run_guarded\n"
        "from vidi.cli.commands.jobs.run import run\n"
        "code = run_guarded(run, 'vidi-run')\n"
        "loaded = [name for name, module in sys.modules.items() if module is not None]\n"
        "print('\\nLOADED', *sorted({name.partition('.')[0] for name in loaded}))\n"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=cwd, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_asking_for_words_loads_next_to_nothing(tmp_path, option):
    words = HEAVY | {"yaml", "jinja2", "rich", "asyncio", "decimal", "unicodedata"}
    assert not loaded_by(option, cwd=tmp_path) & words


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["--nonsense"], 2)])
def test_the_process_ends_at_once_but_only_after_all_that_waits_for_its_end(arguments, code):
    program = (
        "import atexit, sys, threading, time\n"
        "from vidi.cli import main_run\n"
        "class Left:\n"
        "    def __del__(self): print('TAKEN APART', flush=True)\n"
        "left = Left()\n"
        "def wait(): time.sleep(0.1); print('THREAD', end=' ')\n"
        "threading.Thread(target=wait).start()\n"
        "sys.argv = ['vidi-run', *sys.argv[1:]]\n"
        "try: main_run()\n"
        "finally: atexit.register(print, 'ATEXIT', end='')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True
    )
    assert done.returncode == code
    assert "THREAD" in done.stdout
    assert done.stdout.endswith("ATEXIT")  # and nothing was taken apart


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_estimate_loads_no_sdk_no_http_and_no_media_library(tmp_path, options):
    (tmp_path / "job.yaml").write_text(JOB, encoding="utf-8")
    spared = HEAVY | {"asyncio", "filelock", "fractions", "jinja2", "logging", "traceback"}
    assert not loaded_by("job.yaml", "--estimate", *options, cwd=tmp_path) & spared


def test_templates_are_what_jinja2_is_loaded_for(tmp_path):
    (tmp_path / "job.yaml").write_text(JOB.replace("a tree", '"{{ id }}"'), encoding="utf-8")
    assert "jinja2" in loaded_by("job.yaml", "--estimate", cwd=tmp_path)


def test_a_run_without_templates_and_page_loads_what_it_needs_for_neither(tmp_path):
    (tmp_path / "job.yaml").write_text(JOB, encoding="utf-8")
    loaded = loaded_by("job.yaml", "--sandbox", "-q", "--no-report", cwd=tmp_path)
    assert not loaded & {"aiolimiter", "jinja2"}  # fal has no limit of creates


def test_a_run_that_shows_nothing_loads_no_library_that_draws(tmp_path):
    (tmp_path / "job.yaml").write_text(JOB, encoding="utf-8")
    loaded = loaded_by("job.yaml", "--sandbox", "-q", "--no-report", cwd=tmp_path)
    assert {"httpx", "PIL"} <= loaded
    assert not loaded & {"pygments", "rich"}
