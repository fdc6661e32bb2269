"""Whole runs, in which every answer of the providers may be altered: the run always ends."""

import json
import re
from collections import Counter
from random import Random

import httpx

from fuzz.inputs import ODD, TOKENS
from fuzz.room import empty_room, run
from fuzz.target import Target
from fuzz.targets.answers import HEADERS, KEYS, STATUSES
from vidi.emulation import give_emulation
from vidi.sandbox.in_process import open_sandbox

_ID = re.compile(r"[0-9a-f-]{20,}")
FOLDER = "outputs/sandbox/job"
JOB = """\
version: 1
name: job
budget: 5
inferences:
  - id: a
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: x}
    output: a.webp
    timeout: 3
  - id: b
    model: fal/fal-ai/flux/dev
    params: {prompt: x, image_size: {width: 64, height: 64}}
    output: b.jpg
    timeout: 3
  - id: c
    model: fal/fal-ai/elevenlabs/tts/eleven-v3
    params: {text: x}
    output: c.mp3
    timeout: 3
"""


class _Altered(httpx.AsyncBaseTransport):
    """The sandbox, with some of its answers altered by chance.

    What is done to an answer goes by what was asked for and how often, so that a run is the same
    again. What makes vidi wait (a lost submit, a 429) is rare: such runs take their seconds.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, data: bytes) -> None:
        self.inner = inner
        self.data = data
        self.asked: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        what = f"{request.method} {request.url.host} {_ID.sub('', request.url.path)}"
        self.asked[what] += 1
        chance = Random(f"{self.data.hex()} {what} {self.asked[what]}")
        if chance.randrange(10 if request.method == "POST" else 1 + self.data[0] % 6):
            return answer
        body = _alter(await answer.aread(), chance)
        headers = {key: each for key, each in answer.headers.items() if "content" not in key}
        status = chance.choice(STATUSES) if not chance.randrange(6) else answer.status_code
        if not chance.randrange(4):
            text = str(chance.choice(ODD)).encode("ascii", "replace").decode()
            headers[chance.choice(HEADERS)] = text.replace("\0", "").replace("\n", "")[:50]
        if not chance.randrange(20):
            raise httpx.ReadError("altered", request=request)
        return httpx.Response(status, headers=headers, content=body)


def _alter(body: bytes, chance: Random) -> bytes:
    try:
        value = json.loads(body)
    except ValueError:
        at = chance.randrange(len(body) + 1)
        return body[:at] + chance.choice(TOKENS) + body[at + chance.randrange(9) :]
    holders = list(_holders(value))
    if holders:
        holder = chance.choice(holders)
        key = chance.choice([*holder, chance.choice(KEYS)])
        holder[key] = chance.choice(ODD)
    return json.dumps(value).encode()


def _holders(value: object):
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _holders(each)


def check(data: bytes) -> str:
    give_emulation(lambda registry: _Altered(open_sandbox(registry), data or b"x"))
    try:
        with empty_room() as room:
            (room / "job.yaml").write_text(JOB, encoding="utf-8")
            codes = [
                run("vidi-run", "job.yaml", "--sandbox", "--json", "-j", "3", "--no-progress"),
                run("vidi", "status", FOLDER),
                run("vidi", "doctor", FOLDER) if (room / FOLDER / "log.jsonl").exists() else "-",
            ]
    finally:
        give_emulation(open_sandbox)
    assert codes[0] in {"0", "1", "4", "5", "6"}, codes
    assert set(codes[1:]) <= {"0", "-"}, codes
    return " ".join(codes)


TARGET = Target(lambda chance: chance.randbytes(4), check, bound_s=240)
