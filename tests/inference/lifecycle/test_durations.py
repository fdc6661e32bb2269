"""How long a model takes is learnt from its provider's own clock, in whichever form it says so."""

import json

import pytest

from support.servers.altered_sandbox import serve_altered

COUNT = 6
JOB = f"""\
version: 1
name: job
budget: 1
inferences:
  - id: "tree-{{{{ n }}}}"
    matrix: {{n: {list(range(COUNT))}}}
    model: replicate/prunaai/z-image-turbo
    params: {{prompt: "a tree {{{{ n }}}}", width: 64, height: 64}}
    output: "{{{{ id }}}}.png"
"""
SAID = {
    "metrics": {"predict_time", "total_time"},
    "times": {"predict_time"},
}
"""Which metrics an answer has: real ones up to 2024, and some later, lack `total_time`."""


@pytest.mark.parametrize("said", SAID)
def test_all_but_the_first_are_looked_at_once(here, said):
    looks: list[str] = []

    def alter(exchange):
        if exchange.method == "GET" and "/predictions/" in exchange.path:
            looks.append(exchange.path)
        if not exchange.is_result:
            return exchange
        metrics = json.loads(exchange.body)["metrics"]
        return exchange.with_fields(metrics={key: metrics[key] for key in SAID[said]})

    here.write("job.yaml", JOB)
    with serve_altered(here, alter) as served:
        served.sandbox.latency = 0.5
        assert here("vidi-run", "job.yaml").exit_code == 0
    first = looks[0]
    assert len([path for path in looks if path != first]) <= COUNT  # 1 more than there are
