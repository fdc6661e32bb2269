"""An estimate of any job file ends within 60 s and 512 MiB, in words, with exit 0, 2 or 3.

In a process of its own, with limits of the system: what goes wrong there takes no tests with it.
"""

import json
import os
import resource
import subprocess
import sys
import time

import pytest

from support.commands import installed

LONGEST_S = 60
MOST_KIB = 512 * 1024
MEASURE = """\
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=sys.stderr).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Started by a process that is small itself: the system counts what a process was forked from, and
a worker of the tests has grown large."""
ALL = bool(os.environ.get("VIDI_ALL_BOUNDS"))
FLUX = "replicate/black-forest-labs/flux-schnell"
BIG = 16 * 1024 * 1024
"""Bytes of the largest file that is read."""

TEXTS = (
    "{{ '%999999999d' % 1 }}",
    "{{ '%*d' % (999999999, 1) }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ '%s'|format('x' * 99999)|center(99999999) }}",
    "{{ 'x'.center(999999999) }}",
    "{{ 'x'.ljust(999999999) ~ 'x'.zfill(999999999) }}",
    "{{ ('x' * 99999).translate({120: 'y' * 99999}) }}",
    "{{ ('\t' * 99999).expandtabs(99999) }}",
    "{{ range(99999)|map('string')|map('center', 99999)|join }}",
    "{{ range(999999999)|list }}",
    "{{ range(99999)|map('string')|sort|join|length }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{{ b }}{% endfor %}{% endfor %}",
    "{% set x = 'a' * 99999 %}{% set x = x * 9999 %}{{ x * 9999 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ (10 ** 4000) ** 4000 }}",
    "{{ 'x'|indent(99999999) }}",
    "{{ ('x ' * 99999)|wordwrap(1, wrapstring='y' * 99999) }}",
    "{{ ('a' * 99999)|replace('a', 'b' * 99999) }}",
    "{{ [[['x' * 99999] * 999] * 999] * 999 }}",
    "{{ 'x' * 999999999 }}",
    "{{ ['x'] * 999999999 }}",
    "{{ ('x' * 99999)|list|tojson|tojson|tojson|tojson|tojson|tojson|tojson }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ('x' * 99999)|urlize|pprint|escape|forceescape|xmlattr }}",
    "{{ dict(a='x' * 99999)|xmlattr * 99999 }}",
    "{{ 'x'|batch(99999999, 'y' * 99999)|list }}",
    "{{ ('(' * 99999) ~ (')' * 99999) }}",
)


def job_of(*entries, **more):
    return json.dumps({"version": 1, "budget": 1, "inferences": list(entries), **more})


def entry(number, prompt, **more):
    return {
        "id": f"i{number}",
        "model": FLUX,
        "params": {"prompt": prompt},
        "output": f"{number}.webp",
        **more,
    }


def every_text():
    """Each text by itself where all are tried; else all of them in one file."""
    entries = [entry(number, text) for number, text in enumerate(TEXTS)]
    if ALL:
        return {
            f"the text {text[:40]}": job_of(each) for text, each in zip(TEXTS, entries, strict=True)
        }
    quick = [each for each in entries if "for a in" not in each["params"]["prompt"]]
    return {"every text": job_of(*quick)}


def aliases(levels=9):
    lines = ["x-0: &x0 [a, b, c, d, e, f, g, h, i, j]"]
    lines += [f"x-{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


FED = entry(0, "{{ item }}", id="i{{ row }}", output="{{ row }}.webp", foreach="data.json")
LOOPS = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"
JOBS = {
    **every_text(),
    "16 MiB of lists in a job file": "[" + "[]," * ((BIG - 8) // 3) + "0]",
    "16 MiB of lists as data": job_of(FED),
    "aliases that double": aliases() + job_of(entry(0, "x"))[1:-1],
}
if ALL:
    JOBS |= {
        "a pipe as data": job_of({**FED, "foreach": "pipe.csv"}),
        "a playlist as input": job_of(entry(0, "x", model="fal/fal-ai/topaz/upscale/video",
                                            params={"video_url": "in.m3u8"})),
        "every entry with a loop": job_of(*[entry(number, LOOPS) for number in range(200)]),
        "16 MiB of mappings": "{a: " * ((BIG - 8) // 5),
        "16 MiB of one text": '"' + "x" * (BIG - 8) + '"',
        "16 MiB of escapes": '"' + "\\u00e9" * ((BIG - 8) // 6) + '"',
        "16 MiB of keys": "".join(f"k{number}: 1\n" for number in range(BIG // 12)),
        "16 MiB of entries": job_of(*[{"id": f"i{number}"} for number in range(BIG // 24)]),
        "a matrix of everything": job_of(
            entry(0, "x", matrix={key: list(range(99)) for key in "abc"})),
        "100,000 entries": job_of(entry(0, "{{ a }} {{ b }}", id="i-{{ a }}-{{ b }}",
                                        output="{{ id }}.webp",
                                        matrix={key: list(range(316)) for key in "ab"})),
    }  # fmt: skip


def limit():
    """What the system ends: far beyond what is promised, so that a failure is told as one."""
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (2 * LONGEST_S, 2 * LONGEST_S))


@pytest.mark.parametrize("name", JOBS)
def test_an_estimate_of_any_job_file_ends_soon_and_small_and_in_words(tmp_path, name):
    (tmp_path / "job.yaml").write_text(JOBS[name], encoding="utf-8")
    (tmp_path / "in.m3u8").write_text("#EXTM3U\nfile:///etc/passwd\n")
    os.mkfifo(tmp_path / "pipe.csv")
    if name == "16 MiB of lists as data":
        (tmp_path / "data.json").write_text("[" + "[]," * ((BIG - 8) // 3) + "0]")
    began = time.monotonic()
    with (tmp_path / "said").open("wb") as said:
        measured = subprocess.run(
            [sys.executable, "-c", MEASURE, installed("vidi-run"), "job.yaml", "--estimate"],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            preexec_fn=limit,
            check=True,
        )
    exit_code, most_kib = map(int, measured.stdout.split())
    text = (tmp_path / "said").read_text(encoding="utf-8")
    assert exit_code in {0, 2, 3}, text[-500:]
    assert "Traceback" not in text
    assert text.strip()
    assert time.monotonic() - began < LONGEST_S
    assert most_kib < MOST_KIB, f"{most_kib / 1024:.0f} MiB"
