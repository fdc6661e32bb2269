"""Signals that a command sends itself at a moment: its nth import, a file's rename, its exit.

Loaded into a child, before the command begins, by the warm process, or by a `sitecustomize` where
the moment is an import. TEST_PRESS_AT says when (`import click`, `rename manifest.json`, `exit`),
TEST_PRESS the signals' numbers.
"""

import atexit
import os
import sys
from collections.abc import Callable
from pathlib import Path


class Importing:
    """Presses when a module is looked for."""

    def __init__(self, name: str, press: Callable[[], None]) -> None:
        self._name = name
        self._press = press

    def find_spec(self, module, *_: object) -> None:
        if module == self._name:
            self._press()


def press_all(numbers: list[int]) -> None:
    """Send the signals to this process, the next within the last one's handling."""
    if numbers:
        number = numbers.pop()
        try:
            os.kill(os.getpid(), number)
            sum(range(10))  # it is handled between two steps
        finally:
            press_all(numbers)


def wait_for_the_moment() -> None:
    """Press at the moment that TEST_PRESS_AT names."""
    kind, _, name = os.environ["TEST_PRESS_AT"].partition(" ")
    numbers = [int(number) for number in os.environ["TEST_PRESS"].split()]

    def press() -> None:
        press_all(numbers)

    if kind == "import":
        sys.meta_path.insert(0, Importing(name, press))
    elif kind == "rename":
        os.replace = _renaming(os.replace, name, press)
        os.rename = _renaming(os.rename, name, press)
    elif kind == "exit":
        atexit.register(press)


def _renaming(rename, name, press):
    def rename_or_press(source, target, **options):
        done = rename(source, target, **options)
        if Path(target).name == name and _is_last(Path(target)):
            press()
        return done

    return rename_or_press


def _is_last(target: Path) -> bool:
    """A run of more than a second has a manifest before its end, which says so."""
    unfinished = '"finished_at": null'
    return target.name != "manifest.json" or unfinished not in target.read_text("utf-8")
