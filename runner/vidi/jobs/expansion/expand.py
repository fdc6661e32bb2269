"""Entries become inferences: variables, `matrix` and `foreach`, streamed and bounded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from vidi.errors import JobFileError, Problem
from vidi.jobs.entry import READERS, non_finite
from vidi.jobs.expansion.combinations import SPLIT, Combinations
from vidi.jobs.expansion.compiled_entry import UNKNOWN, CompiledEntry, is_literal
from vidi.jobs.expansion.secret_values import find_given_secrets, find_secrets
from vidi.jobs.expansion.taken_names import TakenNames
from vidi.jobs.expansion.values import is_left_out, read_value
from vidi.jobs.mistakes import MistakeError
from vidi.jobs.output_path import refuse_unportable
from vidi.jobs.rendering.detect import columns_in, has_template
from vidi.jobs.rendering.output_index import OUTPUT_INDEX
from vidi.jobs.rendering.room import (
    COMPILED,
    count_templates,
    count_values,
    weigh_variables,
)  # fmt: skip
from vidi.jobs.rendering.size import MAX_VALUE, TooBigError, measure
from vidi.jobs.spec import KEY_MARKER, InferenceSpec
from vidi.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vidi.jobs.data.cell import DataRow, Origin
    from vidi.jobs.expansion.scope import Scope
    from vidi.jobs.reading.places import Places

MAX_PROBLEMS = 1000
"""An entry with more different mistakes than this is not expanded further."""
_PER_INFERENCE = (
    "model", "params", "output", "tags", "max_cost", "assume_cost", "timeout", "retry", "keep",
    "mark",
)  # fmt: skip
_WRITTEN = ("id", "enabled", *_PER_INFERENCE)
_MULTIPLYING = frozenset(("matrix", "foreach", "vars"))
"""Without any of these and without templates, an entry is one inference, just as it is written."""
_Path = tuple[str | int, ...]


def expand(entries: Sequence[Places], scope: Scope) -> Iterator[InferenceSpec | Problem]:
    """Every inference of the entries in file order, and every mistake found on the way."""
    taken = TakenNames(kept=scope.bounds.kept)
    left = scope.bounds.inferences
    variables = {name: scope.vars[name] for name in scope.vars.keys() - scope.overrides.keys()}
    literal = is_literal(variables)
    for entry in entries:
        limit = None if entry.get("enabled") is False else _name_limit(scope, left)
        if limit is not None:
            yield entry.problem(limit, ())
            return
        expansion = _Expansion(entry, scope, taken, left)
        yield from expansion.inferences(literal)
        left -= expansion.count
        if scope.room.is_full:
            return


def _name_limit(scope: Scope, left: int) -> MistakeError | None:
    """What keeps an entry from being expanded: none is left out without a word."""
    if scope.clock.is_over:
        return MistakeError(scope.clock.describe_end(), kind="template")
    message = f"more than {scope.bounds.inferences:,} inferences from here on"
    return None if left else MistakeError(message, kind="too-many", hint=SPLIT)


@dataclass(slots=True)
class _FoundMistake:
    """A mistake, and the inferences that it hits."""

    path: _Path
    mistake: MistakeError | JobFileError
    origin: Origin | None = None
    """The cell or row of data that it is about."""
    ids: dict[str, None] = field(default_factory=dict)


class _Expansion:
    """One entry on its way to its inferences."""

    def __init__(self, entry: Places, scope: Scope, taken: TakenNames, left: int) -> None:
        self._entry = entry
        self._scope = scope
        self._taken = taken
        self._left = left
        self.count = 0
        """How many inferences the entry stands for."""
        self._current = ""
        self._values = 0
        """How many the params hold, where the job file itself says them."""
        self._without_origin = 0
        """Mistakes that are about no row of data; those of a file may be as many as its rows."""
        self._unknown: frozenset[str] = frozenset()
        self._combinations: Combinations | None = None
        """None for an entry that is one inference: it would only hold both in memory."""
        self._constants: dict[str, Any] = {}
        self._compiled: dict[str, CompiledEntry] = {}
        self._variables: dict[str, CompiledEntry] = {}
        self._base: CompiledEntry | None = None
        """The params of the defaults, where the entry's own are one template."""
        self._found: dict[tuple[object, ...], _FoundMistake] = {}

    def inferences(self, literal: bool) -> Iterator[InferenceSpec | Problem]:
        """The inferences as they are made; then the mistakes, each with all the ids it hits.

        Args:
            literal: Whether no variable of the job holds a template.
        """
        written = self._entry.merged()
        self._current = str(written["id"]) if isinstance(written.get("id"), str) else ""
        if written.get("enabled") is not False:
            literal = literal and _MULTIPLYING.isdisjoint(written)
            literal = literal and (self._scope.plain or is_literal(written))
            yield from self._made_at_once(written) if literal else self._made()
        if self._combinations is not None:
            yield from self._combinations.warnings
        for found in self._found.values():
            yield from self._problems_of(found)

    def _problems_of(self, found: _FoundMistake) -> Iterator[Problem]:
        ids = tuple(found.ids)
        if isinstance(found.mistake, JobFileError):  # of another file, with its own places
            yield from (replace(each, ids=ids) for each in found.mistake.problems)
            return
        problem = self._places(found.path).problem(found.mistake, found.path, ids)
        origin = found.origin
        if origin is not None:
            problem = replace(
                problem, place=origin.place, via=problem.place, excerpt=origin.excerpt
            )
        yield problem

    def _made_at_once(self, written: Mapping[str, object]) -> Iterator[InferenceSpec]:
        """The inference of an entry that stands for just what it says, as in any long list."""
        self.count = 1
        values = {key: self._constant(key, written[key]) for key in _WRITTEN if key in written}
        self._current = values.get("id") or self._current or self._name_by_line()
        spec = self._spec(values, values.get("output") or "", {})
        if spec is not None:
            yield spec

    def _made(self) -> Iterator[InferenceSpec]:
        each = weigh_variables({**self._scope.vars, **as_object(self._entry.get("vars"))})
        if not (self._has_room(each) and self._compile()):
            return
        rendered = [name for name, value in self._variables.items() if value.dynamic]
        with self._scope.clock:
            known = self._with_variables({}, lenient=True) or {}
        scope = self._scope
        combinations = self._combinations = Combinations(
            self._entry, scope.files, self._left, self._note, scope.clock, scope.bounds
        )
        for names in combinations.given(known):
            self.count = combinations.count
            if not self._has_room(each + len(names)):
                return
            with self._scope.clock:
                spec = self._inference(names, rendered)
            if spec is not None:
                if not self._has_room(self._count_params(spec)):
                    return
                yield spec
            found = self._without_origin if self._scope.bounds.kept else len(self._found)
            if found >= MAX_PROBLEMS:
                return

    def _compile(self) -> bool:
        """Understand all templates of the entry, as far as there is room for so many."""
        from vidi.jobs.rendering.rendering import compile_text

        written = {key: self._entry.get(key) for key in _WRITTEN if key in self._entry}
        if not self._has_room(COMPILED * (count_templates(written) // 1000 * 1000)):
            return False
        before, note = compile_text.cache_info().misses, self._note
        self._compiled = {key: CompiledEntry(own, (key,), note) for key, own in written.items()}
        base = self._entry.default_under_template("params")
        self._base = None if base is None else CompiledEntry(base, ("params",), self._note)
        self._variables = self._compile_variables()
        return self._has_room(COMPILED * (compile_text.cache_info().misses - before))

    def _has_room(self, values: int | Mapping[str, object]) -> bool:
        """Whether so many values, or those of params, may be kept; where not, that is said."""
        if not self._scope.bounds.kept:
            return True
        try:
            self._scope.room.take(values)
        except TooBigError as error:
            self._note(("params",), MistakeError(str(error), kind="too-big", hint=SPLIT))
            return False
        return True

    def _count_params(self, spec: InferenceSpec) -> int | Mapping[str, object]:
        """The params, where templates made them; else how many values they have."""
        if "params" not in self._compiled or self._compiled["params"].dynamic:
            return spec.params
        self._values = self._values or count_values(spec.params)
        return self._values

    def _note(self, path: _Path, mistake: MistakeError | JobFileError) -> None:
        where = mistake.path if isinstance(mistake, MistakeError) else ()
        origin = self._origin(path)
        key = (path, where, mistake.message, origin)
        self._without_origin += origin is None and key not in self._found
        found = self._found.setdefault(key, _FoundMistake(path, mistake, origin))
        if self._current:
            found.ids[self._current] = None

    def _origin(self, path: _Path) -> Origin | None:
        """The data that a value is made from; None where the job file itself says it."""
        row = self._row
        written = self._places(path).written(path) if row is not None else None
        columns = columns_in(written) if isinstance(written, str) else None
        return None if row is None or columns is None else row.origin_of(columns)

    def _places(self, path: _Path) -> Places:
        """Whose place a path is: the entry's, or the job file's for a variable that it lacks."""
        own = self._entry.get("vars")
        if path[0] == "vars" and not (isinstance(own, dict) and path[1] in own):
            return self._scope.places
        return self._entry

    # Names

    def _compile_variables(self) -> dict[str, CompiledEntry]:
        own = as_object(self._entry.get("vars"))
        self._scope.secrets.update(find_secrets(own))
        merged = {**self._scope.vars, **own}
        return {
            name: CompiledEntry(value, ("vars", name), self._note)
            for name, value in merged.items()
            if name not in self._scope.overrides
        }

    def _with_variables(
        self, given: Mapping[str, object], *, lenient: bool
    ) -> dict[str, object] | None:
        """The variables, each rendered with those above it; None where one has failed."""
        names = {"file": self._scope.texts, **self._row_number, **self._scope.overrides, **given}
        note = _ignore if lenient else self._note
        failed = False
        size = 0
        for name, compiled in self._variables.items():
            if name in given:
                continue
            value = compiled.render(names, note)
            if compiled.dynamic and size <= MAX_VALUE:
                size += _size_of(value)
            if size > MAX_VALUE:
                message = f"the variables hold more than {MAX_VALUE:,} characters"
                note(("vars", name), MistakeError(message, kind="template"))
                value = UNKNOWN
            if value is UNKNOWN:
                failed = True
            else:
                names[name] = value
        return None if failed and not lenient else names

    @property
    def _row(self) -> DataRow | None:
        """The row of data that the present names are of."""
        return None if self._combinations is None else self._combinations.row

    @property
    def _row_number(self) -> dict[str, object]:
        """`row`; a variable of that name comes before it."""
        row = self._row
        return {} if row is None else {"row": row.number}

    # Inferences

    def _inference(self, given: dict[str, object], rendered: list[str]) -> InferenceSpec | None:
        names = self._with_variables(given, lenient=False)
        self._scope.secrets.update(find_given_secrets(given))
        if names is None or self._value("enabled", names) is False:
            return None
        self._scope.secrets.update(find_secrets({name: names[name] for name in rendered}))
        names["id"] = self._own_id(names)
        values = {key: self._value(key, names) for key in _PER_INFERENCE if key != "output"}
        return self._spec(values, self._output(names), given)

    def _spec(
        self, values: Mapping[str, Any], output: str, given: Mapping[str, object]
    ) -> InferenceSpec | None:
        """The inference with these values, of whose names its matrix and its row gave some."""
        own_id, get = self._current, values.get
        self._take(own_id, output)
        if get("model") is None:
            return None  # said already; whatever else is wrong, the rest is still checked
        return InferenceSpec(
            id=own_id,
            model=values["model"],
            params=get("params") or {},
            output=output,
            tags=get("tags") or (),
            max_cost=get("max_cost"),
            assume_cost=get("assume_cost"),
            timeout=get("timeout"),
            retry=get("retry"),
            keep=get("keep") or False,
            mark=get("mark"),
            places=self._entry,
            row=self._row,
            axes={name: value for name, value in given.items() if name != "item"},
            unknown=self._unknown,
            readable=get("params") is not None,
        )

    def _output(self, names: Mapping[str, object]) -> str:
        """The path of its output, where the number and the key of one stay open."""
        if "output" not in self._constants:
            names = {"key": KEY_MARKER, **names, "index": OUTPUT_INDEX}
        return self._value("output", names) or ""

    def _own_id(self, names: Mapping[str, object]) -> str:
        """The id; where it has none, words that say which entry this is."""
        written = self._entry.get("id")
        self._current = written if isinstance(written, str) else ""
        self._current = self._value("id", names) or self._current or self._name_by_line()
        return self._current

    def _name_by_line(self) -> str:
        return f"line {self._entry.of_value().line}"

    def _take(self, own_id: str, output: str) -> None:
        try:
            self._taken.take_id(own_id, self._entry)
        except MistakeError as mistake:
            self._note(("id",), mistake)
        try:
            if output:
                self._taken.take_output(output, own_id)
                if self._scope.portable_names and not has_template(output):
                    refuse_unportable(output)
        except MistakeError as mistake:
            self._note(("output",), mistake)

    def _value(self, key: str, names: Mapping[str, object]) -> Any:
        """What a key holds for one inference; None where it is absent or wrong."""
        if key in self._constants:
            return self._constants[key]
        compiled = self._compiled.get(key)
        if compiled is None:
            return None
        if not compiled.dynamic:
            self._constants[key] = value = self._constant(key, compiled.render({}, self._note))
            return value
        value = self._rendered(key, compiled, names)
        if value is UNKNOWN or is_left_out(key, value):
            return None
        try:
            value = READERS[key](read_value(key, value), "")
        except MistakeError as mistake:
            self._note((key,), mistake)
            return None
        return self._whole_params(value, names) if key == "params" else value

    def _rendered(self, key: str, compiled: CompiledEntry, names: Mapping[str, object]) -> object:
        if key == "params" and compiled.is_mapping:
            known, self._unknown = compiled.render_known(names, self._note)
            return known
        return compiled.render(names, self._note)

    def _whole_params(
        self, params: dict[str, object], names: Mapping[str, object]
    ) -> dict[str, object]:
        """Rendered params over the defaults that a template stood before; JSON must hold them."""
        base = UNKNOWN if self._base is None else self._base.render(names, self._note)
        whole = {**base, **params} if isinstance(base, dict) else params
        for wrong in non_finite(whole):
            self._note(("params",), wrong)
        return whole

    def _constant(self, key: str, value: object) -> Any:
        """A value without templates: its mistakes were said when the file was checked."""
        written = self._entry.number_at(key) if isinstance(value, float) else ""
        try:
            return READERS[key](value, written)
        except MistakeError:
            return None


def _size_of(value: object) -> int:
    """How many characters a variable holds; what is too big by itself has been noted."""
    try:
        return measure(value)
    except TooBigError:
        return 0


def _ignore(_path: _Path, _mistake: MistakeError) -> None:
    """Whether a variable can be made is only known when `item` and the matrix are."""
