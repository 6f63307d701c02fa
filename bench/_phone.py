"""Applies deltas as a phone without dictionaries does: the host's own code, under Node."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eden.base import tools

_BENCH = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Applied:
    """`wrong` counts results with other bytes than the target."""

    wrong: int
    slowest_ms: float


def apply(deltas: Sequence[tuple[bytes, bytes, bytes]], folder: Path) -> Applied:
    """Apply (base, dcz, target) triples; `folder` is an empty one for the files between the processes."""
    module = folder / "delta.mjs"
    source = _BENCH.parent / "container/host/delta/index.ts"
    bundle = [tools.esbuild(), source, "--bundle", "--format=esm", "--log-level=error", f"--outfile={module}"]
    subprocess.run([str(part) for part in bundle], check=True)
    for number, triple in enumerate(deltas):
        for kind, data in zip(("base", "dcz", "target"), triple, strict=True):
            (folder / f"{number}.{kind}").write_bytes(data)
    node = tools.require_node("Applying deltas as a phone does")
    command = [node, _BENCH / "_phone.mjs", module, tools.bundle("delta"), folder]
    done = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE)
    answer = json.loads(done.stdout)
    if answer["applied"] != len(deltas):
        raise RuntimeError(f"{answer['applied']} of {len(deltas)} deltas were applied.")
    return Applied(answer["wrong"], answer["slowest"])
