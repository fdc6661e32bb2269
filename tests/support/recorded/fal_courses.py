"""Courses at fal's queue: what succeeded, what failed in which words, what a submit was told."""

from typing import Any

from support.recorded.course import Course, Ending
from support.recorded.queue import COMPLETED, IN_PROGRESS, IN_QUEUE, RECEIPT, TIMED, status
from support.servers.loopback import Reply

SCHNELL = "fal/fal-ai/flux/schnell"
ROBOT: dict[str, Any] = {
    "images": [{"url": "{media}/out.jpg", "width": 1024, "height": 768,
                "content_type": "image/jpeg"}],
    "timings": {"inference": 1.19}, "seed": 1248735483, "has_nsfw_concepts": [False],
    "prompt": "a giant robot",
}  # fmt: skip
ONE_UNIT = {"x-fal-billable-units": "1.0"}
MADE = Reply(200, ROBOT, ONE_UNIT)
FLAGGED = (
    "The content could not be processed because it contained material flagged by a content checker"
)
GATEWAY = Reply(
    504,
    b"<html><head><title>504 Gateway Time-out</title></head></html>",
    {"Content-Type": "text/html"},
)
EARLY = Reply(400, {"detail": "Request is still in progress", "request_id": "x",
                    "response_url": "u", "status_url": "u", "cancel_url": "u"})  # fmt: skip
MEGAPIXEL = "0.003000"
"""USD of one unit of flux/schnell."""


def names(case: str, *steps: str) -> tuple[str, ...]:
    return tuple(f"case/{case}/{step}" for step in steps)


def course(
    case: str,
    ending: Ending,
    result: Reply | list[Reply],
    last: Reply = COMPLETED,
    *,
    results: int = 1,
    **more: Any,
) -> Course:
    """A request that is queued, ends at once, and is fetched."""
    steps = [f"result-{number}" for number in range(1, results + 1)] if results > 1 else ["result"]
    recorded = names(case, "submit", "status-1", *steps)
    turns = {"submit": [RECEIPT], "status": [last],
             "result": result if isinstance(result, list) else [result]}  # fmt: skip
    turns |= more.pop("turns", {})
    return Course(case, recorded, SCHNELL, {"prompt": f"a robot: {case}"}, turns, ending, **more)


def whole(case: str, model: str, ending: Ending, result: Reply, **more: Any) -> Course:
    """A request as it goes when nothing goes wrong: queued, running, done, fetched."""
    recorded = names(case, "submit", "status-1", "status-2", "status-3", "result")
    turns = {"submit": [RECEIPT], "status": [IN_QUEUE, IN_PROGRESS, TIMED], "result": [result]}
    turns |= more.pop("turns", {})
    return Course(case, recorded, model, {"prompt": f"a robot: {case}"}, turns, ending, **more)


def refused(code: int, *details: Any, **headers: str) -> Reply:
    """A result that is a refusal."""
    shown = {f"x-fal-{name.replace('_', '-')}": value for name, value in headers.items()}
    return Reply(code, {"detail": details[0] if details else None}, shown)


NO_STREAM = {"stream": [Reply(404, {"detail": "Not Found"})]}
DONE = (
    whole("ok-schnell", SCHNELL, Ending(usd=MEGAPIXEL, files=("out.jpg",)), MADE),
    whole("ok-bigseed", "fal/fal-ai/fast-sdxl",
          Ending(usd="0.002712", basis="derived", files=("out.jpg",)),
          Reply(200, {**ROBOT, "seed": 2062765390712234200}), turns=NO_STREAM),
    whole("ok-nsfw-black", SCHNELL, Ending(usd=MEGAPIXEL, files=("out.jpg",), says="filter"),
          Reply(200, {**ROBOT, "has_nsfw_concepts": [True]}, ONE_UNIT)),
    whole("ok-glb", "fal/fal-ai/hunyuan3d-v3/text-to-3d",
          Ending(usd="0.015000", files=("out.glb",)),
          Reply(200, {"model_glb": {"url": "{media}/out.glb", "content_type": "model/gltf-binary",
                                    "file_name": "model.glb"},
                      "thumbnail": {"url": "{media}/thumb.png", "content_type": "image/png"},
                      "model_urls": {"glb": {"url": "{media}/out.glb"}, "fbx": None, "obj": None,
                                     "usdz": None}, "seed": None},
                {"x-fal-billable-units": "1"}), turns=NO_STREAM),
    course("x-504-then-ok", Ending(usd=MEGAPIXEL, files=("out.jpg",)), [GATEWAY, GATEWAY, MADE],
           results=3),
    course("x-400-then-ok", Ending(usd=MEGAPIXEL, files=("out.jpg",)), [EARLY, EARLY, MADE],
           results=3),
)  # fmt: skip

FREE = {"usd": "0.000000", "basis": "none"}
OWED = {"usd": MEGAPIXEL, "basis": "estimated"}
AGAIN = {"result@2": [MADE], "status@2": [COMPLETED]}
POLICY = "content_policy_violation"
FAILED = (
    course("x-path404", Ending("failed", says="Path /v2.2 not found", **FREE),
           refused(404, "Path /v2.2 not found")),
    course("x-path404-units0", Ending("failed", says="Path /v2.2 not found", **FREE),
           refused(404, "Path /v2.2 not found", billable_units="0")),
    course("x-policy-list", Ending("moderated", says="flagged", **OWED),
           refused(422, [{"loc": ["body", "prompt"], "msg": f"{FLAGGED}.", "type": POLICY,
                          "url": f"https://docs.fal.ai/errors#{POLICY}",
                          "input": {"prompt": "a beach", "image_url": "data:image/png;base64,"}}],
                   retryable="false")),
    course("x-policy-noloc", Ending("moderated", says="flagged", **OWED),
           refused(422, [{"msg": f"{FLAGGED}.", "type": POLICY,
                          "ctx": {"extra_info": {"reason": "partner_validation_failed"}}}])),
    course("x-policy-dict", Ending("moderated", says="flagged", **OWED),
           refused(422, {"type": POLICY, "message": FLAGGED})),
    course("x-partner-msg", Ending("moderated", says="partner_validation_failed", **OWED),
           refused(422, [{"msg": "partner_validation_failed"}])),
    course("x-likeness", Ending("moderated", says="likenesses of real people", **OWED),
           refused(422, [{"loc": ["body", "image_urls"], "type": POLICY,
                          "msg": "The images may contain likenesses of real people"}])),
    course("x-google-safety", Ending("moderated", says="safety violations", **OWED),
           refused(422, [{"loc": ["body", "prompt"], "type": "value_error",
                          "msg": "Request blocked due to safety violations (harmful content). "
                                 "Please modify your input and retry."}])),
    course("x-missing", Ending("failed", says="Field required", **OWED),
           refused(422, [{"type": "missing", "loc": ["body", "prompt"],
                          "msg": "Field required"}])),
    course("x-runner", Ending(usd=MEGAPIXEL, posts=2, files=("out.jpg",)),
           Reply(503, {"detail": "Runner disconnected", "error_type": "runner_disconnected"},
                 {"x-fal-error-type": "runner_disconnected"}),
           Reply(200, status("COMPLETED", logs=[], error="Runner disconnected",
                             error_type="runner_disconnected")), turns=AGAIN),
    course("x-FAILED", Ending("failed", says="too long", **OWED),
           refused(422, [{"loc": ["body", "prompt"], "msg": "too long",
                          "type": "string_too_long"}]), Reply(200, status("FAILED"))),
    course("x-CANCELLED", Ending("failed", says="cancelled", **OWED),
           refused(422, "Request was cancelled"), Reply(200, status("CANCELLED"))),
    course("x-422-units0", Ending("failed", says="Failed to download the file", **FREE),
           refused(422, [{"loc": ["body", "image_url"], "msg": "Failed to download the file",
                          "type": "file_download_error"}], billable_units="0")),
    course("x-422-units1", Ending("moderated", usd=MEGAPIXEL, basis="metered", says="flagged"),
           refused(422, [{"loc": ["body", "prompt"], "msg": "flagged", "type": POLICY}],
                   billable_units="1")),
)  # fmt: skip

LATE = (
    course("x-500-plain", Ending("unfinished", "0.000000", None, says="still"),
           Reply(500, {"detail": "Internal Server Error"}, {"x-fal-request-id": "{id}"}),
           extra={"timeout": 3}),
)  # fmt: skip
"""A result that cannot be fetched is never bought again: it is left to the next run."""


def submit(case: str, answer: Reply, ending: Ending, **more: Any) -> Course:
    """A submit and what it was told."""
    turns = {"submit": [answer, RECEIPT], "status": [COMPLETED], "result": [MADE]}
    turns |= more.pop("turns", {})
    return Course(case, names(case, "submit"), SCHNELL, {"prompt": f"a robot: {case}"}, turns,
                  ending, **more)  # fmt: skip


SUBMITS = (
    submit("s-404-app", Reply(404, {"detail": 'Application "hailuo-ai" not found'}),
           Ending("failed", says='Application "hailuo-ai" not found', **FREE)),
    submit("s-422", Reply(422, {"detail": [{"type": "missing", "loc": ["body", "prompt"],
                                            "msg": "Field required"}]}),
           Ending("failed", says="Field required", **FREE)),
    submit("s-429", Reply(429, {"detail": "Too many requests"}, {"Retry-After": "0"}),
           Ending(usd=MEGAPIXEL, posts=2, files=("out.jpg",))),
    submit("s-502-nginx", Reply(
        502, b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 "
             b"Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
        {"Content-Type": "text/html"}),
           Ending("in_doubt", "0.000000", None, says="not known whether it was bought")),
    Course("queue-cancel-404", ("apicity/queue-cancel-404",), SCHNELL,
           {"prompt": "a robot: an app of one part"},
           {"submit": [Reply(404, b"", {"access-control-allow-credentials": "true"})]},
           Ending("failed", says="404", **FREE)),
    Course("queue-result-405", ("apicity/queue-result-405",), SCHNELL,
           {"prompt": "a robot: 405"},
           {"submit": [RECEIPT], "stream": [Reply(405, b"", {"allow": "POST"})],
            "status": [Reply(405, b"", {"allow": "POST"})],
            "result": [Reply(405, b"", {"allow": "POST"})]},
           Ending("unfinished", "0.000000", None, says="405"), extra={"timeout": 30}),
)  # fmt: skip

STOPPED = {"status": "failed", **FREE}
STOPPING = (
    submit("s-401", Reply(401, {"detail": "No user found for Key ID and Secret"}),
           Ending(says="No user found", **STOPPED), exit_code=4),
    submit("s-401b", Reply(401, {"detail": "Invalid Key Authorization header format. Expected "
                                           "'<key_id>:<key_secret>'."}),
           Ending(says="Invalid Key", **STOPPED), exit_code=4),
    submit("s-403-balance", Reply(403, {"detail": "User is locked. Reason: Exhausted balance. Top "
                                                  "up your balance at fal.ai/dashboard/billing."}),
           Ending(says="Exhausted balance", **STOPPED), exit_code=4),
    submit("s-403-topup", Reply(403, {"detail": "User is locked. Reason: TOP_UP."}),
           Ending(says="TOP_UP", **STOPPED), exit_code=4),
    submit("s-403-scope", Reply(403, {"detail": "This API key is not permitted to perform this "
                                                "action."}),
           Ending(says="not permitted", **STOPPED), exit_code=4),
)  # fmt: skip
"""What is told of the key or the account: nothing else of that provider is begun."""
