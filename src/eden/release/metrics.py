"""From devices' reports to the numbers that guardrails compare. Pure: what is kept of a device comes in and goes out.

Two kinds of numbers are made of the same reports. Sums of everything are for people. For the comparison a device's
part is limited, because its test takes starts to be independent and a phone that crashes in a loop is not: a device
adds at most `MAX_STARTS` starts a day, and at most one crash, one failure to start and one script error in a run of a
release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from eden.release.guardrails_v1 import Arms, Increment
from eden.release.interfaces import SECOND, Arm, ArmCounts, Report, ReportKind

#: Starts of one device in a day that count for the comparison: above what people do, below what a loop does.
MAX_STARTS: Final = 20

_DAY: Final = 86_400 * SECOND
_NOTHING: Final = ArmCounts()


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """What was counted of one device in one run of a release: about 20 bytes of JSON.

    `run` and `arm` say what for; `starts` of the `day` (days since 1970); whether a crash, a failure to start and a
    script error were counted.
    """

    run: int = 0
    arm: Arm | None = None
    day: int = 0
    starts: int = 0
    crashed: bool = False
    unstarted: bool = False
    erred: bool = False


def count(tally: Tally | None, reports: Iterable[Report], *, run: int, arm: Arm, at: int) -> tuple[Tally, ArmCounts]:
    """What one device's reports on one version add to its arm, and what to keep of the device.

    `at` is the server's now (µs), since devices' clocks are wrong. A device that changes its arm begins anew there.
    """
    sums = dict.fromkeys(ReportKind, 0)
    for report in reports:
        sums[report.kind] += report.count
    day = at // _DAY
    if tally is None or (tally.run, tally.arm) != (run, arm):
        tally = Tally(run=run, arm=arm, day=day)
    # a phone that was killed reports what it did, though not always that it had started
    happened = max(sums[ReportKind.STARTED], sums[ReportKind.FIRST_PAGE] + sums[ReportKind.FAILED])
    crash, failed, error = (sums[kind] > 0 for kind in (ReportKind.CRASH, ReportKind.FAILED, ReportKind.ERROR))
    crashed, unstarted, erred = crash and not tally.crashed, failed and not tally.unstarted, error and not tally.erred
    before = tally.starts if tally.day == day else 0
    # an event that counts has a start that counts
    exposed = max(min(happened, MAX_STARTS - before), int(crashed or unstarted or erred))
    kept = Tally(
        run=run,
        arm=arm,
        day=day,
        starts=before + exposed,
        crashed=tally.crashed or crash,
        unstarted=tally.unstarted or failed,
        erred=tally.erred or error,
    )
    return kept, ArmCounts(
        **{kind.value: number for kind, number in sums.items()},
        exposed=exposed,
        crashed=int(crashed),
        unstarted=int(unstarted),
        erred=int(erred),
    )


def total(counts: Iterable[ArmCounts]) -> ArmCounts:
    """The sum, field by field."""
    rows = [msgspec.structs.astuple(each) for each in counts]
    return ArmCounts(**dict(zip(ArmCounts.__struct_fields__, map(sum, zip(*rows, strict=True)), strict=False)))


def increment(before: Mapping[Arm, ArmCounts], after: Mapping[Arm, ArmCounts]) -> Increment:
    """What the guardrails are told at a look: the difference of two readings of the sums."""

    def grown(field: str) -> Arms:
        new, control, listed = (
            getattr(after.get(arm, _NOTHING), field) - getattr(before.get(arm, _NOTHING), field)
            for arm in (Arm.NEW, Arm.CONTROL, Arm.LISTED)
        )
        return Arms(new, control, listed)

    return Increment(starts=grown("exposed"), crash=grown("crashed"), start=grown("unstarted"), error=grown("erred"))
