"""What observing brings to the platform."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eden.base.ground import Ground
from eden.base.jobs import Handler
from eden.base.parts import Finding, Part
from eden.base.problems import Problem
from eden.observe import api_alerts, api_apps, api_crashes, api_dashboards, api_logs, api_questions, api_sql
from eden.observe.accept.foreign import foreign_wires
from eden.observe.accept.receiver import PREFIX
from eden.observe.alerts.telling import TELL
from eden.observe.alerts.watch import EVERY, LOOK
from eden.observe.expiry import forget_expired
from eden.observe.insight.doctor import check_store
from eden.observe.insight.keeper import settings_of_apps
from eden.observe.pages import HANDLERS, NAVIGATION, PANELS
from eden.observe.service import Observe

#: seconds between two tries to finish what was asked to be forgotten while the events store was away
_ERASE = 60.0
#: seconds between two looks for files that no document names any more; the second one removes them
_ATTACHMENTS = 6 * 3600.0
#: seconds between two looks for versions whose source maps are not known yet
_SYMBOLS = 600.0
#: seconds between two looks for what the events store has nothing left of
_EXPIRY = 3600.0
#: seconds between two looks for phones that were asked for their log and did not come
_PULLS = 60.0


def parts(ground: Ground) -> Part:
    """The service over this process's ground."""
    observe = Observe(ground, foreign_wires())

    async def finish_erasures(_: dict[str, Any]) -> None:
        try:
            await observe.finish_erasures()
        except Problem as problem:
            if problem.code != "insight-unavailable":
                raise

    async def check() -> Sequence[Finding]:
        apps = await ground.database.read(settings_of_apps)
        return await check_store(ground.settings, apps.values())

    async def prepare_symbols(_: dict[str, Any]) -> None:
        await observe.symbols.all()

    async def look(payload: dict[str, Any]) -> None:
        await api_alerts.watch_of(observe).look_all(payload)

    async def tell(payload: dict[str, Any]) -> None:
        await api_alerts.watch_of(observe).tell(payload)

    async def expire_pulls(_: dict[str, Any]) -> None:
        await observe.pulls.expire()

    async def expire(_: dict[str, Any]) -> None:
        await forget_expired(ground.database, observe.clock())

    async def sweep_attachments(_: dict[str, Any]) -> None:
        try:
            await observe.attachments.sweep()
        except Problem as problem:
            if problem.code != "insight-unavailable":
                raise

    return Part(
        name="observe",
        folder=Path(__file__).parent,
        controllers=(
            *api_apps.CONTROLLERS,
            *api_crashes.CONTROLLERS,
            *api_logs.CONTROLLERS,
            *api_dashboards.CONTROLLERS,
            *api_questions.CONTROLLERS,
            *api_sql.CONTROLLERS,
            *api_alerts.CONTROLLERS,
            *HANDLERS,
        ),
        navigation=NAVIGATION,
        panels=PANELS,
        tags={
            **api_apps.TAGS,
            **api_crashes.TAGS,
            **api_logs.TAGS,
            **api_dashboards.TAGS,
            **api_questions.TAGS,
            **api_sql.TAGS,
            **api_alerts.TAGS,
        },
        services={"observe": observe},
        raw={PREFIX: observe.receiver},
        jobs={
            "observe.attachments": Handler(sweep_attachments, every=_ATTACHMENTS),
            "observe.erase": Handler(finish_erasures, every=_ERASE),
            "observe.expiry": Handler(expire, every=_EXPIRY),
            "observe.symbols": Handler(prepare_symbols, every=_SYMBOLS),
            "observe.pulls": Handler(expire_pulls, every=_PULLS),
            LOOK: Handler(look, every=EVERY),
            TELL: tell,
        },
        doctor=[check],
        start=observe.start,
        stop=observe.stop,
    )
