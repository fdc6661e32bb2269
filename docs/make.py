"""Fill the generated parts of README.md and docs/: `python docs/make.py`, or `--check`.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`. NAME is a row of
MAKERS. The schemas beside this file, and the picture of a run, are made here too (the picture only
with `--picture`, as its times differ from run to run).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

TOP = Path(__file__).parents[1]
PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
PART = re.compile(r"(<!-- generated: (.+?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
MISTAKEN = """\
version: 1
budget: 0.5O
inferences:
  - id: forest
    model: replicate/black-forest-labs/flux-schnel
    params: {prompt: Un bosque negro}
    output: forest.webp
  - id: voice
    model: fal/fal-ai/elevenlabs/tts/eleven-v3
    params: {txt: Hola, stability: 1.5}
    output: ../voice.mp3
"""


def run_command(*arguments: str, cwd: Path = TOP) -> str:
    """What a command prints on both streams, as somebody without keys sees it."""
    keyless = {"REPLICATE_API_TOKEN": "", "FAL_KEY": "", "COLUMNS": "100", "NO_COLOR": "1"}
    environ = {name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"}
    program = Path(sys.executable).with_name(arguments[0])
    done = subprocess.run(
        [program, *arguments[1:]],
        cwd=cwd,
        env={**environ, **keyless},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.stdout


def show(command: str, output: str) -> str:
    """A command and what it prints, as a block."""
    return f"```console\n$ {command}\n{output.rstrip()}\n```\n"


def _copy_samples(project: Path) -> None:
    """The samples as somebody has them, without the templates: an installed vidi has its own."""
    shutil.copytree(TOP / "jobs", project / "jobs")


def make_estimate() -> str:
    """The dry run of the first sample."""
    with tempfile.TemporaryDirectory() as empty:
        _copy_samples(Path(empty))
        output = run_command("vidi-run", "jobs/thumbnails.yaml", "--estimate", cwd=Path(empty))
    # The page is the same tomorrow.
    output = re.sub(r"\d+ days ago", "over half a year ago", output)
    return show("vidi-run jobs/thumbnails.yaml --estimate", output)


def make_mistakes() -> str:
    """What a bad job file is told."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "jobs").mkdir()
        (Path(folder) / "jobs/bad.yaml").write_text(MISTAKEN, encoding="utf-8")
        output = run_command("vidi-run", "jobs/bad.yaml", cwd=Path(folder))
    return show("vidi-run jobs/bad.yaml", output)


def make_help(program: str) -> str:
    """The help text of a command."""
    return show(f"{program} --help", run_command(*program.split(), "--help"))


def make_exit_codes() -> str:
    """The table of exit codes."""
    from vidi.cli.exit_codes import EXIT_CODES

    rows = [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]
    return "\n".join(["| exit | meaning |", "|---|---|", *rows]) + "\n"


def make_job_keys() -> str:
    """Every key of a job file, from its schema."""
    from vidi.jobs.schema import job_schema

    schema = job_schema()
    entry = schema["properties"]["inferences"]["items"]
    entry = schema["$defs"][entry["$ref"].rpartition("/")[2]] if "$ref" in entry else entry
    lines = ["| key | meaning |", "|---|---|"]
    lines += [f"| `{key}` | {_words(value)} |" for key, value in schema["properties"].items()]
    lines += ["", "Of each entry of `inferences`:", "", "| key | meaning |", "|---|---|"]
    lines += [f"| `{key}` | {_words(value)} |" for key, value in entry["properties"].items()]
    return "\n".join(lines) + "\n"


def _words(schema: object) -> str:
    text = schema.get("description", "") if isinstance(schema, dict) else ""
    return text.replace("|", "\\|").replace("\n", " ")


def make_models() -> str:
    """How many models of each category the registry has."""
    from collections import Counter

    from vidi.inference.models.registry import ModelRegistry

    counts = Counter((model.category, model.provider) for model in ModelRegistry().list_models())
    rows = [
        f"| {category} | {counts[category, 'replicate']} | {counts[category, 'fal']} |"
        for category in sorted({category for category, _ in counts})
    ]
    return "\n".join(["| category | Replicate | fal.ai |", "|---|---|---|", *rows]) + "\n"


def make_action(part: str) -> str:
    """The inputs, or the outputs, of action.yml."""
    import yaml

    action = yaml.safe_load((TOP / "action.yml").read_text(encoding="utf-8"))
    rows = [f"| {part.removesuffix('s')} | what it is |", "|---|---|"]
    for name, each in action[part].items():
        default = str(each.get("default", ""))
        shown = f" (`{default}`)" if default and "${{" not in default else ""
        rows.append(f"| `{name}` | {each['description']}{shown} |")
    return "\n".join(rows) + "\n"


def make_figures(name: str = "figures") -> str:
    """The table of a JSON file in docs, which a bench has written by `--out`."""
    sys.path.insert(0, str(TOP / "bench"))
    from figure import render_table

    measured = json.loads((TOP / f"docs/{name}.json").read_text(encoding="utf-8"))
    runs: dict[tuple[str, ...], list[str]] = {}
    for bench, how in measured["benches"].items():
        runs.setdefault(tuple(how.values()), []).append(f"`{bench}`")
    made = "; ".join(
        f"{', '.join(benches)} on {on} with Python {python}, size `{size}`"
        for (on, python, size), benches in runs.items()
    )
    return f"Measured: {made}.\n\n{render_table(measured['figures'])}"


def make_part(name: str) -> str:
    """The text of one generated part."""
    import fault_tables
    import house

    makers = {
        "estimate": make_estimate,
        "mistakes": make_mistakes,
        "exit codes": make_exit_codes,
        "job keys": make_job_keys,
        "models": make_models,
        "fault phases": fault_tables.make_phases,
        "faults": fault_tables.make_matrix,
        "fault reasons": fault_tables.make_reasons,
        "fault endings": fault_tables.make_endings,
        "figures": make_figures,
        "fleet figures": partial(make_figures, "fleet-figures"),
        "tree": house.make_tree,
    }
    if name.startswith("help "):
        return make_help(name.removeprefix("help "))
    if name.startswith("action "):
        return make_action(name.removeprefix("action "))
    return makers[name]()


def make_page(text: str) -> str:
    """A page with its generated parts as they should be."""
    return PART.sub(lambda part: part[1] + make_part(part[2]) + part[4], text)


def make_schemas() -> dict[Path, str]:
    """The published schemas."""
    from api_reference import make_api_page

    from vidi.cli.display.answer_schema import render_answer_schema
    from vidi.inference.models.template_schema import template_schema_text
    from vidi.jobs.reviews.schema import reviews_schema
    from vidi.jobs.schema import job_schema
    from vidi.runs.plan_file.schema import render_plan_schema
    from vidi.runs.records.manifest.schema import render_manifest_schema

    job = json.dumps(job_schema(), indent=2, ensure_ascii=False) + "\n"
    return {
        TOP / "docs/answer.schema.json": render_answer_schema(),
        TOP / "docs/job.schema.json": job,
        TOP / "docs/manifest.schema.json": render_manifest_schema(),
        TOP / "docs/plan.schema.json": render_plan_schema(),
        TOP / "docs/reviews.schema.json": json.dumps(reviews_schema(), indent=2) + "\n",
        TOP / "docs/template.schema.json": template_schema_text(),
        TOP / "docs/api.md": make_api_page(),
    }


def make_picture() -> None:
    """A real run in the sandbox, as an SVG of the terminal."""
    from rich.console import Console
    from rich.text import Text

    with tempfile.TemporaryDirectory() as empty:
        _copy_samples(Path(empty))
        command = ("vidi-run", "jobs/thumbnails.yaml", "--sandbox")
        output = run_command(*command, cwd=Path(empty))
    console = Console(record=True, width=92, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    console.print(Text(f"$ {' '.join(command)}", style="bold"))
    for line in output.splitlines():
        colour = "green" if "succeeded" in line else ""
        console.print(Text(line, style=colour))
    svg = console.export_svg(title="vidi-run jobs/thumbnails.yaml --sandbox")
    (TOP / "docs/run.svg").write_text(svg, encoding="utf-8")


def main() -> int:
    """Write what is stale, or with `--check` only name it."""
    wanted = {page: make_page(page.read_text(encoding="utf-8")) for page in PAGES} | make_schemas()
    stale = [
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(f"stale: {path.relative_to(TOP)}")
        if "--check" not in sys.argv:
            path.write_text(wanted[path], encoding="utf-8")
    if "--picture" in sys.argv:
        make_picture()
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
