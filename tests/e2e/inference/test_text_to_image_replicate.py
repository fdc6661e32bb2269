"""A text becomes an image at Replicate, is paid for and fetched."""

from decimal import Decimal


def test_text_to_image_replicate(open_engine, tmp_path):
    result = open_engine("replicate").infer(
        model="replicate/black-forest-labs/flux-schnell",
        prompt="Una imagen de un bosque negro",
        aspect_ratio="16:9",
        num_outputs=1,
    )
    assert result.cost == Decimal("0.003")
    assert result.download(tmp_path / "forest").read_bytes()[8:12] == b"WEBP"
