"""What `eden doctor` says of the events store."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from eden.base.parts import Finding
from eden.base.problems import Problem
from eden.base.settings import Settings
from eden.observe.app_settings import RETENTION, AppSettings
from eden.observe.insight import place, spawn
from eden.observe.insight.client import Insight
from eden.observe.insight.status import Status
from eden.observe.spool.folder import segments, spool_folder

#: the engine slows inserts down at 1,000 parts of a month, and refuses them at 3,000
_MANY_PARTS = 300
#: share of the spool after which it is time to do something
_FULL = 0.8
#: share of the machine's memory
_MOST_MEMORY = 0.7
_LATE_SECONDS = 60.0
#: after which what was forgotten is to be gone from the disk
_KEPT_SECONDS = 24 * 3600.0


async def check_store(settings: Settings, apps: Collection[AppSettings] = ()) -> list[Finding]:
    """Engine, memory, disk, merges, retention of the `apps` and what waits in the spool; nothing is started."""
    if not spawn.is_installed(settings):
        needed = bool(settings.observe.clickhouse)
        sentence = "The events store's engine is not installed: what apps report is not taken."
        install = "Install it: pip install 'eden-platform[observe]'"
        return [Finding("events store", not needed, sentence if needed else f"{sentence} {install}", install)]
    insight = Insight(settings, start=False)
    try:
        status = await insight.status()
    except Problem as problem:
        if problem.sentence != spawn.NOT_RUNNING:
            return [Finding("events store", False, problem.sentence, problem.hint)]
        return [*_resting(settings), *_memory_cap(settings)]
    finally:
        await insight.close()
    return [
        *_running(status),
        *_memory_cap(settings),
        *_order(status),
        *_retention(apps, status),
        *_spool(settings, status),
    ]


def _resting(settings: Settings) -> Sequence[Finding]:
    waiting = sum(segment.size for segment in segments(spool_folder(settings.data_folder)))
    sentence = (
        f"The insight process does not run; the server starts it. {_size(place.store(settings)) / 1e6:,.1f} MB are"
        f" stored, {waiting / 1e6:,.1f} MB wait in the spool."
    )
    return [Finding("events store", True, sentence)]


def _running(status: Status) -> Sequence[Finding]:
    rows = sum(table.rows for table in status.tables.values())
    cap = "" if status.engine == "server" else f", the engine at most {status.cap_bytes / 1e6:,.0f} MB of it"
    return [
        Finding(
            "events store",
            True,
            f"{status.engine.capitalize()} engine, ClickHouse {status.version}: {rows:,} rows,"
            f" {status.bytes / 1e6:,.1f} MB on disk; process {status.process}, with"
            f" {status.memory_bytes / 1e6:,.0f} MB of memory{cap}.",
        )
    ]


def _memory_cap(settings: Settings) -> Sequence[Finding]:
    if settings.observe.clickhouse:
        return []
    cap = settings.observe.memory_bytes
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return [
        Finding(
            "events store's memory",
            cap <= machine * _MOST_MEMORY,
            f"The engine may take {cap / 1e6:,.0f} MB of {machine / 1e6:,.0f} MB.",
            "Set observe.memory_bytes to less: the system ends processes when memory is short.",
        )
    ]


def _order(status: Status) -> Sequence[Finding]:
    parts = max((table.parts for table in status.tables.values()), default=0)
    failing = max(status.figures.get(name, 0) for name in ("keeper_failing", "forgetting_failing")) > 0
    hidden = int(status.figures.get("forgetting", 0))
    return [
        Finding(
            "merges",
            parts < _MANY_PARTS and not failing,
            f"{sum(table.parts for table in status.tables.values()):,} parts, at most {parts} of a table;"
            f" {status.merges} merges and {status.mutations} changes run; the oldest part that was never merged is"
            f" {status.unmerged_seconds:,.0f} s old."
            + (f" Rows of {hidden:,} who were forgotten are hidden and not deleted yet." if hidden else "")
            + (" The last round of keeping order failed." if failing else ""),
            "Is the disk full, or the machine too slow for what arrives? The server's log tells.",
        )
    ]


def _retention(apps: Collection[AppSettings], status: Status) -> Sequence[Finding]:
    kept = []
    for table in RETENTION:
        days = {one.days(table) for one in apps or (AppSettings(),)}
        kept.append(f"{table} {min(days)}" + (f" to {max(days)}" if len(days) > 1 else ""))
    seconds = status.figures.get("keeper_seconds", 0.0)
    return [
        Finding(
            "retention",
            seconds < _KEPT_SECONDS,
            f"Days that are kept: {', '.join(kept)}. Older rows were last looked for, or the insight process began,"
            f" {seconds / 3600:,.1f} h ago.",
            "It is done every six hours, unless the events store refuses: the server's log tells.",
        )
    ]


def _spool(settings: Settings, status: Status) -> Sequence[Finding]:
    figures = status.figures
    waiting, late = figures.get("spool_bytes", 0), figures.get("digest_lag_seconds", 0)
    failing = figures.get("digest_failing", 0) > 0
    return [
        Finding(
            "spool",
            waiting < settings.observe.spool_bytes * _FULL and late < _LATE_SECONDS and not failing,
            f"{waiting / 1e6:,.1f} of {settings.observe.spool_bytes / 1e6:,.0f} MB wait to be stored, the oldest for"
            f" {late:,.0f} s; {figures.get('quarantined_rows', 0):,.0f} records went to quarantine."
            + (" The store does not take them." if failing else ""),
            "Is the disk full, or the ClickHouse server away? The server's log tells.",
        )
    ]


def _size(folder: Path) -> int:
    """Bytes of all files below; those that vanish meanwhile count nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except OSError:
                continue
    return total
