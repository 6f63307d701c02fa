"""Regulation as data: dated packs of rules for a region (`packs/*.toml`). Evaluating them is pure.

A pack says where it comes from, in which region and from when until when it holds; a rule may hold later than its pack.
`checked` says where its numbers were read, `unverified` what was not found. `reading` marks rules of which a lender
chooses one: "notice" (the text of 20 February 2021, which is in force), or "draft" (the stricter floors of a draft of
2020 that never was); rules without one hold in both. `kind` is one of the checks below, with its parameters in the
rule. A breach names rule, pack and day.
"""

from __future__ import annotations

import datetime
import hashlib
import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

_FOLDER = Path(__file__).parent / "packs"
READINGS: Final = ("notice", "draft")


class Facts(Struct, frozen=True, kw_only=True):
    """What packs look at. Amounts in cents, shares in basis points; the lender's own figures are those of the day.

    `owed` is what the borrower would owe to this lender with this loan; `outsourced` are steps done by others;
    `annual_cost` is the yearly rate of all costs; `territory` is where the borrower lives or trades. `borrower` is a
    person or an organisation, with its `yearly_income`. `partners` take part (platforms, guarantors, other lenders);
    `listed` are those of the lender's public list.
    """

    owed: int
    purpose: str = "business"
    is_bullet: bool = False
    term_months: int = 12
    annual_cost: int = 0
    territory: str = ""
    territories: tuple[str, ...] = ()
    is_branchless: bool = False
    outsourced: tuple[str, ...] = ()
    is_joint: bool = False
    own_share: int = 10_000
    partner_exposure: int = 0
    tier_1: int = 0
    joint_loans: int = 0
    all_loans: int = 0
    borrower: str = "person"
    yearly_income: int = 0
    partners: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()


class Breach(Struct, frozen=True):
    """A rule that forbids a loan: its name, its pack, since when it holds; in Chinese and English."""

    rule: str
    pack: str
    since: str
    zh: str
    en: str


class Ruling(Struct, frozen=True):
    """What the packs say: breaches; duties such as {"cooling-off-days": 14}; the packs asked and their SHA-256."""

    breaches: tuple[Breach, ...]
    duties: dict[str, int]
    packs: dict[str, str]


def _partner_share(facts: Facts, rule: Mapping[str, Any]) -> bool:
    return facts.is_joint and 10_000 - facts.own_share < int(rule["least"])


def _own_share(facts: Facts, rule: Mapping[str, Any]) -> bool:
    return facts.is_joint and facts.own_share < int(rule["least"])


def _partner_exposure(facts: Facts, rule: Mapping[str, Any]) -> bool:
    return facts.is_joint and facts.partner_exposure * 10_000 > facts.tier_1 * int(rule["most"])


def _joint_loans(facts: Facts, rule: Mapping[str, Any]) -> bool:
    return facts.is_joint and facts.joint_loans * 10_000 > facts.all_loans * int(rule["most"])


def _territory(facts: Facts, _rule: Mapping[str, Any]) -> bool:
    inside = any(facts.territory.startswith(area) for area in facts.territories)
    return not facts.is_branchless and not inside


def _outsourced(facts: Facts, rule: Mapping[str, Any]) -> bool:
    return bool(set(rule["steps"]) & set(facts.outsourced))


def _is_concerned(facts: Facts, rule: Mapping[str, Any]) -> bool:
    purpose, borrower = rule.get("purpose", facts.purpose), rule.get("borrower", facts.borrower)
    return bool(purpose == facts.purpose and borrower == facts.borrower)


def _borrower_cap(facts: Facts, rule: Mapping[str, Any]) -> bool:
    return _is_concerned(facts, rule) and facts.owed > int(rule["most"])


def _income_cap(facts: Facts, rule: Mapping[str, Any]) -> bool:
    return _is_concerned(facts, rule) and facts.owed * 10_000 > facts.yearly_income * int(rule["most"])


def _unlisted_partner(facts: Facts, _rule: Mapping[str, Any]) -> bool:
    return not set(facts.partners) <= set(facts.listed)


def _bullet_term(facts: Facts, rule: Mapping[str, Any]) -> bool:
    return _is_concerned(facts, rule) and facts.is_bullet and facts.term_months > int(rule["most"])


def _annual_cost(facts: Facts, rule: Mapping[str, Any]) -> bool:
    return facts.annual_cost > int(rule["most"])


CHECKS: Final[dict[str, Callable[[Facts, Mapping[str, Any]], bool]]] = {
    "partner-share": _partner_share,
    "own-share": _own_share,
    "partner-exposure": _partner_exposure,
    "joint-loans": _joint_loans,
    "territory": _territory,
    "outsourced": _outsourced,
    "borrower-cap": _borrower_cap,
    "income-cap": _income_cap,
    "unlisted-partner": _unlisted_partner,
    "bullet-term": _bullet_term,
    "annual-cost": _annual_cost,
}


def evaluate(
    facts: Facts,
    on: datetime.date,
    region: str,
    reading: str = "notice",
    names: Mapping[str, str] | None = None,
) -> Ruling:
    """What the packs of a region say of a loan on a day.

    With `names` (pack → SHA-256) exactly those are asked, as they were: LookupError when one is gone or has changed.
    Raises ValueError for a reading that does not exist.
    """
    if reading not in READINGS:
        raise ValueError(f"a reading is one of {', '.join(READINGS)}")
    asked = _asked(on, region, reading, None if names is None else frozenset(names.items()))
    breaches = tuple(breach for check, rule, breach in asked.checks if check(facts, rule))
    return Ruling(breaches, dict(asked.duties), dict(asked.packs))


class _Asked(Struct, frozen=True):
    """The rules of a day: checks with their rule and what is said when it is broken."""

    checks: tuple[tuple[Callable[[Facts, Mapping[str, Any]], bool], Mapping[str, Any], Breach], ...]
    duties: dict[str, int]
    packs: dict[str, str]


@lru_cache(maxsize=256)
def _asked(on: datetime.date, region: str, reading: str, given: frozenset[tuple[str, str]] | None) -> _Asked:
    names = None if given is None else dict(given)
    checks = []
    duties: dict[str, int] = {}
    asked: dict[str, str] = {}
    for name, (pack, sha256) in _packs().items():
        if (names is None and not _holds(pack, on)) or pack["region"] != region:
            continue
        if names is not None and names.get(name, sha256) != sha256:
            raise LookupError(f"packs/{name}.toml has changed: put the file back that has SHA-256 {names[name]}")
        if names is not None and name not in names:
            continue
        asked[name] = sha256
        for rule in pack["rule"]:
            since = rule.get("from", pack["from"])
            if since > on or rule.get("reading", reading) != reading:
                continue
            if rule["kind"] == "duty":
                duties[rule["name"]] = max(duties.get(rule["name"], 0), rule["value"])
            else:
                breach = Breach(rule["name"], name, since.isoformat(), rule["zh"], rule["en"])
                checks.append((CHECKS[rule["kind"]], rule, breach))
    if names is not None and set(names) - set(asked):
        raise LookupError(f"packs are gone: {', '.join(sorted(set(names) - set(asked)))}")
    return _Asked(tuple(checks), duties, asked)


def _holds(pack: Mapping[str, Any], on: datetime.date) -> bool:
    return bool(pack["from"] <= on and on <= pack.get("until", datetime.date.max))


@lru_cache(maxsize=1)
def _packs() -> dict[str, tuple[dict[str, Any], str]]:
    contents = {path.stem: path.read_bytes() for path in sorted(_FOLDER.glob("*.toml"))}
    return {
        name: (tomllib.loads(content.decode()), hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    }
