"""The console's pages with a year behind them, as a browser gets them: over HTTP, with a session.

The year: hourly counts of every program's version, ended releases with their hourly counts and events, an audit log.
Pages are found as people find them: those of the menu, and from there every kind of page that is linked, with its
longest history (the first one of each kind).
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text

from bench._harness import Figure
from bench._release_platform import Bench, Server
from eden.base.identity import sessions
from eden.base.ids import new_id, now
from eden.base.tables import members, users
from eden.release.interfaces import ArmCounts
from eden.release.models import programs, release_counts, release_events, releases, version_counts, versions
from eden.release.simulate_http import HttpTransport
from tests.release.house import DAY, SECOND

HOUR = 3600 * SECOND
_LINK = re.compile(rb'href="(/console/test/[^"#]*)"')
#: parts of an address that name one of many
_ONE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|program-\d+|/\d+(?=/|$)|friends|\?.*")
#: what is no page, and what reads all of the audit log on purpose
_FILES = re.compile(r"/(download|events|live|export|verify)$|\.(js|css|csv|svg|png)$")


def pages(bench: Bench, quick: bool) -> Iterator[Figure]:
    database = bench.house.ground.database
    secret = database.write_now(lambda connection: _people(connection, bench))
    database.write_now(lambda connection: _past(connection, bench, days=5 if quick else 365))
    for _ in range(1 if quick else 20):
        database.write_now(lambda connection: _log(connection, bench, 500))
    if database.dialect == "postgresql":
        # what its autovacuum does within a minute
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    server = Server(bench.settings, core=0)
    server.start()
    try:
        found, used = asyncio.run(_measure(server, secret, 2 if quick else 40))
    finally:
        server.stop()
    yield Figure("pages", len(found))
    slowest = max(found, key=lambda kind: found[kind])
    yield Figure("page_p95_ms", found[slowest], 150)
    yield Figure("page_processor_ms", max(used.values()))
    for kind in sorted(found, key=lambda kind: -found[kind])[:5]:
        print(f"p95 {found[kind]:6.1f} ms, processor {used[kind]:6.1f} ms  {kind}")


async def _measure(server: Server, secret: str, times: int) -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds at the 95th percentile by kind of page, and of the server's processor time on average."""
    transport = HttpTransport(
        f"http://127.0.0.1:{server.port}", 1, {"Cookie": f"{sessions.cookie_name(False)}={secret}"}
    )
    try:
        first: dict[str, str] = {}
        waiting = ["/console/test/programs"]
        while waiting:
            path = waiting.pop(0)
            kind = _ONE.sub("*", path)
            if kind in first or _FILES.search(path.partition("?")[0]):
                continue
            answer = await transport.request("GET", path)
            if answer.status != 200:
                continue
            first[kind] = path
            waiting += [link.decode().replace("&amp;", "&") for link in dict.fromkeys(_LINK.findall(answer.body))]
        found, used = {}, {}
        for kind, path in first.items():
            seconds, before = [], server.seconds()
            for _ in range(times):
                began = time.perf_counter()
                await transport.request("GET", path)
                seconds.append(time.perf_counter() - began)
            found[kind] = sorted(seconds)[len(seconds) * 95 // 100] * 1000
            used[kind] = (server.seconds() - before) / times * 1000
        return found, used
    finally:
        await transport.close()


def _people(connection: Connection, bench: Bench) -> str:
    """An owner with every role, and the secret of a session."""
    user, at = new_id(), now()
    connection.execute(
        insert(users).values(id=user, email="owner@example.com", name="Owner", locale="en", created_at=at)
    )
    roles = ["owner", "developer", "reviewer", "operator", "auditor"]
    connection.execute(insert(members).values(workspace_id="w", user_id=user, roles=roles, created_at=at))
    return sessions.begin(connection, user, at, 3600)


def _past(connection: Connection, bench: Bench, days: int) -> None:
    at = now() // HOUR * HOUR
    counts = dict.fromkeys(ArmCounts.__struct_fields__, 0) | {
        "offered": 50, "downloaded": 49, "installed": 48, "started": 400, "first_page": 399, "crash": 1, "exposed": 300,
    }  # fmt: skip
    known = connection.execute(
        select(programs.c.id, programs.c.key, versions.c.id.label("version_id"), versions.c.code)
        .join(versions, versions.c.program_id == programs.c.id)
        .where(versions.c.code == 10_000)
    ).all()
    columns = connection.execute(select(releases).limit(1)).mappings().one()
    for row in known:
        _insert(
            connection,
            version_counts,
            [
                {"program_id": row.id, "code": row.code, "at": at - hour * HOUR, **counts}
                # every hour of the last month, every fourth before: programs have nights
                for hour in [*range(2, 30 * 24), *range(30 * 24, days * 24, 4)]
            ],
        )
        for number in range(1, 1 + max(1, days // 30)):
            began = at - number * 30 * DAY
            release = {
                **columns, "id": new_id(), "program_id": row.id, "version_id": row.version_id, "state": "finished",
                "offering": None, "created_at": began, "started_at": began, "updated_at": began + 7 * DAY,
                "revision": 8, "closed": None,
            }  # fmt: skip
            connection.execute(insert(releases).values(**release))
            _insert(
                connection,
                release_counts,
                [
                    {"release_id": release["id"], "run": 1, "arm": arm, "at": began + hour * HOUR, **counts}
                    for arm in ("new", "control")
                    for hour in range(7 * 24)
                ],
            )
            _insert(
                connection,
                release_events,
                [
                    {
                        "release_id": release["id"], "revision": revision, "at": began + revision * DAY,
                        "actor": "user:owner@example.com", "kind": "share", "state": "live", "step": 0,
                        "share": revision * 1000, "reason": "As planned", "detail": None,
                    }
                    for revision in range(8)
                ],
            )  # fmt: skip


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if connection.dialect.name == "postgresql":
        # a year is more than a million rows, which its driver sends one by one: minutes
        names = ", ".join(rows[0])
        query = f"SELECT {names} FROM json_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS JSON))"
        connection.execute(text(f"INSERT INTO {table.name} ({names}) {query}"), {"rows": json.dumps(rows)})
        return
    for start in range(0, len(rows), 2_000):
        connection.execute(insert(table), rows[start : start + 2_000])


def _log(connection: Connection, bench: Bench, count: int) -> None:
    for number in range(count):
        bench.house.ground.audit.append(
            connection, "w", "user:owner@example.com", "release.advance", new_id(), {"step": number}
        )
