"""A small runner of GitHub Actions: `run:` steps by bash, `uses:` by their names alone.

Composite actions of the checkout are carried out step by step; those of others are stood in for as
far as they leave something that later steps need: a cache, the address of an artifact.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from support.actions.commands import read_outputs
from support.actions.expressions import as_text, evaluate, substitute

CHECKOUT = Path(__file__).parents[3]
OURS = re.compile(r"^(?:\./|OWNER/vidi@v1$)")
PINNED = re.compile(r"^[\w-]+/[\w/-]+@[0-9a-f]{40}$")
LONGEST_S = 120


@dataclass
class Ended:
    """How a step ended."""

    name: str
    code: int
    log: str


@dataclass
class Runner:
    """One machine for one job.

    Args:
        workspace: The checkout of the repository that the workflow is of.
        home: Where the runner's own files go.
        environment: Variables of the machine, such as addresses on loopback.
    """

    workspace: Path
    home: Path
    environment: dict[str, str]
    github: dict = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    cache: Path | None = None
    artifacts: Path | None = None
    ended: list[Ended] = field(default_factory=list)
    used: list[tuple[str, dict]] = field(default_factory=list)
    summary: str = ""

    def __post_init__(self):
        self.temp = self.home / "temp"
        self.temp.mkdir(parents=True)
        self.added = {}
        self.failed = False
        self.cache = self.cache or self.home / "cache"
        self.artifacts = self.artifacts or self.home / "artifacts"

    @property
    def log(self):
        """All that the steps have said."""
        return "\n".join(each.log for each in self.ended)

    def run_job(self, job, workflow=None, matrix=None):
        """Run the steps of a job; returns whether it succeeded."""
        contexts = {**self._contexts({}), "matrix": matrix}
        own = {**(workflow or {}).get("env", {}), **job.get("env", {})}
        environment = self._render(own, contexts)
        self._run_steps(job["steps"], contexts, environment)
        return not self.failed

    def _contexts(self, inputs):
        github = {"event_name": "push", "event": {}, "token": "workflow-token", **self.github}
        github |= {"run_id": "7", "run_attempt": "1", "repository": "acme/shop"}
        functions = {
            "always": lambda: True,
            "success": lambda: not self.failed,
            "failure": lambda: self.failed,
        }
        runner = {"temp": str(self.temp), "os": "Linux"}
        return {"github": github, "secrets": self.secrets, "inputs": inputs, "steps": {},
                "runner": runner, "functions": functions, "env": {}}  # fmt: skip

    def _run_steps(self, steps, contexts, environment):
        for step in steps:
            known = {**environment, **self.added}
            contexts["env"] = known
            if not self._is_due(step, contexts):
                continue
            own = {**known, **self._render(step.get("env", {}), contexts)}
            if "run" in step:
                outputs = self._run_shell(step, contexts, own)
            else:
                outputs = self._use(step, contexts, own)
            if "id" in step:
                contexts["steps"][step["id"]] = {"outputs": outputs}

    def _is_due(self, step, contexts):
        condition = as_text(step.get("if", "success()")).strip()
        condition = re.sub(r"^\$\{\{(.*)\}\}$", r"\1", condition, flags=re.DOTALL)
        asked = evaluate(condition, contexts)
        any_time = re.search(r"\b(always|failure)\(", condition)
        return bool(asked) and (any_time or not self.failed)

    def _render(self, values, contexts):
        return {name: substitute(as_text(value), contexts) for name, value in values.items()}

    def _run_shell(self, step, contexts, own):
        script = self.home / "step.sh"
        script.write_text(substitute(step["run"], contexts), encoding="utf-8")
        files = {}
        for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"):
            files[name] = self.home / name
            files[name].write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
            cwd=self.workspace / step.get("working-directory", "."),
            env={
                **self.environment,
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_REPOSITORY": "acme/shop",
                "GITHUB_WORKSPACE": str(self.workspace),
                "RUNNER_TEMP": str(self.temp),
                **own,
                **{name: str(path) for name, path in files.items()},
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=LONGEST_S,
            check=False,
        )
        self._note(step.get("name", step["run"].splitlines()[0]), done.returncode, done.stdout)
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text("utf-8")
        self.added |= read_outputs(files["GITHUB_ENV"].read_text("utf-8"))
        return read_outputs(files["GITHUB_OUTPUT"].read_text("utf-8"))

    def _note(self, name, code, log):
        self.ended.append(Ended(name, code, log))
        self.failed = self.failed or code != 0

    def _use(self, step, contexts, own):
        given = self._render(step.get("with", {}), contexts)
        self.used.append((step["uses"], given))
        if OURS.match(step["uses"]):
            return self._use_composite(CHECKOUT, given, contexts, own)
        assert PINNED.match(step["uses"]), f"not pinned to a commit: {step['uses']}"
        name = step["uses"].partition("@")[0]
        if name.startswith("actions/cache"):
            self._use_cache(name, given)
        if name == "actions/upload-artifact":
            self._copy(self.workspace / given["path"], self.artifacts / given.get("name", "file"))
            return {"artifact-url": f"https://github.example/artifacts/{len(self.used)}"}
        if name == "actions/download-artifact":
            for folder in self.artifacts.glob(given["pattern"]):
                self._copy(folder, self.workspace / given["path"])
        return {}

    def _use_composite(self, folder, given, contexts, own):
        action = yaml.safe_load((folder / "action.yml").read_text("utf-8"))
        assert given.keys() <= action["inputs"].keys(), f"no such input: {given}"
        defaults = {name: each.get("default", "") for name, each in action["inputs"].items()}
        inputs = {**self._render(defaults, contexts), **given}
        inside = {**self._contexts(inputs), "github": contexts["github"]}
        self._run_steps(action["runs"]["steps"], inside, {**own, "GITHUB_ACTION_PATH": str(folder)})
        values = {name: each["value"] for name, each in action["outputs"].items()}
        return self._render(values, inside)

    @staticmethod
    def _copy(source, target):
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)

    def _use_cache(self, name, given):
        folders = [path for path in given["path"].split() if path]
        if name == "actions/cache/save":
            kept = self.cache / given["key"]
            for folder in folders:
                if (self.workspace / folder).exists():
                    shutil.copytree(self.workspace / folder, kept / folder, dirs_exist_ok=True)
            return
        prefixes = (given["key"], *given.get("restore-keys", "").split())
        keys = sorted(self.cache.iterdir(), key=os.path.getmtime) if self.cache.exists() else []
        found = [kept for prefix in prefixes for kept in keys if kept.name.startswith(prefix)]
        if found:
            shutil.copytree(found[-1], self.workspace, dirs_exist_ok=True)
