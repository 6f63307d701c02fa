"""Prepared deltas take no more space than the settings give them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from eden.base.jobs import Handler
from eden.release.parts import parts
from tests.release.house import open_house


def test_deltas_are_trimmed(tmp_path: Path) -> None:
    with open_house(tmp_path, "sqlite") as house:
        ground = house.ground
        limits = msgspec.structs.replace(ground.settings.limits, delta_cache_bytes=250)
        ground.settings = msgspec.structs.replace(ground.settings, limits=limits)

        async def run() -> int:
            for number in range(5):
                await ground.blobs.put(f"deltas/{number}.dcz", b"x" * 100)
            await ground.blobs.put("other/0", b"x" * 1000)
            handler = parts(ground).jobs["release.trim"]
            assert isinstance(handler, Handler) and handler.every is not None
            await handler.run({})
            assert await ground.blobs.exists("other/0")
            return len([name async for name, _ in ground.blobs.list("deltas")])

        assert house.run(run()) == 2
