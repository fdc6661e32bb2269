"""Replicate's answers, read: pure functions of values.

Shapes and words: https://replicate.com/docs/topics/predictions and recorded traffic of
replicate-python (`tests/cassettes`).
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin

from vidi.errors import PollError, WrongCallError
from vidi.inference.models.template import Call
from vidi.inference.providers.account import REPLICATE
from vidi.inference.providers.provider import Accepted, Failed, PollResult, Running, Succeeded
from vidi.inference.providers.same_json import is_same_json
from vidi.inference.providers.timestamps import read_moment
from vidi.inference.providers.transport.answer import shorten
from vidi.inference.providers.transport.refusal import in_doubt, refusal
from vidi.inference.providers.transport.request_id import is_request_id
from vidi.inference.providers.web_address import is_web_address

if TYPE_CHECKING:
    from datetime import datetime

    from vidi.inference.models.template import ModelInfo
    from vidi.inference.providers.provider import Submission
    from vidi.inference.providers.transport.answer import Answer, Fields

API = "https://api.replicate.com/v1"

MODERATED = re.compile(
    r"flagged|sensitive|nsfw|\bE005\b|content[ _-]policy|moderat", flags=re.IGNORECASE
)
CODE = re.compile(r"\bE\d{3,4}\b|\bcode: (PA)\b")
"""https://replicate.com/docs/reference/error-codes; PA: the platform interrupted it."""
TRANSIENT = frozenset({"E1000", "PA", "E003", "E004", "E6716", "E8367", "E8765", "E9243", "E9828"})
"""Codes of the platform's own failures: recorded with "please retry" or seen to pass by itself."""
PLATFORM = "Director: unexpected error"
"""How every failure of Replicate's own runner begins, whatever its code."""
WRONG_VERSION = re.compile("Invalid version or not permitted|specified version does not exist")
"""The title and the detail of the refusal; either may come alone."""
SHORTEST_CANCEL_AFTER_S = 5
"""Replicate's own minimum: it refuses a create with less."""


def format_cancel_after(deadline_s: float) -> str | None:
    """Write `Cancel-After` in whole seconds, rounded up: the one form seen in wide use."""
    if not math.isfinite(deadline_s):
        return None
    return f"{max(SHORTEST_CANCEL_AFTER_S, math.ceil(deadline_s))}s"


def read_receipt(answer: Answer, model: ModelInfo) -> Accepted:
    """Read the answer to a create.

    Raises:
        VidiError: As the table of submits says.
        WrongCallError: The model is not called so.
    """
    if not answer.ok:
        raise _refusal(answer, model)
    accepted = _accepted(answer.fields())
    if accepted is None:
        raise in_doubt(REPLICATE, f"the answer holds no prediction id: {answer.text()}")
    return accepted


def _refusal(answer: Answer, model: ModelInfo) -> Exception:
    said = read_words(answer)
    if _is_called_wrongly(answer, model):
        hint = f"Run `vidi models pull {model.id}`, if the model is still there."
        return WrongCallError(f"Replicate refused it: {said}", hint=hint)
    return REPLICATE.refused_for_all(answer.status, said) or refusal(answer, REPLICATE, said)


def _is_called_wrongly(answer: Answer, model: ModelInfo) -> bool:
    """Whether a refusal is about the form of the call: by a version or by the name.

    Both are recorded, and neither is billed: an official model called by a version, and any other
    called by its name.
    """
    if model.id != f"replicate/{model.name}" or (model.call and model.call.deployment):
        return False  # the user has said which version, or which deployment
    if model.version:
        said = f"{answer.fields().get('title')} {answer.fields().get('detail')}"
        return answer.status == 422 and WRONG_VERSION.search(said) is not None
    return answer.status == 404


def read_call(document: Fields, model: ModelInfo) -> Call | None:
    """How a model is called instead, by Replicate's document of it; None where as it was called."""
    if model.version:
        return Call(official=True) if document.get("is_official") is True else None
    latest = document.get("latest_version")
    version = latest.get("id") if isinstance(latest, dict) else None
    if document.get("is_official") is True or not isinstance(version, str) or not version:
        return None
    return Call(version=version)


def _accepted(prediction: Fields) -> Accepted | None:
    request_id = prediction.get("id")
    if not is_request_id(request_id):
        return None
    urls = build_urls(request_id)
    given = prediction.get("urls")
    for name in urls:
        url = given.get(name) if isinstance(given, dict) else None
        if is_web_address(url):
            urls[name] = url
    return Accepted(request_id, urls)


def build_urls(request_id: str) -> dict[str, str]:
    """Build the URLs of a prediction whose receipt named none."""
    built = f"{API}/predictions/{quote(request_id, safe='')}"
    return {"get": built, "cancel": f"{built}/cancel"}


def read_words(answer: Answer) -> str:
    """Say in Replicate's own words what it objects to, every field of it."""
    fields = answer.fields()
    invalid = fields.get("invalid_fields")
    texts = [
        f"{each.get('field') or 'body'}: {each.get('description') or each.get('type')}"
        for each in (invalid if isinstance(invalid, list) else [])
        if isinstance(each, dict)
    ]
    said = "; ".join(texts) or fields.get("detail") or fields.get("title")
    return shorten(str(said)) if said else answer.text() or f"HTTP {answer.status}"


def read_prediction(prediction: Fields, *, may_be_empty: bool = False) -> PollResult:
    """Read what one look at a prediction shows. A status that we do not know polls on.

    Args:
        prediction: As Replicate has it.
        may_be_empty: Whether its model may rightly answer with nothing, as one that listens may.
    """
    status = str(prediction.get("status"))
    if status in {"starting", "processing"}:
        return Running(status)
    if status == "succeeded":
        return _succeeded(prediction, may_be_empty=may_be_empty)
    if status == "failed":
        return _failed(prediction)
    metrics = _metrics(prediction)
    if status == "canceled":
        said = "canceled by the user or at its deadline"
        return Failed("canceled", said, metrics=metrics, output=prediction.get("output"))
    if status == "aborted":
        said = "its deadline passed before it started; not billed"
        return Failed("aborted", said, free=True, metrics=metrics)
    return Running(status, known=False)


def _succeeded(prediction: Fields, *, may_be_empty: bool) -> PollResult:
    output, metrics = prediction.get("output"), _metrics(prediction)
    is_result = may_be_empty and output is not None and not prediction.get("data_removed")
    if is_result or output not in (None, "", [], {}):
        logs, took_s = _text(prediction.get("logs")), _took_s(prediction, metrics)
        return Succeeded(output, metrics=metrics, logs=logs, took_s=took_s)
    if prediction.get("data_removed"):
        said = "it succeeded, but Replicate removes outputs after an hour: the result is gone"
        return Failed("failed", said, error_type="data_removed", metrics=metrics)
    said = "it succeeded without any output; Replicate bills it all the same"
    return Failed("failed", said, error_type="no_output", metrics=metrics)


def _failed(prediction: Fields) -> Failed:
    error = _text(prediction.get("error"))
    found = CODE.search(error)
    code = (found[1] or found[0]) if found else ""
    moderated = MODERATED.search(error) is not None
    return Failed(
        "moderated" if moderated else "failed",
        shorten(error) or "Replicate gave no reason",
        error_type=code,
        transient=not moderated and (code in TRANSIENT or PLATFORM in error),
        metrics=_metrics(prediction),
        output=prediction.get("output"),
    )


def _took_s(prediction: Fields, metrics: Fields) -> float | None:
    """Seconds by Replicate's own clock: `total_time`, which many answers lack, else its times."""
    total = metrics.get("total_time")
    if isinstance(total, int | float):
        return total
    created, ended = (read_moment(prediction.get(name)) for name in ("created_at", "completed_at"))
    return (ended - created).total_seconds() if created and ended else None


def _metrics(prediction: Fields) -> Fields:
    metrics = prediction.get("metrics")
    return metrics if isinstance(metrics, dict) else {}


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def match_prediction(
    prediction: Fields, submission: Submission, since: datetime, until: datetime
) -> Accepted | None:
    """Recognise a submission in the account's list by time and exactly equal model and input.

    The window that the list was asked for is not relied on: whoever answers may not keep to it.

    Raises:
        PollError: It is equal, and does not say when it was created. It can then neither be
            adopted, as it may be an older one, nor be passed over, as it may be the very one.
    """
    model, given = submission.model, prediction.get("input")
    versions = {model.version, f"{model.name}:{model.version}"} if model.version else set()
    is_ours = prediction.get("model") == model.name or prediction.get("version") in versions
    if not is_ours or prediction.get("data_removed") or not is_same_json(given, submission.params):
        return None
    created = read_moment(prediction.get("created_at"))
    if created is None:
        raise PollError("Replicate's list does not say when a prediction like it was created")
    return _accepted(prediction) if since <= created <= until else None


def read_next(page: Fields, url: str) -> str | None:
    """The address at which a list goes on, which may be relative to its own; None at its end.

    Raises:
        PollError: It is no address.
    """
    following = page.get("next")
    if not following:
        return None
    try:
        address = urljoin(url, following) if isinstance(following, str) else None
    except ValueError:
        address = None
    if not is_web_address(address):
        raise PollError("Replicate's list goes on at an address that cannot be read")
    return address
