"""Input files at URLs that are keys to them: sent as they are, and in no record."""

import json
from dataclasses import replace

import pytest

from support.servers.altered_sandbox import LOST, providers, serve_altered
from support.servers.sandbox import unreadable_lists

URLS = (
    "https://bucket.s3.amazonaws.com/a.png?X-Amz-Credential=AKsentinel1&X-Amz-Signature=sentinel2",
    "https://me:sentinel3@files.example.com/a.png",
    "https://example.com/a.png?size=3&token=sentinel4",
)
MODELS = {
    "replicate": ("replicate/black-forest-labs/flux-kontext-pro", "input_image"),
    "fal": ("fal/fal-ai/flux-pro/kontext", "image_url"),
}


def write_job(here, provider, url):
    model, param = MODELS[provider]
    params = {"prompt": f"a tree, see {url}", param: url}
    here.write(
        "job.yaml",
        f"version: 1\nname: job\nbudget: 1\ninferences:\n  - id: a\n    model: {model}\n"
        f"    output: a\n    params: {json.dumps(params)}\n",
    )


def check_records(here, *said):
    for path in (here.folder / "outputs/job").rglob("*"):
        if path.is_file() and path.suffix in {".json", ".jsonl", ".html", ""}:
            assert b"sentinel" not in path.read_bytes(), path
    for text in said:
        assert "sentinel" not in text


@providers
@pytest.mark.parametrize("url", URLS)
def test_the_secret_goes_to_the_provider_and_nowhere_else(here, provider, url):
    sent = []

    def alter(exchange):
        if exchange.is_result and exchange.status == 200:
            sent.append(exchange.path)
        return exchange

    write_job(here, provider, url)
    with serve_altered(here, alter) as served:
        for options in (("-v",), ("--json",)):
            answer = here("vidi-run", "job.yaml", *options)
            assert answer.exit_code == 0, answer.stderr
            check_records(here, answer.stdout, answer.stderr)
        (work,) = served.sandbox.works.values()
        assert work.input[MODELS[provider][1]] == url
        assert served.submits == 1
    (row,) = here.manifest("outputs/job")["inferences"]
    assert "…" in row["params"]["prompt"] or "[redacted]" in row["params"]["prompt"]


@providers
@pytest.mark.parametrize("url", URLS)
def test_what_is_lost_is_recognised_by_its_hash(here, provider, url):
    write_job(here, provider, url)
    unread = unreadable_lists(provider, 3)
    with serve_altered(here, lambda exchange: exchange, LOST, unread) as served:
        assert here("vidi-run", "job.yaml").exit_code == 6
        check_records(here)
        told = here("vidi", "reconcile", "job.yaml")
        assert told.exit_code == 0, told.stdout
        assert (here("vidi-run", "job.yaml").exit_code, served.submits) == (0, 1)


def test_a_provider_that_quotes_the_url_is_quoted_without_it(here):
    url = URLS[0]
    write_job(here, "fal", url)
    item = {"loc": ["body", "image_url"], "msg": f"Failed to download {url}", "type": "x"}

    def alter(exchange):
        if not exchange.is_result:
            return exchange
        return replace(exchange.saying({"detail": [item]}), status=422)

    with serve_altered(here, alter):
        answer = here("vidi-run", "job.yaml")
    assert answer.exit_code == 1
    assert "Failed to download https://bucket.s3.amazonaws.com/a.png?" in answer.stderr
    check_records(here, answer.stderr)


def test_a_mistake_in_the_line_does_not_show_it(here):
    here.write(
        "job.yaml",
        "version: 1\nname: job\nbudget: 1\ninferences:\n  - id: a\n"
        "    model: fal/fal-ai/flux-pro/kontext\n    output: a\n"
        f'    params: {{image_url: "{URLS[2]}", promt: a tree}}\n',
    )
    for options in ((), ("--json",)):
        answer = here("vidi-run", "job.yaml", "--estimate", *options)
        assert answer.exit_code == 2
        assert "sentinel" not in answer.stdout + answer.stderr
