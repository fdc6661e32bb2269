"""Language models: tokens in, tokens out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lines import line, rate, row
from quantity import between, cases, param, total

if TYPE_CHECKING:
    from facts import Fact
    from lines import Line, Row
    from quantity import Expr

TEXTS = ("prompt", "system_prompt", "system_instruction", "messages")
FILES = ("image", "images", "image_input", "image_url", "image_urls", "videos", "audio")
LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
MEDIA = "only the model knows how many tokens an image, a video or a sound makes"
ANSWER = "the length of the answer is known only after the run"


def token_row(fact: Fact) -> Row:
    """A line for the input and one for the output."""
    pricing = fact.pricing
    lines = (
        _line(fact, "input tokens", input_tokens(fact), "price_in_usd", "token_input_count"),
        _line(fact, "output tokens", output_tokens(fact), "price_out_usd", "token_output_count"),
    )
    if any("@input_tokens" in tier["when"] for tier in pricing["tiers"]):
        return row(*lines, where={"@input_tokens": input_tokens(fact)})
    return row(*lines)


def _line(fact: Fact, label: str, quantity: Expr, price: str, metric: str) -> Line:
    tiers = fact.pricing["tiers"]
    rates = [rate("1m_tokens", tier[price], tier["when"]) for tier in tiers]
    rates.append(rate("1m_tokens", fact.pricing[price]))
    return line(label, quantity, *rates, **_metered(fact, metric))


def _metered(fact: Fact, metric: str) -> dict[str, Any]:
    return {"metered_by": metric} if fact.provider == "replicate" else {}


def input_tokens(fact: Fact) -> Expr:
    """Estimated from the texts; without bound as soon as a file is given."""
    texts = [name for name in TEXTS if name in fact.params]
    terms: list[Expr] = [{"tokens": texts}] if texts else []
    files = [name for name in FILES if name in fact.params]
    if files:
        given = ({"@any_of_present": files}, between(0, None, MEDIA))
        terms.append(cases(given, otherwise=0))
    return total(*terms)


def output_tokens(fact: Fact) -> Expr:
    """From nothing to the limit that the input sets, if it sets one."""
    limit = fact.first_of(*LIMITS)
    if limit is None:
        return between(0, None, ANSWER)
    capped = between(0, param(limit), ANSWER)
    if fact.params[limit]["default"] is not None:
        return capped
    return cases(({limit: "present"}, capped), otherwise=between(0, None, ANSWER))
