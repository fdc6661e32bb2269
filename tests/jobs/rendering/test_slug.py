import pytest

from vidi.jobs.rendering.slug import slug

SLUGS = [
    ("São Paulo", "sao-paulo"),
    ("Ángel Ñandú!", "angel-nandu"),
    ("  a -- b  ", "a-b"),
    ("ﬁn Ⅷ", "fin-viii"),
    ("Straße", "straße"),
    ("日本 語", "日本-語"),
    ("がぎ", "がぎ"),
    ("Ελλάδα", "ελλάδα"),
    ("Москва й", "москва-й"),
    ("हिन्दी", "हिन्दी"),
    ("😀", ""),
    ("a_b.c", "a-b-c"),
    (12, "12"),
    ("İstanbul", "istanbul"),
    ("e\u0301", "e"),
]


@pytest.mark.parametrize(("text", "expected"), SLUGS)
def test_slug(text, expected):
    assert slug(text) == expected


@pytest.mark.parametrize("text", [text for text, _ in SLUGS])
def test_a_slug_is_its_own_slug(text):
    assert slug(slug(text)) == slug(text)
