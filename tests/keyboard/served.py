"""The secure keyboard of a whole platform behind a port, with a service's token and purposes."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

from sqlalchemy import Connection, insert, select

from eden.base.identity import tokens
from eden.base.ids import new_id, now
from eden.base.tables import members, users
from eden.keyboard.interfaces import Kind, Purpose
from eden.keyboard.models import keyboard_log
from eden.keyboard.service_admin import KeyboardAdmin
from tests.browser.platform import RunningPlatform
from tests.keyboard.typing_in import statement_of, text


class ServedKeyboard:
    """`purposes`: name, kind, least and most characters."""

    def __init__(self, folder: Path, purposes: Sequence[tuple[str, Kind, int, int]], *, tries: int = 3) -> None:
        self.platform = RunningPlatform(folder)
        self.address = f"{self.platform.origin}/keyboard/v1/test"
        self.token = self.platform.run(self._prepare(purposes, tries))

    @property
    def _admin(self) -> KeyboardAdmin:
        admin = self.platform.platform.framed.state.services["keyboard_admin"]
        assert isinstance(admin, KeyboardAdmin)
        return admin

    async def _prepare(self, purposes: Sequence[tuple[str, Kind, int, int]], tries: int) -> str:
        ground, owner, maker = self.platform.house.ground, self.platform.house.owner, new_id()
        workspace = next(iter(owner.permissions))

        def make(connection: Connection) -> tuple[str, str]:
            person = {"email": "owner@example.com", "name": "Owner", "password_hash": None, "locale": ""}
            connection.execute(insert(users).values(id=maker, created_at=now(), **person))
            connection.execute(
                insert(members).values(workspace_id=workspace, user_id=maker, roles=["owner"], created_at=now())
            )
            return tokens.create(
                connection, workspace, maker, "bank", ["keyboard.verify", "keyboard.open"], now(), None
            )

        token_id, secret = await ground.database.write(make)
        for name, kind, shortest, longest in purposes:
            purpose = Purpose(
                name=name, kind=kind, shortest=shortest, longest=longest, tries=tries, lock_seconds=900,
                verifiers=[token_id], openers=[token_id],
            )  # fmt: skip
            await self._admin.set_purpose(owner, workspace, purpose, None)
        return secret

    def pins(self) -> list[str]:
        """What phones pin."""
        owner = self.platform.house.owner
        keys = self.platform.run(self._admin.keys(owner, next(iter(owner.permissions)), 100, None))
        return [base64.b64encode(key.public).decode() for key in keys if key.algorithm == "ed25519"]

    def sealed(self, purpose: str, typed: str, *, app: str, user: str, bound: str = "") -> str:
        """What the keyboard of a phone gives."""
        query = urlencode({"app": app, "purpose": purpose, "user": user})
        with urlopen(f"{self.address}/session?{query}") as answer:
            return text(statement_of(json.load(answer)["statement"]), typed, bound=bound)

    def logged(self) -> list[tuple[str, str, str]]:
        """Action, purpose and outcome of everything, in order."""
        columns = (keyboard_log.c.action, keyboard_log.c.purpose, keyboard_log.c.outcome)
        query = select(*columns).order_by(keyboard_log.c.id)
        rows = self.platform.house.ground.database.read_now(lambda connection: connection.execute(query).all())
        return [(row.action, row.purpose, row.outcome) for row in rows]

    def close(self) -> None:
        self.platform.close()
