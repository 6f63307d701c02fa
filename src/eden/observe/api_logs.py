"""Log lines and pulls of phones' logs over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from litestar import Controller, get, post
from msgspec import Meta

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, JSONBody, Page, QueryParameter, Service, TheCaller, ThePaging
from eden.base.api.paging import encode_cursor
from eden.base.api.times import microseconds, moment
from eden.base.api.views import viewed
from eden.base.problems import Problem
from eden.observe.logs.interfaces import LEVELS, LogFilter, LogLine, Pull, PullState, level_name
from eden.observe.logs.pulls import LONGEST_WAIT, SHORTEST_WAIT, USUAL_WAIT
from eden.observe.service import Observe

TAGS = {"logs": "Log lines of mini programs, and logs that phones are asked for."}

TheObserve: TypeAlias = Service[Observe]
_ROOT = "/api/v1/workspaces/{workspace:str}/observe/apps/{key:str}"
#: without a beginning
_USUAL = 24 * 3600 * 1_000_000
_SECOND = 1_000_000
LevelWord: TypeAlias = Literal["trace", "debug", "info", "warn", "error", "fatal"]
Milliseconds: TypeAlias = Annotated[int, Meta(ge=0, le=2**53 - 1)]

Since = Annotated[datetime | None, QueryParameter(name="since", description="From this time on; default: a day ago.")]
Until = Annotated[datetime | None, QueryParameter(name="until", description="Before this time; default: now.")]
Text = Annotated[
    str,
    QueryParameter(
        name="text",
        max_length=400,
        description='Words of the line; "a text" for exactly this, `part*` for a part of a word, `-word` for lines'
        " without it.",
    ),
]
Least = Annotated[LevelWord | None, QueryParameter(name="level", description="Lines of at least this level.")]


def _word(name: str, longest: int, description: str) -> Any:
    return QueryParameter(name=name, max_length=longest, description=description)


Tag = Annotated[str, _word("tag", 200, "Lines with this tag.")]
Device = Annotated[str, _word("device", 128, "Lines of this device.")]
Person = Annotated[str, _word("person", 256, "Lines of this person: a user's or device's id.")]
Session = Annotated[str, _word("session_id", 64, "Lines of this session.")]
Version = Annotated[str, _word("version", 80, "Lines of this version.")]
Trace = Annotated[str, _word("trace", 64, "Lines of this trace.")]
PullId = Annotated[str, _word("pull", 36, "Lines that this pull has brought.")]


class LogLineView(msgspec.Struct, kw_only=True):
    """A line. `severity`: the number of OpenTelemetry, `level` what it is called. `place` tells it apart from others of
    its device (for `around`)."""

    at: datetime
    received: datetime
    place: tuple[int, int, int]
    level: LevelWord
    severity: int
    tag: str
    message: str
    person: str
    device: str
    session: str
    version: str
    platform: str
    model: str
    page: str
    trace: str
    pull: str
    source: str
    props: dict[str, Any]

    @classmethod
    def of(cls, line: LogLine) -> LogLineView:
        return viewed(cls, line, level=level_name(line.level), severity=line.level)


class LogNeighbours(msgspec.Struct, kw_only=True):
    """A line and those of the same device before and after it, the oldest first."""

    before: list[LogLineView]
    line: LogLineView
    after: list[LogLineView]


class NewPull(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A phone is to be asked for its log of a time. `wait_seconds`: how long it has to answer."""

    device: Annotated[str, Meta(min_length=1, max_length=128)]
    reason: Annotated[str, Meta(min_length=1, max_length=400)]
    since: datetime
    until: datetime
    wait_seconds: Annotated[int, Meta(ge=SHORTEST_WAIT // _SECOND, le=LONGEST_WAIT // _SECOND)] = USUAL_WAIT // _SECOND


class PullView(msgspec.Struct, kw_only=True):
    """A phone that was asked for its log. `lines`: how many it has sent."""

    id: str
    device: str
    state: PullState
    since: datetime
    until: datetime
    reason: str
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    arrived_at: datetime | None
    lines: int

    @classmethod
    def of(cls, pull: Pull) -> PullView:
        return viewed(cls, pull, since=moment(pull.from_at), until=moment(pull.until_at))


class LogsController(Controller):
    """Log lines."""

    path = f"{_ROOT}/logs"
    tags = ("logs",)

    @get(opt=needs("observe.read"))
    async def list_log_lines(
        self,
        caller: TheCaller,
        observe: TheObserve,
        paging: ThePaging,
        key: FromPath[str],
        since: Since = None,
        until: Until = None,
        text: Text = "",
        level: Least = None,
        tag: Tag = "",
        device: Device = "",
        person: Person = "",
        session_id: Session = "",
        version: Version = "",
        trace: Trace = "",
        pull: PullId = "",
    ) -> Page[LogLineView]:
        """The newest lines of a time (default: a day)."""
        end = microseconds(until) if until is not None else observe.clock()
        begin = microseconds(since) if since is not None else end - _USUAL
        if begin >= end:
            raise Problem("invalid", "The time ends before it begins.", errors=[("until", "a time after since")])
        asked = LogFilter(
            since=begin, until=end, text=text, level=LEVELS[level] if level else 0, tag=tag, device=device,
            person=person, session=session_id, version=version, trace=trace, pull=pull,
        )  # fmt: skip
        found, following = await observe.logs.page(
            *caller, key, asked, before=paging.after(_Position), limit=paging.limit
        )
        cursor = encode_cursor(following) if following is not None else None
        return Page([LogLineView.of(line) for line in found], cursor)

    @get("/around", opt=needs("observe.read"))
    async def get_log_neighbours(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        at: Annotated[Milliseconds, QueryParameter(name="at", description="First number of the line's place.")],
        received: Annotated[Milliseconds, QueryParameter(name="received", description="Second number.")],
        seq: Annotated[int, QueryParameter(name="seq", ge=0, le=2**32 - 1, description="Third number.")],
        device: Device = "",
    ) -> LogNeighbours:
        """What the same device wrote just before and after a line."""
        before, line, after = await observe.logs.around(*caller, key, device, (at, received, seq))
        return LogNeighbours(
            before=[LogLineView.of(one) for one in before],
            line=LogLineView.of(line),
            after=[LogLineView.of(one) for one in after],
        )


class PullsController(Controller):
    """Phones that were asked for their logs."""

    path = f"{_ROOT}/pulls"
    tags = ("logs",)

    @get(opt=needs("observe.read"))
    async def list_log_pulls(
        self, caller: TheCaller, observe: TheObserve, paging: ThePaging, key: FromPath[str]
    ) -> Page[PullView]:
        """The newest first."""
        found = await observe.pulls.page(*caller, key, before=paging.after(str), limit=paging.limit + 1)
        return paging.page(found, lambda pull: pull.id, PullView.of)

    @post(opt=needs("observe.write"))
    async def create_log_pull(
        self, caller: TheCaller, observe: TheObserve, key: FromPath[str], data: JSONBody[NewPull]
    ) -> PullView:
        """Ask a phone for its log; it sends what it has kept when it next speaks to the server."""
        made = await observe.pulls.ask(
            *caller,
            key,
            data.device,
            data.reason,
            from_at=microseconds(data.since),
            until_at=microseconds(data.until),
            wait=data.wait_seconds * _SECOND,
        )
        return PullView.of(made)

    @get("/{pull_id:str}", opt=needs("observe.read"))
    async def get_log_pull(
        self, caller: TheCaller, observe: TheObserve, key: FromPath[str], pull_id: FromPath[str]
    ) -> PullView:
        """One of them. Its lines are log lines with `pull`."""
        return PullView.of(await observe.pulls.get(*caller, key, pull_id))

    @post("/{pull_id:str}/cancel", opt=needs("observe.write"), status_code=200)
    async def cancel_log_pull(
        self, caller: TheCaller, observe: TheObserve, key: FromPath[str], pull_id: FromPath[str]
    ) -> PullView:
        """Want the log no more."""
        return PullView.of(await observe.pulls.cancel(*caller, key, pull_id))


#: milliseconds, and how many lines of them were seen
_Position: TypeAlias = tuple[Milliseconds, Annotated[int, Meta(ge=0, le=10_000_000)]]

CONTROLLERS = (LogsController, PullsController)
