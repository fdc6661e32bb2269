"""Courses at Replicate: predictions that were created, looked at, refused, and how they ended."""

from typing import Any

from support.recorded.course import Course, Ending
from support.servers.loopback import Reply

CREATED = {"ratelimit-remaining": "599", "ratelimit-reset": "1"}
OTHERS = {"ratelimit-remaining": "2999", "ratelimit-reset": "1"}
PROBLEM = {"Content-Type": "application/problem+json"}
API = "https://api.replicate.com/v1/predictions/{id}"
FREE = {"usd": "0.000000", "basis": "none"}
OWED = {"usd": "0.003000", "basis": "estimated"}
SCHNELL = "replicate/black-forest-labs/flux-schnell"
SDXL = "replicate/stability-ai/sdxl"
LLAMA = "replicate/meta/meta-llama-3-8b-instruct"
SDXL_OLD = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"
SDXL_NEW = "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc"
CORGI = {"width": 512, "height": 512, "seed": 42069}


def prediction(status: str, model: str, version: str, **more: Any) -> dict[str, Any]:
    """A prediction as JSON values."""
    urls = {"cancel": f"{API}/cancel", "get": API, "web": "https://replicate.com/p/{id}"}
    return {"id": "{id}", "model": model, "version": version, "input": {}, "logs": "",
            "error": None, "status": status, "created_at": "2026-08-13T04:24:00.1Z",
            "urls": urls, **more}  # fmt: skip


def course(
    recorded: tuple[str, ...],
    model: str,
    version: str,
    last: dict[str, Any],
    ending: Ending,
    *,
    first: dict[str, Any] | None = None,
    between: tuple[dict[str, Any], ...] = (),
    called: str = "",
    **more: Any,
) -> Course:
    """A prediction from its create to its end."""
    name = recorded[0].removeprefix("case/").removeprefix("cassette/").replace("/", "-")
    name = "".join(each for each in name if each.isalnum() or each in "-_")
    shown = called or model.partition("/")[2]
    params = {"prompt": f"a corgi: {name}", **more.pop("params", {})}
    begun = {**prediction("starting", shown, version), **(first or {})}
    looks = [{**prediction("processing", shown, version), **look} for look in between]
    end = {**prediction("succeeded", shown, version,
                        started_at="2026-08-13T04:24:00.5Z",
                        completed_at="2026-08-13T04:24:02.1Z"), **last}  # fmt: skip
    turns = {"create": [Reply(201, begun, CREATED)],
             "get": [Reply(200, each, OTHERS) for each in (*looks, end)]}  # fmt: skip
    turns |= more.pop("turns", {})
    return Course(name, recorded, model, params, turns, ending, **more)


def of(case: str, *steps: str) -> tuple[str, ...]:
    return tuple(f"case/{case}/{step}" for step in steps)


def tapes(*steps: str) -> tuple[str, ...]:
    return tuple(f"cassette/{step}" for step in steps)


PNG, WEBP, TXT = ("out.png",), ("out.webp",), ("out.txt",)
LOG = "Using seed: 42069\nPrompt: a corgi\ntxt2img mode\n  0%|          | 0/50 [00:00<?, ?it/s]\n"

SUCCEEDED = (
    course(tapes("predictions-create/1", "predictions-get/0", "predictions-get/1"), SDXL, SDXL_OLD,
           {"output": ["{media}/out.png"], "logs": LOG, "metrics": {"predict_time": 3.804328}},
           Ending(usd="0.003709", basis="derived", files=PNG), params=CORGI,
           first={"created_at": "2023-08-16T18:57:08.36078514Z"},
           between=({"status": "succeeded", "output": ["{media}/out.png"], "logs": LOG,
                     "metrics": {"predict_time": 3.804328}},)),
    course(tapes("run/0", "run/2", "run/5", "run/12"), SDXL, SDXL_OLD,
           {"output": ["{media}/out.png"], "logs": LOG, "metrics": {"predict_time": 4.2}},
           Ending(usd="0.004095", basis="derived", files=PNG), params=CORGI,
           between=({"status": "starting"}, {"logs": LOG})),
    course(tapes("run__concurrently/1"), SDXL, SDXL_OLD,
           {"output": ["{media}/out.png"], "metrics": {"predict_time": 2}},
           Ending(usd="0.001950", basis="derived", files=PNG)),
    course(tapes("run__concurrently/2"), SDXL, SDXL_OLD,
           {"output": ["{media}/out.png"], "metrics": {"predict_time": 2}},
           Ending(usd="0.001950", basis="derived", files=PNG)),
    course((*of("cassette-sdxl", "create", "get-1", "get-2"),), SDXL, "39ed52f2",
           {"output": ["{media}/out.png"], "metrics": {"predict_time": 3.7},
            "webhook_completed": None},
           Ending(usd="0.003608", basis="derived", files=PNG), params=CORGI, between=({},)),
    course(of("aiproxy-sdxl", "create", "get-1"), SDXL, SDXL_NEW,
           {"output": ["{media}/out.png"], "data_removed": False,
            "metrics": {"predict_time": 11.977849107}},
           Ending(usd="0.011678", basis="derived", files=PNG),
           first={"output": None, "data_removed": False}),
    course(of("fluxpro-internal", "create", "get-1"), "replicate/black-forest-labs/flux-pro",
           "dp-0fe4d06839aa41bab865d51e5f782609",
           {"output": "{media}/out.webp", "metrics": {"image_count": 1,
                                                      "predict_time": 21.888670827}},
           Ending(usd="0.055000", files=WEBP),
           called="replicate/flux-pro-internal-model"),
    course(of("flux2pro-2026", "create", "get-1"), "replicate/black-forest-labs/flux-2-pro",
           "hidden", {"output": "{media}/out.webp",
                      "metrics": {"image_input_megapixel_count": 0, "image_output_count": 1,
                                  "image_output_megapixel_count": 1, "predict_time": 8.74,
                                  "total_time": 8.77}},
           Ending(usd="0.030000", files=WEBP), params={"output_format": "webp"}),
    course(of("nanobanana-2025", "create", "get-1"), "replicate/google/nano-banana", "hidden",
           {"output": "{media}/out.jpg", "metrics": {"predict_time": 10.465740491,
                                                     "total_time": 10.475906}},
           Ending(usd="0.039000", basis="derived", files=("out.jpg",)),
           params={"output_format": "jpg"}),
    course(of("schnell-dp", "create", "get-1"), SCHNELL, "dp-4d0bcc010b3049749a251855f12800be",
           {"output": ["{media}/out.webp"], "metrics": {"image_count": 1, "predict_time": 0.8}},
           Ending(usd="0.003000", files=WEBP)),
    course(of("recraft-svg", "create", "get-1", "get-2"), "replicate/recraft-ai/recraft-v3-svg",
           "dp-e085e5b4bcf8789583ccc10b8d61a486",
           {"output": "{media}/out.svg", "metrics": {"image_count": 1, "predict_time": 5.1}},
           Ending(usd="0.080000", files=("out.svg",)),
           first={"status": "processing", "output": "{media}/out.svg"},
           between=({"output": "{media}/out.svg"},)),
    course((*of("llama-chunks", "create", "get-1", "get-2"),
            *tapes("test_predictions_create_by_model[False]/0")), LLAMA,
           "dp-a557b7387b4940df25b23f779dc534c4",
           {"output": ["Soft", " fuzzy", " bundles", "\nGent", "le", " eyes"],
            "metrics": {"predict_time": 0.6, "tokens_per_second": 80.9, "input_token_count": 17,
                        "output_token_count": 21, "total_time": 0.62}},
           Ending(usd="0.000006", basis="metered", files=TXT), between=({"output": ["Soft"]},),
           called="replicate-internal/llama-3-8b-instruct-int8-triton"),
    course(tapes("models-predictions-create/0"), LLAMA, "d-c6559c5791b50af57b69f4a73f8e021c",
           {"output": ["Llamas"], "metrics": {"predict_time": 0.6}},
           Ending(usd="0.000131", basis="estimated", files=TXT),
           called="replicate/lifeboat-70b"),
    course(tapes("test_models_predictions_create_blocking[False-10]/0"), LLAMA,
           "dp-a557b7387b4940df25b23f779dc534c4", {"output": ["Here is", " a haiku"]},
           Ending(usd="0.000132", basis="estimated", files=TXT),
           first={"status": "processing", "output": ["Here is", " a ha"], "data_removed": False}),
    course(tapes("test_models_predictions_create_blocking[False-True]/0"), LLAMA,
           "dp-a557b7387b4940df25b23f779dc534c4", {"output": ["\n\n", "Fuzzy", " llama"]},
           Ending(usd="0.000132", basis="estimated", files=TXT),
           first={"status": "processing", "output": ["\n\n", "Fuzzy"], "data_removed": False}),
    course(tapes("test_predictions_create_blocking[False-10]/2"), SDXL, SDXL_NEW,
           {"output": ["{media}/out.png"], "metrics": {"predict_time": 1}},
           Ending(usd="0.000975", basis="derived", files=PNG), params=CORGI,
           first={"status": "processing", "output": ["data:image/png;base64,iVBORw0KGgo="]}),
    course(tapes("test_predictions_create_blocking[False-10]/5"), SDXL, SDXL_NEW,
           {"output": ["{media}/out.png"], "metrics": {"predict_time": 1}},
           Ending(usd="0.000975", basis="derived", files=PNG), params=CORGI,
           first={"status": "processing", "output": ["data:image/png;base64,iVBORw0KGgo="]}),
    course(tapes("file-operations/0", "file-prediction/0"), "replicate/stability-ai/sdxl", SDXL_NEW,
           {"output": ["{media}/out.png"], "metrics": {"predict_time": 1}},
           Ending(usd="0.000975", basis="derived", files=PNG), params={"image": "in/large.png"},
           turns={"upload": [Reply(201, {
               "id": "FILE_ID", "name": "input.png", "content_type": "image/png", "size": 300000,
               "etag": "d41d8cd98f00b204e9800998ecf8427e", "checksums": {}, "metadata": {},
               "created_at": "2024-08-22T12:26:51.079Z", "expires_at": "2024-08-23T12:26:51.079Z",
               "urls": {"get": "https://api.replicate.com/v1/files/FILE_ID"}})]}),
)  # fmt: skip


def transient(case: str, said: str, **last: Any) -> Course:
    """A failure that the provider calls transient: bought once more."""
    again = prediction("succeeded", "black-forest-labs/flux-schnell", "hidden",
                       output=["{media}/out.webp"], metrics={"image_output_count": 1})  # fmt: skip
    return course(of(case, "create", "get-1"), SCHNELL, "hidden",
                  {"status": "failed", "error": said, **last},
                  Ending(usd="0.006000", basis="estimated", posts=2, files=WEBP),
                  turns={"get@2": [Reply(200, again, OTHERS)]})  # fmt: skip


def failed(case: str, said: str | None, ending: Ending, **last: Any) -> Course:
    """A prediction that ended without what was asked for, for good."""
    return course(of(case, "create", "get-1"), SCHNELL, "hidden",
                  {"status": "failed", "error": said, **last}, ending)  # fmt: skip


DIRECTOR = "Director: unexpected error handling prediction"
ASYNC = "Prediction failed: Async prediction failed:"
FAILED = (
    transient("f-e9828", f"{DIRECTOR} (E9828)"),
    transient("f-e8765", f"{DIRECTOR} (E8765)"),
    transient("f-e6716", f"{DIRECTOR} (E6716)"),
    transient("f-e003", f"{ASYNC} ModelRateLimitError: Service is currently unavailable due to "
                        "high demand. (E003)"),
    transient("f-pa", "Prediction interrupted; please retry (code: PA)"),
    failed("f-e1001", "CUDA out of memory (E1001)", Ending("failed", says="E1001", **OWED)),
    failed("f-e005", f"{ASYNC} ModelError: The input or output was flagged as sensitive. Please "
                     "try again with different inputs. (E005) (uIJ6l3ruRD)",
           Ending("moderated", says="E005", **OWED),
           metrics={"predict_time": 2.1, "total_time": 2.2}),
    failed("f-nsfw", "NSFW content detected. Try running it again, or try a different prompt.",
           Ending("moderated", says="NSFW", **OWED), metrics={"predict_time": 2.1}),
    failed("f-canceled", None, Ending("failed", says="cancel", **OWED), status="canceled",
           metrics={"predict_time": 0.128148, "total_time": 0.175128}),
    course(tapes("predictions-cancel/3", "predictions-cancel/4"), SDXL, SDXL_OLD,
           {"status": "canceled", "output": None,
            "metrics": {"predict_time": 0.128148, "total_time": 0.175128}},
           Ending("failed", usd="0.000125", basis="derived", says="cancel"), params=CORGI),
    failed("f-aborted", None, Ending("failed", says="not billed", **FREE), status="aborted",
           metrics={"total_time": 5.0}),
    failed("f-removed", "", Ending("failed", says="the result is gone", **OWED),
           status="succeeded", data_removed=True, output=None, logs=None,
           metrics={"predict_time": 1.0}),
)  # fmt: skip


def create(case: str, answer: Reply, ending: Ending, model: str = SCHNELL, **more: Any) -> Course:
    """A create and what it was told."""
    turns = {"create": [answer, Reply(201, prediction("starting", "x/y", "hidden"), CREATED)],
             "get": [Reply(200, prediction(
                 "succeeded", "x/y", "hidden", output=["{media}/out.webp"],
                 metrics={"image_output_count": 1}), OTHERS)]}  # fmt: skip
    turns |= more.pop("turns", {})
    params = {"prompt": f"a corgi: {case}"}
    recorded = more.pop("recorded", (f"case/{case}/create",))
    return Course(case, recorded, model, params, turns, ending, **more)


def problem(status: int, detail: str, **more: Any) -> Reply:
    """`application/problem+json`."""
    return Reply(status, {"detail": detail, "status": status, **more}, PROBLEM)


MISSING = "The requested resource could not be found."
LOW_CREDIT = (
    "Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per "
    "minute with a burst of 1 requests while you have less than $5.0 in credit. Your rate limit "
    "resets in ~1s."
)
OTHER_FORM = {"owner": "openai", "name": "gpt-5.2", "url": "https://replicate.com/openai/gpt-5.2",
              "description": None, "visibility": "public", "is_official": True,
              "github_url": None, "paper_url": None, "license_url": None, "run_count": 19361490,
              "cover_image_url": None, "default_example": None,
              "latest_version": {"id": SDXL_NEW, "created_at": "2026-01-01T00:00:00Z",
                                 "cog_version": "0.16.0", "openapi_schema": {}}}  # fmt: skip
BY_VERSION = {
    "id": "replicate/openai/gpt-5.2", "title": "GPT", "category": "llm", "output_type": "text",
    "output": "output[] (join)", "call": {"version": SDXL_OLD}, "timeout_s": 600,
    "params": {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": [],
               "additionalProperties": False},
    "pricing": {"rows": [{"from": "2026-01-01", "source": "https://replicate.com",
                          "checked": "2026-10-01", "confidence": "high",
                          "lines": [{"label": "runs", "rates": [{"usd_per_request": 0.02}]}]}]},
    "example": {"prompt": "a"}, "sources": ["https://replicate.com"],
    "as_of": {"params": "2026-10", "pricing": "2026-10"},
    "confidence": {"params": "high", "pricing": "high"}, "page": "https://replicate.com",
}  # fmt: skip
"""A template that calls an official model by a version: the recorded refusal, and one retry."""
ACCEPTED = Reply(201, prediction("starting", "openai/gpt-5.2", "hidden"), CREATED)
ANSWERED = Reply(200, prediction("succeeded", "openai/gpt-5.2", "hidden", output=["Hello"]), OTHERS)
SUBMITS = (
    create("r-404", problem(404, MISSING), Ending("failed", says="could not be found", **FREE)),
    create("r-422-input", problem(
        422, '- input.output_format: output_format must be one of the following: "jpg", "png"\n',
        title="Input validation failed",
        invalid_fields=[{"type": "enum", "field": "input.output_format",
                         "description": 'output_format must be one of: "jpg", "png"'}]),
           Ending("failed", says="output_format must be one of", **FREE)),
    create("trainings", problem(404, "The specified training destination does not exist"),
           Ending("failed", says="training destination", **FREE),
           recorded=("cassette/trainings-create__invalid-destination/0",)),
    create("r-500", problem(500, "Internal server error"),
           Ending("in_doubt", "0.000000", None, says="not known whether it was bought")),
    create("r-429-body", problem(429, LOW_CREDIT, retry_after=1),
           Ending(usd="0.003000", posts=2, files=WEBP)),
    create("r-429-detail", Reply(429, {"detail": "Request was throttled. Your rate limit resets "
                                                 "in ~1s."}, PROBLEM),
           Ending(usd="0.003000", posts=2, files=WEBP)),
    Course("r-422-version", ("case/r-422-version/create", "cassette/models-get/0"),
           "replicate/openai/gpt-5.2", {"prompt": "a corgi: r-422-version"},
           {"create": [problem(
               422, "The specified version does not exist (or perhaps you don't have permission "
                    "to use it?)", title="Invalid version or not permitted"), ACCEPTED],
            "model": [Reply(200, OTHER_FORM, OTHERS)], "get": [ANSWERED]},
           Ending(usd="0.020000", basis="estimated", says="vidi models pull", posts=2, files=TXT),
           template=BY_VERSION),
)  # fmt: skip

STOPPED = {"status": "failed", **FREE}
NO_TOKEN = problem(401, "You did not pass a valid authentication token", title="Unauthenticated")
STOPPING = (
    create("r-401", NO_TOKEN, Ending(says="valid authentication token", **STOPPED), exit_code=4,
           recorded=("case/r-401/create", "cassette/run__invalid-token/0")),
    create("r-402", problem(
        402, "You have insufficient credit to run this model. Go to "
             "https://replicate.com/account/billing#billing to purchase credit. Once you purchase "
             "credit, please wait a few minutes before trying again.", title="Insufficient credit"),
           Ending(says="insufficient credit", **STOPPED), exit_code=4),
)  # fmt: skip
FORBIDDEN = (
    create("r-403", problem(403, "You do not have permission to perform this action.",
                            title="Forbidden"),
           Ending("failed", says="do not have permission", **FREE)),
)  # fmt: skip
