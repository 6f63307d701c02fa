"""docs/operate.md: every figure and every setting that it names exists, and every figure is named."""

from __future__ import annotations

import asyncio
import re
import tomllib
from pathlib import Path

from eden.app import Platform
from eden.base.settings import SECRETS, Settings, table

PAGE = (Path(__file__).parents[2] / "docs" / "operate.md").read_text(encoding="utf-8")


def test_figures(tmp_path: Path) -> None:
    async def names() -> set[str]:
        platform = Platform(Settings(data=str(tmp_path), secret_key="of the tests, and of nothing else"))
        platform.ground.close()
        return set(platform.ground.metrics.names())

    assert set(re.findall(r"`(eden_[a-z_]+)`", PAGE)) == asyncio.run(names())


def test_settings() -> None:
    known = {row.name for row in table()} | {f"{name}_file" for name in SECRETS}
    sections = {name.partition(".")[0] for name in known if "." in name}
    named = {name for name in re.findall(r"`([a-z_]+\.[a-z_]+)`", PAGE) if name.partition(".")[0] in sections}
    assert len(named) > 10
    assert named <= known


def test_examples_of_settings(tmp_path: Path) -> None:
    """The files on the page are read without complaint."""
    known = {row.name for row in table()} | {f"{name}_file" for name in SECRETS}
    blocks = [block for block in re.findall(r"(?:^    .*\n|^\n)+", PAGE, re.MULTILINE) if 'data = "' in block]
    assert len(blocks) == 2
    for block in blocks:
        for key, value in tomllib.loads(re.sub(r"^    ", "", block, flags=re.MULTILINE)).items():
            names = [f"{key}.{inner}" for inner in value] if isinstance(value, dict) else [key]
            assert set(names) <= known
