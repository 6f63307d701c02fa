"""What the events store has nothing left of is forgotten: groups that nobody decided about, pulls, incidents."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from eden.base.database import Database
from eden.base.tables import users
from eden.observe import expiry
from eden.observe.crashes.rules import GroupState
from eden.observe.expiry import forget_expired
from eden.observe.logs.interfaces import PullState
from eden.observe.models import alert_incidents, alerts, crash_activities, crash_groups, log_pulls, observe_apps
from tests.observe.crashes.test_note import NOW, SECOND, error, groups, house, note

__all__ = ["house"]

DAY = 86_400


def decide(house: Database, kind: str, **values: Any) -> None:
    house.write_now(
        lambda connection: connection.execute(
            update(crash_groups).where(crash_groups.c.title.startswith(kind)).values(**values)
        )
    )


def left(house: Database, at: float = NOW) -> list[str]:
    """Titles of the groups that are left after a round."""
    asyncio.run(forget_expired(house, int(at * SECOND)))
    return [row.title for row in groups(house)]


def test_groups_without_errors_are_forgotten_with_their_history(house: Database) -> None:
    old, kept = NOW - 91 * DAY - 1, NOW - 91 * DAY
    note(house, [error("Old", at=old), error("Kept", at=kept), error("New")], at=old)
    assert left(house) == ["Kept: x", "New: x"]
    remaining = house.read_now(
        lambda connection: connection.execute(select(crash_activities.c.group_id)).scalars().all()
    )
    assert set(remaining) == {row.id for row in groups(house)}
    # it is seen once more: a new group
    note(house, [error("Old")])
    assert [row.state for row in groups(house)] == ["open"] * 3


def test_a_group_is_as_old_as_its_last_error(house: Database) -> None:
    note(house, [error("E", at=NOW - 200 * DAY), error("E", at=NOW - DAY)])
    assert left(house) == ["E: x"]


def test_each_app_keeps_its_own_time(house: Database) -> None:
    house.write_now(
        lambda connection: connection.execute(
            update(observe_apps).where(observe_apps.c.number == 2).values(settings={"retention": {"errors": 7}})
        )
    )
    at = NOW - 30 * DAY
    note(house, [error("One", at=at), error("Two", at=at, app=2)], at=at)
    assert left(house) == ["One: x"]


@pytest.mark.parametrize(
    ("decided", "stays"),
    [
        ({"state": GroupState.OPEN}, False),
        ({"state": GroupState.REGRESSED, "closed_at": 1}, False),
        ({"state": GroupState.CLOSED, "closed_at": 1}, True),
        ({"state": GroupState.MUTED}, True),
        ({"state": GroupState.MUTED, "muted_above": 9}, True),
        ({"state": GroupState.MUTED, "muted_until": NOW * SECOND + 1}, True),
        ({"state": GroupState.MUTED, "muted_until": NOW * SECOND}, False),
        ({"assigned_to": "u"}, True),
    ],
)
def test_what_was_decided_stays(house: Database, decided: dict[str, Any], stays: bool) -> None:
    house.write_now(
        lambda connection: connection.execute(
            insert(users).values(id="u", email="u@x.example", name="U", locale="", created_at=0)
        )
    )
    note(house, [error(at=NOW - 300 * DAY)])
    decide(house, "E", **decided)
    assert left(house) == (["E: x"] if stays else [])


def test_a_closed_group_comes_back_after_its_errors_have_expired(house: Database) -> None:
    note(house, [error(at=NOW - 300 * DAY, code=12)])
    decide(house, "E", state=GroupState.CLOSED, closed_at=(NOW - 299 * DAY) * SECOND, closed_in=13)
    assert left(house) == ["E: x"]
    note(house, [error(code=13)])
    assert [(row.state, row.first_code) for row in groups(house)] == [("regressed", 12)]


def test_a_round_is_bounded(house: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "_AT_ONCE", 2)
    monkeypatch.setattr(expiry, "_ROUNDS", 2)
    note(house, [error(f"E{number}", at=NOW - 300 * DAY, app=1 + number % 2) for number in range(7)])
    assert asyncio.run(forget_expired(house, NOW * SECOND)) == 4
    assert asyncio.run(forget_expired(house, NOW * SECOND)) == 3
    assert asyncio.run(forget_expired(house, NOW * SECOND)) == 0 and groups(house) == []


def pull(house: Database, name: str, state: PullState, *, expires: float, arrived: float | None = None) -> None:
    values = {
        "id": name, "app": 1, "device": name, "state": state, "from_at": 0, "until_at": 1, "reason": "r",
        "requested_by": "u", "requested_at": 1, "expires_at": int(expires * SECOND),
        "arrived_at": None if arrived is None else int(arrived * SECOND),
    }  # fmt: skip
    house.write_now(lambda connection: connection.execute(insert(log_pulls).values(**values)))


def test_pulls_are_forgotten_with_their_lines(house: Database) -> None:
    old, young = NOW - 31 * DAY - 1, NOW - 30 * DAY
    pull(house, "waits", PullState.WAITING, expires=old)
    pull(house, "expired", PullState.EXPIRED, expires=old)
    pull(house, "cancelled", PullState.CANCELLED, expires=young)
    pull(house, "arrived", PullState.ARRIVED, expires=young, arrived=old)
    pull(house, "late", PullState.ARRIVED, expires=old, arrived=young)
    assert asyncio.run(forget_expired(house, NOW * SECOND)) == 2
    kept = house.read_now(lambda connection: connection.execute(select(log_pulls.c.id)).scalars().all())
    assert set(kept) == {"waits", "cancelled", "late"}


def test_incidents_are_forgotten_after_a_year(house: Database) -> None:
    alert = {
        "id": "a", "workspace_id": "w", "app": 1, "name": "A", "rule": {}, "channels": "", "language": "en",
        "enabled": True, "state": "ok", "memory": {}, "created_by": "u", "created_at": 0, "revision": 1,
    }  # fmt: skip
    ended = {"over": NOW - 401 * DAY, "recent": NOW - 399 * DAY, "open": None}
    incidents: list[dict[str, Any]] = [
        {"id": name, "alert_id": "a", "opened_at": 1, "resolved_at": None if at is None else at * SECOND, "detail": {},
         "told": {}}
        for name, at in ended.items()
    ]  # fmt: skip

    def work(connection: Any) -> None:
        connection.execute(insert(alerts).values(**alert))
        connection.execute(insert(alert_incidents), incidents)

    house.write_now(work)
    assert asyncio.run(forget_expired(house, NOW * SECOND)) == 1
    kept = house.read_now(lambda connection: connection.execute(select(alert_incidents.c.id)).scalars().all())
    assert set(kept) == {"recent", "open"}
