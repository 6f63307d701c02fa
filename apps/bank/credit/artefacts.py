"""The files that decisions are made by: rules and models. Old ones stay, so that old decisions can be repeated.

rules/NAME.json       {"product", "from", "grades", "share", "step", "table"}
scorecards/NAME.json  what `train` wrote
"""

from __future__ import annotations

import datetime
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from bank.credit import policy
from bank.credit.policy import Policy
from bank.credit.scorecard import Scorer

_ROOT = Path(__file__).parent


class Versions(msgspec.Struct, frozen=True):
    """By which files a decision is made: name and SHA-256 of the rules and of the model; `packs` name theirs."""

    rules: str
    rules_sha256: str
    model: str
    model_sha256: str
    packs: dict[str, str]


@lru_cache(maxsize=64)
def load(folder: str, name: str) -> tuple[dict[str, Any], str]:
    """A file's content and SHA-256. Raises LookupError when there is none of this name."""
    path = _ROOT / folder / f"{name}.json"
    if not name.replace("-", "").isalnum() or not path.is_file():
        raise LookupError(f"there is no file {folder}/{name}.json: decisions made by it cannot be repeated")
    content = path.read_bytes()
    return msgspec.json.decode(content), hashlib.sha256(content).hexdigest()


def checked(folder: str, name: str, sha256: str) -> dict[str, Any]:
    """A file's content if it is still what it was. Raises LookupError when it is not."""
    content, now = load(folder, name)
    if now != sha256:
        raise LookupError(f"{folder}/{name}.json has changed: put the file back that has SHA-256 {sha256}")
    return content


@lru_cache(maxsize=64)
def table(name: str) -> Policy:
    """A rule file's decision table, compiled."""
    return policy.compiled(load("rules", name)[0]["table"])


@lru_cache(maxsize=64)
def scorer(name: str) -> Scorer:
    """A model, compiled."""
    return Scorer(load("scorecards", name)[0])


def rules_for(product: str, on: datetime.date) -> str:
    """The name of the rules that hold for a product on a day. Raises LookupError when none do."""
    found = []
    for path in (_ROOT / "rules").glob("*.json"):
        content = load("rules", path.stem)[0]
        if content["product"] == product and datetime.date.fromisoformat(content["from"]) <= on:
            found.append((content["from"], path.stem))
    if not found:
        raise LookupError(f"no rules hold for the product {product} on {on}")
    return max(found)[1]
