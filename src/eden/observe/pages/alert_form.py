"""The form of an alert, and what it means. What it has no words for, such as a question written by hand, stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite, nan
from typing import Any, Literal, TypeAlias

import msgspec

from eden.base.problems import Problem
from eden.console.forms import Form
from eden.observe.alerts.interfaces import (
    AlertRule,
    AskedNumber,
    Change,
    Compared,
    Email,
    Service,
    SqlNumber,
    Threshold,
    Webhook,
)
from eden.observe.alerts.judging import subject_word
from eden.observe.alerts.rows import Alert
from eden.observe.alerts.service import Kept, Wanted
from eden.observe.questions.interfaces import Events, Filter, Measure, Percentiles, Period, Question, Trend

Of: TypeAlias = Literal["question", "sql", "comparison"]
OFS: tuple[Of, ...] = ("question", "sql", "comparison")

_ERRORS = Events(names=("$error",))
_FATAL = Events(names=("$error",), filters=(Filter(property="props.fatal", operator="is", values=("true",)),))
_LAUNCHES = Events(names=("$launch",))
_REQUESTS = Events(names=("$request",))
_FAILED = Events(filters=(Filter(property="props.failure", operator="set"),))
_FAILED_REQUESTS = msgspec.structs.replace(_FAILED, names=("$request",))
_WHITE = Events(names=("$white_screen",))

#: numbers that can be chosen
NUMBERS: Mapping[str, Callable[[Period], Question]] = {
    "people": lambda period: Trend(period=period, measure=Measure(kind="persons")),
    "launches": lambda period: Trend(period=period, events=_LAUNCHES),
    "crashes": lambda period: Trend(period=period, events=_FATAL),
    "errors": lambda period: Trend(period=period, events=_ERRORS),
    "white": lambda period: Trend(period=period, events=_WHITE),
    "failed": lambda period: Trend(
        period=period, events=_FAILED_REQUESTS, measure=Measure(kind="ratio", over=_REQUESTS)
    ),
    "start": lambda period: Percentiles(period=period, events=_LAUNCHES, percentiles=(95.0,)),
}
#: the time that they are about; in units so small that it always reaches back as far
PERIODS = ("15m", "60m", "24h", "7d")
#: comparisons that can be chosen
COMPARISONS: Mapping[str, Compared] = {
    "crashes": Compared(measure="rate", events=_FATAL, over=_LAUNCHES),
    "errors": Compared(measure="rate", events=_ERRORS, over=_LAUNCHES),
    "white": Compared(measure="rate", events=_WHITE, over=_LAUNCHES),
    "failed": Compared(measure="share", events=_FAILED, over=_REQUESTS),
    "start": Compared(measure="mean", events=_LAUNCHES),
}
ALPHAS = (0.001, 0.01, 0.05)
EVERY = (30, 60, 300, 900, 3600)
AGAIN = (0, 3600, 6 * 3600, 86_400)


def fields(rule: AlertRule | None) -> dict[str, str]:
    """What the form's fields have for a rule; of none, for a new one."""
    if rule is None:
        return {"number": "crashes", "period": "60m", "compared": "crashes", "new": "", "when": "above",
                "alpha": "0.01", "direction": "more", "looks": "1", "every": "60", "again": "86400"}  # fmt: skip
    found = {"looks": str(rule.looks), "every": str(rule.every), "again": str(rule.again)}
    found["missing"] = "yes" if rule.missing == "tell" else ""
    found["halt"] = "yes" if rule.halt else ""
    subject, condition = rule.subject, rule.condition
    if isinstance(subject, SqlNumber):
        found["sql"] = subject.sql
    elif isinstance(subject, AskedNumber):
        found |= {"number": "", "period": subject.question.period.last}
        for key, make in NUMBERS.items():
            if make(subject.question.period) == subject.question:
                found["number"] = key
    else:
        plain = msgspec.structs.replace(subject, new="newest", control=(), baseline=None)
        found["compared"] = next((key for key, one in COMPARISONS.items() if one == plain), "")
        found["new"] = {"newest": "", "all": "all"}.get(str(subject.new), "") or (
            ", ".join(str(code) for code in subject.new) if not isinstance(subject.new, str) else ""
        )
        found["control"] = ", ".join(str(code) for code in subject.control)
        found["baseline"] = "" if subject.baseline is None else f"{subject.baseline:.15g}"
    if isinstance(condition, Threshold):
        found |= {"when": condition.direction, "value": f"{condition.value:.15g}"}
    elif isinstance(condition, Change):
        found |= {"when": f"change-{condition.direction}", "value": f"{condition.percent:.15g}"}
    else:
        found |= {"alpha": f"{condition.alpha:.15g}", "direction": condition.direction}
    return found


def read_rule(form: Form, of: Of, before: AlertRule | None) -> AlertRule:
    """The rule that a form means. Problem `invalid` naming the fields."""
    kept = before if before is not None and subject_word(before) == of else None
    errors: list[tuple[str, str]] = []

    def number(name: str) -> float:
        try:
            found = float(form.one(name))
        except ValueError:
            found = nan
        if not isfinite(found):
            errors.append((name, "a number is needed"))
            return 0.0
        return found

    def codes(name: str) -> list[int]:
        parts = [part.strip() for part in form.one(name).replace("，", ",").split(",") if part.strip()]
        if any(not part.isascii() or not part.isdigit() for part in parts):
            errors.append((name, "numbers of versions with commas between are needed"))
            return []
        return [int(part) for part in parts]

    subject: dict[str, Any]
    condition: dict[str, Any]
    if of == "sql":
        subject = {"of": "sql", "sql": form.one("sql").replace("\r\n", "\n")}
    elif of == "question":
        subject = {"of": "question", "question": _question(form, kept)}
    else:
        chosen = COMPARISONS.get(form.one("compared"))
        if chosen is None and kept is not None and isinstance(kept.subject, Compared):
            chosen = kept.subject
        new = form.one("new")
        subject = msgspec.to_builtins(chosen or COMPARISONS["crashes"]) | {
            "new": "newest" if not new else "all" if new == "all" else codes("new"),
            "control": codes("control"),
            "baseline": number("baseline") if form.one("baseline") else None,
        }
    when = form.one("when")
    if of == "comparison":
        condition = {"when": "sequential", "direction": form.one("direction"), "alpha": number("alpha")}
    elif when.startswith("change-"):
        condition = {"when": "change", "direction": when.removeprefix("change-"), "percent": number("value")}
    else:
        condition = {"when": "threshold", "direction": when, "value": number("value")}
    rule = {
        "subject": subject,
        "condition": condition,
        "looks": form.number("looks"),
        "every": form.number("every"),
        "again": form.number("again"),
        "missing": "tell" if form.on("missing") else "ignore",
        "halt": form.on("halt"),
    }
    if errors:
        raise Problem("invalid", "The alert cannot be read.", errors=errors)
    try:
        return msgspec.convert(rule, AlertRule)
    except msgspec.ValidationError as error:
        sentence, _, path = str(error).partition(" - at `$.")
        raise Problem("invalid", sentence, errors=[(path.rstrip("`"), sentence)]) from None


def _question(form: Form, kept: AlertRule | None) -> Any:
    make = NUMBERS.get(form.one("number"))
    last = form.one("period", "60m")
    if make is not None:
        return msgspec.to_builtins(make(Period(last=last)))
    if kept is not None and isinstance(kept.subject, AskedNumber):
        return msgspec.to_builtins(kept.subject.question)
    raise Problem("invalid", "Choose a number.", errors=[("number", "choose one")])


def read_channels(form: Form, there: Alert | None) -> list[Wanted]:
    """Channels that stay, and a new one if its fields are filled in. Problem `invalid` naming the field."""
    removed = set(form.all("remove"))
    wanted: list[Wanted] = [] if there is None else [Kept(id=one.id) for one in there.channels if one.id not in removed]
    kind, address = form.one("channel"), form.one("address")
    made: dict[str, Any] | None = None
    if kind == "email" and (address or form.one("to")):
        to = [part.strip() for part in form.one("to").replace("，", ",").split(",") if part.strip()]
        made = {"by": "email", "server": address, "sender": form.one("sender"), "to": to}
    elif kind in ("webhook", "apprise") and address:
        made = {"by": kind, "url": address}
    if made is not None:
        try:
            wanted.append(msgspec.convert(made, Webhook | Email | Service))
        except msgspec.ValidationError as error:
            sentence, _, path = str(error).partition(" - at `$.")
            field = {"sender": "sender", "to": "to"}.get(path.partition("[")[0].rstrip("`"), "address")
            raise Problem("invalid", sentence, errors=[(field, sentence)]) from None
    return wanted
