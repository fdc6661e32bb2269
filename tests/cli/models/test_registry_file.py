"""The registry as one file: packed, fetched, used instead of the one that vidi came with."""

import hashlib
import http.server
import json
import threading
from functools import partial

import pytest

from support.models.commands import models
from support.models.templates import template
from vidi.inference.models.registry import ModelRegistry

JOB = """\
version: 1
budget: 1
inferences:
  - {id: a, model: fal/acme/brush, params: {prompt: x}, output: a.png}
"""


@pytest.fixture
def source(here):
    """A folder of templates with a version, and the command that packs it."""

    def pack(version=10**6, **changes):
        whole = template(aliases=["fal/acme/brush"], **changes)
        here.write("source/fal/acme-painter.json", json.dumps(whole, indent=1))
        here.write("source/registry.json", json.dumps({"version": version, "date": "2026-12-01"}))
        return models(here, "pack", "source")

    return pack


@pytest.fixture
def fetched(here, monkeypatch):
    """Where the fetched registry is kept."""
    path = here.folder / "state/registry.pack"
    monkeypatch.setenv("VIDI_REGISTRY", str(path))
    return path


def test_the_same_templates_make_the_same_bytes(here, source):
    answer = source()
    assert (answer.exit_code, answer.stdout) == (0, "registry.pack\n")
    assert answer.stderr.startswith("registry 1000000 of 2026-12-01: 1 models, ")
    first = (here.folder / "registry.pack").read_bytes()
    digest = (here.folder / "registry.pack.sha256").read_text()
    assert digest == f"{hashlib.sha256(first).hexdigest()}  registry.pack\n"
    source()
    assert (here.folder / "registry.pack").read_bytes() == first


def test_a_newer_registry_is_fetched_and_used(here, source, fetched):
    source()
    answer = models(here, "update", "registry.pack", "--json")
    assert answer.exit_code == 0, answer.stderr
    assert (answer.json["updated"], answer.json["new"]) == (True, ["fal/acme-painter.json"])
    assert here("vidi", "--version").stdout.endswith(" (registry 1000000 of 2026-12-01)\n")
    (model,) = ModelRegistry().list_models()
    assert (model.id, model.path) == ("fal/acme/painter", fetched / "fal/acme-painter.json")
    here.write("job.yaml", JOB)
    answer = here("vidi-run", "job.yaml", "--sandbox", "--json")
    assert answer.exit_code == 0, answer.stderr
    assert "fal/acme/brush is called fal/acme/painter now" in answer.stderr
    assert models(here, "check").stderr.endswith("1 of 1 templates are right\n")
    assert models(here, "show", "fal/acme/painter").exit_code == 0
    answer = models(here, "price", "fal/acme/painter", "--per", "image", "0.2", "--source", "x")
    assert (answer.exit_code, answer.stdout) == (0, "templates/fal/acme-painter.json\n")


def test_no_older_registry_takes_the_place_of_a_newer(here, source, fetched):
    source(version=1)
    answer = models(here, "update", "registry.pack", "--json")
    assert (answer.exit_code, answer.json["updated"]) == (0, False)
    assert not fetched.exists()
    assert len(ModelRegistry().list_models()) > 1


def test_a_registry_comes_over_http(here, source, fetched):
    source()
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    handler = partial(quiet, directory=str(here.folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/registry.pack"
    try:
        assert models(here, "update", url).exit_code == 0
        assert fetched.is_file()
        answer = models(here, "update", f"{url}x")
    finally:
        server.shutdown()
        server.server_close()
    assert answer.exit_code == 2
    assert "cannot be fetched" in answer.stderr


def spoil_text(data):
    return data.replace(b"a lighthouse", b"a lighthousE"), True


def spoil_download(data):
    return data[:-1] + b" ", False


def spoil_format(data):
    return data.replace(b'"format":1', b'"format":9'), True


SPOILT = {
    "not what its checksum says": spoil_download,
    "not whole: its checksum is another": spoil_text,
    "no registry of a format that this version of vidi knows": spoil_format,
    "no registry: ": lambda _: (b"<html>", True),
}


@pytest.mark.parametrize("told", SPOILT)
def test_what_is_no_registry_changes_nothing(here, source, fetched, told):
    source()
    path = here.folder / "registry.pack"
    data, signed = SPOILT[told](path.read_bytes())
    path.write_bytes(data)
    if signed:
        digest = hashlib.sha256(data).hexdigest()
        here.write("registry.pack.sha256", f"{digest}  registry.pack\n")
    answer = models(here, "update", "registry.pack")
    assert answer.exit_code == 2
    assert told in answer.stderr
    assert list(fetched.parent.glob("*")) == []


def test_without_a_checksum_nothing_is_used(here, source, fetched):
    source()
    (here.folder / "registry.pack.sha256").unlink()
    assert models(here, "update", "registry.pack").exit_code == 2
    digest = hashlib.sha256((here.folder / "registry.pack").read_bytes()).hexdigest()
    assert models(here, "update", "registry.pack", "--sha256", digest).exit_code == 0
    assert fetched.is_file()


@pytest.mark.parametrize(
    "text", ["no registry", '{"format": 9, "version": 1000000, "date": "2026-12-01"}\n{}\n']
)
def test_a_fetched_registry_that_is_broken_is_told_and_not_passed_over(here, fetched, text):
    fetched.parent.mkdir()
    fetched.write_text(text)
    answer = models(here, "list")
    assert answer.exit_code == 2
    assert "the fetched registry cannot be read: it is no registry" in answer.stderr


def test_a_broken_template_or_no_version_is_not_packed(here, source):
    assert source(title="").exit_code == 2
    (here.folder / "source/registry.json").unlink()
    answer = models(here, "pack", "source")
    assert (answer.exit_code, answer.stderr.splitlines()[0]) == (2, "source says no version")
