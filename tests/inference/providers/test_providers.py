"""The table of providers."""

from __future__ import annotations

import asyncio
import inspect
import threading
from contextlib import contextmanager

import pytest

from inference.providers.conftest import make_submission, settings_at
from support.servers.loopback import Loopback, Reply
from vidi.errors import UsageError
from vidi.inference.providers import PROVIDERS, open_provider
from vidi.inference.providers.provider import Provider
from vidi.inference.settings import KEYS, Settings


def test_every_provider_with_a_key_variable_is_in_the_table():
    assert PROVIDERS.keys() == KEYS.keys()


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_a_provider_knows_its_name_and_its_key(name):
    provider = open_provider(name, Settings(keys={name: "key"}))
    assert isinstance(provider, Provider)
    assert (provider.name, provider.get_provider_name()) == (name, name)
    assert provider.is_available()
    assert not open_provider(name, Settings()).is_available()


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_every_public_method_says_what_it_does(name):
    for method, function in inspect.getmembers(PROVIDERS[name], inspect.isfunction):
        assert method.startswith("_") or function.__doc__


def test_an_unknown_provider_is_refused_with_the_known_ones():
    with pytest.raises(UsageError) as caught:
        open_provider("openai", Settings())
    assert caught.value.message == "there is no provider 'openai'"
    assert caught.value.hint == "Model ids begin with fal and replicate."


@contextmanager
def served_from_a_thread(server: Loopback):
    """Serve from an event loop of its own, which outlives those of the test."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.start(), loop).result()
    yield server
    asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_provider_follows_its_owner_to_another_event_loop(name):
    reply = Reply(200, {"id": "x", "request_id": "x"})
    with served_from_a_thread(Loopback(reply)) as server:
        provider = open_provider(name, settings_at(server.url))

        async def submit_once():
            accepted = await provider.submit(make_submission(name))
            await provider.aclose()
            return accepted.request_id

        assert [asyncio.run(submit_once()) for _ in range(2)] == ["x", "x"]
