"""Work that may have to be done again: tenacity, but only once something has failed.

What it sets up for each try is a tenth of the CPU of an inference, of which nearly every step ends
well at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from vidi.errors import contain_async

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tenacity import AsyncRetrying

Done = TypeVar("Done")


async def retry(work: Callable[[], Awaitable[Done]], rules: Callable[[], AsyncRetrying]) -> Done:
    """Do the work, and go on by tenacity's rules where that fails: it was their first attempt.

    Args:
        work: What is done; what it raises counts as one failed attempt.
        rules: What is retried, when and how often.

    Raises:
        Exception: What the last attempt raised, where the rules say so (`reraise`).
    """
    first = await contain_async(work())
    if not isinstance(first, Exception):
        return first
    failures = [first]

    async def go_on() -> Done:
        if failures:
            raise failures.pop()
        return await work()

    return await rules()(go_on)
