"""Groups as errors are stored: new, again, come back, awake; and what open pages are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, insert, select, update

from eden.base.database import Database
from eden.base.tables import changes, metadata, workspaces
from eden.observe.crashes.document import ErrorDocument, Thrown
from eden.observe.crashes.finish import finished
from eden.observe.crashes.note import note_errors
from eden.observe.crashes.rules import GroupState, Sighting, Standing, after
from eden.observe.interfaces import ErrorRow, Row
from eden.observe.models import crash_activities, crash_groups, observe_apps

SECOND = 1_000_000
#: now, in seconds
NOW = 1_790_000_000


@pytest.fixture
def house(database: Database) -> Database:
    metadata.create_all(database.engine)

    def work(connection: Connection) -> None:
        connection.execute(insert(workspaces).values(id="w", slug="w", name="W", settings={}, created_at=0))
        for number, key in ((1, "bank"), (2, "shop")):
            connection.execute(
                insert(observe_apps).values(
                    number=number, workspace_id="w", key=key, settings={}, revision=1, created_at=0
                )
            )

    database.write_now(work)
    return database


def error(
    kind: str = "E", *, at: float = NOW, code: int = 12, release: str = "", app: int = 1, **more: Any
) -> ErrorRow:
    document = ErrorDocument(
        id="1" * 32, at=at, exceptions=[Thrown(type=kind, value="x")], fatal=more.get("fatal", False)
    )
    version = f"1.{code}" if code else ""
    return finished(document, Row(app=app, at=at, received=at, version=version, code=code, release=release))


def note(database: Database, rows: Sequence[ErrorRow], at: float = NOW) -> None:
    database.write_now(lambda connection: note_errors(connection, rows, int(at * SECOND)))


def groups(database: Database) -> list[Any]:
    return list(
        database.read_now(
            lambda connection: connection.execute(select(crash_groups).order_by(crash_groups.c.title)).all()
        )
    )


def change(database: Database, **values: Any) -> None:
    database.write_now(lambda connection: connection.execute(update(crash_groups).values(**values)))


def told(database: Database) -> list[dict[str, Any]]:
    rows = database.read_now(lambda connection: connection.execute(select(changes).order_by(changes.c.seq)).all())
    assert {(row.kind, row.workspace_id) for row in rows} <= {("observe.crash", "w")}
    return [row.payload for row in rows]


def actions(database: Database) -> list[tuple[str, str, Any]]:
    rows = database.read_now(lambda c: c.execute(select(crash_activities).order_by(crash_activities.c.id)).all())
    return [(row.actor, row.action, row.detail) for row in rows]


def test_a_new_group(house: Database) -> None:
    rows = [error(at=NOW - 5, code=12), error(at=NOW - 9, code=13), error(at=NOW, code=12, release="r1", fatal=True)]
    note(house, rows)
    [group] = groups(house)
    assert (group.app, group.algorithm, group.title, group.state, group.occurrences) == (1, 1, "E: x", "open", 3)
    assert (int(group.short, 16), group.hash[:16]) == (rows[0].group, group.short)
    assert (group.first_seen_at, group.last_seen_at) == ((NOW - 9) * SECOND, NOW * SECOND)
    # the lowest version is where it came in, whatever was reported first
    assert (group.first_version, group.first_code, group.first_release) == ("1.12", 12, "r1")
    assert (group.last_version, group.fatal, group.revision) == ("1.12", True, 1)
    assert told(house) == [{"app": 1, "crashes": "bank", "new": [group.id], "regressed": [], "awake": []}]
    assert actions(house) == [("system", "new", {"version": "1.12", "code": 12})]


def test_groups_of_several_apps_and_kinds(house: Database) -> None:
    note(house, [error("A"), error("B"), error("A", app=2), error("A", app=9)])
    assert [(group.app, group.title) for group in groups(house)] == [(1, "A: x"), (2, "A: x"), (1, "B: x")]
    assert [payload["crashes"] for payload in told(house)] == ["bank", "shop"]
    note(house, [])
    assert len(told(house)) == 2


def test_it_happens_again(house: Database) -> None:
    note(house, [error(code=12)])
    note(house, [error(at=NOW + 5, code=11, release="r0")], NOW + 5)
    note(house, [error(at=NOW - 50, code=13, fatal=True), error(at=NOW + 2, code=0)], NOW + 6)
    [group] = groups(house)
    assert (group.occurrences, group.fatal, group.state, group.revision) == (4, True, "open", 1)
    assert (group.first_seen_at, group.last_seen_at) == ((NOW - 50) * SECOND, (NOW + 5) * SECOND)
    assert (group.first_version, group.first_code, group.first_release) == ("1.11", 11, "r0")
    assert group.last_version == "1.11"
    assert actions(house) == [("system", "new", {"version": "1.12", "code": 12})]


def test_a_release_that_is_known_later_is_kept(house: Database) -> None:
    note(house, [error(code=12)])
    note(house, [error(code=12, release="r1")])
    note(house, [error(code=12, release="r2"), error(code=14, release="r3")])
    [group] = groups(house)
    assert (group.first_code, group.first_release) == (12, "r1")


def test_open_pages_hear_of_a_group_every_ten_seconds(house: Database) -> None:
    note(house, [error()])
    for later in (1, 9.9, 10, 15, 20):
        note(house, [error(at=NOW + later)], NOW + later)
    assert len(told(house)) == 3


def test_groups_are_told_of_together(house: Database) -> None:
    note(house, [error("A")])
    note(house, [error("B")], NOW + 5)
    note(house, [error("A"), error("B")], NOW + 10)
    note(house, [error("B")], NOW + 15)
    note(house, [error("A"), error("B")], NOW + 19)
    assert len(told(house)) == 3
    note(house, [error("B")], NOW + 20)
    assert len(told(house)) == 4


def test_a_closed_group_comes_back(house: Database) -> None:
    note(house, [error(code=12)])
    change(house, state="closed", closed_at=NOW * SECOND, closed_in=13)
    # the versions before go on crashing
    note(house, [error(at=NOW + 60, code=12)], NOW + 60)
    assert groups(house)[0].state == "closed"
    note(house, [error(at=NOW + 61, code=12), error(at=NOW + 61, code=13)], NOW + 61)
    [group] = groups(house)
    assert (group.state, group.revision) == ("regressed", 2)
    assert told(house)[-1]["regressed"] == [group.id]
    assert actions(house)[-1] == ("system", "regressed", {"version": "1.13", "code": 13})
    # and is not told again
    note(house, [error(at=NOW + 62, code=13)], NOW + 62)
    assert told(house)[-1]["regressed"] == [group.id]
    assert len(actions(house)) == 2


def test_a_muted_group_awakes(house: Database) -> None:
    note(house, [error()])
    change(house, state="muted", muted_above=3)
    note(house, [error(), error()])
    assert groups(house)[0].state == "muted"
    note(house, [error()])
    [group] = groups(house)
    assert (group.state, group.occurrences) == ("open", 4)
    assert told(house)[-1]["awake"] == [group.id]
    assert actions(house)[-1][1] == "awake"


def test_rows_without_a_document_have_a_group(house: Database) -> None:
    row = ErrorRow(app=1, at=NOW, received=NOW, id="x", group=255, algorithm=1, type="E", message="m", raw="")
    broken = ErrorRow(app=1, at=NOW, received=NOW, id="x", group=254, algorithm=1, type="", message="", raw="{")
    note(house, [row, broken])
    assert [(group.title, group.short) for group in groups(house)] == [
        ("E: m", "00000000000000ff"),
        ("Error without a text", "00000000000000fe"),
    ]


def test_a_hash_that_was_masked_is_still_the_group(house: Database) -> None:
    row = error()
    masked = msgspec.structs.replace(row, raw=row.raw.replace(f"{row.group:016x}", "[number]"))
    note(house, [masked])
    note(house, [row])
    [group] = groups(house)
    assert (group.short, group.occurrences, group.title) == (f"{row.group:016x}", 2, "E: x")


def test_many_groups_at_once(house: Database) -> None:
    rows = [error(f"E{number}") for number in range(950)]
    note(house, rows)
    note(house, rows, NOW + 10)
    assert {group.occurrences for group in groups(house)} == {2}
    assert len(told(house)[0]["new"]) == 50


CLOSED, OPEN, MUTED = GroupState.CLOSED, GroupState.OPEN, GroupState.MUTED


@pytest.mark.parametrize(
    ("standing", "sighting", "at", "becomes"),
    [
        # mended in a version
        (Standing(CLOSED, closed_at=100, closed_in=13), Sighting(12, 999, 1), 1000, CLOSED),
        (Standing(CLOSED, closed_at=100, closed_in=13), Sighting(13, 50, 1), 1000, GroupState.REGRESSED),
        # no version was said by the sender, or none when it was closed: the time counts
        (Standing(CLOSED, closed_at=100, closed_in=13), Sighting(0, 100, 1), 1000, CLOSED),
        (Standing(CLOSED, closed_at=100, closed_in=13), Sighting(0, 101, 1), 1000, GroupState.REGRESSED),
        (Standing(CLOSED, closed_at=100), Sighting(99, 100, 1), 1000, CLOSED),
        (Standing(CLOSED, closed_at=100), Sighting(1, 101, 1), 1000, GroupState.REGRESSED),
        # muted
        (Standing(MUTED), Sighting(1, 1, 10**9), 10**9, MUTED),
        (Standing(MUTED, muted_until=500), Sighting(1, 499, 1), 499, MUTED),
        (Standing(MUTED, muted_until=500), Sighting(1, 499, 1), 500, OPEN),
        (Standing(MUTED, muted_above=5), Sighting(1, 1, 5), 1, MUTED),
        (Standing(MUTED, muted_above=5), Sighting(1, 1, 6), 1, OPEN),
        # others stay as they are
        (Standing(OPEN, closed_at=1, muted_until=1), Sighting(1, 9, 9), 9, OPEN),
        (Standing(GroupState.REGRESSED, closed_at=1), Sighting(1, 9, 9), 9, GroupState.REGRESSED),
    ],
)
def test_what_becomes_of_a_group(standing: Standing, sighting: Sighting, at: int, becomes: GroupState) -> None:
    assert after(standing, sighting, at) is becomes
