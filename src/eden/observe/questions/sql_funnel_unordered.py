"""The way of a person through the steps of a funnel in any order.

Every event of any step begins an attempt, which looks ahead to the next event of every step; the attempt that counts is
the one with the most steps that lie within the window. All of that are arrays beside the person's moments, and every
one takes time linear in their number.

    moments     a  b  a  .  c     steps that the events meet
    next of a   1  3  3  -  -     by moment, where the step is met next
    next of b   2  2  -  -  -
    next of c   5  5  5  5  5     the attempt at the first moment meets a, b, c at 1, 2, 5

Where one event could be two steps, the one that is named first takes it, and the other takes the next one: then every
step has its second event, its third, as far as steps before it may take them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from eden.observe.questions.interfaces import LARGEST_STEPS, Funnel
from eden.observe.questions.statements import disjunction

#: a moment is its milliseconds, and in so many lower bits the steps that its event meets, and whether it ends attempts
_BITS = LARGEST_STEPS + 1
_ENDS = LARGEST_STEPS
#: more than the milliseconds since 1970 have, for some 70 years
_MS_BITS = 42
_AT = f"bitShiftRight(c, {_BITS})"


def moments(steps: Sequence[str], exclusions: Sequence[str]) -> str:
    """An aggregate: a person's moments in order. The arguments are conditions on events."""
    flags = [f"if({condition}, {1 << number}, 0)" for number, condition in enumerate(steps)]
    if exclusions:
        flags.append(f"if({disjunction(exclusions)}, {1 << _ENDS}, 0)")
    return f"arraySort(groupArray(bitShiftLeft(toUnixTimestamp64Milli(at), {_BITS}) + {' + '.join(flags)}))"


def columns(question: Funnel) -> Iterator[str]:
    """Columns that lead from `moments` to `u1`, `u2`, …: the milliseconds at which the
    attempt that counts met one step, two, …; 0 where it does not get. Each needs those that came before."""
    events = [step.events for step in question.steps]
    # one event is not two steps
    taken = [[f"t{other}" for other in range(step) if events[step].meets(events[other])] for step in range(len(events))]
    neighbours = {
        name: f"arrayMap((c, d) -> {_AT} != bitShiftRight(d, {_BITS}), moments, {shift}(moments, 1))"
        for name, shift in (("latest", "arrayShiftLeft"), ("earliest", "arrayShiftRight"))
    }
    first = [f"{sql} AS {name}" for name, sql in neighbours.items()]
    first += [_next(f"n{step}_0", step) for step in range(len(events))]
    yield ", ".join([*first, *([_next("excluded", _ENDS)] if question.exclusions else [])])
    if question.exclusions:
        yield _later("ends", "excluded")
    yield ", ".join(_met(question, step, f"n{step}_0") for step, before in enumerate(taken) if not before)
    for step, before in enumerate(taken):
        if before:
            yield from _free(step, before)
            yield _met(question, step, f"n{step}")
    yield from _best([f"t{step}" for step in range(len(events))])


def _free(step: int, taken: Sequence[str]) -> Iterator[str]:
    """Columns up to `n0`, `n1`, …: when the step is met next by an event that no step before has taken."""
    nexts = [f"n{step}_{number}" for number in range(len(taken) + 1)]
    for one, following in pairwise(nexts):
        yield _later(f"after_{following}", one)
        yield f"arrayReverseFill((l, c) -> bitTest(c, {step}), after_{following}, moments) AS {following}"
    free = (f"{' AND '.join(f'{one} != {other}' for other in taken)}, {one}" for one in nexts)
    names = ", ".join([*nexts, *taken])
    yield f"arrayMap(({names}) -> multiIf({', '.join(free)}, 0), {names}) AS n{step}"


def _met(question: Funnel, step: int, following: str) -> str:
    """A column `t0`, `t1`, …: when the attempt that begins at a moment meets the step, 0 for never."""
    near = f"n != 0 AND n - {_AT} <= {question.window * 1000}"
    if question.exclusions:
        return f"arrayMap((c, n, e) -> if({near} AND (e = 0 OR n < e), n, 0), moments, {following}, ends) AS t{step}"
    return f"arrayMap((c, n) -> if({near}, n, 0), moments, {following}) AS t{step}"


def _best(met: Sequence[str]) -> Iterator[str]:
    """Columns up to `u1`, `u2`, …: of the attempt that gets furthest, first; of those that began last."""
    begins = f"first AND ({' OR '.join(f'{one} = {_AT}' for one in met)})"
    count = f"bitShiftLeft(toInt64({' + '.join(f'({one} != 0)' for one in met)}), {_MS_BITS})"
    names = ", ".join(met)
    yield (
        f"arrayMap((c, first, {names}) -> if({begins}, {count} - greatest({names}), 0), moments, earliest, {names})"
        " AS scores"
    )
    yield "arrayMax(scores) AS best"
    yield "arrayLastIndex(score -> score = best, scores) AS place"
    yield f"arraySort(arrayFilter(t -> t != 0, [{', '.join(f'{one}[place]' for one in met)}])) AS way"
    yield ", ".join(f"way[{step}] AS u{step}" for step in range(1, len(met) + 1))


def _next(name: str, flag: int) -> str:
    """A column: at every moment, when the next one with the flag is, that moment included; 0 for never."""
    met = f"arrayMap(c -> if(bitTest(c, {flag}), {_AT}, 0), moments)"
    return f"arrayReverseFill(n -> n != 0, {met}) AS {name}"


def _later(name: str, of: str) -> str:
    """A column: at every moment, what `of` is at the next millisecond that has any."""
    return f"arrayReverseFill((n, last) -> last, arrayShiftLeft({of}, 1), latest) AS {name}"
