"""A run whose assets go to a bucket: what it leaves there, and who may go on from it."""

import hashlib
import json
import shutil
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from support.servers.object_storage import KEYS, drop_bucket, make_bucket
from support.servers.sandbox import serve_sandbox

obstore = pytest.importorskip("obstore", reason="obstore is not installed: the extra `objects`")

MODEL = "fal/fal-ai/flux/dev"


def job(*entries, head=""):
    lines = "".join(
        f"  - {{id: {key}, model: {MODEL}, output: {path}, "
        f"params: {{prompt: {prompt}, num_images: 1, image_size: square}}}}\n"
        for key, path, prompt in entries
    )
    return f"version: 1\nname: job\nbudget: 1\n{head}inferences:\n{lines}"


class Machines:
    """Clones of one project on several machines, with one bucket, in front of one sandbox."""

    def __init__(self, here, served, url):
        self.here, self.served, self.url = here, served, url
        self.bucket = make_bucket(url)
        self.address = f"s3://{self.bucket}/made"
        self.home = f"outputs/s3/{self.bucket}/made"

    def run(self, machine, *entries, options=(), code=0):
        """Run a job on a machine; returns how many were bought."""
        text = job(*entries, head=f"output_dir: {self.address}\n")
        self.here.write(f"{machine}/job.yaml", text)
        before = self.served.submits
        self.answer = self.here("vidi-run", f"{machine}/job.yaml", "-C", machine, *options)
        assert self.answer.exit_code == code, self.answer.stderr
        return self.served.submits - before

    def plan(self, machine, *entries, options=()):
        self.run(machine, *entries, options=("--estimate", "--json", *options))
        lines = self.answer.json["jobs"][0]["inferences"]
        return [(each["action"], each["reason"]) for each in lines]

    def path(self, machine, name=""):
        return self.here.folder / machine / self.home / name

    @property
    def objects(self):
        return obstore.store.from_url(self.address, client_options={"allow_http": True})

    def get(self, name):
        found = obstore.get(self.objects, name)
        return bytes(found.bytes()), found.attributes

    def put(self, name, content):
        obstore.put(self.objects, name, content)

    def delete(self, name):
        obstore.delete(self.objects, name)

    def names(self):
        return sorted(each["path"] for each in obstore.list(self.objects).collect())

    def verify(self, machine):
        return self.here("vidi", "verify", self.path(machine))


@pytest.fixture
def machines(here, s3):
    with serve_sandbox() as served:
        for name, value in {**served.environment, **KEYS, "AWS_ENDPOINT_URL": s3}.items():
            here._monkeypatch.setenv(name, value)
        yield Machines(here, served, s3)


A, B = ("a", "a.jpg", "x"), ("b", "d/b.jpg", "y")


def test_a_run_leaves_assets_and_records_in_the_bucket_and_no_file_here(machines):
    assert machines.run("one", A, B) == 2
    assert {"a.jpg", "d/b.jpg", "log.jsonl", "manifest.json", "report.html"} <= {*machines.names()}
    assert ".vidi/lock" not in machines.names()
    manifest = json.loads(machines.get("manifest.json")[0])
    made = {asset["path"]: asset for row in manifest["inferences"] for asset in row["assets"]}
    for name in ("a.jpg", "d/b.jpg"):
        content, headers = machines.get(name)
        assert headers["sha256"] == made[name]["sha256"]
        assert len(content) == made[name]["bytes"]
    left = list(machines.path("one").rglob("*.jpg"))
    assert left == list(machines.path("one").rglob(".vidi-tmp-*")) == []
    assert machines.verify("one").exit_code == 0
    events = [json.loads(line) for line in machines.get("log.jsonl")[0].splitlines()]
    assert all(event["e_tag"] for event in events if event["event"] == "asset")
    assert machines.plan("one", A, B) == [("unchanged", "made before")] * 2
    assert machines.run("one", A, B, options=("--frozen",)) == 0
    assert machines.address in machines.answer.stderr


def test_another_machine_goes_on_from_there_and_buys_nothing_twice(machines):
    assert machines.run("one", A) == 1
    assert machines.plan("two", A, B) == [("unchanged", "made before"), ("run", "new")]
    assert not machines.path("two").exists()  # an estimate writes nothing
    assert machines.run("two", A, B) == 1
    assert machines.verify("two").exit_code == 0
    assert machines.run("one", A, B, options=("--frozen",)) == 0
    shutil.rmtree(machines.path("one"))
    assert machines.here("vidi", "verify", machines.address).exit_code == 0
    assert machines.run("one", A, B, options=("--frozen",)) == 0


def test_whoever_comes_while_another_holds_it_is_told_so_and_buys_nothing(machines):
    assert machines.run("one", A) == 1
    holder = {"token": "t", "pid": 7, "host": "elsewhere", "since": "2026-11-29T20:00:00+00:00"}
    machines.put(".vidi/lock", json.dumps(holder).encode())
    assert machines.run("two", A, B, code=7) == 0
    told = machines.answer.stderr
    assert f"another run holds {machines.address}: process 7 on elsewhere, since 2026" in told
    assert f"delete {machines.address}/.vidi/lock" in " ".join(told.split())
    assert ".vidi/lock" in machines.names()
    machines.delete(".vidi/lock")
    assert machines.run("two", A, B) == 1


def test_two_histories_are_never_mixed(machines):
    assert machines.run("one", A) == 1
    kept = {name: machines.get(name)[0] for name in ("a.jpg", "log.jsonl")}
    for name in machines.names():
        machines.delete(name)
    assert machines.run("two", B) == 1
    assert machines.run("one", A, B, code=2) == 0
    assert "tell of different runs" in machines.answer.stderr
    assert ".vidi/lock" not in machines.names()
    assert machines.run("one", A, B, code=2) == 0, "a second time"
    for name, content in kept.items():
        machines.put(name, content)
    assert machines.run("one", A, options=("--frozen",)) == 0


def test_who_was_killed_before_its_journal_came_does_not_go_on_from_an_old_one(machines):
    """The lock is its own, and what another machine has bought is in the bucket alone."""
    assert machines.run("one", A) == 1
    assert machines.run("two", A, B) == 1
    token = machines.path("one", ".vidi/token").read_text()
    place = f"{token}\n{socket.gethostname()}\n{machines.path('one').resolve()}"
    own = {"token": hashlib.sha256(place.encode()).hexdigest()}
    machines.put(".vidi/lock", json.dumps(own).encode())
    assert machines.plan("one", A, B) == [("unchanged", "made before")] * 2
    assert machines.run("one", A, B, options=("--frozen",)) == 0
    assert machines.verify("one").exit_code == 0


def test_what_changes_makes_way_and_comes_back_inside_the_bucket(machines):
    assert machines.run("one", A) == 1
    first = machines.get("a.jpg")[0]
    changed = ("a", "a.jpg", "another")
    assert machines.run("one", changed) == 1
    assert machines.get(".vidi/replaced/a.jpg")[0] == first
    assert machines.get("a.jpg")[0] != first
    assert b".vidi/replaced/a.jpg" in machines.get("report.html")[0]  # before beside after
    assert machines.plan("one", A) == [("restore", "restored from .vidi/replaced")]
    assert machines.run("one", A, options=("--frozen",)) == 0
    assert machines.get("a.jpg")[0] == first
    moved = ("a", "elsewhere/z.jpg", "x")
    assert machines.plan("one", moved) == [("move", "output moved: a.jpg")]
    assert machines.run("one", moved, options=("--frozen",)) == 0
    assert machines.get("elsewhere/z.jpg")[0] == first
    assert "a.jpg" not in machines.names()
    renamed = ("c", "elsewhere/z.jpg", "x")
    assert machines.run("one", renamed, options=("--frozen",)) == 0
    assert machines.verify("one").exit_code == 0


def test_what_others_put_there_is_neither_taken_nor_written_over(machines):
    machines.put("a.jpg", b"theirs")
    assert machines.run("one", A, code=2) == 0
    assert f"{machines.address}/a.jpg exists already" in machines.answer.stderr
    assert machines.get("a.jpg")[0] == b"theirs"
    assert machines.run("one", A, options=("--overwrite",)) == 1
    machines.put("a.jpg", b"spoilt, and longer than it was?")
    answer = machines.verify("one")
    assert answer.exit_code == 1
    machines.delete("a.jpg")
    assert machines.plan("one", A)[0][1].startswith("asset missing: a.jpg")


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("-o", "s3://"), 2, "is no address of a bucket"),
        (("-o", "s3://b/../../../x"), 2, "is no address of a bucket"),
        (("-o", "s3://nowhere/x"), 2, "the output_dir s3://nowhere/x cannot be"),
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(machines, options, code, told):
    assert machines.run("one", A, options=options, code=code) == 0
    assert told in " ".join(machines.answer.stderr.split())


def test_a_bucket_that_is_gone_ends_the_run_and_the_next_one_brings_all_home(machines, here, s3):
    """The lock is there, and the asset is on its way, when the bucket goes."""
    with serve_sandbox(latency=1.0) as served:
        machines.served = served
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)

        def take_away():
            while not served.submits:
                time.sleep(0.01)
            for name in machines.names():
                machines.delete(name)
            drop_bucket(s3, machines.bucket)

        taking = threading.Thread(target=take_away)
        taking.start()
        assert machines.run("one", A, code=7) == 1  # with everything in it, the lock
        taking.join()
        assert f"the output_dir {machines.address} cannot be" in machines.answer.stderr
        make_bucket(s3, machines.bucket)
        assert machines.run("one", A, options=("--frozen",)) == 0
    assert machines.verify("one").exit_code == 0
    assert ".vidi/lock" not in machines.names()


def test_a_lock_that_was_taken_away_keeps_another_journal_from_being_written_over(machines, here):
    with serve_sandbox(latency=0.5) as served:
        machines.served = served
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)

        def take_away():
            while not served.submits:
                time.sleep(0.01)
            machines.put(".vidi/lock", b'{"token": "another"}')
            machines.put("log.jsonl", b"another's")

        taking = threading.Thread(target=take_away)
        taking.start()
        assert machines.run("one", A, code=7) == 1
        taking.join()
    assert "is not held by this run any more, so its journal stays here" in machines.answer.stderr
    assert machines.get("log.jsonl")[0] == b"another's"
    assert machines.path("one", "log.jsonl").stat().st_size > 1000


def test_another_machine_asks_about_what_is_in_doubt(machines):
    """Its journal comes from the bucket first."""
    assert machines.run("one", A) == 1
    machines.here.write("two/job.yaml", (machines.here.folder / "one/job.yaml").read_text())
    answer = machines.here("vidi", "reconcile", "two/job.yaml", "-C", "two", "--not-paid", "b")
    assert (answer.exit_code, "'b'" in answer.stderr or "b" in answer.stderr) == (2, True)
    assert machines.path("two", "log.jsonl").read_bytes() == machines.get("log.jsonl")[0]
    assert ".vidi/lock" not in machines.names()


def test_an_estimate_asks_no_bucket_that_the_environment_has_no_keys_for(machines, here):
    assert machines.run("one", A) == 1
    for name in KEYS:
        here._monkeypatch.delenv(name)
    assert machines.plan("two", A) == [("run", "new")]
    assert f"{machines.address} is not asked" in json.dumps(machines.answer.json["warnings"])


def test_without_the_extra_it_says_what_to_install(machines, here):
    import sys

    here._monkeypatch.setitem(sys.modules, "obstore", None)
    assert machines.run("one", A, code=2) == 0
    assert "pip install 'vidi-run[objects]'" in machines.answer.stderr


class Careless(BaseHTTPRequestHandler):
    """Passes requests on to a server, without the conditions that they make."""

    server_address_behind = ""

    def handle_one(self):
        size = int(self.headers.get("Content-Length") or 0)
        sent = {name: value for name, value in self.headers.items() if name != "if-none-match"}
        asked = Request(
            self.server_address_behind + self.path, self.rfile.read(size) or None, sent,
            method=self.command,
        )  # fmt: skip
        try:
            answer = urlopen(asked)
        except HTTPError as error:
            answer = error
        with answer:
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in {"transfer-encoding", "content-length", "connection"}:
                    self.send_header(name, value)
            length = answer.headers["Content-Length"] if self.command == "HEAD" else len(content)
            self.send_header("Content-Length", str(length or 0))
            self.end_headers()
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_one  # noqa: N815 - as the library calls them

    def log_message(self, *_):
        """Say nothing."""


def test_a_service_without_conditions_is_refused_before_anything_is_bought(machines, here, s3):
    between = ThreadingHTTPServer(("127.0.0.1", 0), type("C", (Careless,), {
        "server_address_behind": s3}))  # fmt: skip
    serving = threading.Thread(target=between.serve_forever)
    serving.start()
    here._monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{between.server_port}")
    try:
        assert machines.run("one", A, code=2) == 0
        assert "knows no conditional puts" in machines.answer.stderr
        assert machines.names() == []
    finally:
        between.shutdown()
        between.server_close()
        serving.join()
