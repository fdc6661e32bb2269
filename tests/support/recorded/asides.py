"""Answers that were recorded beside inferences: lists, prices, uploads, models, refusals of a key.

Each is played where the command meets an answer of its kind. What a service gives to questions that
the command never asks (workflows, usage, machines) stands where the list of an account should be:
it proves nothing, and nothing is bought again.
"""

from typing import Any

from support.recorded.course import Course, Ending
from support.recorded.fal_bills import unshipped
from support.recorded.fal_courses import FREE as FAL_FREE
from support.recorded.fal_courses import MADE
from support.recorded.queue import COMPLETED, RECEIPT
from support.recorded.replicate_courses import (
    BY_VERSION,
    FREE,
    OTHERS,
    SCHNELL,
    SDXL,
    SDXL_NEW,
    course,
    problem,
    tapes,
)
from support.servers.loopback import RESET, Reply

KEY_ID = "0a1b2c3d-4e5f-key-id"
"""The first half of the key that these courses are run with."""
COMPUTE = (
    "Compute access requires additional permissions. Contact support to enable compute features."
)
IN_DOUBT = {"status": "in_doubt", "usd": "0.000000", "basis": None}


def error(status: int, kind: str, message: str) -> Reply:
    """The platform's form of a refusal."""
    return Reply(status, {"error": {"type": kind, "message": message}})


def page(**more: Any) -> Reply:
    return Reply(200, {"next_cursor": None, "has_more": False, **more})


def series(**more: Any) -> Reply:
    buckets = [{"bucket": f"2026-04-15T0{hour}:00:00+00:00", "results": []} for hour in (7, 8, 9)]
    return page(time_series=buckets, **more)


DONE_EARLIER = [
    {"request_id": f"019d35df-{part}-7000-8000-000000000001", "endpoint_id": "fal-ai/flux/dev",
     "started_at": "2026-03-28T19:15:40.018Z", "sent_at": "2026-03-28T19:15:39.925Z",
     "ended_at": "2026-03-28T19:15:42.501Z", "status_code": 200, "duration": 2.483425}
    for part in ("9b15", "445e")
]  # fmt: skip
FORBIDDEN = error(403, "authorization_error", COMPUTE)
NO_WORKFLOW = error(404, "not_found", "Workflow not found")
INVALID = error(400, "validation_error", "Invalid request parameters")
NO_WORKFLOWS = page(workflows=[], total=0)
LISTS = {
    "requests-200": page(items=[]),
    "requests-200-2": page(items=DONE_EARLIER),
    "models-usage-analytics-200": series(),
    "models-usage-stats-200": series(next_cursor="Mg", has_more=True),
    "workflows-list-200": NO_WORKFLOWS,
    "workflows-list-search-200": NO_WORKFLOWS,
    "workflows-200": NO_WORKFLOWS,
    "workflows-get-404": NO_WORKFLOW,
    "workflows-404": NO_WORKFLOW,
    "workflows-get-400": INVALID,
    "models-pricing-400": INVALID,
    "models-usage-400": INVALID,
    "files-upload-500": error(500, "server_error", "Download failed"),
    "logs-history-500": error(500, "server_error", "Unexpected server error"),
    "apps-queue-flush-404": error(404, "not_found", "Application not found"),
    "compute-terminate-403": FORBIDDEN,
    "compute-get-403": FORBIDDEN,
    "logs-history-filtered-403": error(
        403, "authorization_error",
        f"Unable to use 'key={KEY_ID}' auth: Insufficient permissions: Please visit "
        "https://fal.ai/dashboard/serverless-get-started to request access."),
}  # fmt: skip
"""What the history of an endpoint answers about a submit of unknown outcome."""


def doubted(name: str, answer: Reply) -> Course:
    """A submit whose connection broke, and a list that does not show it."""
    endpoint, params = f"acme/{name}", {"prompt": f"a doubt: {name}"}
    return Course(
        name, (f"apicity/{name}",), f"fal/{endpoint}", params,
        {"submit": [RESET], "history": [answer]},
        Ending(says="not known whether it was bought", **IN_DOUBT),
        template=unshipped(endpoint, "image", "images[].url", "0.01", params),
    )  # fmt: skip


def uploaded(name: str, recorded: str, ending: Ending, **turns: list[Reply]) -> Course:
    """An input file that is handed over to fal."""
    params = {"prompt": f"an edit: {name}", "image_urls": ["in/large.png"]}
    return Course(name, (recorded,), "fal/fal-ai/nano-banana/edit", params, turns, ending)


def handed(name: str, answer: Reply, ending: Ending) -> Course:
    """The same at Replicate."""
    return course(tapes(name), SDXL, SDXL_NEW,
                  {"output": ["{media}/out.png"], "metrics": {"predict_time": 1}}, ending,
                  params={"image": "in/large.png"}, turns={"upload": [answer]})  # fmt: skip


UNSENT = {"status": "failed", "posts": 0, **FAL_FREE}
FILE = {"id": "FILE_ID", "name": "input.png", "content_type": "image/png", "size": 300000,
        "etag": "e", "checksums": {}, "metadata": {}, "created_at": "2024-08-22T12:26:51.079Z",
        "expires_at": "2024-08-23T12:26:51.079Z",
        "urls": {"get": "https://api.replicate.com/v1/files/FILE_ID"}}  # fmt: skip
EMPTY_MODEL = {"url": "https://replicate.com/owner/empty", "owner": "owner", "name": "empty",
               "description": None, "visibility": "public", "run_count": 0,
               "default_example": None, "latest_version": None}  # fmt: skip
HARDWARE = [{"sku": "cpu", "name": "CPU"}, {"sku": "gpu-t4", "name": "Nvidia T4 GPU"}]
TOGETHER = (
    *(doubted(name, answer) for name, answer in LISTS.items()),
    Course("models-get-1", ("cassette/models-get/1",), "replicate/owner/empty",
           {"prompt": "a corgi: models-get-1"},
           {"create": [problem(
               422, "The specified version does not exist (or perhaps you don't have permission "
                    "to use it?)", title="Invalid version or not permitted")],
            "model": [Reply(200, EMPTY_MODEL, OTHERS)]},
           Ending("failed", says="does not exist", **FREE),
           template={**BY_VERSION, "id": "replicate/owner/empty"}),
)  # fmt: skip


def priced(name: str, answer: Reply) -> Course:
    """fal's answer to the ask for base prices; without one, the template's price is used."""
    turns = {"pricing": [answer], "submit": [RECEIPT], "status": [COMPLETED], "result": [MADE]}
    return Course(name, (f"apicity/{name}",), "fal/fal-ai/flux/dev",
                  {"prompt": f"a robot: {name}", "image_size": "square"}, turns,
                  Ending(usd="0.025000", files=("out.jpg",)), exit_code=0)  # fmt: skip


OWN_LIST_ITEM = {
    "request_id": "{id}", "endpoint": "fal-ai/flux-2-pro", "queued_at": "{now}",
    "started_at": "{now}", "request_started_at": "{now}", "ended_at": "{now}", "duration": 7.8,
    "status_code": 200, "error_type": None, "billable_units": 2.5, "billing_status": "PENDING",
    "cost": 0, "cost_estimate_nano_usd": None, "json_input": {"prompt": "a doubt: own list"},
    "json_output": {"images": [{"url": "{media}/out.png"}]},
}  # fmt: skip
ALONE = (
    priced("models-pricing-200", Reply(200, {
        "prices": [{"endpoint_id": "fal-ai/flux/dev", "unit_price": 0.025, "unit": "megapixels",
                    "currency": "USD"}], "next_cursor": None, "has_more": False})),
    priced("models-pricing-400-2", INVALID),
    priced("usd-fal-flux-dev-200", Reply(200, {"estimate_type": "unit_price", "total_cost": 2.5,
                                               "currency": "USD"})),
    uploaded("storage-upload-initiate", "apicity/storage-upload-initiate-200",
             Ending(says="upload", **UNSENT),
             token=[Reply(200, {"file_url": "{media}/a.jpg",
                                "upload_url": "{media}/a.jpg?signature=SIGNATURE"})]),
    uploaded("storage-upload-initiate-1", "apicity/storage-upload-initiate-1-200",
             Ending(says="upload", **UNSENT), upload=[Reply(200, b"")]),
    handed("file-operations/1", Reply(200, FILE),
           Ending(usd="0.000975", basis="derived", files=("out.png",))),
    handed("file-operations/2", Reply(200, {"next": None, "previous": None, "results": [FILE]}),
           Ending(says="upload", **UNSENT)),
    handed("file-operations/3", Reply(204, b""), Ending(says="upload", **UNSENT)),
    Course("requests-list", ("rest/requests-list",), "fal/fal-ai/flux-2-pro",
           {"prompt": "a doubt: own list"},
           {"submit": [RESET], "status": [COMPLETED],
            "own list": [Reply(200, {"items": [OWN_LIST_ITEM], "total": None, "page": 1,
                                     "size": 100, "pages": None})],
            "result": [Reply(200, {"images": [{"url": "{media}/out.png"}]},
                             {"x-fal-billable-units": "2.5"})]},
           Ending(usd="0.075000", files=("out.png",)), exit_code=0),
    Course("compute-create-403", ("apicity/compute-create-403",), "fal/fal-ai/flux/dev",
           {"prompt": "a robot: compute"}, {"submit": [FORBIDDEN]},
           Ending("failed", says=COMPUTE, **FAL_FREE), exit_code=4),
    Course("hardware-list", ("cassette/hardware-list/0",), SCHNELL,
           {"prompt": "a doubt: hardware"}, {"create": [RESET], "list": [Reply(200, HARDWARE)]},
           Ending(says="not known whether it was bought", **IN_DOUBT), exit_code=6),
)  # fmt: skip
LISTED = {
    "endpoint_id": "fal-ai/nano-banana-2/edit",
    "metadata": {
        "display_name": "Nano Banana 2", "category": "image-to-image", "description": "Edits.",
        "status": "active", "tags": [], "updated_at": "2026-04-10T23:20:08.671Z",
        "is_favorited": False, "thumbnail_url": "https://v3.fal.media/files/a.jpg",
        "model_url": "https://fal.run/fal-ai/nano-banana-2/edit", "license_type": "commercial",
        "date": "2026-02-26T16:20:09.685Z", "group": {"key": "nano-banana-2", "label": "Editing"},
        "highlighted": False, "kind": "inference", "pinned": False},
}  # fmt: skip
CATALOGUE = ("apicity/models-search-200", "apicity/models-search-query-200")
"""`GET /v1/models`, without the schemas that a check needs."""
