"""What docs/library.md, docs/add-a-provider.md and docs/api.md say is so."""

import os
import re
import subprocess
import sys
from pathlib import Path

import vidi

RUNNER = Path(vidi.__file__).parents[1]
DOCS = Path(__file__).parents[1] / "docs"


def blocks_of(page, language):
    """The blocks of a page, each with the file name before it, where there is one."""
    text = (DOCS / page).read_text(encoding="utf-8")
    pattern = rf"(?:`([\w./-]+)`[^\n]*\n(?:[^\n`]+\n|[^\n]*`[^\n]*\n)*?\n)?```{language}\n(.*?)```"
    return re.findall(pattern, text, re.DOTALL)


def run_program(program, folder, **variables):
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", program]
    path = f"{folder / 'site'}{os.pathsep}{RUNNER}"
    environ = {"PYTHONPATH": path, "PATH": "", "HOME": str(folder), **variables}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environ)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    return done.stdout


def test_the_blocks_of_the_library_page_run(tmp_path):
    program = "\n".join(code for _, code in blocks_of("library.md", "python"))
    printed = run_program(program, tmp_path)
    assert "Costo: $0.003\n" in printed
    assert "Audio guardado en: audio_output.mp3\n" in printed


def test_a_third_provider_is_added_as_the_page_says(tmp_path):
    (_, source), (_, usage) = blocks_of("add-a-provider.md", "python")
    ((_, entry),) = blocks_of("add-a-provider.md", "toml")
    ((_, template),) = blocks_of("add-a-provider.md", "json")
    (tmp_path / "site").mkdir()
    (tmp_path / "site/shouting.py").write_text(source, encoding="utf-8")
    (tmp_path / "templates/shouting").mkdir(parents=True)
    (tmp_path / "templates/shouting/loud.json").write_text(template, encoding="utf-8")
    install(entry, tmp_path / "site")
    printed = run_program(usage, tmp_path, SHOUTING_KEY="any", VIDI_LEDGER="ledger.sqlite3")
    assert printed == "HELLO 0.002\n"


def install(project, site):
    """What an installer makes of a pyproject.toml's entry points."""
    import tomllib

    project = tomllib.loads(project)["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))


def test_the_api_page_is_current():
    program = f"import sys; sys.path.insert(0, {str(DOCS)!r}); import api_reference as made; "
    program += "sys.stdout.reconfigure(encoding='utf-8'); print(made.make_api_page(), end='')"
    command, environ = [sys.executable, "-c", program], {**os.environ, "PYTHONPATH": str(RUNNER)}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environ)
    assert done.stdout == (DOCS / "api.md").read_text(encoding="utf-8"), done.stderr
