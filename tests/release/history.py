"""A release with a past, as devices would have made it: for the pages that show it, and for pictures of them."""

from __future__ import annotations

import random
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, update

from eden.release import guardrails_v1 as guardrails
from eden.release import metrics
from eden.release.interfaces import Arm, ArmCounts, Guardrails
from eden.release.models import devices, release_counts, release_events, release_guards, releases

MINUTE = 60 * 1_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
CITIES = ("杭州", "上海", "北京", "Chengdu", "Shenzhen")
MODELS = ("Pixel 9", "Mate 70", "iPhone 17", "Mi 15")


def known_devices(connection: Connection, workspace_id: str, count: int, at: int, installed: dict[str, int]) -> None:
    """Devices of all sorts, the first one seen last."""
    lots = random.Random(3)
    rows = [
        {
            "workspace_id": workspace_id,
            "device_id": f"device-{number:06}",
            "context": {
                "city": lots.choice(CITIES),
                "device_model": lots.choice(MODELS),
                "platform": "ios" if number % 3 == 0 else "android",
                "os_version": f"{lots.randint(12, 17)}.0",
                "app_version": f"2.{lots.randint(0, 9)}.0",
                "container_version": "1.0.0",
                "tags": ["beta"] if number % 10 == 0 else [],
                "user_id": f"user-{number % 5_000}",
            },
            "user_id": f"user-{number % 5_000}",
            "installed": installed,
            "first_seen_at": at - 200 * DAY,
            "seen_at": at - number * 1_000_000,
        }
        for number in range(count)
    ]
    for start in range(0, count, 5_000):
        connection.execute(insert(devices), rows[start : start + 5_000])


def ramp_of_days(connection: Connection, release_id: str, at: int, *, crash: float = 0.0024) -> None:
    """Let a release that has been started be three days old: 1 %, 10 %, and half of the devices since this morning.

    `crash`: chance of a crash per start; the control arm's is 0.0021. It ends at the last full hour before `at`, so
    that its figures are the same at every minute.
    """
    lots = random.Random(7)
    at = at // HOUR * HOUR
    begun = at - 3 * DAY
    steps = ((begun, 0, 100), (at - 48 * HOUR, 1, 1_000), (at - 9 * HOUR, 2, 5_000))
    connection.execute(
        update(releases)
        .where(releases.c.id == release_id)
        .values(created_at=begun - HOUR, started_at=begun, step=2, share=5_000, step_share=5_000,
                step_started_at=at - 9 * HOUR, revision=5, run=1, updated_at=at - 9 * HOUR)
    )  # fmt: skip
    connection.execute(release_events.delete().where(release_events.c.release_id == release_id))
    happened = [
        (begun - HOUR, "user:mei@example.com", "create", "draft", 0, 0, ""),
        (begun, "user:mei@example.com", "start", "live", 0, 100, ""),
        (at - 48 * HOUR, "user:mei@example.com", "advance", "live", 1, 1_000, "Support has heard nothing"),
        (at - 30 * HOUR, "user:jonas@example.com", "pause", "paused", 1, 1_000, "Payment service has an incident"),
        (at - 27 * HOUR, "user:jonas@example.com", "resume", "live", 1, 1_000, ""),
        (at - 9 * HOUR, "user:mei@example.com", "advance", "live", 2, 5_000, "A day without complaints"),
    ]
    for revision, (moment, actor, kind, state, place, share, reason) in enumerate(happened):
        connection.execute(
            insert(release_events).values(
                release_id=release_id, revision=revision, at=moment, actor=actor, kind=kind, state=state, step=place,
                share=share, reason=reason, detail=None,
            )
        )  # fmt: skip
    total: dict[Arm, list[ArmCounts]] = {Arm.NEW: [], Arm.CONTROL: []}
    rows = []
    bets = guardrails.State()
    for hour in range((begun // HOUR) + 1, at // HOUR):
        moment = hour * HOUR
        reached = max(share for since, _, share in steps if since <= moment) / 10_000
        age = min((moment - since) / HOUR for since, _, _ in steps if since <= moment)
        people = 90_000 * reached * (0.02 + 0.12 * 0.86**age) * (0.5 + lots.random() * 0.3)
        new = _hour(lots, people, crash)
        control = _hour(lots, people * 0.98, 0.0021, old=True)
        for arm, counts in ((Arm.NEW, new), (Arm.CONTROL, control)):
            total[arm].append(counts)
            rows.append(
                {"release_id": release_id, "run": 1, "arm": arm.value, "at": moment} | msgspec.to_builtins(counts)
            )
        grown = metrics.increment({}, {Arm.NEW: new, Arm.CONTROL: control})
        bets = guardrails.observe(bets, grown, Guardrails())
    connection.execute(insert(release_counts), rows)
    verdict = guardrails.verdict(bets, Guardrails())
    seen = {arm.value: metrics.total(each) for arm, each in total.items()}
    connection.execute(release_guards.delete().where(release_guards.c.release_id == release_id))
    connection.execute(
        insert(release_guards).values(
            release_id=release_id, run=1, step=2, state=msgspec.to_builtins(bets), seen=msgspec.to_builtins(seen),
            verdict=msgspec.to_builtins(verdict), looked_at=at,
        )
    )  # fmt: skip


def _hour(lots: random.Random, people: float, crash: float, *, old: bool = False) -> ArmCounts:
    offered = 0 if old else round(people)
    started = round(people * 1.7)
    exposed = round(people * 1.4)
    crashed = sum(lots.random() < crash for _ in range(exposed))
    failed = sum(lots.random() < 0.0008 for _ in range(exposed))
    return ArmCounts(
        offered=offered,
        downloaded=round(offered * 0.97),
        installed=round(offered * 0.96),
        started=started,
        first_page=started - failed,
        failed=failed,
        crash=crashed,
        exposed=exposed,
        crashed=crashed,
        unstarted=failed,
    )


def long_history(connection: Connection, release_id: str, at: int, days: int) -> None:
    """Counts of every hour of many days, as a release of a year has them, and an event a day."""
    counts: dict[str, Any] = msgspec.to_builtins(
        ArmCounts(offered=50, downloaded=49, installed=48, started=400, first_page=399, exposed=300, crashed=1)
    )
    rows = [
        {"release_id": release_id, "run": 1, "arm": arm.value, "at": (at // HOUR - hour) * HOUR} | counts
        for hour in range(days * 24)
        for arm in Arm
    ]
    for start in range(0, len(rows), 2_000):
        connection.execute(insert(release_counts), rows[start : start + 2_000])
    connection.execute(
        insert(release_events),
        [
            {
                "release_id": release_id, "revision": 1_000 + day, "at": at - (days - day) * DAY, "actor": "system",
                "kind": "share", "state": "live", "step": 0, "share": min(10_000, 10 + day), "reason": "",
                "detail": {"code": "ramp", "fields": {"share": min(10_000, 10 + day)}},
            }
            for day in range(days)
        ],
    )  # fmt: skip
