"""Expressions of the price language (docs/prices.md): how much of something a run uses."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facts import Fact

Expr = Any
"""A number or one of the objects below, as the price language has them."""

MEBI = 1048576
"""Pixels of 1024x1024: a megapixel where the page's own examples say so."""

RECONCILED = "the shorter or the longer of sound and video sets the length"
NOT_GIVEN = "no file is given whose length would be billed"
SPEECH = "speech runs at 5 to 25 characters a second"


def param(name: str, otherwise: Expr = None) -> Expr:
    """The number in an input."""
    return {"param": name} if otherwise is None else {"param": name, "else": otherwise}


def seconds(name: str) -> Expr:
    """The seconds that an input asks for: 5, "5" or "5s"."""
    return {"seconds": name}


def length(*names: str, required: bool = True) -> Expr:
    """The seconds of input files, summed; unknown, not zero, where none is given."""
    expr = {"length": names[0] if len(names) == 1 else list(names)}
    return expr if required else expr | {"else": between(0, None, NOT_GIVEN)}


def characters(*names: str) -> Expr:
    """The characters of input texts, summed."""
    return {"characters": names[0] if len(names) == 1 else list(names)}


def between(low: Expr, high: Expr, why: str) -> Expr:
    """Something that is not known exactly, and why; a high of None is without bound."""
    return {"range": [low, high], "why": why}


def product(*factors: Expr) -> Expr:
    """The factors multiplied; a factor 1 is left out."""
    kept = [factor for factor in factors if factor != 1]
    return {"product": kept} if len(kept) > 1 else (kept or [1])[0]


def total(*terms: Expr) -> Expr:
    """The terms added."""
    return {"sum": list(terms)} if len(terms) > 1 else terms[0]


def quotient(expr: Expr, divisor: Expr) -> Expr:
    """A division."""
    return {"quotient": [expr, divisor]}


def up(expr: Expr, to: int = 1) -> Expr:
    """Rounded up to a multiple."""
    return {"up": expr} if to == 1 else {"up": expr, "to": to}


def cases(*pairs: tuple[dict[str, Any], Expr], otherwise: Expr = None) -> Expr:
    """The value of the first condition that holds."""
    expr: dict[str, Any] = {"cases": [{"when": when, "value": value} for when, value in pairs]}
    return expr if otherwise is None else expr | {"else": otherwise}


def reconciled(first: str, second: str) -> Expr:
    """Seconds of a result whose length follows one of two input files."""
    lengths = [length(first), length(second)]
    return between({"min": lengths}, {"max": lengths}, RECONCILED)


def spoken(*names: str) -> Expr:
    """Seconds of speech made from text, which nobody knows before."""
    return product(characters(*names), between(Decimal("0.04"), Decimal("0.2"), SPEECH))


def run_seconds(fact: Fact, why: str) -> Expr:
    """Seconds of computing, known after the run and bounded by its deadline."""
    metric = "predict_time" if fact.provider == "replicate" else "compute_seconds"
    return {"metric": metric, "low": 0, "high": "timeout", "why": why}


COUNTS = ("num_outputs", "num_images", "number_of_images", "num_results", "num_samples")


def images(fact: Fact) -> Expr:
    """How many images a run makes; `outputs` where only the run itself tells."""
    name = fact.first_of(*COUNTS)
    count = param(name, 1) if name else 1
    if "max_images" not in fact.params:
        return count
    series = between(1, param("max_images"), "the model decides how many images a series has")
    if "sequential_image_generation" in fact.params:
        return {"outputs": cases(({"sequential_image_generation": "auto"}, series), otherwise=1)}
    return {"outputs": product(count, series)}


def output_megapixels(size: str | list[str], *, otherwise: Expr = None, **options: Expr) -> Expr:
    """Megapixels of one output image, from the input that sets its size."""
    expr = {"output_megapixels": size, **options}
    return expr if otherwise is None else expr | {"else": otherwise}


def input_megapixels(*names: str, **options: Expr) -> Expr:
    """Megapixels of the input images, summed."""
    return {"megapixels": names[0] if len(names) == 1 else list(names), **options}
