"""An estimate of any job file ends within 60 s and 512 MiB, in words, with exit 0, 2 or 3.

In a process of its own, with limits of the system: what goes wrong there takes no tests with it.
"""

import json
import os
import resource
import subprocess
import sys

import pytest

from support.commands import installed

LONGEST_S = 60
BUSY = 10
"""How many times as long it may take on a machine that does other work, too."""
MOST_KIB = 512 * 1024
MOST_SAID = 1024 * 1024
"""Characters on a terminal: nobody reads more."""
MEASURE = """\
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_maxrss, used.ru_utime + used.ru_stime)
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
MANY = 100_000


def named(prefix, value=1):
    return {f"{prefix}{number}": value for number in range(MANY)}


def many(**more):
    """As many entries as fit, each with other values for `{}` in what they are given."""
    made = ({key: fill(each, number) for key, each in more.items()} for number in range(20_000))
    return job_of(*(entry(number, "x", **each) for number, each in enumerate(made)))


def of(expression):
    return "{{ " + expression + " }}"


def fill(value, number):
    return value.replace("{}", str(number)) if isinstance(value, str) else value


def unknown_names(prefix="promt"):
    """A hundred thousand names that nobody knows, everywhere where names may stand."""
    names = named(prefix)
    entries = (
        entry(0, "x", **names),
        entry(1, "x", params={"prompt": "x", **names}),
        entry(2, "x", retry=names),
        entry(3, "{{ promt }}", vars=named("1 ")),
        entry(4, "x", tags=list(range(MANY)), mark=names, keep=names),
        entry(5, "x", matrix=named("-", [1, 2])),
    )
    vars_ = {f"v{number}": 1 for number in range(1000)}
    return job_of(*entries, defaults={**names, "params": names}, limits=names, vars=vars_, **names)


EVERYWHERE = ("id", "model", "params", "output", "tags", "max_cost", "timeout", "retry", "keep")
SHAPES = {
    "unknown names in the defaults of many": lambda: job_of(
        *(entry(number, "x") for number in range(100)), defaults={"params": named("prompt")}),
    "variables that nothing is near to": lambda: job_of(
        *(entry(number, of(f"x{number}")) for number in range(200)), vars=named("k")),
    "many variables, many of which one is meant": lambda: job_of(
        *(entry(number, of(f"kx{number}")) for number in range(MANY // 5)), vars=named("k")),
    "a matrix of 2 to the 100,000": lambda: job_of(entry(0, "x", matrix=named("k", [1, 2]))),
    "100,000 axes of one value": lambda: job_of(entry(0, "x", matrix=named("k", [1]))),
    "100,000 that are alike": lambda: job_of(
        entry(0, "x", id="i-{{ a }}", output="{{ id }}.webp", matrix={"a": list(range(MANY))})),
    "100,000 of one id": lambda: job_of(entry(0, "x", matrix={"a": list(range(MANY))})),
    "tags of many": lambda: job_of(
        *(entry(number, "x") for number in range(100)), defaults={"tags": list(named("t"))}),
    "long ids": lambda: job_of(*(entry(n, "x", id="i" * MANY + str(n)) for n in range(150))),
    "long keys": lambda: job_of(*(entry(0, "x", **{"k" * MANY + str(n): 1}) for n in range(150))),
    "long params": lambda: job_of(
        *(entry(n, "x", params={"k" * 1000 + str(n): 1}) for n in range(9_000))),
    "a long model": lambda: job_of(entry(0, "x", model="fal/" + "a/" * 5_000_000)),
    "long models": lambda: job_of(*(entry(n, "x", model="fal/a" * MANY) for n in range(30))),
    "models that nobody knows": lambda: many(model=FLUX[:-1] + "{}"),
    "versions that nobody knows": lambda: many(model=FLUX + ":" + "{}".zfill(64)),
    "files that are not there": lambda: job_of(
        entry(0, "x", model="fal/fal-ai/flux-pro/kontext/multi",
              params={"prompt": "x", "image_urls": [f"{name}.png" for name in named("f")]})),
    "a long list for a text": lambda: job_of(entry(0, list(range(1_000_000)))),
    "a deep list for a text": lambda: job_of(entry(0, json.loads("[" * 90 + "]" * 90))),
    "a mapping of 100,000 for everything": lambda: job_of(
        dict.fromkeys(EVERYWHERE, named("k"))),
    "a number of ten million digits": lambda: job_of(
        entry(0, "x", params={"prompt": "x", "seed": 0})).replace('d": 0', 'd": ' + "9" * 10**7),
    "an exponent of a million digits": lambda: job_of(
        entry(0, "x", params={"prompt": "x", "seed": 0})).replace('d": 0', 'd": 1e' + "9" * 10**6),
    "a budget beyond all": lambda: job_of(entry(0, "x")).replace('t": 1,', 't": 1e999999999,'),
    "a cost of nothing at all": lambda: job_of(entry(0, "x", max_cost="1e-999999999")),
    "a time of spaces": lambda: job_of(entry(0, "x", timeout=" " * 10**7 + "1")),
    "outputs that lead out": lambda: many(output="../" * 200 + "{}.webp"),
    "one output for all": lambda: many(output="x.webp"),
    "one id for all": lambda: many(id="i"),
    "rows of many columns": lambda: job_of(
        entry(0, "{{ item.kx }}", id="{{ row }}", output="{{ row }}.webp",
              foreach=[dict.fromkeys(map("k{}".format, range(1000)), 1)] * 800)),
    "rows with nothing right": lambda: job_of(
        entry(0, "{{ item.b }}", id="{{ row }}", output="{{ row }}.webp",
              foreach=[{name: 1} for name in named("a")])),
    "entries that are none": lambda: job_of(*[None] * 1_000_000),
    "entries of unknown params": lambda: many(params=dict.fromkeys("abcdefgh", 1)),
    "enums that are wrong": lambda: many(params={"prompt": "x", "aspect_ratio": "16:a"}),
    "templates, each its own": lambda: job_of(
        *(entry(number, of(f"'a{number}' ~ id")) for number in range(60_000))),
    "a million expressions": lambda: job_of(entry(0, "{{ 1 }}" * 1_000_000)),
    "brackets in an expression": lambda: job_of(entry(0, "{{ " + "(" * 20_000 + ")" * 20_000)),
    "blocks in blocks": lambda: job_of(entry(0, "{% if 1 %}" * 20_000 + "{% endif %}" * 20_000)),
    "blocks that never end": lambda: job_of(entry(0, "{%" * 4_000_000)),
    "expressions that never end": lambda: job_of(entry(0, "{{" * 4_000_000)),
    "variables of one text": lambda: job_of(
        entry(0, "".join(of(f"v{number}") for number in range(200_000)))),
    "texts of files that are not there": lambda: job_of(
        *(entry(number, of(f"file('f{number}')")) for number in range(30_000))),
    "variables in a chain": lambda: job_of(
        entry(0, "{{ v4999 }}"),
        vars={"v0": "x", **{f"v{n}": of(f"v{n - 1}") for n in range(1, 5000)}}),
    "variables of many": lambda: job_of(
        *(entry(number, "x") for number in range(2000)),
        vars={f"v{number}": "{{ 1 }}" for number in range(20_000)}),
    "merged keys": lambda: "version: 1\nx: &x {" + ", ".join(f"k{n}: 1" for n in range(MANY))
        + "}\ninferences:\n" + "- {<<: *x, id: i}\n" * 100,
    "keys that are there already": lambda: "version: 1\n" + "a: 1\n" * 1_000_000,
    "tabs": lambda: "\t" * 10**7,
    "lines": lambda: "version: 1\n" + "\n" * 15_000_000,
    "brackets": lambda: "[" * 10**7,
    "dashes": lambda: "- " * 5_000_000,
    "questions": lambda: "? " * 5_000_000,
    "folders in folders": lambda: job_of(entry(0, "x", foreach="**/*" * 200)),
    "a long name": lambda: job_of(entry(0, "x"), name="n" * 10**7),
    "a long output_dir": lambda: job_of(entry(0, "x"), output_dir="n/" * 5_000_000),
    "params of many, 10,000 each": lambda: job_of(
        entry(0, "x", params={"prompt": "x", "a": list(range(10_000))}, id="{{ a }}",
              output="{{ id }}.webp", matrix={"a": list(range(MANY))})),
}  # fmt: skip
"""Made when they are tried: all of them together are half a gigabyte."""
JOBS = {
    **every_text(),
    "unknown names everywhere": unknown_names,
    "16 MiB of lists in a job file": "[" + "[]," * ((BIG - 8) // 3) + "0]",
    "16 MiB of lists as data": job_of(FED),
    "aliases that double": aliases() + job_of(entry(0, "x"))[1:-1],
}
if ALL:
    JOBS |= SHAPES
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
    text = JOBS[name] if isinstance(JOBS[name], str) else JOBS[name]()
    (tmp_path / "job.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "in.m3u8").write_text("#EXTM3U\nfile:///etc/passwd\n")
    os.mkfifo(tmp_path / "pipe.csv")
    if name == "16 MiB of lists as data":
        (tmp_path / "data.json").write_text("[" + "[]," * ((BIG - 8) // 3) + "0]")
    with (tmp_path / "said").open("wb") as said:
        measured = subprocess.run(
            [sys.executable, "-c", MEASURE, installed("vidi-run"), "job.yaml", "--estimate"],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            preexec_fn=limit,
            check=True,
            timeout=BUSY * LONGEST_S,
        )
    exit_code, most_kib = map(int, measured.stdout.split()[:2])
    text = (tmp_path / "said").read_text(encoding="utf-8")
    assert exit_code in {0, 2, 3}, text[-500:]
    assert "Traceback" not in text
    assert text.strip() or not exit_code
    assert len(text) < MOST_SAID
    assert float(measured.stdout.split()[2]) < LONGEST_S
    assert most_kib < MOST_KIB, f"{most_kib / 1024:.0f} MiB"
