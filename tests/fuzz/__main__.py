"""Run a target on many inputs: cd tests; python -m fuzz TARGET|all [--inputs N] [--minutes M].

Writes how the inputs ended. One that did not end in words is made small and saved in the corpus,
which the tests replay from then on; each kind of such an end is saved once.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from random import Random

from fuzz.target import CORPUS, Target, find_targets, try_input

SHRINKING_S = 20.0
"""Seconds in which an input is made small."""


class Campaign:
    """One target on many inputs."""

    def __init__(self, name: str, target: Target) -> None:
        self.name = name
        self.target = target
        self.inputs = 0
        self.ends: Counter[str] = Counter()
        self.uncaught: Counter[str] = Counter()

    def run(self, seed: int, inputs: int, seconds: float) -> None:
        """Try so many inputs, or for so long."""
        over = time.monotonic() + seconds
        while self.inputs < inputs and time.monotonic() < over:
            data = self.target.make(Random(f"{self.name} {seed} {self.inputs}"))
            self.inputs += 1
            end = try_input(self.target, data)
            self.ends[end.kind] += 1
            if not end.caught:
                self.uncaught[end.kind] += 1
                if self.uncaught[end.kind] == 1:
                    self._save(end.kind, _shrink(self.target, data, end.kind))

    def _save(self, kind: str, data: bytes) -> None:
        folder = CORPUS / self.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
        _say(f"{self.name}: {kind}: {data[:300]!r}")


def _shrink(target: Target, data: bytes, kind: str) -> bytes:
    """Take out whatever can be missed for the input to end as it does."""
    over = time.monotonic() + SHRINKING_S
    size = len(data) // 2
    while size:
        at = 0
        while at < len(data) and time.monotonic() < over:
            less = data[:at] + data[at + size :]
            if try_input(target, less).kind == kind:
                data = less
            else:
                at += size
        size //= 2
    return data


def main() -> int:
    """Run what was asked for; returns 1 where an input did not end in words."""
    targets = find_targets()
    options = _read_options(targets)
    if options.memory_mib:
        size = options.memory_mib << 20
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="fuzz-")
    bad = 0
    for name in targets if options.target == "all" else [options.target]:
        campaign = Campaign(name, targets[name])
        began = time.monotonic()
        campaign.run(options.seed, options.inputs, options.minutes * 60)
        _say(
            f"{name}: {campaign.inputs:,} inputs in {time.monotonic() - began:,.0f} s, "
            f"{len(campaign.ends)} kinds of ends, {len(campaign.uncaught)} of them uncaught; "
            f"seed {options.seed}"
        )
        for kind, count in campaign.ends.most_common(12 if options.verbose else 0):
            _say(f"  {count:>9,}  {kind}")
        bad += len(campaign.uncaught)
    return int(bad > 0)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _read_options(targets: dict[str, Target]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("target", choices=["all", *targets])
    parser.add_argument("--inputs", type=int, default=10**9, help="of each target")
    parser.add_argument("--minutes", type=float, default=2.0, help="of each target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--memory-mib", type=int, default=0, help="address space; 0: any")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the ends")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
