"""How many go all the way, and how long it takes.

ClickHouse's `windowFunnel` is not used: it knows one window and no times, and its answer depends on the order of rows
with the same time. Here the moments of a person are put in order as numbers, and attempts are followed through them
step by step. An attempt takes the first event of its next step, so all attempts that wait for the same step go on
together, and the one that began last has the most time left: one number for every moment is enough.

    moments    1  1  2  3  1  x  2     steps that the person's events meet; x ends attempts
    began 1    a  b  .  .  c  .  .     an attempt begins at each first step
    began 2    .  .  b  .  .  .  .     the latest that waits (a goes with it); c was ended
    began 3    .  .  .  b  .  .  .

Every step takes time linear in the number of moments (`arrayFill`). The way that is told, for times and groups, is
found backwards: the first moment at which the furthest step was reached, the latest one of the step before, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eden.base.problems import Problem
from eden.observe.questions import sql_funnel_unordered
from eden.observe.questions.interfaces import QUIET, Events, Funnel
from eden.observe.questions.results import OTHER, FunnelGroup, FunnelResult, FunnelStep, Key
from eden.observe.questions.statements import Asking, Build, Rows, Statement, disjunction
from eden.observe.questions.times import Range, before, resolve

#: a moment is its milliseconds, and its rank in so many lower bits
_BITS = 5
_MASK = (1 << _BITS) - 1


def ask(question: Funnel, app: int, now: int) -> Asking[FunnelResult]:
    _check(question)
    found = resolve(question.period, now)
    wanted = [statement(question, Build(app, now), found)]
    if question.compare:
        earlier = before(question.period, found)
        wanted.append(statement(question, Build(app, now), earlier, name="before", grouped=False))
    answers = yield wanted
    groups = _groups(question, answers[0])
    whole = groups.pop(()) if () in groups else _group(question, (), None)
    earlier_whole = None
    if question.compare:
        earlier_whole = _groups(question, answers[1]).get((), _group(question, (), None))
    shown = sorted(groups.values(), key=lambda group: (OTHER in group.key, -group.steps[0].reached, group.key))
    return FunnelResult(whole=whole, groups=shown, before=earlier_whole)


def statement(question: Funnel, build: Build, found: Range, *, name: str = "funnel", grouped: bool = True) -> Statement:
    """Rows: the group's properties (None, …: everybody), then for each step how many reached it, and from the second
    on the median and the ninth decile of milliseconds since the step before."""
    steps = len(question.steps)
    by = question.breakdown.by if question.breakdown and grouped else ()
    groups = [f"g{number}" for number in range(len(by))]
    if question.order == "unordered":
        source = _unordered(question, build, found, by)
        columns = list(sql_funnel_unordered.columns(question))
    else:
        source = (_strict if question.order == "strict" else _ordered)(question, build, found, by)
        columns = _columns(question)
    # one SELECT around the other: an expression that is used twice would be written out twice each time
    for column in columns:
        source = f"SELECT *, {column} FROM ({source})"
    ways = f"SELECT {', '.join([*groups, *(f'u{step}' for step in range(1, steps + 1))])} FROM ({source})"
    numbers, states, merged = ["count() AS n1"], [], ["sum(n1)"]
    for step in range(2, steps + 1):
        since = f"{_time(question, f'u{step}')} - {_time(question, f'u{step - 1}')}"
        numbers.append(f"countIf(u{step} != 0) AS n{step}")
        states.append(f"quantilesExactIfState(0.5, 0.9)({since}, u{step} != 0) AS q{step}")
        merged += [f"sum(n{step})", f"quantilesExactIfMerge(0.5, 0.9)(q{step})"]
    by_group = f" GROUP BY {', '.join(groups)}" if groups else ""
    counted = f"SELECT {', '.join([*groups, *numbers, *states])} FROM ({ways}){by_group}"
    if groups:
        assert question.breakdown is not None
        place = f"row_number() OVER (ORDER BY n1 DESC, {', '.join(groups)})"
        top, other = build.bind(question.breakdown.top, "UInt32"), build.bind(OTHER, "String")
        shown = ", ".join(f"if(place <= {top}, {group}, {other}) AS {group}_" for group in groups)
        counted = f"SELECT *, {shown} FROM (SELECT *, {place} AS place FROM ({counted}))"
    keys = [f"{group}_" for group in groups]
    sets = f" GROUP BY GROUPING SETS (({', '.join(keys)}), ())" if groups else ""
    head = [f"if(grouping({key}) = 1, NULL, {key})" for key in keys]
    return build.done(name, f"SELECT {', '.join([*head, *merged])} FROM ({counted}){sets}")


def _ordered(question: Funnel, build: Build, found: Range, by: Sequence[str]) -> str:
    """`moments`: a person's moments in order, as numbers. A row is a moment for every step that it meets."""
    wanted = [step.events for step in question.steps] + [one.events for one in question.exclusions]
    conditions = [build.events(events) for events in wanted]
    ranks = _ranks(question) + [number for number, _ in enumerate(question.exclusions)]
    where = build.rows(found, question.filters, f"{question.unit} != ''", disjunction(conditions))
    touched, groups = _first_touch(build, by, conditions[0])
    return (
        f"SELECT {touched}{groups}{_moments(wanted, conditions, ranks)} AS moments FROM events WHERE {where}"
        f" GROUP BY {question.unit} HAVING countIf({conditions[0]}) > 0"
    )


def _strict(question: Funnel, build: Build, found: Range, by: Sequence[str]) -> str:
    """`moments`: milliseconds at which the person met a step, or did the first thing after one, each once; `masks`:
    bits of the steps met then. What else is done ends nothing, and most events are that."""
    wanted = [step.events for step in question.steps]
    steps = [build.events(events) for events in wanted]
    others = [build.events(one.events) for one in question.exclusions]
    loud = f"name NOT IN {build.bind(QUIET, 'Array(String)')}"
    where = build.rows(found, question.filters, f"{question.unit} != ''", disjunction([loud, *steps, *others]))
    touched, groups = _first_touch(build, by, steps[0])
    # the rank of a step is its number from 1
    moments = _moments(wanted, steps, range(1, len(steps) + 1), rest=0)
    source = (
        f"SELECT {touched}{groups}{moments} AS every FROM events WHERE {where}"
        f" GROUP BY {question.unit} HAVING countIf({steps[0]}) > 0"
    )
    near = f"bitAnd(c, {_MASK}) != 0 OR bitAnd(p, {_MASK}) != 0"
    at, bit = f"bitShiftRight(c, {_BITS})", f"bitShiftRight(bitShiftLeft(toInt64(1), bitAnd(c, {_MASK})), 1)"
    columns = (
        f"arrayCompact(arrayFilter((c, p) -> {near}, every, arrayShiftRight(every, 1))) AS near",
        f"arrayMap((c, n) -> {at} != bitShiftRight(n, {_BITS}), near, arrayShiftLeft(near, 1)) AS latest",
        # every step stands once in a millisecond: the sum of its bits is all of them
        f"arrayFilter((sum, last) -> last, arrayCumSum(c -> {bit}, near), latest) AS sums",
        f"arrayMap(c -> {at}, arrayFilter((c, last) -> last, near, latest)) AS moments,"
        " arrayMap((sum, before) -> sum - before, sums, arrayShiftRight(sums, 1)) AS masks",
    )
    for column in columns:
        source = f"SELECT *, {column} FROM ({source})"
    return source


def _moments(
    wanted: Sequence[Events], conditions: Sequence[str], ranks: Sequence[int], *, rest: int | None = None
) -> str:
    """An aggregate: moments in order. A row is one for each of the conditions that it meets, with its rank; with the
    rank `rest`, if there is one, when it meets none."""
    at = f"bitShiftLeft(toUnixTimestamp64Milli(at), {_BITS})"
    pairs = list(zip(conditions, ranks, strict=True))
    if any(one.meets(other) for index, one in enumerate(wanted) for other in wanted[:index]):
        each = [f"groupArrayIf({at} + {rank}, {condition})" for condition, rank in pairs]
        if rest is not None:
            each.append(f"groupArrayIf({at} + {rest}, NOT ({disjunction(conditions)}))")
        return f"arraySort(arrayConcat({', '.join(each)}))"
    choices = ", ".join(f"{condition}, {rank}" for condition, rank in pairs)
    return f"arraySort(groupArray({at} + multiIf({choices}, {rest or 0})))"


def _unordered(question: Funnel, build: Build, found: Range, by: Sequence[str]) -> str:
    """`moments` as `sql_funnel_unordered` has them."""
    steps = [build.events(step.events) for step in question.steps]
    others = [build.events(one.events) for one in question.exclusions]
    where = build.rows(found, question.filters, f"{question.unit} != ''", disjunction([*steps, *others]))
    touched, groups = _first_touch(build, by, disjunction(steps))
    return (
        f"SELECT {touched}{groups}{sql_funnel_unordered.moments(steps, others)} AS moments FROM events WHERE {where}"
        f" GROUP BY {question.unit} HAVING countIf({disjunction(steps)}) > 0"
    )


def _first_touch(build: Build, by: Sequence[str], condition: str) -> tuple[str, str]:
    """Columns: the time and the properties of the first event that meets the condition; its properties by name."""
    if not by:
        return "", ""
    texts = ", ".join(f"toString({build.text(name)})" for name in by)
    groups = "".join(f"first.{number + 2} AS g{number}, " for number in range(len(by)))
    return f"minIf((at, {texts}), {condition}) AS first, ", groups


def _columns(question: Funnel) -> list[str]:
    """Columns that lead from `moments` to `u1`, `u2`, …: the moments of the way that counts, 0 where it does not
    get."""
    strict, last = question.order == "strict", len(question.steps)
    ranks, loose = _ranks(question), _loose(question)
    arrays, names = ("moments, masks", "c, m") if strict else ("moments", "c")

    def met(step: int) -> str:
        return f"bitTest(m, {step - 1})" if strict else f"bitAnd(c, {_MASK}) = {ranks[step - 1]}"

    columns = [f"arrayMap(({names}) -> if({met(1)}, {_time(question, 'c')}, 0), {arrays}) AS s1"]
    for step in range(2, last + 1):
        before_, within = f"s{step - 1}", question.steps[step - 1].within
        waits = [before_]
        if within is not None:
            columns.append(f"arrayMap((c, s) -> if(s != 0, {_time(question, 'c')}, 0), moments, {before_}) AS e{step}")
            waits.append(f"e{step}")
        if strict:
            if loose[step - 1]:
                waits = [f"arrayMap((s, m) -> if({met(step)}, 0, s), {one}, masks)" for one in waits]
        else:
            ends = [ranks[step - 1], *(n for n, one in enumerate(question.exclusions) if one.after in (None, step - 1))]
            kept = " OR ".join(["s != 0", *(f"bitAnd(c, {_MASK}) = {end}" for end in ends)])
            waits = [f"arrayFill((s, c) -> {kept}, {one}, moments)" for one in waits]
        waits = [f"arrayShiftRight({one}, 1)" for one in waits]
        near = f"p != 0 AND {_time(question, 'c')} - p <= {question.window * 1000}"
        if within is not None:
            near += f" AND {_time(question, 'c')} - e <= {within * 1000}"
        more = ", e" if within is not None else ""
        if strict and loose[step - 1]:
            # or at the same moment, by another event
            near = f"if({met(step)}, if(s != 0, s, if({near}, p, 0)), 0)"
            columns.append(
                f"arrayMap(({names}, s, p{more}) -> {near}, {', '.join([arrays, before_, *waits])}) AS s{step}"
            )
        else:
            near = f"if({met(step)} AND {near}, p, 0)"
            columns.append(f"arrayMap(({names}, p{more}) -> {near}, {', '.join([arrays, *waits])}) AS s{step}")
    columns.append(f"arrayFirst((c, s) -> s != 0, moments, s{last}) AS u{last}")
    for step in range(last - 1, 0, -1):
        follows = "<=" if strict and loose[step] else "<"
        columns.append(
            f"if(u{step + 1} != 0, arrayLast((c, s) -> s != 0 AND c {follows} u{step + 1}, moments, s{step}),"
            f" arrayFirst((c, s) -> s != 0, moments, s{step})) AS u{step}"
        )
    return columns


def _time(question: Funnel, moment: str) -> str:
    return f"bitShiftRight({moment}, {_BITS})" if question.order == "ordered" else moment


def _loose(question: Funnel) -> list[bool]:
    """For every step whether it may come at the same millisecond as the one before: unless it could be one event with
    that or an earlier one."""
    events = [step.events for step in question.steps]
    return [not any(events[step].meets(one) for one in events[:step]) for step in range(len(events))]


def _ranks(question: Funnel) -> list[int]:
    """By step, its place among moments of the same millisecond, behind exclusions: behind the step before where that
    is enough, else before it."""
    order = [0]
    for step, loose in enumerate(_loose(question)[1:], 1):
        order.insert(len(order) if loose else 0, step)
    return [len(question.exclusions) + order.index(step) for step in range(len(order))]


def _groups(question: Funnel, rows: Rows) -> dict[Key, FunnelGroup]:
    found = {}
    width = len(question.breakdown.by) if question.breakdown else 0
    for row in rows:
        cut = width if len(row) > 1 + 2 * (len(question.steps) - 1) else 0
        key: Key = () if cut == 0 or row[0] is None else tuple(row[:cut])
        found[key] = _group(question, key, row[cut:])
    return found


def _group(question: Funnel, key: Key, figures: Sequence[Any] | None) -> FunnelGroup:
    """`figures`: reached the first step, then for each other how many, and the two quantiles."""
    began = figures[0] if figures else 0
    steps = [_step(question, 0, began, began, None)]
    for number in range(1, len(question.steps)):
        reached, quantiles = figures[2 * number - 1 : 2 * number + 1] if figures else (0, None)
        steps.append(_step(question, number, reached, began, steps[-1].reached, quantiles if reached else None))
    return FunnelGroup(key=key, steps=steps)


def _step(
    question: Funnel, number: int, reached: int, began: int, before_: int | None, quantiles: list[float] | None = None
) -> FunnelStep:
    events = question.steps[number].events
    # in any order it is not known which step was the first
    label = f"{number + 1}/{len(question.steps)}" if question.order == "unordered" else events.label
    return FunnelStep(
        label=label or ", ".join(events.names),
        reached=reached,
        share=reached / began if began else None,
        step_share=reached / before_ if before_ else (1.0 if before_ is None and began else None),
        median=quantiles[0] if quantiles else None,
        p90=quantiles[1] if quantiles else None,
    )


def _check(question: Funnel) -> None:
    wrong, part = "", "exclusions"
    placed = any(one.after is not None for one in question.exclusions)
    if question.order == "strict" and placed:
        wrong = "In a strict funnel everything that comes between two steps ends the attempt."
    elif question.order == "unordered" and placed:
        wrong = "In a funnel of any order an exclusion is not behind a certain step."
    elif question.order == "unordered" and any(step.within is not None for step in question.steps):
        wrong, part = "In a funnel of any order no step is before another; only the whole has a window.", "steps"
    elif any(one.after is not None and one.after >= len(question.steps) for one in question.exclusions):
        wrong = "An exclusion is behind a step that another one follows."
    if wrong:
        raise Problem("invalid", wrong, errors=[(part, wrong)])
