"""A release service over real stores with a clock that stands, people of every role, and one workspace with a root."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from securesystemslib.signer import CryptoSigner
from sqlalchemy import insert

from eden.base.ground import Ground, open_ground
from eden.base.identity.principal import Principal
from eden.base.identity.roles import ROLES, permissions_of
from eden.base.ids import now
from eden.base.settings import BlobSettings, DatabaseSettings, Settings
from eden.base.tables import metadata, workspaces
from eden.release.interfaces import ProgramKind, Verb
from eden.release.packages import UploadFields
from eden.release.service import ReleaseService
from eden.release.service_release_rows import ReleaseInfo
from eden.release.service_trust import do_establish
from eden.release.service_version_rows import Version
from eden.release.trust import read_file
from eden.release.trust_keys import P256, new_signer
from tests.postgres import postgres_database
from tests.release import samples

T = TypeVar("T")
SECOND = 1_000_000
DAY = 24 * 3600 * SECOND


class House:
    """`w` is the workspace; `people` has a Principal for every role, and two of developers and reviewers."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        #: moves only when a test moves it
        self.at = now()
        self.service = ReleaseService(ground, lambda: self.at)
        self.roots: list[CryptoSigner] = [new_signer(P256)]
        held: dict[str, dict[str, frozenset[str]]] = {role: {"w": permissions_of([role])} for role in ROLES}
        names: dict[str, str] = {role: role for role in ROLES} | {"developer2": "developer", "reviewer2": "reviewer"}
        self.people = {
            name: Principal("user", f"id-{name}", f"user:{name}@example.com", f"id-{name}", permissions=held[role])
            for name, role in names.items()
        }
        self.people["both"] = Principal(
            "user", "id-both", "user:both@example.com", "id-both",
            permissions={"w": permissions_of(["developer", "reviewer"])},
        )  # fmt: skip

    @property
    def owner(self) -> Principal:
        return self.people["owner"]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(work)

    async def furnish(self, settings: dict[str, Any] | None = None) -> None:
        database, core = self.ground.database, self.service.core
        await database.write(
            lambda c: c.execute(
                insert(workspaces).values(id="w", slug="test", name="Test", settings=settings or {}, created_at=self.at)
            )
        )
        await database.write(lambda c: do_establish(core.trust, c, "w", self.roots, 1, self.at))

    async def program(self, key: str = "bank", kind: ProgramKind = ProgramKind.MINIPROGRAM) -> None:
        await self.service.programs.create(self.owner, "w", key=key, kind=kind)

    async def upload(
        self, version: str = "1.0.0", *, who: str = "developer", key: str = "bank", **more: Any
    ) -> Version:
        data = samples.miniprogram(version=version, code=code_of(version), **more)
        found, _ = await self.service.versions.upload(self.people[who], "w", key, pieces(data), UploadFields())
        return found

    async def draft(self, version: str, plan: Any = None, key: str = "bank") -> ReleaseInfo:
        return await self.service.releases.create(self.people["operator"], "w", key, code_of(version), plan)

    async def act(self, info: ReleaseInfo, verb: Verb, *, who: str = "operator", **more: Any) -> ReleaseInfo:
        release = info.release
        more = dict[str, Any](reason="because", revision=release.revision) | more
        return await self.service.releases.act(self.people[who], "w", release.id, verb, **more)

    async def stable(self, version: str, key: str = "bank") -> ReleaseInfo:
        """Upload a version and bring it to everyone at once."""
        await self.upload(version, key=key, scripts=version.encode())
        info = await self.draft(version, everyone(), key)
        info = await self.act(info, Verb.START)
        return await self.act(info, Verb.FINISH)

    async def signed(self, key: str = "bank") -> dict[int, Any]:
        """The `eden` fields of the program's versions by code, as phones see them; nothing when it has no role."""
        data = await self.ground.database.read(lambda c: read_file(c, "w", f"apps.{key}"))
        targets = {} if data is None else msgspec.json.decode(data)["signed"]["targets"]
        found: dict[int, Any] = {}
        for target in targets.values():
            if "custom" in target:
                fields = target["custom"]["eden"]
                found[fields["code"]] = fields
        return found

    async def states(self, key: str = "bank") -> dict[int, str]:
        return {code: fields["state"] for code, fields in (await self.signed(key)).items()}


@contextmanager
def open_house(folder: Path, kind: str) -> Iterator[House]:
    """A house on "sqlite" or "postgresql", blobs in a folder."""
    with nullcontext("") if kind == "sqlite" else postgres_database() as address, house_at(folder, address) as house:
        yield house


@contextmanager
def house_at(folder: Path, address: str) -> Iterator[House]:
    """A house whose stores may be there already: files in a folder, a PostgreSQL by its address or, without one, a
    SQLite in the folder."""
    settings = Settings(
        data=str(folder),
        secret_key="of the tests, and of nothing else but them",
        database=DatabaseSettings(address=address),
        blobs=BlobSettings(),
    )
    ground = open_ground(settings)
    metadata.create_all(ground.database.engine)
    try:
        yield House(ground)
    finally:
        ground.close()


def everyone() -> dict[str, Any]:
    return {"steps": [{"name": "Everyone", "audience": {"share": 10_000}}]}


def shares(*shares: int, **more: Any) -> dict[str, Any]:
    return {"steps": [{"name": str(share), "audience": {"share": share}, **more} for share in shares]}


def code_of(version: str) -> int:
    major, minor, patch = map(int, version.split("."))
    return major * 10_000 + minor * 100 + patch


async def pieces(data: bytes, size: int = 70_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
