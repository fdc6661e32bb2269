"""reviews.yaml, which people and git merge by hand: read beside its job and beside a folder."""

from fuzz.inputs import any_bytes, edited, one_of
from fuzz.room import empty_room, run
from fuzz.target import Target
from fuzz.targets.records.manifests import JOURNAL, TEXT

JOB = b"""version: 1
name: job
budget: 1
inferences:
  - {id: raised, model: fal/fal-ai/flux/schnell, params: {prompt: x}, output: raised.jpg}
"""
HASH = "a" * 64
ENTRY = f'fingerprint: "{HASH}", asset: "{HASH}", at: "2026-11-29T10:00:00.000+00:00"}}\n'
SAMPLES = [
    f'version: 1\nreviews:\n- {{id: "raised", mark: approved, note: "a ñ", {ENTRY}'.encode(),
    f"version: 1\nreviews:\n- {{id: raised, mark: rejected, seed: 5, favourite: true, {ENTRY}"
    f"- {{id: odd, note: x, sandbox: true, {ENTRY}".encode(),
    b"version: 1\nreviews: []\n",
]
COMMANDS = (
    ("vidi-run", "job.yaml", "--estimate", "--json"),
    ("vidi", "report", "outputs/job"),
    ("vidi", "mark", "approve", "raised", "--in", "job.yaml"),
    ("vidi", "find", "x"),
)


def check(data: bytes) -> str:
    with empty_room() as room:
        folder = room / "outputs/job"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_bytes(TEXT)
        (folder / "log.jsonl").write_bytes(JOURNAL)
        (room / "job.yaml").write_bytes(JOB)
        (room / "reviews.yaml").write_bytes(data)
        codes = [run(*command) for command in COMMANDS]
    assert set(codes) <= {"0", "1", "2", "3"}, codes
    return " ".join(codes)


TARGET = Target(one_of(edited(SAMPLES), edited(SAMPLES), any_bytes), check)
