"""What a fault makes of an answer that still comes: emptied, thinned, or blacked out."""

from __future__ import annotations

from dataclasses import replace

from vidi.sandbox.answers.answers import FileLeaf, replace_leaves


def bend_answer(tree: dict[str, object], doom: str) -> dict[str, object]:
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


def _emptied(value: object) -> object:
    return [] if isinstance(value, list) else None


def _thin(tree: dict[str, object]) -> dict[str, object]:
    """Replicate leaves out what it moderated."""
    output = tree.get("output")
    if isinstance(output, list) and len(output) > 1:
        return {**tree, "output": output[1:]}
    return tree


def _black_first(tree: dict[str, object]) -> dict[str, object]:
    """At fal a black image stands for it."""
    images = tree.get("images")
    if not isinstance(images, list) or not images:
        return tree
    return {**tree, "images": [replace_leaves(images[0], _blacken), *images[1:]]}


def _black_all(tree: dict[str, object]) -> dict[str, object]:
    return {name: replace_leaves(each, _blacken) for name, each in tree.items()}


def _blacken(leaf: FileLeaf) -> FileLeaf:
    return replace(leaf, order=replace(leaf.order, black=True))


def _flag(tree: dict[str, object], *, first_only: bool) -> dict[str, object]:
    flags = tree.get("has_nsfw_concepts")
    if not isinstance(flags, list):
        return tree
    return {**tree, "has_nsfw_concepts": [at == 0 or not first_only for at in range(len(flags))]}
