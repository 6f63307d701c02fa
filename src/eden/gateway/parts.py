"""What serving brings to the platform: the catalogue and its apps. The data plane has processes of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from eden.base.ground import Ground
from eden.base.ids import now
from eden.base.jobs import Handler
from eden.base.parts import Part
from eden.gateway import api, figures, traces
from eden.gateway.figures_read import FigureViews
from eden.gateway.pages import HANDLERS, NAVIGATION
from eden.gateway.published import Published
from eden.gateway.service import Catalogues
from eden.gateway.service_apps import Apps
from eden.gateway.traces import TraceLookup
from eden.gateway.try_call import TryIt

#: seconds
_MERGE = 60
_PUBLISH = 10
_FORGET = 3600


def parts(ground: Ground) -> Part:
    """The service over this process's ground."""

    async def merge(_: dict[str, Any]) -> None:
        while await ground.database.write(lambda connection: figures.merge(connection, now())):
            pass

    async def forget(_: dict[str, Any]) -> None:
        def work(connection: Connection) -> None:
            traces.forget(connection, now())

        await ground.database.write(work)

    published = Published(ground.metrics)

    async def publish(_: dict[str, Any]) -> None:
        published.tell(await ground.database.read(lambda connection: published.look(connection, now())))

    return Part(
        name="gateway",
        controllers=(*api.CONTROLLERS, *HANDLERS),
        folder=Path(__file__).parent,
        navigation=NAVIGATION,
        tags=api.TAGS,
        services={
            "gateway_catalogues": Catalogues(ground),
            "gateway_apps": Apps(ground),
            "gateway_figures": FigureViews(ground),
            "gateway_traces": TraceLookup(ground),
            "gateway_trial": TryIt(ground),
        },
        jobs={
            "gateway.merge": Handler(merge, every=_MERGE),
            "gateway.forget": Handler(forget, every=_FORGET),
            "gateway.publish": Handler(publish, every=_PUBLISH),
        },
    )
