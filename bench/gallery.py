"""The page of a run with many assets, in a real browser, opened from the disk.

    python bench/gallery.py [ASSETS] [--rounds 3]

Prints, for so many mixed assets (pictures, videos, sounds, texts): how long `vidi report` needs,
its bytes, the load event (goal: under 2 s at 2,000), how many files the page had asked for by
then, and the CPU of the longest task while it is scrolled from end to end (goal: under 200 ms),
searched, sorted and laid out anew: on a quiet machine that is how long it takes. Needs Debian's
`chromium` and the extra `dev`.

One asset of each kind is made by the sandbox; the others are copies of them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

JOB = """\
version: 1
name: job
budget: 10
inferences:
  - id: picture
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: Un bosque negro}
    output: picture.webp
  - id: video
    model: fal/fal-ai/ltx-video
    params: {prompt: Un río}
    output: video.mp4
  - id: sound
    model: fal/fal-ai/elevenlabs/tts/eleven-v3
    params: {text: Hola mundo, voice: Rachel}
    output: sound.mp3
  - id: text
    model: replicate/meta/meta-llama-3-8b-instruct
    params: {prompt: Un poema}
    output: text.txt
"""
KINDS = ("picture", "picture", "picture", "video", "picture", "sound", "picture", "text")
SCROLL = """async () => {
  const turn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  while (scrollY + innerHeight < document.documentElement.scrollHeight - 2) {
    scrollBy(0, 700);
    await turn();
  }
}"""
TOOLS = Path(sys.executable).parent


def make_folder(project: Path, count: int) -> Path:
    """An output folder with so many assets, of which four were made."""
    (project / "job.yaml").write_text(JOB, "utf-8")
    command = [TOOLS / "vidi-run", "job.yaml", "--sandbox", "-y", "-q", "--no-report"]
    subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)
    folder = project / "outputs/sandbox/job"
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    made = {row["id"]: row for row in manifest["inferences"]}
    rows = []
    for number in range(count):
        row = made[KINDS[number % len(KINDS)]]
        asset = row["assets"][0]
        path = f"a/{number}{Path(asset['path']).suffix}"
        (folder / path).parent.mkdir(exist_ok=True)
        os.link(folder / asset["path"], folder / path)
        tags = [f"tag-{number % 7}"]
        rows.append(
            {**row, "id": f"entry-{number}", "tags": tags, "assets": [{**asset, "path": path}]}
        )
    manifest["inferences"] = rows
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


def write_page(folder: Path) -> float:
    """Seconds that `vidi report` needs."""
    began = time.perf_counter()
    subprocess.run([TOOLS / "vidi", "report", folder], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def visit(browser: Browser, address: str) -> dict[str, float]:
    """Figures of one visit, in milliseconds and requests."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    timing = "performance.getEntriesByType('navigation')[0].loadEventEnd"
    figures = {"load event, ms": page.evaluate(timing), "files asked for": len(asked) - 1}
    acts = {
        "scrolling": lambda: page.evaluate(SCROLL),
        "searching": lambda: page.fill("[name=words]", "negro"),
        "sorting": lambda: page.select_option("[name=sort]", "cost"),
        "the sheet": lambda: page.check("[name=view][value=sheet]", force=True),
        "the grid": lambda: page.check("[name=view][value=grid]", force=True),
    }
    for name, act in acts.items():
        figures[f"longest task of {name}, ms of CPU"] = trace(browser, page, act)
    page.close()
    return figures


def trace(browser: Browser, page: Page, act: Callable[[], object]) -> float:
    """Milliseconds of CPU of the longest task that something leads to."""
    browser.start_tracing(page=page, categories=["disabled-by-default-devtools.timeline"])
    act()
    page.wait_for_timeout(300)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    tasks = (event.get("tdur", 0) for event in events if event["name"] == "RunTask")
    return max(tasks, default=0) / 1000


def main() -> None:
    """Measure, and print the best of each figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("assets", nargs="?", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = make_folder(Path(name), options.assets)
        took = write_page(folder)
        page = folder / "report.html"
        print(f"{options.assets:,} assets: vidi report {took:.2f} s, {page.stat().st_size:,} bytes")
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []  # CI is root
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        rounds = [visit(browser, page.as_uri()) for _ in range(options.rounds)]
        browser.close()
    for figure in rounds[0]:
        print(f"{figure:42} {min(each[figure] for each in rounds):8.0f}")


if __name__ == "__main__":
    main()
