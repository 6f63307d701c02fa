"""Release plans: from JSON, everything that is wrong told at once; to JSON; and ready-made ones.

    {"steps": [{"name": "1 %", "audience": {"lists": [ID], "patterns": [REGEX], "rule": RULE, "share": 100},
                "window": {"from": "2026-05-01T08:00:00Z", "until": null}, "cap": 5000,
                "ramp": {"factor": 200, "every": 7200, "start": 10}, "minimum_seconds": 3600, "advance": "manual",
                "guardrails": {"crash": true, "start": true, "error": false, "alpha": 500, "control": true,
                               "limit": 2000, "minimum_starts": 0}}]}

Only `name` and `audience` must be there. Moments are RFC 3339 or µs. Whoever an earlier step's lists or patterns name
stays included in every later step (`reach`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from eden.base.problems import Problem
from eden.base.targeting.language import MAX_TEXT
from eden.base.targeting.parsing import RuleError, dump, list_ids, parse
from eden.base.targeting.patterns import MAX_PLACES, TOO_MANY_PLACES, PatternError, check_pattern
from eden.release.interfaces import EVERYONE, Audience, Guardrails, Plan, Ramp, Step, Window
from eden.release.rules_reasons import percent

#: Steps of a plan; the longest ramps seen in other stores have seven.
MAX_STEPS: Final = 50
#: Lists and patterns of one plan: all of them are in the metadata that every phone downloads.
MAX_LISTS: Final = 100
MAX_PATTERNS: Final = 20
#: Characters of a step's name.
MAX_NAME: Final = 60
#: A ramp's period, in seconds: schedules look once a minute.
MIN_EVERY: Final = 60
#: A step that goes on by itself lasts at least this long, in seconds: nothing was seen before.
MIN_AUTO: Final = 60
#: The longest length of time in a plan: a year, in seconds.
MAX_SECONDS: Final = 366 * 86_400
#: False alarms allowed to guardrails, in basis points.
ALPHA: Final = (1, 5_000)
#: Problems that are told; a file that is none has thousands.
MAX_PROBLEMS: Final = 100

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)")


def check_plan(value: object, *, is_list: Callable[[str], bool]) -> Plan:
    """The plan that a JSON value is. `is_list` says whether a list with this id exists.

    Raises Problem "invalid" whose `errors` are all (path, sentence) pairs, such as ("steps[1].ramp.factor", "…").
    """
    reader = _Reader(is_list)
    plan = reader.plan(value)
    if reader.problems:
        raise Problem("invalid", "The plan cannot be used.", "Mend what is named.", errors=reader.problems)
    return plan


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """What `check_plan` reads, everything written out, moments as RFC 3339."""
    value: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(plan))
    for step in value["steps"]:
        if step["window"] is not None:
            step["window"] = {
                end: None if at is None else (_EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")
                for end, at in step["window"].items()
            }
    return value


def standard_plan(lists: Iterable[str] = (), patterns: Iterable[str] = ()) -> Plan:
    """Whitelist (where there is one), 1 %, 10 %, 50 %, everyone: a day each, but half an hour for the whitelist."""
    listed = Audience(lists=tuple(lists), patterns=tuple(patterns))
    steps = [Step(name="Whitelist", audience=listed, minimum_seconds=1_800)] if listed.lists or listed.patterns else []
    for share in (100, 1_000, 5_000):
        steps.append(Step(name=percent(share), audience=Audience(share=share), minimum_seconds=86_400))
    return Plan(steps=(*steps, Step(name="Everyone", audience=Audience(share=EVERYONE))))


def immediate_plan() -> Plan:
    """One step: everyone at once."""
    return Plan(steps=(Step(name="Everyone", audience=Audience(share=EVERYONE)),))


def reach(plan: Plan, index: int) -> Audience:
    """Whom the step at `index` reaches at its full share: its rule, and all lists and patterns so far."""
    audiences = [step.audience for step in plan.steps[: index + 1]]
    return Audience(
        lists=tuple(dict.fromkeys(list_id for audience in audiences for list_id in audience.lists)),
        patterns=tuple(dict.fromkeys(pattern for audience in audiences for pattern in audience.patterns)),
        rule=audiences[-1].rule,
        share=audiences[-1].share,
    )


def reaches_everyone(step: Step) -> bool:
    """Whether the step is for all devices: what a workspace may ask a review for."""
    return step.audience.share == EVERYONE and step.audience.rule in (None, {"everyone": True})


class _Reader:
    """One reading. What is wrong is noted and replaced, so that the rest is read too."""

    def __init__(self, is_list: Callable[[str], bool]) -> None:
        self.is_list = is_list
        self.problems: list[tuple[str, str]] = []
        #: the plan's patterns, all of which match at once in the end, and the places that each takes
        self.places: dict[str, int] = {}

    def note(self, path: str, sentence: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append((path, sentence))

    def plan(self, value: object) -> Plan:
        fields = self.fields(value, "", ("steps",), "A plan is an object with a list “steps”.")
        if fields is None:
            return immediate_plan()
        steps = fields.get("steps")
        if not isinstance(steps, list) or not 1 <= len(steps) <= MAX_STEPS:
            self.note("steps", f"Write a list of 1 to {MAX_STEPS} steps.")
            return immediate_plan()
        plan = Plan(steps=tuple(self.step(step, f"steps[{index}]") for index, step in enumerate(steps)))
        if not self.problems:  # what was replaced is not compared
            self.together(plan)
        return plan

    def step(self, value: object, path: str) -> Step:
        known = ("name", "audience", "window", "cap", "ramp", "minimum_seconds", "advance", "guardrails")
        fields = self.fields(value, path, known, "A step is an object with “name” and “audience”.")
        if fields is None:
            return Step(name="", audience=Audience())
        name = fields.get("name")
        if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME:
            self.note(f"{path}.name", f"Give the step a name of 1 to {MAX_NAME} characters.")
            name = ""
        audience = self.audience(fields.get("audience"), f"{path}.audience")
        minimum = self.number(fields, path, "minimum_seconds", (0, MAX_SECONDS), 0)
        advance = fields.get("advance", "manual")
        if advance not in ("manual", "auto"):
            self.note(f"{path}.advance", "Write “manual” or “auto”.")
        if advance == "auto" and minimum < MIN_AUTO:
            self.note(f"{path}.minimum_seconds", f"A step that goes on by itself lasts at least {MIN_AUTO} seconds.")
        return Step(
            name=name,
            audience=audience,
            window=self.window(fields.get("window"), f"{path}.window"),
            cap=self.optional(fields, path, "cap", (1, 2**53 - 1)),
            ramp=self.ramp(fields.get("ramp"), f"{path}.ramp", audience),
            minimum_seconds=minimum,
            advance="auto" if advance == "auto" else "manual",
            guardrails=self.guardrails(fields.get("guardrails"), f"{path}.guardrails"),
        )

    def audience(self, value: object, path: str) -> Audience:
        known = ("lists", "patterns", "rule", "share")
        fields = self.fields(value, path, known, "Say who is reached: lists, patterns, a rule, a share.")
        if fields is None:
            return Audience()
        before = len(self.problems)
        lists = self.texts(fields.get("lists"), f"{path}.lists")
        for index, list_id in lists:
            if not self.is_list(list_id):
                self.note(f"{path}.lists[{index}]", "There is no such list; make it first.")
        patterns = self.texts(fields.get("patterns"), f"{path}.patterns")
        for index, pattern in patterns:
            self.pattern(pattern, f"{path}.patterns[{index}]")
        rule = self.rule(fields.get("rule"), f"{path}.rule")
        share = self.number(fields, path, "share", (0, EVERYONE), 0)
        if len(self.problems) == before and fields.get("rule") is not None and share == 0:
            self.note(f"{path}.share", "The rule reaches nobody without a share; 10000 is everyone who satisfies it.")
        elif len(self.problems) == before and not lists and not patterns and share == 0:
            self.note(path, "It reaches nobody; give a list, a pattern or a share.")
        return Audience(
            lists=tuple(list_id for _, list_id in lists),
            patterns=tuple(pattern for _, pattern in patterns),
            rule=rule,
            share=share,
        )

    def pattern(self, pattern: str, path: str) -> None:
        if pattern in self.places or len(self.places) > MAX_PATTERNS:
            return
        before = sum(self.places.values())
        self.places[pattern] = 0
        if len(self.places) > MAX_PATTERNS:
            self.note(path, f"The plan has more than {MAX_PATTERNS} patterns; join some with | or use lists.")
        elif len(pattern) > MAX_TEXT:
            self.note(path, f"It has more than {MAX_TEXT} characters; shorten it.")
        else:
            try:
                self.places[pattern] = check_pattern(pattern)
            except PatternError as error:
                self.note(path, str(error))
            if before <= MAX_PLACES < before + self.places[pattern]:
                self.note(path, TOO_MANY_PLACES)

    def rule(self, value: object, path: str) -> Any:
        """The rule in its normal form, so that equal rules are equal values; null for everyone."""
        if value is None or value == {"everyone": True}:
            return None
        try:
            rule = parse(value)
        except RuleError as error:
            for problem in error.problems:
                inner = problem.path if problem.path[:1] in ("", "[") else f".{problem.path}"
                self.note(path + inner, problem.sentence)
            return None
        for list_id in sorted(list_ids(rule)):
            if not self.is_list(list_id):
                self.note(path, f"There is no list “{list_id}”; make it first.")
        return dump(rule)

    def window(self, value: object, path: str) -> Window | None:
        if value is None:
            return None
        fields = self.fields(value, path, ("from", "until"), "A window is an object with “from” and “until”.")
        if fields is None:
            return None
        opens_at = self.moment(fields.get("from"), f"{path}.from")
        closes_at = self.moment(fields.get("until"), f"{path}.until")
        if opens_at is not None and closes_at is not None and closes_at <= opens_at:
            self.note(f"{path}.until", "The window ends before it begins; let “until” be later than “from”.")
        return Window(opens_at=opens_at, closes_at=closes_at)

    def ramp(self, value: object, path: str, audience: Audience) -> Ramp | None:
        if value is None:
            return None
        known = ("factor", "every", "start")
        fields = self.fields(value, path, known, "A ramp is an object with “factor” (percent) and “every” (seconds).")
        if fields is None:
            return None
        if audience.share == 0:
            self.note(path, "A ramp needs a share to grow to; set the audience's share.")
        return Ramp(
            factor=self.number(fields, path, "factor", (101, 1_000), None),
            every=self.number(fields, path, "every", (MIN_EVERY, MAX_SECONDS), None),
            start=self.optional(fields, path, "start", (1, EVERYONE)),
        )

    def guardrails(self, value: object, path: str) -> Guardrails:
        if value is None:
            return Guardrails()
        known = Guardrails.__struct_fields__
        fields = self.fields(value, path, known, "Guardrails are an object.")
        if fields is None:
            return Guardrails()
        usual = Guardrails()
        switches = {}
        for name in ("crash", "start", "error", "control"):
            switches[name] = fields.get(name, getattr(usual, name))
            if not isinstance(switches[name], bool):
                self.note(f"{path}.{name}", "Write true or false.")
                switches[name] = True
        limit = self.optional(fields, path, "limit", (1, EVERYONE)) if "limit" in fields else usual.limit
        return Guardrails(
            **switches,
            alpha=self.number(fields, path, "alpha", ALPHA, usual.alpha),
            limit=limit,
            minimum_starts=self.number(fields, path, "minimum_starts", (0, 10_000_000), usual.minimum_starts),
        )

    def together(self, plan: Plan) -> None:
        """What is wrong between steps: a share or a cap that shrinks would take the version from somebody."""
        for index, (before, step) in enumerate(zip(plan.steps, plan.steps[1:], strict=False), 1):
            path, least = f"steps[{index}]", before.audience.share
            if step.audience.rule == before.audience.rule and step.audience.share < least:
                self.note(f"{path}.audience.share", f"It is less than the {percent(least)} of the step before it.")
            if step.cap is not None and before.cap is not None and step.cap < before.cap:
                self.note(f"{path}.cap", f"It is less than the {before.cap} devices of the step before it.")
        last = reach(plan, len(plan.steps) - 1)
        if len(last.lists) > MAX_LISTS:
            self.note("steps", f"The plan names more than {MAX_LISTS} lists; join some.")

    def fields(self, value: object, path: str, known: tuple[str, ...], what: str) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            self.note(path, what)
            return None
        for name in value:
            if name not in known:
                shown = str(name)[:40]
                self.note(f"{path}.{shown}".lstrip("."), f"Nothing has this name here; known are {', '.join(known)}.")
        return value

    def number(self, fields: dict[str, Any], path: str, name: str, span: tuple[int, int], usual: int | None) -> int:
        """A whole number within the span; without a usual one it must be there."""
        value = fields.get(name, usual)
        if isinstance(value, int) and not isinstance(value, bool) and span[0] <= value <= span[1]:
            return value
        self.note(f"{path}.{name}", f"Write a whole number from {span[0]} to {span[1]}.")
        return span[0]

    def optional(self, fields: dict[str, Any], path: str, name: str, span: tuple[int, int]) -> int | None:
        return None if fields.get(name) is None else self.number(fields, path, name, span, None)

    def texts(self, value: object, path: str) -> list[tuple[int, str]]:
        """The texts of a list with their places, each text once."""
        if value is None:
            return []
        if not isinstance(value, list):
            self.note(path, "Write a list of texts.")
            return []
        seen: dict[str, int] = {}
        for index, text in enumerate(value):
            if not isinstance(text, str) or not text:
                self.note(f"{path}[{index}]", "Write a text that is not empty.")
            else:
                seen.setdefault(text, index)
        return [(index, text) for text, index in seen.items()]

    def moment(self, value: object, path: str) -> int | None:
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53):
            return value
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            try:
                return (datetime.fromisoformat(value.upper()) - _EPOCH) // timedelta(microseconds=1)
            except ValueError:
                pass  # the 31st of February and the like
        self.note(path, "Write a moment with its time zone, such as 2026-05-01T08:00:00Z.")
        return None


__all__ = ["check_plan", "immediate_plan", "plan_to_json", "reach", "reaches_everyone", "standard_plan"]
