"""Who gets this: an unfinished plan in words, and whom its steps would reach among the devices that are known."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from time import monotonic, thread_time
from typing import Any

import msgspec

from eden.base.identity.principal import Principal, check_permission
from eden.base.problems import Problem
from eden.console import formats
from eden.console.messages import Locale
from eden.release.interfaces import Plan, Step
from eden.release.pages.words import Say, plan_words, step_notes
from eden.release.rules_plan import check_plan
from eden.release.rules_survey import StepReach, survey
from eden.release.rules_views import DeviceView, ListView, context_of
from eden.release.service import ReleaseService
from eden.release.service_devices import DeviceInfo
from eden.release.service_targets import lists_of

#: devices that a plan is tried on: 2,000 give a share to about a percentage point
MOST_DEVICES = 2_000
#: seconds of a processor after which it is enough; the answer says how many devices it got to. A plan of ten steps
#: takes 0.1; the rest is for the interpreter, which may collect its garbage meanwhile
_LONGEST = 1.0
#: workspaces whose lists and devices are kept loaded for the next look
_KEPT = 8
#: seconds for which devices that were read are good enough: somebody who writes looks again and again
_FRESH = 60


class StepPreview(msgspec.Struct, frozen=True, kw_only=True):
    """`words`: who is reached, "" when the step is not valid yet. `examples`: device id and what it is."""

    name: str
    words: str = ""
    notes: list[Any] = []
    reach: StepReach | None = None
    #: of all known devices, estimated from those that were asked
    about: int = 0
    examples: list[tuple[str, str]] = []


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """`known`: devices of the workspace; `asked`: those that the plan was tried on; None: it was not."""

    steps: list[StepPreview]
    known: int = 0
    asked: int = 0


class _Held:
    """Of a workspace, what the next look needs again. `known`: how many devices there are; `until`: when they are to
    be read again (`time.monotonic`)."""

    def __init__(self) -> None:
        self.lists: dict[tuple[str, int], ListView] = {}
        self.known = 0
        self.devices: list[DeviceInfo] = []
        self.until = 0.0


class Previews:
    """Keeps what was loaded, so that typing does not load it again and again."""

    def __init__(self, service: ReleaseService) -> None:
        self._service = service
        self._held: OrderedDict[str, _Held] = OrderedDict()

    async def look(
        self,
        principal: Principal,
        workspace_id: str,
        begun: Sequence[Step],
        values: Sequence[Mapping[str, Any]],
        names: Mapping[str, str],
        salt: str | None,
        t: Say,
        locale: Locale,
    ) -> Preview:
        """Steps that have begun, and those of a form; `names` of the workspace's lists by id."""
        check_permission(principal, workspace_id, "device.read")
        steps: list[Step | None] = [*begun]
        for value in values:
            steps.append(_valid(value, names))
        valid = [step for step in steps if step is not None]
        if not valid:
            return Preview(steps=[StepPreview(name=str(value["name"])) for value in values])
        plan = Plan(steps=tuple(valid))
        held = self._of(workspace_id)
        if monotonic() >= held.until:
            held.known, held.devices = await self._service.devices.sample(principal, workspace_id, MOST_DEVICES)
            held.until = monotonic() + (_FRESH if held.devices else 0)
        known, devices = held.known, held.devices
        lists = await self._service.lists.load(lists_of(plan), held.lists)
        found = await asyncio.to_thread(_survey, plan, lists, devices, salt)
        by_id = {device.id: device for device in devices}
        time = partial(formats.time_element, locale=locale)
        shown = []
        at = 0
        for index, step in enumerate(steps):
            if step is None:
                shown.append(StepPreview(name=str(values[index - len(begun)]["name"])))
                continue
            reached = found[at]
            shown.append(
                StepPreview(
                    name=step.name,
                    words=plan_words(t, locale, plan, at, names),
                    notes=step_notes(t, locale, step, time),
                    reach=reached,
                    about=round(known * reached.reached / reached.asked) if reached.asked else 0,
                    examples=[(device_id, device_words(by_id[device_id])) for device_id in reached.examples],
                )
            )
            at += 1
        return Preview(steps=shown, known=known, asked=found[0].asked)

    def _of(self, workspace_id: str) -> _Held:
        held = self._held.setdefault(workspace_id, _Held())
        self._held.move_to_end(workspace_id)
        while len(self._held) > _KEPT:
            self._held.popitem(last=False)
        return held


def _valid(value: Mapping[str, Any], names: Mapping[str, str]) -> Step | None:
    """The step, by itself; None when it is not valid yet. A name may be missing."""
    try:
        plan = check_plan({"steps": [{**value, "name": value["name"] or "…"}]}, is_list=names.__contains__)
    except Problem:
        return None
    return plan.steps[0]


def _survey(
    plan: Plan, lists: Mapping[str, ListView], devices: Sequence[DeviceInfo], salt: str | None
) -> list[StepReach]:
    # of this thread's own work: a busy machine takes longer and must not tell less
    ends = thread_time() + _LONGEST
    views = (DeviceView(device.id, context_of(device.id, device.context, lists)) for device in devices)
    return survey(plan, lists, views, salt=salt, in_time=lambda: thread_time() < ends)


def device_words(device: DeviceInfo) -> str:
    """What a device is, in a few words: model, system, city."""
    said = device.context
    system = " ".join(word for word in (said.platform, said.os_version) if word)
    return " · ".join(word for word in (said.device_model, system, said.city) if word)
