"""Files that are in the answer itself: beside the journal, found again after a kill."""

import base64
import json

import pytest

from support.servers.altered_sandbox import providers, run, serve_altered, write_job
from support.servers.replay import make_noise

PNG = make_noise()
URI = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


def inline(exchange):
    if not exchange.is_result:
        return exchange
    fields = json.loads(exchange.body)
    change = {"output": [URI]} if "output" in fields else {"images": [{"url": URI}]}
    return exchange.with_fields(**change)


def cut_after_completed(journal):
    """As a kill leaves it right after the answer was noted."""
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if json.loads(line)["event"] == "completed")
    journal.write_text("".join(lines[: at + 1]), encoding="utf-8")


@providers
@pytest.mark.parametrize("lost", [False, True], ids=["there", "lost"])
def test_a_long_data_uri_is_beside_the_journal_and_found_after_a_kill(here, provider, lost):
    write_job(here, provider, "a")
    folder = here.folder / "outputs/job"
    with serve_altered(here, inline) as served:
        assert run(here).exit_code == 0
        assert sum(path.stat().st_size for path in folder.glob("log.jsonl")) < 10_000
        assert len(list((folder / ".vidi/inline").iterdir())) == 1
        assert "vidi-inline" not in (folder / "manifest.json").read_text(encoding="utf-8")
        (folder / "a.png").unlink()
        for record in ("manifest.json", ".vidi/sealed.json", ".vidi/holder.json"):
            (folder / record).unlink(missing_ok=True)
        cut_after_completed(folder / "log.jsonl")
        if lost:
            next((folder / ".vidi/inline").iterdir()).write_bytes(b"data:image/png;base64,AAAA")
        again = run(here)
        assert (again.exit_code, served.submits) == ((1, 1) if lost else (0, 1)), again.stderr
    assert lost or (folder / "a.png").read_bytes() == PNG


def test_a_short_one_and_a_link_that_leads_out_stay_in_the_journal(here, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write_job(here, "fal", "a")
    (here.folder / "outputs/job/.vidi").mkdir(parents=True)
    (here.folder / "outputs/job/.vidi/inline").symlink_to(elsewhere)
    with serve_altered(here, inline):
        assert run(here).exit_code == 0
    assert list(elsewhere.iterdir()) == []
    assert URI[:100] in (here.folder / "outputs/job/log.jsonl").read_text(encoding="utf-8")


def test_an_image_is_at_most_as_large_as_the_project_says(here):
    here.write("vidi.toml", "max_image_mib = 1\n")
    large = PNG + bytes(1024 * 1024)
    write_job(here, "fal", "a")

    def alter(exchange):
        return exchange.saying(large) if exchange.is_download else exchange

    with serve_altered(here, alter) as served:
        refused = run(here)
        assert refused.exit_code == 1
        assert "is larger than 1048576 bytes" in refused.json["errors"][0]["message"]
        assert "max_image_mib" in refused.json["errors"][0]["hint"]
        for wrong in ("0", "'x'", "1.5"):
            here.write("vidi.toml", f"max_image_mib = {wrong}\n")
            assert run(here).exit_code == 2
        assert served.submits == 1
