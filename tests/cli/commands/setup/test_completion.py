"""`vidi completion`: the script of each shell, and what it gets to complete."""

import shutil
import subprocess

import pytest

from support.commands import run_installed

JOB = """\
version: 1
budget: 1
inferences:
  - id: "card-{{ city }}"
    matrix: {city: [lima, quito]}
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: x}
    output: "{{ id }}.webp"
    tags: [cards]
"""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script_that_it_understands(here, shell):
    answer = here("vidi", "completion", shell)
    assert answer.exit_code == 0
    assert "_VIDI_COMPLETE" in answer.stdout
    assert "_VIDI_RUN_COMPLETE" in answer.stdout
    if program := shutil.which(shell):
        script = here.write("script", answer.stdout)
        subprocess.run([program, "-n", script], check=True)


def complete(folder, program, words):
    """What a shell is told for the last of some words."""
    variable = f"_{program.replace('-', '_').upper()}_COMPLETE"
    environment = {
        variable: "bash_complete",
        "COMP_WORDS": " ".join([program, *words]),
        "COMP_CWORD": str(len(words)),
    }
    answer = run_installed(program, cwd=folder, **environment)
    return {line.partition(",")[2] for line in answer.stdout.splitlines()}


@pytest.mark.parametrize(
    ("program", "words", "found"),
    [
        ("vidi", ["mod"], {"models"}),
        ("vidi", ["models", "show", "replicate/black-forest-labs/flux-schnell"],
         {"replicate/black-forest-labs/flux-schnell",
          "replicate/black-forest-labs/flux-schnell-lora"}),
        ("vidi", ["models", "show", "eleven-v3"], {"fal/fal-ai/elevenlabs/tts/eleven-v3",
          "fal/fal-ai/elevenlabs/text-to-dialogue/eleven-v3"}),
        ("vidi-run", ["a.yaml", "--select", "ca"], {"card-lima", "card-quito"}),
        ("vidi-run", ["a.yaml", "--exclude", "card-lima,tag"], {"card-lima,tag:cards"}),
        ("vidi-run", ["--estim"], {"--estimate"}),
        ("vidi-run", ["broken.yaml", "--select", "status:f"], {"status:failed"}),
    ],
)  # fmt: skip
def test_what_is_completed(tmp_path, program, words, found):
    (tmp_path / "a.yaml").write_text(JOB)
    (tmp_path / "broken.yaml").write_text("[")
    assert complete(tmp_path, program, words) == found
