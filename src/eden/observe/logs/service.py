"""Log lines for pages and API: search, a line's neighbours, counts, and those that are just coming in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import msgspec

from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import now
from eden.base.problems import not_found
from eden.observe.apps import App, Apps
from eden.observe.insight.client import Insight
from eden.observe.logs import sql
from eden.observe.logs.interfaces import LogFilter, LogLine

#: points of the plot above the lines
PARTS = 60
#: lines on either side of a line
AROUND = 50
_TAGS = 100
#: µs; a line that was written longer ago is not news when it arrives
_NEWS = 3600 * 1_000_000
#: ms for which a look at what came in goes back: lines of several server processes are stored one after the other
_LAG = 15_000
#: ms; who was away for longer begins anew: the page has what came meanwhile when it is loaded again
_GAP = 600_000
#: lines that one look shows; a flood cannot be read anyway
MOST_FRESH = 200
_REMEMBERED = 20_000


class Logs:
    """Every method checks the permission first. `clock` gives µs in UTC."""

    def __init__(self, apps: Apps, insight: Insight, clock: Callable[[], int] = now) -> None:
        self._apps = apps
        self._insight = insight
        self._clock = clock

    async def page(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        asked: LogFilter,
        *,
        before: tuple[int, int] | None = None,
        limit: int = 50,
    ) -> tuple[list[LogLine], tuple[int, int] | None]:
        """The newest lines, and what `before` is for the next page (None: this is the last)."""
        app = await self._app(principal, workspace_id, key)
        found = await self._lines(sql.lines(app.number, asked, before=before, limit=limit + 1))
        shown = found[:limit]
        if len(found) <= limit:
            return shown, None
        last = shown[-1].at // 1000
        same = sum(line.at // 1000 == last for line in shown)
        if before is not None and before[0] == last:
            same += before[1]
        return shown, (last, same)

    async def around(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        device: str,
        place: tuple[int, int, int],
        *,
        limit: int = AROUND,
    ) -> tuple[list[LogLine], LogLine, list[LogLine]]:
        """Lines of the same device before a line, the line, and those after it, the oldest first. Problem
        `not-found`."""
        app = await self._app(principal, workspace_id, key)
        found = await self._lines(sql.one(app.number, device, place))
        if not found:
            raise not_found("The log line")
        session = found[0].session
        if not device and not session:
            return [], found[0], []
        before = await self._lines(sql.around(app.number, device, session, place, "before", limit))
        after = await self._lines(sql.around(app.number, device, session, place, "after", limit))
        return before[::-1], found[0], after

    async def counts(
        self, principal: Principal, workspace_id: str, key: str, asked: LogFilter
    ) -> list[tuple[int, int, int, int]]:
        """By equal parts of the time: beginning, lines, warnings, errors."""
        app = await self._app(principal, workspace_id, key)
        statement = sql.counts(app.number, asked, PARTS)
        since, until = statement.parameters["since"], statement.parameters["until"]
        step = statement.parameters["step"]
        rows = (await self._insight.ask(statement.sql, statement.parameters)).rows
        counted = {part: (lines, warnings, errors) for part, lines, warnings, errors in rows}
        parts = -(-(until - since) // step)
        return [((since + part * step) * 1000, *counted.get(part, (0, 0, 0))) for part in range(parts)]

    async def tags(self, principal: Principal, workspace_id: str, key: str, asked: LogFilter) -> list[str]:
        """The most frequent tags of the time."""
        app = await self._app(principal, workspace_id, key)
        plain = LogFilter(since=asked.since, until=asked.until)
        statement = sql.tags(app.number, plain, _TAGS)
        return [row[0] for row in (await self._insight.ask(statement.sql, statement.parameters)).rows]

    async def tail(
        self, principal: Principal, workspace_id: str, key: str, asked: LogFilter, *, after: int | None = None
    ) -> Tail:
        """What is coming in from now on, or since another tail had the mark `after`, if that is not long ago."""
        app = await self._app(principal, workspace_id, key)
        return Tail(self, app, asked, after)

    async def _app(self, principal: Principal, workspace_id: str, key: str) -> App:
        check_permission(principal, workspace_id, "observe.read")
        return await self._apps.get(principal, workspace_id, key)

    async def _lines(self, statement: sql.Statement) -> list[LogLine]:
        answer = await self._insight.ask(statement.sql, statement.parameters)
        return [sql.line_of(row, msgspec.json.decode) for row in answer.rows]


class Tail:
    """Lines that come in, look by look. What was shown is remembered for as long as a look goes back. `mark`: up to
    when lines that were received have been shown, milliseconds; a tail after this one goes on there."""

    def __init__(self, logs: Logs, app: App, asked: LogFilter, after: int | None = None) -> None:
        self._logs = logs
        self._app = app
        self._asked = asked
        at = logs._clock() // 1000
        self._began = after + 1 if after is not None and at - _GAP <= after < at else at
        self._has_looked = False
        self.mark = self._began - 1
        self._shown: OrderedDict[tuple[Any, ...], None] = OrderedDict()

    async def fresh(self) -> list[LogLine]:
        """Lines that were stored since the last call, the oldest first; of more than `MOST_FRESH` the newest."""
        at = self._logs._clock()
        asked = msgspec.structs.replace(self._asked, since=max(self._asked.since, at - _NEWS), until=at + _NEWS)
        received = max(self._began, at // 1000 - _LAG) if self._has_looked else self._began
        self._has_looked = True
        statement = sql.fresh(self._app.number, asked, received=received, limit=MOST_FRESH)
        found = []
        for line in await self._logs._lines(statement):
            name = (line.place, line.device, line.tag, line.message)
            if name not in self._shown:
                self._shown[name] = None
                self.mark = max(self.mark, line.received // 1000)
                found.append(line)
        while len(self._shown) > _REMEMBERED:
            self._shown.popitem(last=False)
        return found[::-1]
