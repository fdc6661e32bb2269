"""Trained weights: one tensor of zeros, as safetensors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vidi.sandbox.media.order import CONTENT_TYPES, Made

if TYPE_CHECKING:
    from vidi.sandbox.media.order import MediaOrder

_VALUES = 16


def make_weights(order: MediaOrder) -> Made:
    """Make one file of weights: https://github.com/huggingface/safetensors#format."""
    tensor = {"dtype": "F32", "shape": [_VALUES], "data_offsets": [0, 4 * _VALUES]}
    header = {"__metadata__": {"SANDBOX": order.text[:1000]}, "sandbox.weight": tensor}
    head = json.dumps(header).encode()
    data = len(head).to_bytes(8, "little") + head + bytes(4 * _VALUES)
    return Made(data, CONTENT_TYPES[order.format])
