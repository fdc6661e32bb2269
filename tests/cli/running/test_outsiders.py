"""An outsider's pull request, estimated and compared: whatever it holds, nothing is sent to anyone,
nothing outside the project is read or written, nothing of it is run, and it ends soon.

With VIDI_ALL_DIFFS=1 what takes its whole time is tried as well.
"""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from support.media import make_picture, make_video
from vidi.cli.running.comparing.bounds import MOST_ENTRIES, Bounds
from vidi.errors import UsageError

SECRET = "sesame-outside-the-project"
FLUX = "replicate/black-forest-labs/flux-schnell"
HEAD = f"version: 1\nname: a\nbudget: 1\ndefaults: {{model: {FLUX}}}\n"
GOOD = HEAD + "inferences:\n  - {id: good, params: {prompt: x}, output: good.webp}\n"
MOVIE = "fal/fal-ai/topaz/upscale/video"


def job(params='{prompt: "x"}', more="", output="a.webp", head="", model=FLUX):
    entry = f"  - {{id: a, model: {model}, params: {params}, output: '{output}'{more}}}\n"
    return HEAD + head + "inferences:\n" + entry


def concat(folder):
    make_video(folder / "real.mp4")
    (folder / "in.mp4").write_text("ffconcat version 1.0\nfile real.mp4\n")


def link(name, target):
    return lambda folder: (folder / name).symlink_to(target)


def write(name, text, target=None):
    """A file of the branch, or a link in its place."""

    def make(folder):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if target is None:
            path.write_text(text)
        else:
            path.symlink_to(target)

    return make


def bomb(levels):
    lines = ["x-0: &x0 [a, b, c, d, e, f, g, h, i, j]"]
    lines += [f"x-{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


KONTEXT = "replicate/black-forest-labs/flux-kontext-pro"
FILE = "templates/replicate/black-forest-labs_flux-schnell.json"
ITEM, ROW = '{prompt: "{{ item }}"}', '{prompt: "{{ item.name }}"}'
MANY = f"{{a: {list(range(999))}, b: {list(range(999))}}}"
DOUBLED = 'vars: {a: "{{ \'x\' * 100000 }}", b: "{{ a * 9999 }}", z: "{{ b }}"}\n'
PYTHON = "{prompt: \"{{ ''.__class__.__mro__[1].__subclasses__() }}\"}"
ELSEWHERE = "VIDI_REPLICATE_URL=http://127.0.0.1:9\nREPLICATE_API_TOKEN=x\n"
CORPUS = {
    "text outside": (job("{prompt: \"{{ file('../outside/secret.txt') }}\"}"),),
    "text by its whole path": (job("{prompt: \"{{ file('/etc/passwd') }}\"}"),),
    "text by a link": (job("{prompt: \"{{ file('l') }}\"}"), link("l", "../outside/secret.txt")),
    "device": (job("{prompt: \"{{ file('/dev/zero') }}\"}"),),
    "device by a link": (job("{prompt: \"{{ file('zero') }}\"}"), link("zero", "/dev/zero")),
    "rows outside": (job(ITEM, ", foreach: ../outside/secret.txt"),),
    "rows on the net": (job(ITEM, ", foreach: 'https://evil.example/a.csv'"),),
    "folders outside": (job(ROW, ", foreach: '../outside/*'"),),
    "input outside": (job("{prompt: x, input_image: ../outside/secret.png}", model=KONTEXT),),
    "input on the net": (
        job("{prompt: x, input_image: 'http://127.0.0.1:9/a.png'}", model=KONTEXT),
    ),
    "input that is a playlist": (job("{video_url: in.mp4}", output="a.mp4", model=MOVIE), concat),
    "assets outside": (job(head="output_dir: ../outside/made\n"),),
    "assets in a bucket": (job(head="output_dir: s3://evil/x\n"),),
    "assets over the way": (job(output="../../outside/a.webp"),),
    "aliases": (job(head=bomb(9)),),
    "deep": (job(head=f"x-a: {'[' * 5000}\n"),),
    "a product of everything": (job(more=f", matrix: {MANY}", output="{{ id }}.webp"),),
    "a text that doubles": (job('{prompt: "{{ z }}"}', head=DOUBLED),),
    "a long power": (job('{prompt: "{{ 9 ** 9 ** 9 }}"}'),),
    "a way to Python": (job(PYTHON),),
    "templates that are a link": (job(), link("templates", "../outside")),
    "a template that is a link": (job(), write(FILE, None, "../../../outside/secret.txt")),
    "a broken template": (job(), write(FILE, "[" * 100_000)),
    "settings that are a link": (job(), link("vidi.toml", "../outside/secret.toml")),
    "keys that are a link": (job(), link(".env", "../outside/secret.txt")),
    "a ledger on the net": (job(), write(".env", "VIDI_LEDGER=postgresql://u:p@127.0.0.1:9/x\n")),
    "a store on the net": (job(), write("vidi.toml", 'store = "s3://evil/x"\n')),
    "somebody to tell": (job(), write("vidi.toml", 'notify = "http://127.0.0.1:9/hook"\n')),
    "a provider elsewhere": (job(), write(".env", ELSEWHERE)),
    "not a job": ("\x00\xff",),
}
LOOP = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
SORT = "{{ range(99999)|map('string')|sort|join|length }}"
if os.environ.get("VIDI_ALL_DIFFS"):
    CORPUS["a loop without end"] = (job(f'{{prompt: "{LOOP}"}}'),)
    CORPUS["a text for each of many"] = (
        job("{prompt: \"{{ file('big.txt') }}{{ a }}\"}", f", matrix: {{a: {list(range(2000))}}}"),
        write("big.txt", "x" * 1_000_000),
    )
    CORPUS["a sort of everything"] = (job(f'{{prompt: "{SORT}"}}', ", matrix: {a: [1, 2, 3]}"),)
LONGEST_S = 30


class Watch:
    """What a command opens, connects to and starts, by Python's own audit events."""

    def __init__(self):
        self.on = False
        self.seen = []
        sys.addaudithook(self._note)

    def _note(self, event, arguments):
        if self.on and (
            event == "open" or event.startswith(("socket.", "subprocess.", "os.system"))
        ):
            self.seen.append((event, arguments))

    @contextmanager
    def watching(self):
        self.seen, self.on = [], True
        try:
            yield
        finally:
            self.on = False

    def opened(self):
        for event, arguments in self.seen:
            if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
                yield os.path.realpath(os.fsdecode(arguments[0]))

    def started(self):
        return [args[1] for event, args in self.seen if event == "subprocess.Popen"]

    def sent(self):
        harmless = {"socket.__new__", "socket.gethostname"}
        return [
            seen for seen in self.seen if seen[0].startswith("socket.") and seen[0] not in harmless
        ]


@pytest.fixture(scope="module")
def watch():
    return Watch()


def git(folder, *arguments, **more):
    config = (
        "-c",
        "user.email=a@example.com",
        "-c",
        "user.name=a",
        "-c",
        "protocol.file.allow=always",
    )
    done = subprocess.run(
        ["git", *config, *arguments], cwd=folder, capture_output=True, check=True, **more
    )
    return done.stdout.decode().strip()


@pytest.fixture
def project(here, tmp_path, monkeypatch):
    """A clean commit in a project; beside it, what a stranger must not have."""
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("secret.txt", "secret.toml"):
        (outside / name).write_text(f"budget_{SECRET} = 1\n")
    make_picture(outside / "secret.png")
    here.folder = tmp_path / "project"
    here.folder.mkdir()
    monkeypatch.chdir(here.folder)
    for name in list(os.environ):
        if name.startswith(("AWS_", "VIDI_LEDGER", "VIDI_STORE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    git(here.folder, "init", "-q", "-b", "main")
    here.write("a.yaml", GOOD)
    git(here.folder, "add", "-A")
    git(here.folder, "commit", "-qm", "good")
    return here


def refuse(*_, **__):
    raise AssertionError("a socket was used")


def check(watch, project, answer, took):
    assert answer.exit_code in {0, 2, 3}, answer.stderr
    assert SECRET not in answer.stdout + answer.stderr
    assert took < LONGEST_S
    assert watch.sent() == []
    assert all(command[0] == "git" for command in watch.started())
    outside = str(project.folder.parent / "outside")
    assert [
        path for path in watch.opened() if path.startswith((outside, "/etc/passwd", "/dev/zero"))
    ] == []
    assert sorted(path.name for path in (project.folder.parent / "outside").iterdir()) == [
        "secret.png", "secret.toml", "secret.txt",
    ]  # fmt: skip


@pytest.mark.parametrize("name", CORPUS)
def test_an_outsiders_branch_is_safe_to_estimate_and_to_compare(project, watch, monkeypatch, name):
    text, *others = CORPUS[name]
    (project.folder / "a.yaml").write_bytes(text.encode("latin-1"))
    for make in others:
        make(project.folder)
    git(project.folder, "checkout", "-qb", "evil")
    git(project.folder, "add", "-A")
    git(project.folder, "commit", "-qm", "evil")
    for method in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, method, refuse)
    for arguments in (
        ("vidi-run", "a.yaml", "--estimate", "--json"),
        ("vidi", "diff", "main", "--json"),
        ("vidi", "diff", "evil", "main", "--markdown"),
    ):
        began = time.monotonic()
        with watch.watching():
            answer = project(*arguments)
        check(watch, project, answer, time.monotonic() - began)


def test_three_of_the_biggest_job_files_may_be_compared_and_no_more():
    Bounds().look(MOST_ENTRIES)
    with pytest.raises(UsageError, match="300,000 inferences are too many"):
        Bounds().look(MOST_ENTRIES + 1)


def test_nothing_of_a_repository_is_run(project, watch):
    marker = project.folder.parent / "marker"
    evil = project.write("evil.sh", f"#!/bin/sh\necho ran >> '{marker}'\ncat\n")
    evil.chmod(0o755)
    project.write(".gitattributes", "* filter=evil diff=evil text eol=crlf\n")
    project.write(".gitmodules", '[submodule "s"]\n\tpath = s\n\turl = ext::sh -c evil.sh\n')
    git(project.folder, "add", "-A")
    git(project.folder, "commit", "-qm", "evil")
    hooks = project.folder / ".git/hooks"
    for hook in (
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "fsmonitor-watchman",
    ):
        (hooks / hook).write_text(evil.read_text())
        (hooks / hook).chmod(0o755)
    for key in (
        "core.fsmonitor", "core.pager", "core.sshCommand", "core.gitProxy", "core.editor",
        "filter.evil.smudge", "filter.evil.clean", "filter.evil.process", "diff.evil.textconv",
        "diff.external", "credential.helper", "remote.origin.uploadpack", "alias.ls-tree",
        "alias.cat-file",
    ):  # fmt: skip
        git(project.folder, "config", key, str(evil))
    git(project.folder, "config", "remote.origin.url", "ext::sh -c 'echo ran'")
    git(project.folder, "config", "remote.origin.promisor", "true")
    git(project.folder, "config", "extensions.partialClone", "origin")
    marker.unlink(missing_ok=True)
    project.write("a.yaml", GOOD.replace("prompt: x", "prompt: y"))
    with watch.watching():
        answer = project("vidi", "diff", "main", "--json")
    assert answer.exit_code == 0, answer.stderr
    assert [each["change"] for each in answer.json["changes"]] == ["changed"]
    assert not marker.exists()
    assert all(command[0] == "git" for command in watch.started())


def make_tree(folder, *entries):
    content = b"".join(
        f"{mode} {name}".encode() + b"\0" + bytes.fromhex(digest) for mode, name, digest in entries
    )
    return git(folder, "hash-object", "-w", "-t", "tree", "--stdin", "--literally", input=content)


def test_a_tree_that_was_made_by_hand_writes_nowhere_else(project):
    folder = project.folder
    blob = git(folder, "hash-object", "-w", "--stdin", input=b"stolen")
    good = git(folder, "rev-parse", "main:a.yaml")
    up = git(folder, "hash-object", "-w", "--stdin", input=b"../../../outside")
    inner = make_tree(folder, ("100644", "x", blob))
    tree = make_tree(
        folder,
        ("40000", "..", inner), ("40000", ".git", inner), ("100644", "a.yaml", good),
        ("120000", "link", up), ("40000", "link", inner), ("100644", "/abs", blob),
        ("100644", "../../over", blob),
    )  # fmt: skip
    commit = git(folder, "commit-tree", tree, "-m", "evil")
    before = sorted(path for path in folder.parent.rglob("*") if ".git" not in path.parts)
    answer = project("vidi", "diff", commit, "--json")
    assert answer.exit_code == 0, answer.stderr
    assert [each["change"] for each in answer.json["changes"]] == ["unchanged"]
    assert sorted(path for path in folder.parent.rglob("*") if ".git" not in path.parts) == before
