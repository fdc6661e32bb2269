"""A bare loop over the official SDK, as one would write it in a few lines; for `overhead.py`.

python bench/sdk_loop.py replicate|fal URL COUNT AT_ONCE FOLDER
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

REPLICATE_MODEL, REPLICATE_INPUT = (
    "prunaai/z-image-turbo",
    {"prompt": "a tree", "width": 64, "height": 64},
)
FAL_MODEL, FAL_INPUT = (
    "fal-ai/flux/schnell",
    {"prompt": "a tree", "image_size": {"width": 64, "height": 64}},
)


async def run_replicate(url: str, count: int, at_once: int, folder: Path) -> None:
    """Run, read, write; so many at once."""
    from replicate import AsyncReplicate

    client = AsyncReplicate(bearer_token="sandbox-key", base_url=f"{url}/replicate/v1")
    room = asyncio.Semaphore(at_once)

    async def make(number: int) -> None:
        async with room:
            output = await client.run(REPLICATE_MODEL, input=REPLICATE_INPUT)
            file = output[0] if isinstance(output, list) else output
            (folder / f"{number}.png").write_bytes(await file.read())

    await asyncio.gather(*(make(number) for number in range(count)))


async def run_fal(url: str, count: int, at_once: int, folder: Path) -> None:
    """Subscribe, fetch, write; so many at once."""
    import fal_client.client
    import httpx

    fal_client.client.QUEUE_URL_FORMAT = f"{url}/fal-queue/"  # no setting moves it to http
    client = fal_client.AsyncClient(key="sandbox-key")
    room = asyncio.Semaphore(at_once)

    async with httpx.AsyncClient() as files:

        async def make(number: int) -> None:
            async with room:
                result = await client.subscribe(FAL_MODEL, FAL_INPUT)
                answer = await files.get(result["images"][0]["url"])
                (folder / f"{number}.png").write_bytes(answer.content)

        await asyncio.gather(*(make(number) for number in range(count)))


LOOPS = {"replicate": run_replicate, "fal": run_fal}


def main() -> None:
    """Run the loop."""
    provider, url, count, at_once, folder = sys.argv[1:]
    asyncio.run(LOOPS[provider](url, int(count), int(at_once), Path(folder)))


if __name__ == "__main__":
    main()
