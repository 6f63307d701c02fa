"""Releases in JSON: what the API takes and gives (`eden.release.wire`)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from eden.base.api.times import moment
from eden.release.interfaces import ArmCounts, Message
from eden.release.rules_plan import plan_to_json
from eden.release.rules_reasons import say
from eden.release.service_release_rows import ReleaseEvent, ReleaseInfo
from eden.release.service_reports import CountRow
from eden.release.wire import Code, Given, Key, LongText

Reason = Annotated[str, Meta(max_length=1_000)]
Revision = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class NewRelease(Given):
    """A release to be made, as a draft. Without a plan it has the standard one: 1 %, 10 %, 50 %, everyone, a day each.
    Lists may be named by id or by name."""

    program: Key
    code: Code
    plan: dict[str, Any] | None = None
    notes: LongText = ""


class PlanChange(Given):
    """Another plan. `revision`: of the release as you saw it."""

    plan: dict[str, Any]
    revision: Revision
    reason: Reason = ""


class Act(Given):
    """A verb. `revision`: of the release as you saw it; pausing, halting and rolling need a reason."""

    revision: Revision
    reason: Reason = ""


class Advance(Act):
    """To the next step, or to the step with the index `step`."""

    step: Annotated[int, Meta(ge=0, le=1_000)] | None = None


class MessageView(msgspec.Struct, kw_only=True):
    """A sentence, with its code and its fields for those who say it themselves."""

    code: str
    fields: dict[str, str | int]
    text: str

    @classmethod
    def of(cls, message: Message) -> MessageView:
        return cls(code=message.code, fields=message.fields, text=say(message))


class ReleaseView(msgspec.Struct, kw_only=True):
    """A release. `step` is an index into the plan's steps; `share`: basis points that are reached now; `closed`: why
    nobody new is offered the version; `previous_code`: what was stable when it began. `refused`: for every verb why it
    is not possible now, null when it is. `verdict`: what the guardrails said last."""

    id: str
    program: str
    kind: str
    code: int
    version: str
    state: str
    plan: dict[str, Any]
    step: int
    share: int
    closed: str | None
    run: int
    previous_code: int | None
    revision: int
    notes: str
    created_by: str
    created_at: datetime
    started_at: datetime | None
    step_started_at: datetime | None
    stopped_at: datetime | None
    updated_at: datetime
    refused: dict[str, MessageView | None]
    verdict: dict[str, Any] | None

    @classmethod
    def of(cls, info: ReleaseInfo) -> ReleaseView:
        release = info.release
        return cls(
            id=release.id,
            program=info.program_key,
            kind=info.program_kind,
            code=info.version_code,
            version=info.version_name,
            state=release.state,
            plan=plan_to_json(release.plan),
            step=release.step,
            share=release.share,
            closed=release.closed,
            run=release.run,
            previous_code=release.previous_code,
            revision=release.revision,
            notes=info.notes,
            created_by=info.created_by,
            created_at=moment(info.created_at),
            started_at=moment(info.started_at),
            step_started_at=moment(release.step_started_at),
            stopped_at=moment(release.stopped_at),
            updated_at=moment(info.updated_at),
            refused={
                verb.value: None if message is None else MessageView.of(message)
                for verb, message in info.refused.items()
            },
            verdict=info.verdict,
        )


class EventView(msgspec.Struct, kw_only=True):
    """Something that happened to a release; `revision` is the release's after it."""

    revision: int
    at: datetime
    actor: str
    kind: str
    state: str
    step: int
    share: int
    reason: str
    message: MessageView | None

    @classmethod
    def of(cls, event: ReleaseEvent) -> EventView:
        fields = msgspec.structs.asdict(event)
        message = None if event.message is None else MessageView.of(event.message)
        return cls(**fields | {"at": moment(event.at), "message": message})


class CountView(msgspec.Struct, kw_only=True):
    """Reports of a minute or an hour from `at` on: of one arm, in one run of the release."""

    at: datetime
    run: int
    arm: str
    counts: ArmCounts

    @classmethod
    def of(cls, row: CountRow) -> CountView:
        return cls(at=moment(row.at), run=row.run, arm=row.arm, counts=row.counts)


class CountsView(msgspec.Struct, kw_only=True):
    """Reports of a release in time order."""

    items: list[CountView]
