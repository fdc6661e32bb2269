"""A model's answer: the tree that its template's `output` notation describes, with files in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from vidi.json_values import as_list
from vidi.sandbox.media.order import MediaOrder
from vidi.sandbox.media.text import chunks_of, say
from vidi.sandbox.orders.orders import order_media, output_count, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vidi.inference.models.template import ModelInfo

Leaf = Literal["file", "url", "text", "chunks", "json"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of an answer that the notation names."""

    path: tuple[tuple[str, bool], ...]
    """Names from the outside in, each with whether it holds a list."""
    leaf: Leaf

    @property
    def field(self) -> str:
        """The name that says most about what is there."""
        names = [name for name, _ in self.path if name not in {"output", "outputs", "results"}]
        return names[-1] if names else ""

    @property
    def many(self) -> bool:
        """Whether a list is on the way."""
        return any(many for _, many in self.path)


@dataclass(frozen=True, slots=True)
class FileLeaf:
    """A file in an answer, before it has a URL."""

    order: MediaOrder
    as_url: bool
    """Whether a bare URL stands there, not an object."""
    aside: bool = False
    """Whether it is a preview of what was asked for, and not billed."""


def read_notation(notation: str) -> tuple[Slot, ...]:
    """Read such as `images[].url`, `output[] (join)`, or several with `, ` between them."""
    return tuple(_read_slot(part) for part in notation.split(", "))


def build_answer(model: ModelInfo, effective: Mapping[str, object]) -> dict[str, object]:
    """The answer's tree, its files still `FileLeaf`s. Replicate's is under `output`."""
    tree: dict[str, object] = {}
    slots = read_notation(model.output)
    for slot in slots:
        shared = slot is slots[0] or (slot.path[0] == slots[0].path[0] and slot.path[0][1])
        count = output_count(effective) if slot.many and shared else 1
        leaves = [_leaf(model, effective, slot, index) for index in range(count)]
        _place(tree, slot.path, leaves)
    if model.provider == "fal":
        tree |= _fal_extras(model, effective, tree)
    return tree


def file_leaves(tree: object) -> list[FileLeaf]:
    """Every file of a tree, in order."""
    if isinstance(tree, FileLeaf):
        return [tree]
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return [leaf for each in inner for leaf in file_leaves(each)]


def replace_leaves(tree: object, put: Callable[[FileLeaf], object]) -> object:
    """The same tree with what `put` gives for each of its files."""
    if isinstance(tree, FileLeaf):
        return put(tree)
    if isinstance(tree, dict):
        return {name: replace_leaves(each, put) for name, each in tree.items()}
    if isinstance(tree, list):
        return [replace_leaves(each, put) for each in tree]
    return tree


def _read_slot(part: str) -> Slot:
    match = re.fullmatch(r"(?P<path>\S+)(?: \((?P<marker>\w+)\))?", part)
    if match is None:
        raise ValueError(f"not a place in an answer: {part!r}")
    names = match["path"].split(".")
    marked: dict[str | None, Leaf] = {"text": "text", "json": "json", "join": "chunks"}
    leaf: Leaf = marked.get(match["marker"], "url")
    if leaf == "url" and len(names) > 1 and names[-1] == "url":
        names, leaf = names[:-1], "file"
    return Slot(tuple((name.removesuffix("[]"), name.endswith("[]")) for name in names), leaf)


def _leaf(model: ModelInfo, effective: Mapping[str, object], slot: Slot, index: int) -> object:
    words = say(words_of(effective))
    match slot.leaf:
        case "text":
            return words
        case "chunks":
            return chunks_of(words)
        case "json":
            return {"sandbox": True, "text": words}
        case _:
            order = order_media(model, effective, slot.field)
            order = replace(order, seed=f"{order.seed}#{index}") if index else order
            return FileLeaf(order, as_url=slot.leaf == "url")


def _place(tree: dict[str, Any], path: tuple[tuple[str, bool], ...], leaves: list[object]) -> None:
    (name, many), *rest = path
    if rest and many:
        rows = tree.setdefault(name, [{} for _ in leaves])
        for row, leaf in zip(rows, leaves, strict=False):
            _place(row, tuple(rest), [leaf])
    elif rest:
        _place(tree.setdefault(name, {}), tuple(rest), leaves)
    elif isinstance(leaves[0], dict) and isinstance(tree.get(name), dict):
        tree[name] |= leaves[0]
    else:
        chunks = isinstance(leaves[0], list)
        tree[name] = leaves if many and not chunks else leaves[0]


def _fal_extras(
    model: ModelInfo, effective: Mapping[str, object], tree: Mapping[str, object]
) -> dict[str, object]:
    extras: dict[str, object] = {}
    if "seed" in model.params["properties"]:
        extras["seed"] = effective.get("seed", 42)
    if "images" in tree:
        extras["timings"] = {"inference": 0.5}
        extras["has_nsfw_concepts"] = [False for _ in as_list(tree["images"])]
        extras["prompt"] = words_of(effective)
    extras |= _asides(model, tree)
    return {name: value for name, value in extras.items() if name not in tree}


def _asides(model: ModelInfo, tree: Mapping[str, object]) -> dict[str, object]:
    """What some models give besides: the same file under a second name, and previews."""
    if "model_glb" in tree:
        others = dict.fromkeys(("fbx", "obj", "usdz"))
        return {"model_urls": {"glb": tree["model_glb"], **others}, "thumbnail": _preview("png")}
    if "images" in tree and "bria" in model.name:
        return {"image": as_list(tree["images"])[0]}
    if "sora-2" in model.name:
        return {"thumbnail": _preview("webp"), "spritesheet": _preview("jpg")}
    return {}


def _preview(form: str) -> FileLeaf:
    order = MediaOrder("image", form, "preview", form, width=64, height=64)
    return FileLeaf(order, as_url=False, aside=True)
