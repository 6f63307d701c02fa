"""A server that was restored from a backup serves the same signed bytes, and goes on from there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eden.app import Platform, prepare_database
from eden.base.errors import EdenError
from eden.base.ground import open_ground
from eden.base.settings import Settings
from eden.operate.backup import backup
from eden.operate.restore import restore
from tests.ask import ask
from tests.operate.conftest import MakeSettings
from tests.release.house import House

PREFIX = "/device/v1/test"


def quiet(text: str) -> None:
    """No progress is shown."""


async def publish(settings: Settings, *versions: str, furnish: bool = False) -> None:
    with closing(open_ground(settings)) as ground:
        prepare_database(ground)
        house = House(ground)
        if furnish:
            await house.furnish()
            await house.program()
        for version in versions:
            await house.stable(version)


async def served(settings: Settings) -> dict[str, bytes]:
    """All that a phone without anything fetches: metadata from the first root on, and every file they name."""
    platform = Platform(settings)
    await platform.start()
    try:
        found: dict[str, bytes] = {}

        async def fetch(path: str) -> Any:
            answer = await ask(platform, f"{PREFIX}/{path}")
            assert answer.status == 200, (path, answer.body)
            found[path] = answer.body
            return answer.json()["signed"] if path.startswith("metadata/") else None

        await fetch("metadata/1.root.json")
        timestamp = await fetch("metadata/timestamp.json")
        snapshot = await fetch(f"metadata/{timestamp['meta']['snapshot.json']['version']}.snapshot.json")
        for name, about in snapshot["meta"].items():
            signed = await fetch(f"metadata/{about['version']}.{name}")
            for path, target in signed["targets"].items():
                folder, _, file = path.rpartition("/")
                await fetch(f"targets/{folder}/{target['hashes']['sha256']}.{file}")
        return found
    finally:
        await platform.stop()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
@pytest.mark.parametrize("target", ["folder", "servers"])
async def test_same_signed_bytes(make_settings: MakeSettings, tmp_path: Path, target: str) -> None:
    old, new = make_settings("folder"), make_settings(target)
    await publish(old, "1.0.0", "1.1.0", furnish=True)
    before = await served(old)
    assert len(before) > 6
    ground = open_ground(old)
    archive = tmp_path / "backup"
    await _in_thread(lambda: backup(ground, archive, with_secret=False, progress=quiet))
    ground.close()
    await _in_thread(lambda: restore(new, archive, force=False, progress=quiet))
    assert await served(new) == before
    # it signs with the keys that came along
    await publish(new, "1.2.0")
    after = await served(new)
    assert after.keys() > {"metadata/1.root.json"}
    assert after["metadata/timestamp.json"] != before["metadata/timestamp.json"]
    # and another key opens none of them
    stranger = msgspec.structs.replace(new, secret_key="x" * 40)
    with pytest.raises(EdenError, match="begun with another secret key"):
        await publish(stranger, "1.3.0")


async def _in_thread(work: Callable[[], object]) -> None:
    """Commands have event loops of their own."""
    await asyncio.to_thread(work)
