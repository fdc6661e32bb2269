"""What a fault makes of an answer that still comes: emptied, thinned, or blacked out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.sandbox.answers import FileLeaf, replace_leaves

if TYPE_CHECKING:
    from vidi.sandbox.json_values import Json, JsonObject


def bend_answer(tree: JsonObject, doom: str) -> JsonObject:
    """The answer as an inference with this fate gives it."""
    match doom:
        case "no-output" | "data-removed":
            return {name: _emptied(value) for name, value in tree.items()}
        case "partial-moderation":
            return _flag(_black_first(_thin(tree)), first_only=True)
        case "nsfw":
            return _flag(_black_all(tree), first_only=False)
        case _:
            return tree


def _emptied(value: Json) -> Json:
    return [] if isinstance(value, list) else None


def _thin(tree: JsonObject) -> JsonObject:
    """Replicate leaves out what it moderated."""
    output = tree.get("output")
    if isinstance(output, list) and len(output) > 1:
        return {**tree, "output": output[1:]}
    return tree


def _black_first(tree: JsonObject) -> JsonObject:
    """At fal a black image stands for it."""
    images = tree.get("images")
    if not images:
        return tree
    return {**tree, "images": [_black_all(images[0]), *images[1:]]}


def _black_all(tree: Json) -> Json:
    return replace_leaves(tree, _blacken)


def _blacken(leaf: FileLeaf) -> FileLeaf:
    return replace(leaf, order=replace(leaf.order, black=True))


def _flag(tree: JsonObject, *, first_only: bool) -> JsonObject:
    flags = tree.get("has_nsfw_concepts")
    if not isinstance(flags, list):
        return tree
    return {**tree, "has_nsfw_concepts": [at == 0 or not first_only for at in range(len(flags))]}
