"""The environment of a project: the process's own variables over those of its `.env`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vidi.errors import Place, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def read_environment(project: Path, env_file: Path | None = None) -> Mapping[str, str]:
    """Merge the process's environment over an env file.

    Args:
        project: The folder in which `.env` is looked for when no file is named.
        env_file: The file that was named; it must be there.

    Raises:
        UsageError: The named file cannot be read.
    """
    path = env_file or project / ".env"
    if not path.is_file():
        if env_file is not None:
            raise UsageError(f"there is no env file {env_file}", hint="Check --env-file.")
        return dict(os.environ)
    from dotenv import dotenv_values

    try:
        values = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("this env file cannot be read", place=Place(str(path))) from error
    # An empty variable counts as unset: that is what CI makes of a secret that is not there.
    given = {name: value for name, value in os.environ.items() if value}
    return {**{name: value for name, value in values.items() if value}, **given}
