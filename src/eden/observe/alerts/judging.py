"""What a look means: pure rules from a number to a state. Time and storage come in as arguments."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec.structs import replace

from eden.observe.alerts.interfaces import (
    COURSE,
    AlertRule,
    AlertState,
    AskedNumber,
    Change,
    Compared,
    Condition,
    Memory,
    Reading,
    Sequential,
    SqlNumber,
    Threshold,
)
from eden.observe.questions import interfaces as ask

#: what is to be done about the incident
Turn: TypeAlias = Literal["", "open", "resolve"]
#: µs after which a comparison without numbers is trouble
_PATIENCE = 3600 * 1_000_000
#: questions whose answer is one number
_NUMBERS = (ask.Trend, ask.Funnel, ask.Percentiles, ask.Retention)


def mistakes(rule: AlertRule) -> list[tuple[str, str]]:
    """What does not fit together: (field, sentence)."""
    subject, condition = rule.subject, rule.condition
    found = []
    if isinstance(subject, Compared) != isinstance(condition, Sequential):
        found.append(("condition", "A comparison is judged sequentially, and nothing else is."))
    if isinstance(subject, AskedNumber):
        if not isinstance(subject.question, _NUMBERS):
            found.append(("subject.question", "An alert needs a trend, a funnel, percentiles or a retention."))
        elif getattr(subject.question, "breakdown", None) is not None:
            found.append(("subject.question", "An alert looks at one number: leave out the breakdown."))
        elif isinstance(condition, Change) and not subject.question.period.last:
            found.append(("subject.question", "A change needs a period that ends now, such as 24h."))
    if isinstance(subject, Compared):
        if subject.measure != "mean" and not (subject.over.names or subject.over.filters):
            found.append(("subject.over", "A share or rate needs the events that it is counted over."))
        if subject.new == "all" and subject.baseline is None:
            found.append(("subject.new", "All versions can be compared with a known value only."))
        if subject.measure != "mean" and subject.baseline is not None and subject.baseline <= 0:
            found.append(("subject.baseline", "The known value must be above 0."))
        if subject.measure == "share" and subject.baseline is not None and subject.baseline >= 1:
            found.append(("subject.baseline", "A share is below 1."))
    return found


def read(condition: Condition, value: float | None, before: float | None = None) -> Reading:
    """A number held against a threshold, or against that of the period before. Without a number there is no trouble
    but a missing one."""
    if value is None:
        return Reading()
    if isinstance(condition, Threshold):
        above = condition.direction == "above"
        trouble = value > condition.value if above else value < condition.value
        return Reading(value=value, limit=condition.value, trouble=trouble)
    assert isinstance(condition, Change)
    if before is None:
        return Reading()
    allowed = abs(before) * condition.percent / 100
    more, less = value > before + allowed, value < before - allowed
    trouble = (more and condition.direction != "less") or (less and condition.direction != "more")
    limit = before - allowed if condition.direction == "less" else before + allowed
    return Reading(value=value, limit=limit, trouble=trouble, more={"before": before})


def judge(
    rule: AlertRule, state: AlertState, memory: Memory, reading: Reading, at: int
) -> tuple[AlertState, Memory, Turn]:
    """The state after a look at `at` (seconds), and what becomes of the incident.

    An incident opens after `rule.looks` troubled looks in a row and ends after as many calm ones. Silence does not end
    it; it makes a state of its own, which opens an incident when the rule says that missing numbers are told.
    """
    finding: Literal["trouble", "calm", "missing"] = (
        "missing" if reading.value is None else "trouble" if reading.trouble else "calm"
    )
    streak = memory.streak + 1 if finding == memory.finding else 1
    course = (*memory.course, (at, reading.value, reading.limit))[-COURSE:]
    memory = replace(memory, finding=finding, streak=streak, course=course, last=reading, trouble="")
    if streak < rule.looks:
        return state, memory, ""
    if finding == "trouble":
        return AlertState.FIRING, memory, "open"
    if finding == "calm":
        return AlertState.OK, memory, "resolve"
    # of a comparison that has just begun nothing is missing yet
    is_young = memory.betting is not None and at * 1_000_000 < memory.betting.begun + _PATIENCE
    return AlertState.NO_DATA, memory, "open" if rule.missing == "tell" and not is_young else ""


def subject_word(rule: AlertRule) -> Literal["question", "sql", "comparison"]:
    """What a rule looks at, in one word."""
    if isinstance(rule.subject, SqlNumber):
        return "sql"
    return "question" if isinstance(rule.subject, AskedNumber) else "comparison"
