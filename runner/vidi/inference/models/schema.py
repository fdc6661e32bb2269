"""Stand-in until the real check lands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from vidi.inference.models.checked import CheckedParams, InputFile, ParamProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.models.template import ModelInfo


def check_params(model: ModelInfo, params: Mapping[str, Any], *, base: Path) -> CheckedParams:
    props = model.params["properties"]
    sent = {k: v for k, v in params.items() if v is not None}
    for k, v in list(sent.items()):
        s = props.get(k, {})
        if "enum" in s and v not in s["enum"]:
            for e in s["enum"]:
                if str(e) == str(v):
                    sent[k] = e
    problems = []
    schema = {**model.params}
    for err in jsonschema_rs.Draft202012Validator(_plain(schema)).iter_errors(sent):
        problems.append(ParamProblem(tuple(err.instance_path), False, "bad", err.message))
    files = []
    for k, v in sent.items():
        if (
            props.get(k, {}).get("x-file")
            and isinstance(v, str)
            and "://" not in v
            and not v.startswith("data:")
        ):
            p = base / v
            if p.is_file():
                files.append(InputFile((k,), p, v, p.stat().st_size))
            else:
                problems.append(ParamProblem((k,), False, "missing-file", f"no file {v}"))
    eff = {k: s["default"] for k, s in props.items() if "default" in s} | sent
    return CheckedParams(sent, eff, tuple(files), tuple(problems))


def _plain(v):
    from decimal import Decimal

    if isinstance(v, dict):
        return {k: _plain(x) for k, x in v.items()}
    if isinstance(v, list):
        return [_plain(x) for x in v]
    if isinstance(v, Decimal):
        return int(v) if v == int(v) else float(v)
    return v
