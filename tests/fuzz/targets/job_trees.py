"""Job files as trees: every value where another was meant."""

from fuzz.inputs import altered, as_json, one_of, piped, values
from fuzz.target import Target
from fuzz.targets.job_bytes import check

KEYS = (
    "version", "name", "budget", "output_dir", "concurrency", "vars", "defaults", "inferences",
    "id",
    "model", "params", "output", "matrix", "foreach", "tags", "max_cost", "assume_cost", "timeout",
    "retry", "keep", "enabled", "mark", "accept", "gate", "portable_names", "limits", "prompt",
    "image_size", "seed", "num_outputs", "attempts", "on",
)  # fmt: skip
SAMPLES = (
    {
        "version": 1, "name": "x", "budget": 0.5, "output_dir": "outputs/x", "concurrency": 2,
        "vars": {"style": "flat", "n": [1, 2]}, "gate": "expected", "accept": ["moderated"],
        "defaults": {"model": "fal/fal-ai/flux/dev", "params": {"image_size": "square"}},
        "limits": {"fal": {"concurrent": 2, "per_minute": 5}},
        "inferences": [
            {"id": "a", "params": {"prompt": "{{ style }}", "seed": 3}, "output": "a.png",
             "tags": ["x"], "max_cost": 1, "retry": {"attempts": 2, "on": "failed"}, "keep": True},
            {"id": "b-{{ c }}-{{ item }}", "matrix": {"c": [1, 2]}, "foreach": ["u", "v"],
             "model": "replicate/black-forest-labs/flux-schnell", "timeout": "5m", "enabled": True,
             "params": {"prompt": "{{ c }}", "num_outputs": 2, "aspect_ratio": "16:9"},
             "output": "{{ id }}-{{ index }}.webp", "vars": {"z": 1}, "assume_cost": 0.1},
        ],
    },
    {"version": 1, "inferences": [
        {"id": "v", "model": "fal/fal-ai/kling-video/v2.5-turbo/pro/text-to-video",
        "output": "v.mp4",
         "params": {"prompt": "x", "duration": "5", "aspect_ratio": "16:9"}}]},
)  # fmt: skip

TARGET = Target(piped(one_of(altered(SAMPLES, KEYS), values(KEYS)), as_json), check)
