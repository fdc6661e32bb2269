"""The answers of fal's queue, as they were seen; `{id}` stands for the request's id."""

from typing import Any

from support.servers.loopback import Reply

OWN = "https://queue.fal.run/fal-ai/app/requests/{id}"
URLS = {"response_url": OWN, "status_url": f"{OWN}/status", "cancel_url": f"{OWN}/cancel"}


def status(word: str, **more: Any) -> dict[str, Any]:
    """A status object, with all its URLs."""
    return {"status": word, "request_id": "{id}", **URLS, "logs": None, "metrics": {}, **more}


RECEIPT = Reply(200, status("IN_QUEUE", queue_position=0), {"x-fal-request-id": "{id}"})
IN_QUEUE = Reply(202, status("IN_QUEUE", queue_position=0))
IN_PROGRESS = Reply(202, status("IN_PROGRESS"))
COMPLETED = Reply(200, status("COMPLETED"))
TIMED = Reply(200, status("COMPLETED", metrics={"inference_time": 2.17}))
