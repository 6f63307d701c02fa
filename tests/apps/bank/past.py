"""The past of a made-up bank, made once for all tests of a process: each works on a copy of the folder."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bank import seed
from bank.server import Bank
from bank.settings import Settings
from bank.times import day_of
from eden.base.ids import now

#: customers, days, first day → folder
_MADE: dict[tuple[Any, ...], Path] = {}


def give_past(folder: Path, customers: int, clock: Callable[[], int] = now) -> None:
    """What the first start of a bank with so many customers would leave in its folder; one that has begun stays."""
    if (folder / "secret").exists():
        return
    key = (customers, seed.DAYS, day_of(clock()))
    if key not in _MADE:
        made = Path(tempfile.mkdtemp(prefix="eden-past-"))
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        asyncio.run(_begin(Bank(Settings(made, seed=customers), clock)))
        _MADE[key] = made
    shutil.copytree(_MADE[key], folder, dirs_exist_ok=True)


async def _begin(bank: Bank) -> None:
    await bank.open()
    await bank.stop()
