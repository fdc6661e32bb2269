"""The input files of an inference on disk, where price rules look into them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING
from weakref import finalize

from vidi.inference.models.params.checked import InputFile
from vidi.json_values import as_list
from vidi.sandbox.orders.inputs import fetch_input, file_params

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vidi.inference.models.template import ModelInfo


class KeptInputs:
    """Writes each input file once, into a folder that goes with this object."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    def files_of(
        self,
        model: ModelInfo,
        effective: Mapping[str, object],
        stored: Callable[[str], bytes | None],
    ) -> tuple[InputFile, ...]:
        """Every file that the params name and that is here; the URL of another is not followed."""
        found: list[InputFile] = []
        for name, _ in file_params(model):
            value = effective.get(name)
            for url in as_list(value) if isinstance(value, list) else [str(value or "")]:
                data = fetch_input(url, stored) if isinstance(url, str) else None
                if data and isinstance(url, str):
                    found.append(InputFile((name,), self._write(data), url, len(data)))
        return tuple(found)

    def _write(self, data: bytes) -> Path:
        if self._folder is None:
            self._folder = Path(mkdtemp(prefix="vidi-sandbox-"))
            finalize(self, rmtree, self._folder, ignore_errors=True)
        path = self._folder / sha256(data).hexdigest()
        if not path.exists():
            path.write_bytes(data)
        return path
