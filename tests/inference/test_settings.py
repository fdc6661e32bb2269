"""Addresses and keys from the environment."""

from __future__ import annotations

import pytest

from vidi.errors import UsageError
from vidi.inference.settings import PROVIDER_URLS, Settings, is_loopback

SAYS = "is not a web address"
ONLY = "may hold a host, a port and a path, and nothing else"


def test_without_an_environment_everything_is_at_its_default():
    settings = Settings.from_environment({})
    assert settings.urls == PROVIDER_URLS
    assert settings.keys == {}
    assert not settings.loopback_allowed


@pytest.mark.parametrize("variable", sorted(PROVIDER_URLS))
@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("http://127.0.0.1:8000/a/b/", "http://127.0.0.1:8000/a/b"),
        (" https://host ", "https://host"),
        ("HTTP://[::1]:8000", "HTTP://[::1]:8000"),
    ],
)
def test_every_address_can_be_moved(variable, given, read):
    settings = Settings.from_environment({variable: given})
    assert settings.urls == PROVIDER_URLS | {variable: read}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("host", SAYS),
        ("ftp://host", SAYS),
        ("http://", SAYS),
        ("http://host:port", SAYS),
        ("http://host:99999", SAYS),
        ("http://[::1", SAYS),
        ("http://me:pw@host", ONLY),
        ("http://host?x=1", ONLY),
        ("http://host/#x", ONLY),
    ],
)
def test_what_is_not_an_address_is_refused_by_name(url, says):
    with pytest.raises(UsageError, match=says) as caught:
        Settings.from_environment({"VIDI_FAL_QUEUE_URL": url})
    assert caught.value.message.startswith("VIDI_FAL_QUEUE_URL ")
    assert "VIDI_FAL_QUEUE_URL" in caught.value.hint
    assert "pw" not in caught.value.message


def test_keys_are_read_without_the_space_around_them():
    environ = {"REPLICATE_API_TOKEN": " r8_abc\n", "FAL_KEY": "id:secret"}
    assert Settings.from_environment(environ).keys == {"replicate": "r8_abc", "fal": "id:secret"}


@pytest.mark.parametrize("key", ["a b", "a\nb", "ключ", "a\x00b"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(key):
    with pytest.raises(UsageError) as caught:
        Settings.from_environment({"FAL_KEY": key})
    assert caught.value.message == (
        "FAL_KEY is not a key: it holds a space, a line end or a letter outside ASCII"
    )


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_variable_counts_as_unset(value):
    names = ("REPLICATE_API_TOKEN", "FAL_KEY", *PROVIDER_URLS)
    assert Settings.from_environment(dict.fromkeys(names, value)) == Settings()


def test_keys_never_show():
    settings = Settings(keys={"fal": "key-id:key-secret", "replicate": "short"})
    assert "key-secret" not in repr(settings)
    assert settings.redact("a key-id:key-secret b key-secret c short") == (
        "a [FAL_KEY] b [FAL_KEY] c short"
    )


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine(host, loopback):
    assert is_loopback(host) is loopback


def test_one_loopback_address_allows_loopback():
    assert Settings.from_environment({"VIDI_FAL_CDN_URL": "http://localhost:1"}).loopback_allowed
