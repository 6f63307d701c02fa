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


def test_a_line_without_end_stops_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    talking = (
        "import sys; print('http://127.0.0.1:1\\n' + 'x' * 1_000_000 + '\\nstill here', flush=True); sys.stdin.read()"
    )

    async def live() -> None:
        process = Supervised("talking", lambda _: [sys.executable, "-c", talking])
        process.start()
        said = ""
        while "talking | still here" not in said:
            await asyncio.sleep(0.01)
            said += capsys.readouterr().out
        assert process.pid is not None
        await process.stop()

    asyncio.run(live())


def test_what_cannot_be_started_is_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    tries = iter(["/nowhere/python", sys.executable])

    async def live() -> None:
        process = Supervised("echo", lambda port: [next(tries), "-c", _ECHO, str(port)])
        process.start()
        assert await process.address() == "http://127.0.0.1:4711"
        await process.stop()

    asyncio.run(live())
    assert "echo | could not be started ([Errno 2]" in capsys.readouterr().err


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
