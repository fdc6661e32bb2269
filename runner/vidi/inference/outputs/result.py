"""The result of one inference, as the Python API hands it out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from vidi.dollars import format_usd
from vidi.errors import DownloadError
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.fetching.download import Fetcher
from vidi.inference.outputs.finding.find import InlineJson, InlineText, RemoteFile, name_of
from vidi.inference.outputs.finding.naming import (
    extension_of,
    has_extension,
    is_media_extension,
)
from vidi.inference.outputs.keeping.folder import FolderStore
from vidi.inference.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from PIL import Image

    from vidi.inference.outputs.finding.find import Output

__all__ = ["InferenceResult", "OutputType"]

_USUAL = {
    OutputType.IMAGE: "png",
    OutputType.VIDEO: "mp4",
    OutputType.AUDIO: "mp3",
    OutputType.TEXT: "txt",
    OutputType.THREE_D: "glb",
    OutputType.JSON: "json",
    OutputType.FILE: "bin",
}


def _open_fetcher() -> Fetcher:
    return Fetcher(Settings())


@dataclass(frozen=True, slots=True)
class InferenceResult:
    """What an inference made and what it cost. Downloads are synchronous and can be repeated."""

    url: str | None = None
    """The first asset's URL; None where the result is text or JSON."""
    urls: tuple[str, ...] = ()
    """Every asset's URL, in the provider's order."""
    cost: Decimal | None = None
    """USD; None where it is not known."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """What else the provider said: metrics, seed, timings."""
    model: str = ""
    output_type: OutputType = OutputType.IMAGE
    text: str | None = None
    """The text that was made; None where none was."""
    request_id: str = ""
    outputs: tuple[Output, ...] = field(default=(), repr=False)
    """Everything that was made; follows from `urls` and `text` where it is not given."""
    open_fetcher: Callable[[], Fetcher] = field(default=_open_fetcher, repr=False, compare=False)
    """Makes what `download` fetches with."""
    _read: dict[int, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What `read` has fetched, by its place."""

    def __post_init__(self) -> None:
        """Let `url`, `urls`, `text` and `outputs` follow from one another."""
        outputs = self.outputs or self._outputs_from_fields()
        urls = self.urls or tuple(item.url for item in outputs if isinstance(item, RemoteFile))
        texts = [item.text for item in outputs if isinstance(item, InlineText)]
        object.__setattr__(self, "outputs", outputs)
        object.__setattr__(self, "urls", urls)
        object.__setattr__(self, "url", self.url or (urls[0] if urls else None))
        if self.text is None and texts:
            object.__setattr__(self, "text", "\n".join(texts))

    def download(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Save the first asset, checked, with retries.

        Args:
            path: The file; without an extension, it gets the real type's. A folder that exists
                gets the file under its own name.
            overwrite: Whether a file that is there already may be written over.

        Returns:
            The path of the file.

        Raises:
            DownloadError: There is nothing to fetch, or it cannot be had or written.
        """
        target = Path(path)
        if target.is_dir():
            return self._save(target, [self._own_name(0)], overwrite=overwrite)[0]
        return self._save(target.parent, [target.name], overwrite=overwrite)[0]

    def save_to(self, path: str | Path, *, overwrite: bool = False) -> list[Path]:
        """Save every asset, checked, under its own name in a folder.

        Raises:
            DownloadError: There is nothing to fetch, or one cannot be had or written.
        """
        names = _distinct([self._own_name(index) for index in range(len(self.outputs))])
        return self._save(Path(path), names, overwrite=overwrite)

    def read(self, index: int = 0) -> bytes:
        """The bytes of an asset, checked, and fetched the first time only.

        Raises:
            DownloadError: There is no such asset, or it cannot be had.
        """
        if not 0 <= index < len(self.outputs):
            made = len(self.outputs)
            raise DownloadError(
                f"there is no asset {index} of {self.model or 'it'}: it made {made}"
            )
        if index not in self._read:
            with TemporaryDirectory(prefix="vidi-") as folder:
                only = replace(self, outputs=(self.outputs[index],), url=None, urls=(), text=None)
                saved = only.download(Path(folder) / "asset")
                self._read[index] = saved.read_bytes()
        return self._read[index]

    @property
    def image(self) -> Image.Image:
        """The first asset as a Pillow image.

        Raises:
            DownloadError: It is no image, or cannot be had.
        """
        from PIL import Image

        try:
            return Image.open(BytesIO(self.read()))
        except OSError as error:
            raise DownloadError(f"{self.model or 'the inference'} made no image") from error

    def __repr__(self) -> str:
        """The model, what came, and what it has cost."""
        count = f"{len(self.outputs)} output{'' if len(self.outputs) == 1 else 's'}"
        return f"<InferenceResult {self.model}: {count}, {format_usd(self.cost)}>"

    def _repr_html_(self) -> str:
        """What was made, in a notebook: nothing is fetched from elsewhere when it is opened."""
        from vidi.inference.outputs.preview import show_outputs

        before = ", bought before" if self.metadata.get("replayed") else ""
        line = f"{self.model} · {format_usd(self.cost)}{before}"
        return show_outputs(self.outputs, self.read, line)

    def get_extension(self) -> str:
        """The extension of the first asset, with its dot: by its type or name, else the usual."""
        first = self.outputs[0] if self.outputs else None
        match first:
            case RemoteFile(content_type=str(content_type)) if extension_of(content_type) != "bin":
                return f".{extension_of(content_type)}"
            case RemoteFile() if is_media_extension(Path(first.name).suffix):
                return Path(first.name).suffix.lower()
            case InlineText():
                return ".txt"
            case InlineJson():
                return ".json"
            case _:
                return f".{_USUAL[self.output_type]}"

    def to_dict(self) -> dict[str, Any]:
        """Everything but how it was fetched, ready for JSON; the cost is a number of USD."""
        values = [item.value for item in self.outputs if isinstance(item, InlineJson)]
        return {
            "model": self.model,
            "output_type": str(self.output_type),
            "url": self.url,
            "urls": list(self.urls),
            "text": self.text,
            "json": values[0] if len(values) == 1 else values or None,
            "cost": None if self.cost is None else float(self.cost),
            "metadata": _plain(self.metadata),
            "request_id": self.request_id,
        }

    def _outputs_from_fields(self) -> tuple[Output, ...]:
        urls = self.urls or ((self.url,) if self.url else ())
        if urls:
            return tuple(RemoteFile(url, name_of(url)) for url in urls)
        return () if self.text is None else (InlineText(self.text),)

    def _own_name(self, index: int) -> str:
        output = self.outputs[index] if self.outputs else None
        name = Path(output.name).name if isinstance(output, RemoteFile) else ""
        return name if has_extension(name) else f"output-{index + 1}"

    def _save(self, folder: Path, names: Sequence[str], *, overwrite: bool) -> list[Path]:
        if not self.outputs:
            raise DownloadError(f"{self.model or 'the inference'} made nothing to download")
        for url in self.urls:
            _refuse_local(url)
        return _run(self._fetch(folder, names, overwrite=overwrite))

    async def _fetch(self, folder: Path, names: Sequence[str], *, overwrite: bool) -> list[Path]:
        fetcher, assets = self.open_fetcher(), FolderStore(folder)
        saved: list[Path] = []
        try:
            for output, name in zip(self.outputs, names, strict=False):
                asset = await fetcher.fetch(
                    output, assets, name, kind=self.output_type, overwrite=overwrite
                )
                saved.append(folder / asset.path)
        finally:
            await fetcher.aclose()
        return saved


def _run(fetching: Coroutine[object, object, list[Path]]) -> list[Path]:
    """Run to the end; in a thread with a loop of its own where the caller is inside a loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(fetching)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, fetching).result()


def _refuse_local(url: str) -> None:
    """A `file:` URL is a file of this machine already, or of one that we cannot see."""
    if url[:5].lower() == "file:":
        raise DownloadError(
            f"the output is a local file, not a download: {url}",
            hint="Open it where it is; only http, https and data URLs are fetched.",
        )


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, with a number for each that has come before."""
    taken: dict[str, str] = {}
    for name in names:
        path, unique, number = Path(name), name, 1
        while unique.casefold() in taken:
            number += 1
            unique = f"{path.stem}-{number}{path.suffix}"
        taken[unique.casefold()] = unique
    return list(taken.values())


def _plain(value: object) -> object:
    """A value with nothing in it that JSON has no form for."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
