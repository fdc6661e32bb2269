"""The models that vidi knows: one template file each, looked up by the model's id."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import Place, UsageError
from vidi.file_kinds import real_path
from vidi.inference.models.about import shipped_templates
from vidi.inference.models.ids import FORMS, file_name, split_version
from vidi.inference.models.loading import TemplateError, read_template
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.pricing import estimate
from vidi.inference.models.provider_names import BUILT_IN
from vidi.inference.models.shipping.shipped import open_shipped
from vidi.inference.models.shipping.sources import TemplateFolder, TemplateText
from vidi.inference.models.suggest import nearest
from vidi.inference.models.template import Call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vidi.inference.models.params.checked import CheckedParams, ParamProblem
    from vidi.inference.models.prices.estimate import Estimate
    from vidi.inference.models.shipping.sources import TemplateSource
    from vidi.inference.models.template import ModelInfo, OutputType

PROVIDER_NAMES = BUILT_IN

__all__ = [
    "PROVIDER_NAMES",
    "ModelRegistry",
    "OfficialVersionError",
    "ParamsError",
    "UnknownModelError",
    "shipped_templates",
]


class UnknownModelError(UsageError):
    """No template has this id; `nearest` are the ids that may have been meant."""

    code = "unknown-model"

    def __init__(self, model_id: str, nearest_ids: tuple[str, ...]) -> None:
        self.model_id = model_id
        self.nearest = nearest_ids
        super().__init__(f"unknown model '{model_id}'", hint=_how_to_go_on(model_id, nearest_ids))


class OfficialVersionError(UsageError):
    """A version is pinned of a model that Replicate runs by name alone."""

    code = "official-model"


class ParamsError(UsageError):
    """The params of an inference have mistakes; `problems` holds all of them."""

    code = "params"

    def __init__(self, model_id: str, problems: tuple[ParamProblem, ...]) -> None:
        self.problems = problems
        said = "; ".join(problem.message for problem in problems)
        super().__init__(f"{model_id}: {said}", hint=problems[0].hint)


def _how_to_go_on(model_id: str, nearest_ids: tuple[str, ...]) -> str:
    """The hint of an unknown id: the ids that may be meant, and how any other gets a template."""
    hints = [f"Did you mean {' or '.join(nearest_ids)}?"] if nearest_ids else []
    if model_id.partition("/")[0] in BUILT_IN and file_name(model_id):
        hints.append(f"`vidi models pull {model_id}` makes a template from what its provider says.")
    elif not hints:
        hints.append(f"Ids look like {FORMS}; `vidi models list` shows all.")
    return " ".join(hints)


class ModelRegistry:
    """Finds models in the given folders or sources first, then among the shipped ones.

    A file in an earlier folder adds a model or takes the place of a later one. What was read is
    kept, so a registry does not see files that change while it is in use.
    """

    def __init__(self, folders: Sequence[Path | TemplateSource] = ()) -> None:
        every = [each if not isinstance(each, Path) else TemplateFolder(each) for each in folders]
        self._shipped = open_shipped()
        self._sources = tuple(_each_once([*every, self._shipped]))
        self._read: dict[Path, ModelInfo] = {}
        self._by_id: dict[str, ModelInfo] = {}
        self._unknown: dict[str, tuple[str, ...]] = {}

    def get_template(self, model_id: str) -> ModelInfo:
        """The model with this id, or with this alias. Reads one file, and only the first time.

        `replicate/OWNER/NAME:VERSION` is the template of that version where there is one, else
        that of the model, to be run by that version.

        Raises:
            UnknownModelError: No template has this id.
            OfficialVersionError: A version is pinned of a model that has none to be run by.
            TemplateError: The file is broken.
        """
        known = self._by_id.get(model_id)
        if known is not None:
            return known
        model = None if model_id in self._unknown else self._find(model_id)
        if model is None:
            if model_id not in self._unknown:
                self._unknown[model_id] = tuple(self._nearest(model_id))
            raise UnknownModelError(model_id, self._unknown[model_id])
        self._by_id[model_id] = model
        return model

    def list_models(
        self, output_type: OutputType | str | None = None, provider: str | None = None
    ) -> list[ModelInfo]:
        """All models, sorted by id, or those of one output type or provider. Reads every file.

        Raises:
            TemplateError: A file is broken.
        """
        names = [name for name in self._files if provider in {None, name.partition("/")[0]}]
        models = (self._load(self._files[name], name) for name in names)
        wanted = (model for model in models if output_type in {None, model.output_type})
        return sorted(wanted, key=lambda model: model.id)

    def validate_parameters(self, model_id: str, params: Mapping[str, object]) -> dict[str, object]:
        """The params as they will be sent. Files are looked for in the working directory.

        Raises:
            UnknownModelError: No template has this id.
            ParamsError: At least one param is wrong.
        """
        return self._checked(model_id, params).params

    def estimate_cost(self, model_id: str, params: Mapping[str, object]) -> Estimate:
        """What one inference will cost today, in USD.

        Raises:
            UnknownModelError: No template has this id.
            ParamsError: At least one param is wrong.
        """
        checked = self._checked(model_id, params)
        return estimate(self.get_template(model_id), checked)

    def _checked(self, model_id: str, params: Mapping[str, object]) -> CheckedParams:
        checked = check_params(self.get_template(model_id), params, base=Path.cwd())
        if checked.errors:
            raise ParamsError(model_id, checked.errors)
        return checked

    def find_repriced(self, model: ModelInfo) -> Path | None:
        """The folder whose template gives a shipped model another price; None where none does."""
        name = "/".join(model.path.parts[-2:])
        shipped = self._shipped.find(name)
        if shipped is None or shipped == model.path or _is_same_file(shipped, model.path):
            return None
        own = self._load(self._shipped, name)
        is_same = own.id != split_version(model.id)[0] or _price_of(own) == _price_of(model)
        return None if is_same else model.path.parents[1]

    def text_of(self, model: ModelInfo) -> str:
        """The text of the template that a model was read from."""
        name = "/".join(model.path.parts[-2:])
        return next(each.read(name) for each in self._sources if each.find(name) == model.path)

    def list_texts(self) -> list[TemplateText]:
        """Every template as it is written, the broken ones too, sorted by name.

        Raises:
            OSError: A file cannot be read.
        """
        named = ((name, self._files[name]) for name in sorted(self._files))
        return [
            TemplateText(source.find(name) or Path(name), source, name) for name, source in named
        ]

    def _find(self, model_id: str) -> ModelInfo | None:
        return self._find_file(model_id) or self._find_pinned(model_id) or self._by_alias(model_id)

    def _find_file(self, model_id: str) -> ModelInfo | None:
        name = file_name(model_id)
        for source in self._sources if name else ():
            if source.find(str(name)) is not None:
                model = self._load(source, str(name))
                # Two ids can share a file name: fal/a/b-c and fal/a-b/c.
                return model if model.id == model_id else None
        return None

    def _find_pinned(self, model_id: str) -> ModelInfo | None:
        """One version of a model that has a template, to be run by that version."""
        base_id, version = split_version(model_id)
        base = self._find(base_id) if version else None
        if base is None:
            return None
        if base.call is not None and base.call.official:
            # Replicate answers 422 "Invalid version or not permitted".
            raise OfficialVersionError(
                f"{base.id} is an official model, which Replicate runs by name alone",
                hint=f"Write `model: {base.id}`.",
            )
        described = "" if base.version == version else base.version
        call = Call(version=version)
        return replace(base, id=f"{base.id}:{version}", call=call, described_version=described)

    def _by_alias(self, model_id: str) -> ModelInfo | None:
        for source in self._sources:
            if model_id in source.aliases:
                return self._load(source, source.aliases[model_id])
        return None

    def _load(self, source: TemplateSource, name: str) -> ModelInfo:
        path = source.find(name)
        if path is None:
            raise TemplateError(f"{name} is not there any more")
        if path not in self._read:
            self._read[path] = _read_from(source, name, path)
        return self._read[path]

    @cached_property
    def _files(self) -> dict[str, TemplateSource]:
        """Every template by its name, with where it is; the first source wins."""
        found: dict[str, TemplateSource] = {}
        for source in self._sources:
            for name in source.names():
                found.setdefault(name, source)
        return found

    @cached_property
    def _by_flat(self) -> dict[str, str]:
        return {_flat(name): name for name in self._files}

    def _nearest(self, model_id: str) -> Iterator[str]:
        """Real ids that may have been meant; reads only the files of those."""
        prefixed = (file_name(prefix + model_id) for prefix in ("", "replicate/", "fal/"))
        names = [name for name in prefixed if name in self._files]
        if not names:
            names = [self._by_flat[close] for close in nearest(_flat(model_id), self._by_flat)]
        for name in names:
            # A broken file is told of when it is asked for, not beside another mistake.
            with suppress(TemplateError):
                yield self._load(self._files[name], name).id


def _price_of(model: ModelInfo) -> tuple[object, ...]:
    """All of a template that makes its prices: rows, base price, and what params are by default."""
    defaults = {name: schema.get("default") for name, schema in model.params["properties"].items()}
    return model.pricing, model.billing, defaults


def _is_same_file(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one.samefile(other)
    return False


def _flat(name: str) -> str:
    return name.removesuffix(".json").replace("/", "-").replace("_", "-")


def _each_once(sources: Iterable[TemplateSource]) -> Iterator[TemplateSource]:
    """Each folder once, called as it was given first: messages about its files name it so."""
    seen: set[Path] = set()
    for source in sources:
        place = real_path(source.folder) if isinstance(source, TemplateFolder) else None
        if place not in seen:
            yield source
        if place is not None:
            seen.add(place)


def _read_from(source: TemplateSource, name: str, path: Path) -> ModelInfo:
    try:
        text = source.read(name)
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path} cannot be read: {error}", place=Place(str(path))) from error
    return read_template(text, path)
