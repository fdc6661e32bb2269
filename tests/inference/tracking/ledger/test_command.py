"""The ledger through the commands: in a file, and on a PostgreSQL server that runs share."""

from support.servers.sandbox import serve_sandbox

JOB = """\
version: 1
name: NAME
inferences:
  - {id: a, model: fal/fal-ai/flux/dev, params: {prompt: tree}, output: a.jpg}
  - {id: b, model: replicate/black-forest-labs/flux-schnell, params: {prompt: tree}, output: b.webp}
"""


def test_runs_in_different_folders_share_the_cap_of_a_month(here, address):
    """Each costs $0.028: three fit under a cap of $0.10."""
    here._monkeypatch.setenv("VIDI_LEDGER", address)
    here._monkeypatch.setenv("VIDI_BUDGET_MONTH", "0.10")
    names = ("one", "two", "three", "four")
    with serve_sandbox() as served:
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        for name in names:
            here.write(f"{name}.yaml", JOB.replace("NAME", name))
        codes = [here("vidi-run", f"{name}.yaml").exit_code for name in names]
        billed = served.sandbox.billing.total
    assert codes == [0, 0, 0, 3]
    costs = here("vidi", "costs", "--json").json
    assert (costs["total_usd"], costs["in_doubt_usd"]) == (float(billed), 0)
    runs = here("vidi", "history", "--json").json["runs"]
    assert [(run["job_file"], run["inferences"], run["cost_usd"]) for run in runs] == [
        (f"{name}.yaml", 2, 0.028) for name in reversed(names[:3])
    ]
