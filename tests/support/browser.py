"""A real browser: Debian's Chromium, else Google Chrome, driven by Playwright in its own thread.

Playwright's loop runs in its thread for as long as the browser does, and a command that is run in
the thread of the tests has a loop of its own.
"""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
MISSING = "no chromium: `apt-get install chromium` brings Debian's"
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")


class Browser:
    """One Chromium for all tests of a process; each visit is a session of its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._thread.submit(self._start).result()

    def _start(self) -> None:
        self._playwright = sync_playwright().start()
        # Root may not use Chromium's own sandbox, and CI is root.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        self._chromium = self._playwright.chromium.launch(executable_path=CHROMIUM, args=flags)

    def close(self) -> None:
        self._thread.submit(self._chromium.close).result()
        self._thread.submit(self._playwright.stop).result()
        self._thread.shutdown()

    def visit(self, address, act, *, width=1280, dark=False, scripts=True, own="file:"):
        """Open a page and act on it; returns what `act` does.

        What it asks for elsewhere than under `own` is refused and fails the test, as do errors of
        its script.
        """

        def visit():
            context = self._chromium.new_context(
                viewport={"width": width, "height": 900},
                color_scheme="dark" if dark else "light",
                java_script_enabled=scripts,
                reduced_motion="reduce",
            )
            context.set_default_timeout(5000)
            outside, errors = [], []

            def guard(route):
                if route.request.url.startswith((own, "data:", "blob:")):
                    route.continue_()
                else:
                    outside.append(route.request.url)
                    route.abort()

            context.route("**", guard)
            page = context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("dialog", lambda dialog: errors.append(f"dialog: {dialog.message}"))
            try:
                page.goto(address)
                answer = act(page)
            finally:
                context.close()
            assert (outside, errors) == ([], [])
            return answer

        return self._thread.submit(visit).result()


def find_barriers(page):
    """What axe has to say of a page: each rule with the first element that breaks it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found]
