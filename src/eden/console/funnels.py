"""A funnel as a value: how many reach each step, and how many are left. Drawn on the server (`ui.funnel`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """`counts` has one number for each group. `typical` is how long those of the first group took since the step
    before, in milliseconds (the median)."""

    name: str
    counts: Sequence[int]
    typical: float | None = None


@dataclass(frozen=True, slots=True)
class Funnel:
    """`groups` are the values of what it is broken down by; one, without a name, when it is not."""

    id: str
    title: str
    steps: Sequence[FunnelStep]
    groups: Sequence[str] = ("",)
    summary: str = ""

    def __post_init__(self) -> None:
        if any(len(step.counts) != len(self.groups) for step in self.steps):
            raise ValueError(f"a step of the funnel {self.id} has not one count for each of its groups")

    def share(self, step: int, group: int = 0) -> float | None:
        """Of those who began, how many reach a step; None when nobody began."""
        return _ratio(self.steps[step].counts[group], self.steps[0].counts[group])

    def kept(self, step: int, group: int = 0) -> float | None:
        """Of those who reached the step before, how many reach this one; None for the first one."""
        return None if step == 0 else _ratio(self.steps[step].counts[group], self.steps[step - 1].counts[group])


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
