"""A cell of the fault matrix: the job that comes by it, and the plan in which it goes wrong."""

import json
from dataclasses import dataclass
from typing import Any

MODELS = {
    "replicate": ("replicate/black-forest-labs/flux-schnell",
                  {"num_outputs": 1, "megapixels": "0.25", "output_format": "jpg"}),
    "fal": ("fal/fal-ai/flux/dev", {"num_images": 1, "image_size": "square"}),
}  # fmt: skip
EDITORS = {
    "replicate": ("replicate/black-forest-labs/flux-kontext-pro",
                  {"input_image": "in.png", "output_format": "jpg"}),
    "fal": ("fal/fal-ai/flux-pro/kontext", {"image_url": "in.png", "output_format": "jpeg"}),
}  # fmt: skip
"""Models that take an input file. All params are such that little is drawn, and that fast."""


@dataclass(frozen=True)
class Cell:
    """One fault in one phase at one provider."""

    fault: str
    phase: str
    provider: str
    lasting: bool = False
    """Whether it goes wrong each time, until the run ends."""

    def __str__(self) -> str:
        return f"{self.phase}-{self.fault}-{self.provider}"

    @property
    def times(self) -> int:
        """How many requests it must strike to be met: at fal, the stream and then a look."""
        if self.fault == "refused":
            return 0  # the port itself is shut
        # A slow stream still ends with the status, so that nothing is looked at after it.
        stream_first = self.phase == "poll" and self.provider == "fal" and self.fault != "slow"
        return 2 if stream_first else 1

    @property
    def of_two(self) -> bool:
        """Whether it is about one output of two."""
        return self.fault == "partial-moderation"

    @property
    def asked_once(self) -> bool:
        """Whether a second look at the provider's list would show what the first did."""
        return self.phase != "list" or self.fault == "listed-twice" or self.lasting

    @property
    def patience(self) -> str:
        """The entry's own deadline, where it is what ends the cell."""
        short = self.lasting or self.fault in {"stuck", "data-removed"}
        return "    timeout: 1\n" if short else ""

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The plan of the sandbox."""
        lost = {"on": "submit", "fault": "reset-after"}
        options = {"retry_after": 0, "seconds": 0.1}
        times = 0 if self.lasting else self.times
        rule = {"on": self.phase, "fault": self.fault, "times": times, **options}
        own = [] if self.fault == "refused" else [rule]
        return [lost, *own] if self.phase == "list" else own

    @property
    def job(self) -> str:
        """A job of one inference that comes by this cell."""
        model, params = (EDITORS if self.phase == "upload" else MODELS)[self.provider]
        pair = dict.fromkeys(params.keys() & {"num_outputs", "num_images"}, 2)
        params = {"prompt": "a tree", **params, **(pair if self.of_two else {})}
        return (
            "version: 1\nname: job\nbudget: 0.10\ninferences:\n"
            f"  - id: tree\n    model: {model}\n    output: tree\n{self.patience}"
            f"    params: {json.dumps(params)}\n"
        )
