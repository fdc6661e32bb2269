"""`{{ file('prompts/a.txt') }}`: texts that stand beside the job file."""

from __future__ import annotations

from vidi.errors import JobFileError
from vidi.jobs.mistakes import MistakeError, describe
from vidi.jobs.reading.files import ProjectFiles, decoded

MAX_BYTES = 1024 * 1024


class TextFiles:
    """The function `file` of templates; each file is read once a job."""

    def __init__(self, files: ProjectFiles) -> None:
        self._files = files
        self._texts: dict[str, str] = {}

    def __call__(self, name: object) -> str:
        """The text of a file of the project.

        Raises:
            MistakeError: It is missing, outside the project, over 1 MiB, or not UTF-8.
        """
        if not isinstance(name, str) or not name:
            raise MistakeError(f"file() takes the path of a text file, not {describe(name)}")
        if name not in self._texts:
            self._texts[name] = self._read(str(name))
        return self._texts[name]

    def _read(self, name: str) -> str:
        try:
            return decoded(self._files.read(name, MAX_BYTES), name)
        except JobFileError as error:
            (problem,) = error.problems
            raise MistakeError(f"{name}: {problem.message}", kind=problem.code) from error
