"""3D models: one triangle, as binary glTF, OBJ or PLY."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

from vidi.sandbox.media.order import CONTENT_TYPES, Made

if TYPE_CHECKING:
    from vidi.sandbox.media.order import MediaOrder

_CORNERS = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def make_mesh(order: MediaOrder) -> Made:
    """Make one model."""
    writers = {"glb": _glb, "obj": _obj, "ply": _ply}
    return Made(writers[order.format](order), CONTENT_TYPES[order.format])


def _glb(order: MediaOrder) -> bytes:
    """Binary glTF 2.0: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html#glb-file-format-specification."""
    points = b"".join(struct.pack("<3f", *corner) for corner in _CORNERS)
    accessor = {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}
    scene = {
        "asset": {"version": "2.0", "generator": "SANDBOX", "extras": {"text": order.text[:1000]}},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "SANDBOX"}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [accessor | {"min": [0, 0, 0], "max": [1, 1, 0]}],
        "bufferViews": [{"buffer": 0, "byteLength": len(points)}],
        "buffers": [{"byteLength": len(points)}],
    }
    text = json.dumps(scene).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    chunks += struct.pack("<I4s", len(points), b"BIN\0") + points
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _obj(order: MediaOrder) -> bytes:
    lines = [f"# SANDBOX {' '.join(order.text.split())[:1000]}", "o SANDBOX"]
    lines += [f"v {x} {y} {z}" for x, y, z in _CORNERS]
    return ("\n".join([*lines, "f 1 2 3"]) + "\n").encode()


def _ply(order: MediaOrder) -> bytes:
    head = [
        "ply", "format ascii 1.0", f"comment SANDBOX {' '.join(order.text.split())[:1000]}",
        "element vertex 3", "property float x", "property float y", "property float z",
        "end_header",
    ]  # fmt: skip
    return ("\n".join([*head, *(f"{x} {y} {z}" for x, y, z in _CORNERS)]) + "\n").encode()
