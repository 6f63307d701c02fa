"""From reports to the numbers that are compared."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from eden.release.guardrails_v1 import Arms
from eden.release.interfaces import SECOND, Arm, ArmCounts, Report, ReportKind
from eden.release.metrics import MAX_STARTS, Tally, count, increment, total

DAY = 86_400 * SECOND
AT = 20_000 * DAY


def reports(**kinds: int) -> list[Report]:
    return [Report(program="bank", code=2, kind=ReportKind(kind), at=0, count=many) for kind, many in kinds.items()]


def test_sums_are_everything_and_comparison_is_limited() -> None:
    tally, counts = count(None, reports(started=50, first_page=45, crash=30, failed=5), run=1, arm=Arm.NEW, at=AT)
    assert (counts.started, counts.first_page, counts.crash, counts.failed) == (50, 45, 30, 5)
    assert (counts.exposed, counts.crashed, counts.unstarted, counts.erred) == (MAX_STARTS, 1, 1, 0)
    tally, counts = count(tally, reports(started=3, crash=3, error=1), run=1, arm=Arm.NEW, at=AT + DAY - 1)
    # the script error is the first of this device, so its start counts though the day is full
    assert (counts.crash, counts.exposed, counts.crashed, counts.erred) == (3, 1, 0, 1)
    tally, counts = count(tally, reports(started=3, crash=3), run=1, arm=Arm.NEW, at=AT + DAY)
    assert (counts.exposed, counts.crashed) == (3, 0)


def test_another_arm_or_run_begins_anew() -> None:
    tally, _ = count(None, reports(started=1, crash=1), run=1, arm=Arm.CONTROL, at=AT)
    for run, arm in ((1, Arm.NEW), (2, Arm.CONTROL)):
        kept, counts = count(tally, reports(crash=1), run=run, arm=arm, at=AT)
        assert (counts.exposed, counts.crashed) == (1, 1)
        assert (kept.run, kept.arm) == (run, arm)


def test_a_start_that_was_not_told_counts() -> None:
    _, counts = count(None, reports(failed=2, first_page=1), run=1, arm=Arm.NEW, at=AT)
    assert (counts.exposed, counts.unstarted) == (3, 1)


def test_a_look_is_the_difference_of_two_readings() -> None:
    before = {Arm.NEW: ArmCounts(exposed=5, crashed=1)}
    after = {
        Arm.NEW: ArmCounts(exposed=9, crashed=3, unstarted=1),
        Arm.CONTROL: ArmCounts(exposed=4, erred=2),
        Arm.LISTED: ArmCounts(exposed=2),
    }
    found = increment(before, after)
    assert (found.starts, found.crash) == (Arms(4, 4, 2), Arms(2, 0, 0))
    assert (found.start, found.error) == (Arms(1, 0, 0), Arms(0, 2, 0))


def test_sums() -> None:
    assert total([]) == ArmCounts()
    assert total([ArmCounts(started=1, erred=2), ArmCounts(started=4)]) == ArmCounts(started=5, erred=2)


BATCH = st.lists(
    st.builds(
        Report,
        program=st.just("bank"),
        code=st.just(2),
        kind=st.sampled_from(ReportKind),
        at=st.just(0),
        count=st.integers(1, 40),
    ),
    max_size=6,
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(BATCH, st.integers(0, 3)), max_size=12))
def test_a_device_has_a_limited_part_in_the_comparison(batches: list[tuple[list[Report], int]]) -> None:
    tally: Tally | None = None
    at, parts = AT, []
    for batch, days in batches:
        at += days * DAY
        tally, counts = count(tally, batch, run=1, arm=Arm.NEW, at=at)
        assert counts.exposed >= max(counts.crashed, counts.unstarted, counts.erred)
        parts.append(counts)
    all_of_them = total(parts)
    assert max(all_of_them.crashed, all_of_them.unstarted, all_of_them.erred) <= 1
    assert all_of_them.exposed <= MAX_STARTS * (1 + sum(days for _, days in batches)) + 3
    reported = sum(report.count for batch, _ in batches for report in batch if report.kind is ReportKind.CRASH)
    assert all_of_them.crash == reported
    assert all_of_them.crashed == (reported > 0)


def test_updates_that_broke_off_are_no_failed_starts() -> None:
    """Bad networks do that to good versions, and the control arm has no updates that could break off."""
    report = Report(program="bank", code=2, kind=ReportKind.REFUSED, at=0, count=3)
    tally, counts = count(None, [report], run=1, arm=Arm.NEW, at=0)
    assert (counts.refused, counts.failed, counts.exposed, counts.unstarted) == (3, 0, 0, 0)
    assert not tally.unstarted
