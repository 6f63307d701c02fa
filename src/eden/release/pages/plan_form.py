"""A release's plan as a form, and back: nothing typed is lost, and every mistake is told at its field. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from eden.console.forms import Form
from eden.release.interfaces import Guardrails, Plan, Step
from eden.release.pages.rule_form import NotJSON, RuleForm, lines, read_rule, row_places, rule_form, rule_json
from eden.release.rules_plan import MAX_STEPS

#: seconds
UNITS = {"minutes": 60, "hours": 3600, "days": 86_400}
_USUAL = Guardrails()


@dataclass
class StepForm:
    """One step as it is typed. Shares are percent, times of windows are UTC."""

    name: str = ""
    lists: list[str] = field(default_factory=list)
    patterns: str = ""
    rule: RuleForm = field(default_factory=RuleForm)
    share: str = ""
    opens: str = ""
    closes: str = ""
    cap: str = ""
    minimum: str = ""
    minimum_unit: str = "hours"
    advance: str = "manual"
    ramp: bool = False
    factor: str = "2"
    every: str = "2"
    every_unit: str = "hours"
    start: str = ""
    crash: bool = _USUAL.crash
    starting: bool = _USUAL.start
    error: bool = _USUAL.error
    control: bool = _USUAL.control
    alpha: str = "5"
    limit: str = "20"
    minimum_starts: str = ""

    @property
    def lasts(self) -> int | None:
        """Seconds that the step lasts at least; None when nothing, or nothing that can be read, is written."""
        return _Writer("").length("minimum", self.minimum, self.minimum_unit, "minimum")


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a field: its id, a word for a sentence of the catalogue, and the sentence in English of who
    checks plans ("" when the form found it)."""

    field: str
    kind: str
    sentence: str = ""


def read_steps(form: Form) -> list[StepForm]:
    """The steps of a form, in their order."""
    count = min(max(0, form.number("steps")), MAX_STEPS)
    return [_read_step(form, f"step-{index}-") for index in range(count)]


def _read_step(form: Form, prefix: str) -> StepForm:
    def one(name: str) -> str:
        return form.one(prefix + name)

    return StepForm(
        name=one("name"),
        lists=form.all(f"{prefix}lists"),
        patterns=one("patterns"),
        rule=read_rule(form, prefix),
        share=one("share"),
        opens=one("opens"),
        closes=one("closes"),
        cap=one("cap"),
        minimum=one("minimum"),
        minimum_unit=_unit(one("minimum-unit")),
        advance="auto" if one("advance") == "auto" else "manual",
        ramp=form.on(f"{prefix}ramp"),
        factor=one("factor"),
        every=one("every"),
        every_unit=_unit(one("every-unit")),
        start=one("start"),
        crash=form.on(f"{prefix}crash"),
        starting=form.on(f"{prefix}starting"),
        error=form.on(f"{prefix}error"),
        control=form.on(f"{prefix}control"),
        alpha=one("alpha"),
        limit=one("limit"),
        minimum_starts=one("minimum-starts"),
    )


def _unit(text: str) -> str:
    return text if text in UNITS else "hours"


def step_form(step: Step) -> StepForm:
    """The form of a step of a plan."""
    audience, guards, window = step.audience, step.guardrails, step.window
    minimum, minimum_unit = _length(step.minimum_seconds)
    made = StepForm(
        name=step.name,
        lists=list(audience.lists),
        patterns="\n".join(audience.patterns),
        rule=rule_form(audience.rule),
        share=_hundredths(audience.share) if audience.share else "",
        opens=_moment(window.opens_at) if window else "",
        closes=_moment(window.closes_at) if window else "",
        cap="" if step.cap is None else str(step.cap),
        minimum=minimum if step.minimum_seconds else "",
        minimum_unit=minimum_unit,
        advance=step.advance,
        crash=guards.crash,
        starting=guards.start,
        error=guards.error,
        control=guards.control,
        alpha=_hundredths(guards.alpha),
        limit="" if guards.limit is None else _hundredths(guards.limit),
        minimum_starts=str(guards.minimum_starts) if guards.minimum_starts else "",
    )
    if step.ramp is not None:
        made.ramp = True
        made.factor = _hundredths(step.ramp.factor)
        made.every, made.every_unit = _length(step.ramp.every)
        made.start = "" if step.ramp.start is None else _hundredths(step.ramp.start)
    return made


def plan_forms(plan: Plan) -> list[StepForm]:
    return [step_form(step) for step in plan.steps]


def _hundredths(number: int) -> str:
    whole, rest = divmod(number, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".")


def _length(seconds: int) -> tuple[str, str]:
    """In the largest unit that it is a whole number of; else minutes with a fraction."""
    if not seconds:
        return "", "hours"
    unit = next((name for name in ("days", "hours") if seconds % UNITS[name] == 0), "minutes")
    return _fraction(seconds, UNITS[unit]), unit


def _fraction(seconds: int, unit: int) -> str:
    if seconds % unit == 0:
        return str(seconds // unit)
    return f"{seconds / unit:.4f}".rstrip("0")


def _moment(at: int | None) -> str:
    if at is None:
        return ""
    moment = datetime.fromtimestamp(at // 1_000_000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S" if moment.second else "%Y-%m-%dT%H:%M")


# to JSON


class _Writer:
    """One step on its way to JSON; what cannot be read is noted and left out, so that the rest is checked too."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.mistakes: list[Mistake] = []

    def note(self, name: str, kind: str) -> None:
        self.mistakes.append(Mistake(self.prefix + name, kind))

    def hundredths(self, name: str, text: str, kind: str) -> int | None:
        """A number with at most two digits after the point, in hundredths; None for nothing."""
        if not text:
            return None
        found = re.fullmatch(r"(\d{1,4})(?:[.,](\d{1,2}))?\s*%?", text, re.ASCII)
        if found is None:
            self.note(name, kind)
            return None
        return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))

    def whole(self, name: str, text: str, kind: str) -> int | None:
        plain = re.sub(r"[ ,_]", "", text)
        if not plain:
            return None
        if not re.fullmatch(r"\d{1,15}", plain, re.ASCII):
            self.note(name, kind)
            return None
        return int(plain)

    def length(self, name: str, text: str, unit: str, kind: str) -> int | None:
        """Seconds."""
        if not text:
            return None
        found = re.fullmatch(r"\d{1,7}(?:[.,]\d{1,4})?", text, re.ASCII)
        if found is None:
            self.note(name, kind)
            return None
        return round(float(found[0].replace(",", ".")) * UNITS[unit])

    def moment(self, name: str, text: str) -> str | None:
        if not text:
            return None
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", text, re.ASCII):
            self.note(name, "window")
            return None
        return text + (":00Z" if len(text) == 16 else "Z")


def step_json(step: StepForm, prefix: str) -> tuple[dict[str, Any], list[Mistake]]:
    """The step as `check_plan` reads it, and what the form itself found wrong."""
    writer = _Writer(prefix)
    try:
        rule = rule_json(step.rule)
    except NotJSON:
        rule = None
        writer.note("json", "json")
    audience = {
        "lists": step.lists,
        "patterns": lines(step.patterns),
        "rule": rule,
        "share": writer.hundredths("share", step.share, "share") or 0,
    }
    opens, closes = writer.moment("opens", step.opens), writer.moment("closes", step.closes)
    value: dict[str, Any] = {
        "name": step.name,
        "audience": audience,
        "window": {"from": opens, "until": closes} if opens or closes else None,
        "cap": writer.whole("cap", step.cap, "cap"),
        "ramp": None,
        "minimum_seconds": writer.length("minimum", step.minimum, step.minimum_unit, "minimum") or 0,
        "advance": step.advance,
        "guardrails": {
            "crash": step.crash,
            "start": step.starting,
            "error": step.error,
            "control": step.control,
            "limit": writer.hundredths("limit", step.limit, "guardrails"),
            "minimum_starts": writer.whole("minimum-starts", step.minimum_starts, "guardrails") or 0,
        },
    }
    if (alpha := writer.hundredths("alpha", step.alpha, "guardrails")) is not None:
        value["guardrails"]["alpha"] = alpha
    if step.ramp:
        ramp = {
            "factor": writer.hundredths("factor", step.factor, "ramp"),
            "every": writer.length("every", step.every, step.every_unit, "ramp"),
            "start": writer.hundredths("start", step.start, "ramp"),
        }
        # an empty field is told once, by who checks plans
        value["ramp"] = {name: number for name, number in ramp.items() if number is not None}
    return value, writer.mistakes


def steps_json(steps: list[StepForm], first: int = 0) -> tuple[list[dict[str, Any]], list[Mistake]]:
    """All steps; fields of the first one are called "step-FIRST-…"."""
    values, mistakes = [], []
    for index, step in enumerate(steps, first):
        value, found = step_json(step, f"step-{index}-")
        values.append(value)
        mistakes += found
    return values, mistakes


#: what a path inside a step begins with → the field, and the kind of sentence
_PLACES = (
    ("name", "name", "name"),
    ("audience.lists", "lists", "lists"),
    ("audience.patterns", "patterns", "patterns"),
    ("audience.share", "share", "share"),
    ("audience", "share", "reach"),
    ("window.from", "opens", "window"),
    ("window.until", "closes", "window"),
    ("window", "opens", "window"),
    ("cap", "cap", "cap"),
    ("ramp.every", "every", "ramp"),
    ("ramp.start", "start", "ramp"),
    ("ramp", "factor", "ramp"),
    ("minimum_seconds", "minimum", "minimum"),
    ("guardrails.limit", "limit", "guardrails"),
    ("guardrails.minimum_starts", "minimum-starts", "guardrails"),
    ("guardrails", "alpha", "guardrails"),
)


def place_problem(path: str, sentence: str, steps: list[StepForm], first: int = 0) -> Mistake:
    """Where a problem of `check_plan` belongs in the form; `steps[0]` of the path is the form's step `first`."""
    found = re.fullmatch(r"(?:plan\.)?steps\[(\d+)\](?:\.(.*))?", path)
    if found is None:
        return Mistake("add-step", "plan", sentence)
    index, inner = int(found[1]), found[2] or ""
    prefix = f"step-{index}-"
    if inner.startswith("audience.rule"):
        rule = steps[index - first].rule if 0 <= index - first < len(steps) else RuleForm()
        return Mistake(_rule_field(inner.removeprefix("audience.rule"), rule, prefix), "rule", sentence)
    for start, name, kind in _PLACES:
        if inner.startswith(start):
            return Mistake(prefix + name, kind, sentence)
    return Mistake(f"{prefix}name", "plan", sentence)


def _rule_field(path: str, rule: RuleForm, prefix: str) -> str:
    if rule.mode != "rows":
        return f"{prefix}json"
    path = path.lstrip(".")
    for place, start in row_places(rule, prefix):
        if path.startswith(place):
            inside = path.removeprefix(place).lstrip(".")
            known = {"attribute": "attribute", "operator": "operator", "from": "low", "to": "high", "list": "list"}
            return start + next((name for word, name in known.items() if inside.startswith(word)), "values")
    return f"{prefix}share"
