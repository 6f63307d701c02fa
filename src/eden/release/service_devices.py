"""Devices as people see them: who was here last, one by its id, and some to try a plan on."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, or_, select

from eden.base.identity.principal import Principal, check_permission
from eden.release.interfaces import DeviceContext
from eden.release.models import devices
from eden.release.service_core import Core


class DeviceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A device at its last check. `installed`: code by program key; moments in µs."""

    id: str
    context: DeviceContext
    installed: dict[str, int]
    first_seen_at: int
    seen_at: int


class DeviceRecords:
    """Every method checks the permission first."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def page(
        self, principal: Principal, workspace_id: str, *, before: tuple[int, str] | None = None, limit: int = 50
    ) -> list[DeviceInfo]:
        """Those seen last first; `before`: (seen_at, id) of the last one that the caller has."""
        check_permission(principal, workspace_id, "device.read")

        def work(connection: Connection) -> list[DeviceInfo]:
            query = select(devices).where(devices.c.workspace_id == workspace_id)
            if before is not None:
                at, last = before
                # the first condition is all that the index needs
                query = query.where(devices.c.seen_at <= at, or_(devices.c.seen_at < at, devices.c.device_id > last))
            ordered = query.order_by(devices.c.seen_at.desc(), devices.c.device_id).limit(limit)
            return [_show(row) for row in connection.execute(ordered)]

        return await self._core.database.read(work)

    async def find(self, principal: Principal, workspace_id: str, text: str, *, limit: int = 50) -> list[DeviceInfo]:
        """The device of this id, and the devices of the user of this id."""
        check_permission(principal, workspace_id, "device.read")

        def work(connection: Connection) -> list[DeviceInfo]:
            here = devices.c.workspace_id == workspace_id
            found = [*connection.execute(select(devices).where(here, devices.c.device_id == text))]
            # sorted here: a database would rather walk through all devices in their order than look the user up
            theirs = [*connection.execute(select(devices).where(here, devices.c.user_id == text).limit(limit))]
            found += sorted((row for row in theirs if row.device_id != text), key=lambda row: str(row.device_id))
            return [_show(row) for row in found[:limit]]

        return await self._core.database.read(work)

    async def get(self, principal: Principal, workspace_id: str, device_id: str) -> DeviceInfo | None:
        """A device; None when it was never seen."""
        check_permission(principal, workspace_id, "device.read")
        row = await self._core.database.read(
            lambda connection: connection.execute(
                select(devices).where(devices.c.workspace_id == workspace_id, devices.c.device_id == device_id)
            ).first()
        )
        return None if row is None else _show(row)

    async def sample(self, principal: Principal, workspace_id: str, most: int) -> tuple[int, list[DeviceInfo]]:
        """How many devices are known, and up to `most` of them: those seen last, since they are who a release
        reaches."""
        check_permission(principal, workspace_id, "device.read")

        def work(connection: Connection) -> tuple[int, list[DeviceInfo]]:
            here = devices.c.workspace_id == workspace_id
            known = int(connection.execute(select(func.count()).select_from(devices).where(here)).scalar_one())
            rows = connection.execute(select(devices).where(here).order_by(devices.c.seen_at.desc()).limit(most))
            return known, [_show(row) for row in rows]

        return await self._core.database.read(work)


def _show(row: Row[Any]) -> DeviceInfo:
    return DeviceInfo(
        id=row.device_id,
        context=msgspec.convert(row.context, DeviceContext),
        installed=dict(row.installed),
        first_seen_at=row.first_seen_at,
        seen_at=row.seen_at,
    )
