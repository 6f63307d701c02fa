"""Which questions the roll-ups of the events store (`schema`, table `trends`) can answer, and with what rows.

They hold counts of whole slots. The rest of a period, before its first and behind its last whole slot, is read from
the events themselves, so a period may begin and end at any moment; its intervals have to begin with slots.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from eden.observe.questions.interfaces import AnyFilter, Filter
from eden.observe.questions.statements import Build, conjunction
from eden.observe.questions.times import Range
from eden.observe.schema import SLOT_SECONDS

#: columns by which slots are told apart
COLUMNS = ("version", "code")
_SLOT = SLOT_SECONDS * 1_000_000


def know(filters: Iterable[AnyFilter], columns: Iterable[str], moments: Sequence[int]) -> bool:
    """Whether roll-ups have what filters and groups look at, and slots begin where the intervals do."""
    looked_at = [one.property if isinstance(one, Filter) else "" for one in filters]
    return all(name in COLUMNS for name in (*looked_at, *columns)) and not any(at % SLOT_SECONDS for at in moments[1:])


def divide(found: Range) -> tuple[Range | None, list[Range]]:
    """The whole slots of a range, and what is left of it."""
    first, last = -(-found.since // _SLOT) * _SLOT, found.until // _SLOT * _SLOT
    if last <= first:
        return None, [found]
    rest = [replace(found, until=first), replace(found, since=last)]
    return replace(found, since=first, until=last), [one for one in rest if one.since < one.until]


def rows(build: Build, whole: Range, filters: Iterable[AnyFilter], names: Sequence[str], *, each: bool) -> str:
    """The condition on roll-ups of whole slots. `names` of events; without, all together or `each` one."""
    if names:
        named = f"name IN {build.bind(tuple(sorted(set(names))), 'Array(String)')}"
    else:
        named = "name != ''" if each else "name = ''"
    since, until = whole.since // 1_000_000, whole.until // 1_000_000
    return conjunction(
        [
            build.of_app(),
            named,
            f"slot >= fromUnixTimestamp({build.bind(since, 'UInt32')})",
            f"slot < fromUnixTimestamp({build.bind(until, 'UInt32')})",
            *(build.condition(one) for one in filters),
        ]
    )
