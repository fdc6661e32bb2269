"""URLs that open something: shown without what opens it."""

import pytest

from vidi.inference.models.params.addresses import hide_in, hide_url_secrets, list_url_secrets

HIDDEN = [
    ("https://a.b/c.png?token=s3cret", "https://a.b/c.png?token=…", ["s3cret"]),
    ("https://a.b/c?x=1&access_token=t1&y=2", "https://a.b/c?x=1&access_token=…&y=2", ["t1"]),
    ("https://a.b/c?key=k&sig=s&secret=t&password=p", "https://a.b/c?key=…&sig=…&secret=…&password=…",
     ["k", "s", "t", "p"]),
    ("https://b.s3.amazonaws.com/c?X-Amz-Credential=AK%2F1&X-Amz-Date=20260101T0Z&X-Amz-Signature=f0",
     "https://b.s3.amazonaws.com/c?X-Amz-Credential=…&X-Amz-Date=…&X-Amz-Signature=…",
     ["AK%2F1", "20260101T0Z", "f0"]),
    ("https://b/c?AWSAccessKeyId=AK&Signature=f0&Expires=9",
     "https://b/c?AWSAccessKeyId=…&Signature=…&Expires=9", ["AK", "f0"]),
    ("https://b/c?Policy=p&Signature=s&Key-Pair-Id=k", "https://b/c?Policy=…&Signature=…&Key-Pair-Id=…",
     ["p", "s", "k"]),
    ("https://b/c?sv=1&sig=f%2B0", "https://b/c?sv=1&sig=…", ["f%2B0"]),
    ("https://b/c?x-goog-signature=f0", "https://b/c?x-goog-signature=…", ["f0"]),
    ("https://user:pass@a.b/c.png", "https://…@a.b/c.png", ["pass"]),
    ("ftp://token@a.b/c", "ftp://…@a.b/c", ["token"]),
    ("https://a.b/c#access_token=s3cret", "https://a.b/c#access_token=…", ["s3cret"]),
    ("a <https://a.b/?token=one> and https://c.d/?apiKey=two.", "a <https://a.b/?token=…> and "
     "https://c.d/?apiKey=…", ["one", "two."]),
]  # fmt: skip
SHOWN = [
    "https://a.b/c.png",
    "https://a.b/c?size=1&monkeys=2&q=token",
    "https://a.b/@me/c",
    "mail me@a.b?token=x",
    "token=abc",
    "data:image/png;base64,AAAA",
    "",
]


@pytest.mark.parametrize(("url", "shown", "secrets"), HIDDEN)
def test_what_opens_it_is_hidden(url, shown, secrets):
    assert hide_url_secrets(url) == shown
    assert sorted(list_url_secrets({"a": [url]})) == sorted(secrets)
    assert hide_in({"a": [url, 1], "b": (None, True)}) == {"a": [shown, 1], "b": [None, True]}


@pytest.mark.parametrize("text", SHOWN)
def test_other_texts_are_shown_as_they_are(text):
    assert hide_url_secrets(text) == text
    assert not list(list_url_secrets([text]))
