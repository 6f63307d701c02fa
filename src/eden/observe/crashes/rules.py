"""What becomes of a group when its error happens again. Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class GroupState(StrEnum):
    """`closed` groups were mended, in a version or at a time; `regressed` ones have come back since."""

    OPEN = "open"
    CLOSED = "closed"
    MUTED = "muted"
    REGRESSED = "regressed"


class Standing(msgspec.Struct, frozen=True):
    """What decides about a known group; times in microseconds, as `crash_groups` has them."""

    state: GroupState
    closed_at: int | None = None
    closed_in: int | None = None
    muted_until: int | None = None
    #: muted until more occurrences than these were counted
    muted_above: int | None = None


class Sighting(msgspec.Struct, frozen=True):
    """Occurrences of one group in one version: its code (0: the sender named none), the last one's time, microseconds,
    and how often the group was seen in all, these included."""

    code: int
    last_at: int
    occurrences: int


def returns(standing: Standing, sighting: Sighting) -> bool:
    """Whether a closed group has come back. Phones keep old versions for long: those crash on, and say nothing about
    the version that mended it."""
    if standing.state is not GroupState.CLOSED:
        return False
    if standing.closed_in is not None and sighting.code > 0:
        return sighting.code >= standing.closed_in
    return sighting.last_at > (standing.closed_at or 0)


def awakes(standing: Standing, sighting: Sighting, at: int) -> bool:
    """Whether a muted group is to be seen again; `at` is now. One without a bound is muted for ever."""
    if standing.state is not GroupState.MUTED:
        return False
    if standing.muted_until is not None and at >= standing.muted_until:
        return True
    return standing.muted_above is not None and sighting.occurrences > standing.muted_above


def after(standing: Standing, sighting: Sighting, at: int) -> GroupState:
    """The group's state once these occurrences are known."""
    if returns(standing, sighting):
        return GroupState.REGRESSED
    if awakes(standing, sighting, at):
        return GroupState.OPEN
    return standing.state
