"""A small runner of GitLab CI: the scripts of one job, in the order in which it runs them."""

import subprocess
from dataclasses import dataclass, field


@dataclass
class Job:
    """How a job ended."""

    code: int
    log: str
    artifacts: list[str] = field(default_factory=list)


def run_job(pipeline, name, folder, environment):
    """Run a job of a `.gitlab-ci.yml`; its artifacts must be there in the end."""
    job = {**pipeline.get("default", {}), **pipeline[name]}
    variables = {**environment, **pipeline.get("variables", {}), **job.get("variables", {})}
    variables |= {"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": str(folder)}
    main = [*job.get("before_script", []), *job["script"]]
    done = _run(main, folder, variables)
    after = _run(job.get("after_script", []), folder, variables)  # its code does not count
    artifacts = job.get("artifacts", {})
    paths = [*artifacts.get("paths", []), *artifacts.get("reports", {}).values()]
    for path in paths:
        assert (folder / path).exists(), f"{name} has left no {path}\n{done.stdout}{after.stdout}"
    return Job(done.returncode, done.stdout + after.stdout, paths)


def _run(lines, folder, variables):
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
