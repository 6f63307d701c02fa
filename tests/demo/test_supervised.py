"""A process beside the demo."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable

import pytest

from eden.demo.supervised import Supervised

#: says where it is, then what it hears, and ends with its input
_ECHO = """
import sys
print("Echo http://127.0.0.1:%s" % (sys.argv[1] if sys.argv[1] != "0" else 4711), flush=True)
print("for port", sys.argv[1], flush=True)
sys.stdin.read()
"""


async def until(probe: Callable[[], object]) -> None:
    while not probe():  # noqa: ASYNC110 - a process has no event to wait for
        await asyncio.sleep(0.01)


def test_a_process_is_started_again_at_its_address(capsys: pytest.CaptureFixture[str]) -> None:
    async def live() -> None:
        process = Supervised("echo", lambda port: [sys.executable, "-c", _ECHO, str(port)])
        assert process.pid is None
        process.start()
        assert await process.address() == "http://127.0.0.1:4711"
        await until(lambda: "for port 0" in said())
        first = process.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: process.pid not in (None, first))
        second = process.pid
        assert second is not None and await process.address() == "http://127.0.0.1:4711"
        await until(lambda: "for port 4711" in said())
        await process.stop()
        assert process.pid is None
        with pytest.raises(ProcessLookupError):
            os.kill(second, 0)

    heard: list[str] = []

    def said() -> str:
        captured = capsys.readouterr()
        heard.append(captured.out + captured.err)
        return "".join(heard)

    asyncio.run(live())
    assert f"ended with {-signal.SIGKILL}" in said()


def test_who_does_not_end_is_ended() -> None:
    async def live() -> None:
        stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('http://127.0.0.1:1', flush=True)"
        command = [sys.executable, "-c", f"{stubborn}\nwhile True: time.sleep(1)"]
        process = Supervised("stubborn", lambda _: command, end_seconds=0.1)
        process.start()
        await process.address()
        await process.stop()
        assert process.pid is None

    asyncio.run(live())
