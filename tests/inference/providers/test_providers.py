"""The table of providers."""

from __future__ import annotations

import inspect

import pytest

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


async def test_a_provider_follows_its_owner_to_another_event_loop(connect, name):
    import asyncio

    from inference.providers.conftest import make_submission
    from inference.providers.loopback import Loopback, Reply

    provider = connect(name, "http://127.0.0.1:9")
    reply = {"replicate": Reply(201, {"id": "x"}), "fal": Reply(200, {"request_id": "x"})}[name]

    async def submit_once():
        async with Loopback(reply) as server:
            provider._channel.settings.urls.update(
                dict.fromkeys(provider._channel.settings.urls, server.url)
            )
            accepted = await provider.submit(make_submission(name))
            await provider.aclose()
        return accepted.request_id

    def in_a_thread():
        return asyncio.run(submit_once())

    assert await submit_once() == "x"
    assert await asyncio.to_thread(in_a_thread) == "x"
