"""Manifests for the tests: small, valid, and changed one field at a time."""

FLUX = "replicate/black-forest-labs/flux-schnell"
VEO = "fal/fal-ai/veo3"
ERROR = {"code": "rejected", "message": "422: seed must be an integer", "hint": "Write seed: 12."}


def make_asset(path="forest.webp", content_type="image/webp", **fields):
    facts = {"width": 1344, "height": 768} if content_type.startswith(("image", "video")) else {}
    return {
        "path": path,
        "sha256": "3f" * 32,
        "bytes": 48213,
        "content_type": content_type,
        "width": None,
        "height": None,
        "duration_s": None,
        "replaced": None,
        **facts,
        **fields,
    }


def make_cost(low=0.003, high=0.003, actual=0.003, basis="metered"):
    return {
        "estimated_low": low,
        "estimated_high": high,
        "actual": actual,
        "basis": basis,
        "paid": actual or 0,
        "paid_basis": basis if actual else None,
    }


def make_inference(name="forest", status="succeeded", **fields):
    return {
        "id": name,
        "model": FLUX,
        "status": status,
        "reason": "new",
        "params": {"prompt": "Un bosque negro", "num_outputs": 1},
        "fingerprint": "b7" * 32,
        "request_id": "req-1",
        "attempts": 1,
        "submitted_at": "2026-11-23T19:04:07Z",
        "completed_at": "2026-11-23T19:04:09.4Z",
        "duration_s": 2.4,
        "cost_usd": make_cost(),
        "tags": [],
        "seed": None,
        "assets": [],
        "error": None,
        **fields,
    }


def make_manifest(*inferences, run=None, **fields):
    return {
        "schema_version": 2,
        "vidi_version": "0.1.0",
        "sandbox": False,
        "run": {
            "id": "run-1",
            "status": "succeeded",
            "exit_code": 0,
            "started_at": "2026-11-23T19:04:07Z",
            "finished_at": "2026-11-23T19:05:41Z",
            "job_file": "jobs/thumbnails.yaml",
            "job_sha256": "a0" * 32,
            "vars": {},
            **(run or {}),
        },
        "budget_usd": 0.5,
        "cost_usd": {
            "estimated_low": 0.003,
            "estimated_high": 0.003,
            "actual": 0.003,
            "in_doubt": 0,
            "saved": 0,
            "paid": 0.003,
        },
        "inferences": list(inferences),
        "totals": add_up(inferences),
        **fields,
    }


def add_up(inferences):
    totals = {"by_status": {}, "by_model": {}, "by_provider": {}}
    for inference in inferences:
        status, cost = inference["status"], inference["cost_usd"]
        totals["by_status"][status] = totals["by_status"].get(status, 0) + 1
        reserved = cost["estimated_high"] if status in {"in_doubt", "unfinished"} else 0
        for by, name in (
            ("by_model", inference["model"]),
            ("by_provider", inference["model"].partition("/")[0]),
        ):
            total = totals[by].setdefault(
                name, {"inferences": 0, "assets": 0, "actual_usd": 0, "in_doubt_usd": 0}
            )
            total["inferences"] += 1
            total["assets"] += len(inference["assets"])
            total["actual_usd"] += cost["actual"] or 0
            total["in_doubt_usd"] += reserved or 0
    return totals
