"""Whom a plan would reach among devices that are known: what its editor shows before anything is released. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec
from msgspec.structs import replace

from eden.release.interfaces import EVERYONE, Plan, Release
from eden.release.rules_views import (
    DeviceView,
    ListView,
    VersionView,
    by_pattern,
    compile_release,
    granting_list,
    is_reached,
)

#: devices named as examples of a step
_EXAMPLES = 3
#: devices between two looks at the clock
_STRIDE = 100


class StepReach(msgspec.Struct, frozen=True, kw_only=True):
    """Of `asked` devices: `named` by a list or pattern; `drawn` among the others by lot from those who satisfy the
    rule, `eligible`. Without a salt, `drawn` is what is to be expected. `examples`: ids of devices that are reached, or
    may be."""

    asked: int
    named: int
    eligible: int
    drawn: float
    examples: tuple[str, ...]

    @property
    def reached(self) -> float:
        return self.named + self.drawn


def survey(
    plan: Plan,
    lists: Mapping[str, ListView],
    devices: Iterable[DeviceView],
    *,
    salt: str | None,
    in_time: Callable[[], bool],
) -> list[StepReach]:
    """For every step, whom it reaches at its full share.

    `lists` must hold all that the plan names. `salt`: of the release; None for one that is not made yet. Stops early
    when `in_time`, asked every hundred devices, says no: `asked` tells how many devices it got to.
    """
    version = VersionView(code=0, name="", signed=None)
    release = Release(id="", program="", version_code=0, salt=salt or "", plan=plan)
    views = [
        compile_release(replace(release, step=index, share=step.audience.share), version, lists)
        for index, step in enumerate(plan.steps)
    ]
    named, eligible, drawn = ([0] * len(views) for _ in range(3))
    examples: list[list[str]] = [[] for _ in views]
    asked = 0
    for device in devices:
        if asked and asked % _STRIDE == 0 and not in_time():
            break
        asked += 1
        for index, view in enumerate(views):
            if granting_list(view, device) is not None or by_pattern(view, device):
                named[index] += 1
            elif view.share and (view.rule is None or view.rule(device.context)):
                eligible[index] += 1
                if salt is None:
                    drawn[index] += view.share
                elif is_reached(view, device):
                    drawn[index] += EVERYONE
                else:
                    continue
            else:
                continue
            if len(examples[index]) < _EXAMPLES:
                examples[index].append(device.id)
    return [
        StepReach(
            asked=asked,
            named=named[index],
            eligible=eligible[index],
            drawn=drawn[index] / EVERYONE,
            examples=tuple(examples[index]),
        )
        for index in range(len(views))
    ]
