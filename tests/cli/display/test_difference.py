"""The difference as it is shown: hostile texts stay texts, and it fits where it goes."""

import json
import re

import pytest
from markdown_it import MarkdownIt

from vidi.cli.display.difference.markdown import MOST_CHARACTERS

HOSTILE = [
    "a | b || c",
    "`code` ``` **bold** _it_ ~~no~~ # 1",
    "@octocat @org/team #123 GH-1 org/repo#5 :tada: a5c3785ed8d6a35868bc169f07e40e889087fd2e",
    "https://evil.example www.evil.example mailto:a@b.example ftp://x",
    "[x](https://evil.example) ![x](https://evil.example/pixel.png) [a][b]",
    "<script>alert(1)</script></code></details><img src=x onerror=y><!-- ",
    "line\nbreak\r\n| a | b |\n\n# Heading\n</td>",
    "\x1b[31mred\x07\x9b \u202egnp.exe",
    "&lt;b&gt; &#64;octocat \\| \\` $x^2$ $$y$$ {{ x }} %0A::error::x",
]
JOB = """\
version: 1
budget: null
defaults: {model: replicate/black-forest-labs/flux-schnell}
inferences:
"""


def make_job(prompts):
    rows = (
        f"  - {{id: e{number}, params: {{prompt: {json.dumps(prompt)}}}, output: {number}.webp}}\n"
        for number, prompt in enumerate(prompts)
    )
    text = JOB + "".join(rows)
    return text.replace("{{ x }}", "{% raw %}{{ x }}{% endraw %}")


@pytest.fixture
def show(here):
    def show(before, after, *options):
        here.write("before.yaml", make_job(before))
        here.write("after.yaml", make_job(after))
        answer = here("vidi", "diff", "before.yaml", "after.yaml", *options)
        assert answer.exit_code == 0, answer.stderr
        return answer.stdout

    return show


def test_whatever_a_param_holds_is_shown_as_text_in_one_cell(show):
    text = show(["plain"] * len(HOSTILE), HOSTILE, "--markdown")
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    inline = [each for token in tokens for each in token.children or ()]
    assert {each.type for each in inline} <= {"text", "html_inline", "softbreak", "text_special"}
    tags = {each.content for each in inline if each.type == "html_inline"}
    assert tags == {"<code>", "</code>", "<br>"}
    assert sum(token.type == "tr_open" for token in tokens) == 1 + len(HOSTILE)
    cells = re.findall(r"<code>.*?</code>", text)
    outside = re.sub(r"<code>.*?</code>", "", text)
    assert not re.search(r"[@<`\[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e](?!br>)", outside)
    assert not any(re.search(r"www\.|://|[@`|\[\]$*_\x1b\u202e]", each[6:-7]) for each in cells)
    assert any("&#64;octocat" in each for each in cells)


def test_in_a_terminal_nothing_steers(show):
    text = show(["plain"] * len(HOSTILE), HOSTILE)
    assert "\\u001b[31mred" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)


def test_more_rows_than_thirty_are_folded_and_all_of_it_fits_a_comment(show):
    assert "<details>" not in show(["x"], [f"n{number}" for number in range(30)], "--markdown")
    many = show(["x"], [f"n{number}" for number in range(31)], "--markdown")
    assert "<details><summary><code>after.yaml</code>" in many
    most = show(["x"], [f"{'*' * 300}{number}" for number in range(900)], "--markdown")
    assert len(most) < MOST_CHARACTERS + 1000
    assert re.search(r"\n\n\d+ more rows do not fit here", most)
    assert most.count("<details>") == most.count("</details>") == 1


def test_long_values_are_cut_around_what_differs(show):
    before, after = (f"{'same ' * 60}{word} end" for word in ("black", "white"))
    (line,) = [each for each in show([before], [after]).splitlines() if "prompt:" in each]
    assert "black" in line
    assert "white" in line
    assert len(line) < 160


def test_a_secret_is_shown_nowhere(here):
    job = """\
version: 1
budget: null
vars: {my_token: "%s"}
defaults: {model: replicate/black-forest-labs/flux-schnell}
inferences:
  - {id: a, params: {prompt: "x {{ my_token }}"}, output: a.webp}
  - {id: b, params: {prompt: "https://u:%s@h.example/?sig=%s"}, output: b.webp}
"""
    for name, secret in (("before", "sesame-one-1"), ("after", "sesame-two-2")):
        here.write(f"{name}.yaml", job % (secret, secret, secret))
    for option in ("-q", "--json", "--markdown"):
        answer = here("vidi", "diff", "before.yaml", "after.yaml", option)
        assert answer.exit_code == 0, answer.stderr
        assert "sesame" not in answer.stdout + answer.stderr
        assert "changed" in answer.stdout
