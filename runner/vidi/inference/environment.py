"""The environment of a project: the process's own variables over those of its `.env`.

A `.env` may come from a stranger's branch. It gives keys and defaults, and never weakens what the
environment or the command line says: it lifts no cap that was given there, and an address of its
own is sent only keys of its own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.errors import Place, UsageError
from vidi.file_kinds import check_setting, real_path
from vidi.inference.settings import KEYS, PROVIDER_URLS
from vidi.known_secrets import remember_secrets, says_secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CAPS = ("VIDI_BUDGET_DAY", "VIDI_BUDGET_WEEK", "VIDI_BUDGET_MONTH")
UNCAPPING = ("VIDI_COSTS", "VIDI_LEDGER")
"""What takes caps away: where it is given, others are held against nothing, or another ledger."""


@dataclass(frozen=True, slots=True)
class Environment(Mapping[str, str]):
    """Variables by name, and what was left out of the `.env`, to be said."""

    variables: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> str:
        return self.variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables)

    def __len__(self) -> int:
        return len(self.variables)


def read_environment(
    project: Path, env_file: Path | None = None, *, capped: bool = False
) -> Environment:
    """Merge the process's environment over an env file.

    Args:
        project: The folder in which `.env` is looked for when no file is named.
        env_file: The file that was named; it must be there.
        capped: Whether the command line has given a budget, which the file may not lift.

    Raises:
        UsageError: The named file cannot be read, or what is in its place is no file.
    """
    path = env_file or project / ".env"
    _remember(os.environ)
    check_setting(path)  # it may hold a cap: it is not passed over
    if not path.is_file():
        if env_file is not None:
            raise UsageError(f"there is no env file {env_file}", hint="Check --env-file.")
        return Environment(dict(os.environ))
    if env_file is None and not real_path(path).is_relative_to(real_path(project)):
        told = f"{path} is a link that leads out of the project and is left out: use --env-file"
        return Environment(dict(os.environ), (told,))
    # An empty variable counts as unset: that is what CI makes of a secret that is not there.
    given = {name: value for name, value in os.environ.items() if value}
    own = _read_file(path)
    _remember(own)
    lifting = _list_lifting(own, given, capped=capped)
    moved = _list_moved(own, given)
    variables = {**own, **given}
    for name in lifting:
        variables.pop(name)
    for variable in moved:
        variables.pop(variable, None)
        if variable in own:
            variables[variable] = own[variable]
    return Environment(variables, (*_tell_lifting(path, lifting), *_tell_moved(path, moved, own)))


def _remember(variables: Mapping[str, str]) -> None:
    remember_secrets(value for name, value in variables.items() if value and says_secret(name))


def _read_file(path: Path) -> dict[str, str]:
    from dotenv import dotenv_values

    try:
        values = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("this env file cannot be read", place=Place(str(path))) from error
    return {name: value for name, value in values.items() if value}


def _list_lifting(
    own: Mapping[str, str], given: Mapping[str, str], *, capped: bool
) -> tuple[str, ...]:
    """The file's variables that would take away a cap or a ledger that was given outside of it."""
    if not capped and not any(name in given for name in (*CAPS, "VIDI_LEDGER")):
        return ()
    return tuple(name for name in UNCAPPING if name in own and name not in given)


def _list_moved(own: Mapping[str, str], given: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of the providers whose address is the file's."""
    found = (
        variable
        for provider, variable in KEYS.items()
        if any(
            name in own and name not in given
            for name in PROVIDER_URLS
            if name.startswith(f"VIDI_{provider.upper()}_")
        )
    )
    return tuple(variable for variable in found if variable in own or variable in given)


def _tell_lifting(path: Path, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield (
            f"{name} in {path.name} is left out: it would lift a cap that the environment or the "
            "command line gives"
        )


def _tell_moved(path: Path, variables: tuple[str, ...], own: Mapping[str, str]) -> Iterator[str]:
    for variable in variables:
        if variable not in own:
            yield (
                f"{variable} is not used: {path.name} moves its provider to another address, and "
                f"that is sent only a key from {path.name} itself"
            )
