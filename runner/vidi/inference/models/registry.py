"""The models that vidi knows: one template file each, looked up by the model's id."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.models.loading import TemplateError, file_name, load_template
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.pricing import estimate
from vidi.inference.models.provider_names import BUILT_IN, provider_names
from vidi.inference.models.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vidi.inference.models.params.checked import CheckedParams, ParamProblem
    from vidi.inference.models.prices.estimate import Estimate
    from vidi.inference.models.template import ModelInfo, OutputType

PROVIDER_NAMES = BUILT_IN


class UnknownModelError(UsageError):
    """No template has this id; `nearest` are the ids that may have been meant."""

    code = "unknown-model"

    def __init__(self, model_id: str, nearest_ids: tuple[str, ...]) -> None:
        self.model_id = model_id
        self.nearest = nearest_ids
        hint = (
            f"Did you mean {' or '.join(nearest_ids)}?"
            if nearest_ids
            else (
                "Ids look like replicate/OWNER/NAME or fal/ENDPOINT; `vidi models list` shows all."
            )
        )
        super().__init__(f"unknown model '{model_id}'", hint=hint)


class ParamsError(UsageError):
    """The params of an inference have mistakes; `problems` holds all of them."""

    code = "params"

    def __init__(self, model_id: str, problems: tuple[ParamProblem, ...]) -> None:
        self.problems = problems
        said = "; ".join(problem.message for problem in problems)
        super().__init__(f"{model_id}: {said}", hint=problems[0].hint)


def shipped_templates() -> Path:
    """Where vidi's own templates are: in the wheel, or at the top of a checkout."""
    packaged = Path(str(files("vidi.inference.models"))) / "templates"
    return packaged if packaged.is_dir() else Path(__file__).parents[4] / "templates"


class ModelRegistry:
    """Finds models in the given folders first, then among the shipped ones.

    A file in an earlier folder adds a model or takes the place of a later one. What was read is
    kept, so a registry does not see files that change while it is in use.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        every = (*folders, shipped_templates())
        # Each folder once, called as it was given: messages about its files name it so.
        unique = {folder.resolve(): folder for folder in reversed(every)}
        self._folders = tuple(folder for folder in every if unique.pop(folder.resolve(), None))
        self._read: dict[Path, ModelInfo] = {}
        self._by_id: dict[str, ModelInfo] = {}
        self._unknown: dict[str, tuple[str, ...]] = {}

    def get_template(self, model_id: str) -> ModelInfo:
        """The model with this id. Reads that one file, and only the first time.

        Raises:
            UnknownModelError: No template has this id.
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
        paths = [path for path in self._files.values() if provider in {None, path.parent.name}]
        models = (self._load(path) for path in paths)
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

    def _find(self, model_id: str) -> ModelInfo | None:
        name = file_name(model_id)
        for folder in self._folders if name else ():
            path = folder / str(name)
            if path.is_file():
                model = self._load(path)
                # Two ids can share a file name: fal/a/b-c and fal/a-b/c.
                return model if model.id == model_id else None
        return None

    def _load(self, path: Path) -> ModelInfo:
        if path not in self._read:
            self._read[path] = load_template(path)
        return self._read[path]

    @cached_property
    def _files(self) -> dict[str, Path]:
        """Every template file by its name under its folder; the first folder wins."""
        found: dict[str, Path] = {}
        for folder in self._folders:
            for path in _templates_in(folder):
                found.setdefault(f"{path.parent.name}/{path.name}", path)
        return found

    def _nearest(self, model_id: str) -> Iterator[str]:
        """Real ids that may have been meant; reads only the files of those."""
        prefixed = (file_name(prefix + model_id) for prefix in ("", "replicate/", "fal/"))
        names = [name for name in prefixed if name in self._files]
        if not names:
            by_flat = {_flat(name): name for name in self._files}
            names = [by_flat[close] for close in nearest(_flat(model_id), by_flat)]
        for name in names:
            # A broken file is told of when it is asked for, not beside another mistake.
            with suppress(TemplateError):
                yield self._load(self._files[name]).id


def _flat(name: str) -> str:
    return name.removesuffix(".json").replace("/", "-").replace("_", "-")


def _templates_in(folder: Path) -> Iterator[Path]:
    for provider in provider_names():
        yield from (folder / provider).glob("*.json")
