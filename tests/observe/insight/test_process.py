"""The insight process: started when it is needed, one for a data folder, replaced when it dies."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest

from eden.base.errors import EdenError
from eden.base.locks import lock
from eden.base.problems import Problem
from eden.base.settings import Observe, Settings
from eden.observe.app_settings import AppSettings
from eden.observe.insight import doctor, place, spawn
from eden.observe.insight import process as module
from eden.observe.insight import workers as worker_module
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import Insight, Limits
from eden.observe.insight.doctor import check_store
from eden.observe.insight.engine import Engine
from eden.observe.insight.spawn import wait_until_ended
from eden.observe.insight.status import Status, TableStatus
from eden.observe.insight.wire import Look, Settle
from eden.observe.insight.workers import Workers, stop

ENDLESS = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)"
#: the engine looks at its clock between blocks, of which this has one
STUBBORN = "SELECT arraySum(arrayMap(x -> sipHash64(sipHash64(sipHash64(sipHash64(x)))), range(20000000)))"
#: the same for a quarter of a minute or more
STUCK = f"SELECT arraySum(arrayMap(x -> {'sipHash64(' * 80}x{')' * 80}, range(20000000)))"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=str(tmp_path / "data"), observe=Observe(threads=2))


def is_alive(process: int) -> bool:
    """A process that has ended and that nobody has taken notice of does not live."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def gone(process: int) -> None:
    for _ in range(3000):
        if not is_alive(process):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"process {process} lives on")


def test_life(settings: Settings) -> None:
    async def live() -> None:
        one, two = Insight(settings, linger=0.3), Insight(settings, linger=0.3)
        # both want it at once: there is one
        first, second = await asyncio.gather(one.status(), two.status())
        assert first.process == second.process != os.getpid()
        socket = place.socket(settings)
        assert socket.stat().st_mode & 0o777 == 0o600

        answer = await one.ask("SELECT number AS n, {text:String} AS t, nan FROM numbers(2)", {"text": "it's"})
        assert [(column.name, column.type) for column in answer.columns][:2] == [("n", "UInt64"), ("t", "String")]
        assert answer.rows == [[0, "it's", None], [1, "it's", None]] and answer.read_rows == 2
        assert await two.fetch("SELECT 1 AS a", form="CSVWithNames") == b'"a"\n1\n'
        pieces = [piece async for piece in one.stream("SELECT * FROM numbers(200000)", form="TSV")]
        assert len(pieces) > 2 and b"".join(pieces).endswith(b"\n199999\n")
        await one.settled()

        # limits and errors
        for sql, limits, word in (
            (ENDLESS, Limits(seconds=0.2), "0.2 seconds"),
            (STUBBORN, Limits(seconds=0.2), "0.2 seconds"),
            ("SELECT groupArray(number) FROM numbers(100000000)", Limits(memory_bytes=20_000_000), "20 MB of memory"),
            ("SELECT * FROM numbers(11)", Limits(rows=10), "10 rows"),
        ):
            with pytest.raises(Problem, match=word) as caught:
                await one.ask(sql, limits=limits)
            assert caught.value.code == "insight-limit" and caught.value.status == 422 and caught.value.hint
        for sql in ("SELECT nothing", "DROP TABLE events", "SELECT 1; SELECT 2"):
            with pytest.raises(Problem) as caught:
                await one.ask(sql)
            assert caught.value.code == "insight-refused"

        # an app sees its own rows
        answer = await one.ask("SELECT count() FROM events", app=5)
        assert answer.rows == [[0]]

        # a question that nobody waits for is stopped: with two threads, the third could not be answered
        asking = [asyncio.create_task(one.ask(ENDLESS, limits=Limits(seconds=600))) for _ in range(2)]
        await asyncio.sleep(0.1)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        running = "SELECT count() FROM system.processes WHERE query LIKE '%sipHash%' AND query NOT LIKE '%processes%'"
        for _ in range(1000):
            if (found := (await two.ask(running)).rows) == [[0]]:
                break
            await asyncio.sleep(0.02)
        assert found == [[0]]

        # one server goes, the process stays; it dies, and another one is there
        await one.close()
        await asyncio.sleep(0.5)
        assert is_alive(first.process)
        os.kill(first.process, signal.SIGKILL)
        await gone(first.process)
        assert (await two.ask("SELECT 1")).rows == [[1]]
        third = await two.status()
        assert third.process != first.process
        # without a question, too
        os.kill(third.process, signal.SIGKILL)
        await gone(third.process)
        watching = Insight(settings, start=False)
        while True:
            try:
                fourth = await watching.status()
                break
            except Problem as problem:
                assert problem.code == "insight-unavailable"
                await asyncio.sleep(0.05)

        # the last server goes
        await watching.close()
        await two.close()
        await gone(fourth.process)
        assert not socket.exists()

    asyncio.run(live())


STARTING = """
import asyncio, sys
import msgspec
from eden.base.settings import Settings
from eden.observe.insight.client import Insight

async def main():
    insight = Insight(msgspec.json.decode(sys.argv[1], type=Settings))
    print((await insight.status()).process, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_it_outlives_who_started_it(settings: Settings) -> None:
    async def live() -> None:
        text = msgspec.json.encode(settings).decode()
        starter = await asyncio.create_subprocess_exec(
            sys.executable, "-c", STARTING, text, stdout=asyncio.subprocess.PIPE
        )
        assert starter.stdout is not None
        process = int(await starter.stdout.readline())
        insight = Insight(settings)
        try:
            assert (await insight.status()).process == process
            starter.kill()
            await starter.wait()
            assert (await insight.ask("SELECT 1")).rows == [[1]]
            # settings that have changed, or another version of Eden: it makes place
            changed = Insight(Settings(data=settings.data, observe=Observe(threads=3)))
            await insight.close()
            changed.wake()
            await gone(process)
            other = (await changed.status()).process
            assert other != process
            await changed.close()
            await gone(other)
        finally:
            if starter.returncode is None:
                starter.kill()
                await starter.wait()

    asyncio.run(live())


def test_questions_that_are_not_ended_cost_their_process(settings: Settings) -> None:
    """As many as there are threads: nobody else would be answered."""

    async def live() -> None:
        insight = Insight(settings)
        try:
            process = (await insight.status()).process
            asked = (insight.ask(STUCK, limits=Limits(seconds=0.2)) for _ in range(2))
            for answer in await asyncio.gather(*asked, return_exceptions=True):
                assert isinstance(answer, Problem) and answer.code == "insight-limit"
            await gone(process)
            assert (await insight.ask("SELECT 1")).rows == [[1]]
            assert (await insight.status()).process != process
        finally:
            await insight.close()

    asyncio.run(live())


def test_one_question_that_is_not_ended_costs_its_process_later(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are answered meanwhile, and those that end by themselves cost nothing."""
    monkeypatch.setattr(module, "_STUCK_SECONDS", 0.2)
    workers: Any = None

    async def live() -> None:
        loop = asyncio.get_running_loop()
        serving = module._Serving(module.Order(settings, "", 1.0), Stopping(), workers)
        ends: Future[bytes] = Future()
        lasts: Future[bytes] = Future()
        for running in (ends, lasts):
            running.set_running_or_notify_cancel()
        serving._give_up(ends, "mark")
        ends.set_result(b"")
        await asyncio.sleep(0.4)
        assert not serving.is_stuck
        serving._give_up(lasts, "mark")
        await asyncio.wait_for(serving._end.wait(), 30)
        assert serving.is_stuck
        lasts.set_result(b"")
        await loop.run_in_executor(None, serving._stopping.shutdown)

    asyncio.run(live())


class Stopping(Answering):
    """Has no engine."""

    def __init__(self) -> None:
        pass

    def stop(self, mark: str) -> None:
        pass


def test_workers_that_do_not_stop_hold_up_nothing() -> None:
    end = threading.Event()

    class Slow:
        def stop(self) -> None:
            end.wait(60)

    class Quick:
        def stop(self) -> None:
            pass

    slow: Any = Slow()
    quick: Any = Quick()
    assert stop([quick], 30)
    assert not stop([slow, quick], 0.05)
    end.set()


def test_of_several_that_are_started_one_answers_and_the_others_wait_for_it(settings: Settings) -> None:
    """After a kill the socket's file is there, and nobody behind it: whoever left at once would be started anew."""
    file = place.lock_file(settings)
    with file.open("w") as first, file.open("w") as second:
        assert lock(first.fileno(), alone=True)
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(place.socket(settings)))
        found: list[bool] = []
        waiting = threading.Thread(target=lambda: found.append(module._locked(second.fileno(), settings)))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        place.socket(settings).unlink()
        with socket.socket(socket.AF_UNIX) as answering:
            answering.bind(str(place.socket(settings)))
            answering.listen()
            waiting.join(30)
        assert found == [False]
        # the first one has died before it answered
        waiting = threading.Thread(target=lambda: found.append(module._locked(second.fileno(), settings)))
        waiting.start()
        first.close()
        waiting.join(30)
        assert found == [False, True]


def test_questions_do_not_wait_for_workers_that_cannot_begin(
    store: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full, say: they begin when it is not."""
    monkeypatch.setattr(worker_module, "_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(worker_module, "collect_garbage", lambda: None)
    may_begin = threading.Event()
    worker = Mock(settled=lambda seconds: True, figures=lambda: {"spool_bytes": 5.0})
    tried, failed = iter((False, True)), threading.Event()

    def start() -> None:
        if not may_begin.is_set():
            if next(tried, False):
                failed.set()
            raise EdenError("observe-progress", "The disk is full.")

    worker.start = start
    monkeypatch.setattr(worker_module, "made", lambda engine, ground: [worker])
    workers = Workers(store, settings)
    answering = Answering(store, [workers])

    def figures() -> dict[str, float]:
        return msgspec.json.decode(answering.answer(Look()), type=Status).figures

    assert figures() == {"digest_failing": 0.0}
    workers.start()
    assert failed.wait(30)
    assert answering.answer(Settle(0.05)) == b"false"
    assert figures() == {"digest_failing": 1.0}
    may_begin.set()
    assert answering.answer(Settle(30)) == b"true"
    assert figures() == {"spool_bytes": 5.0}
    workers.stop()
    worker.stop.assert_called_once()


def test_workers_that_never_began_are_stopped(store: Engine, settings: Settings) -> None:
    Workers(store, settings).stop()


def test_who_removes_the_folder_waits_for_its_end(settings: Settings) -> None:
    assert wait_until_ended(settings, 0)

    async def live() -> None:
        insight = Insight(settings, linger=0.1)
        await insight.status()
        assert not await asyncio.to_thread(wait_until_ended, settings, 0.2)
        await insight.close()

    asyncio.run(live())
    assert wait_until_ended(settings, 60)


def test_it_cannot_start(settings: Settings, tmp_path: Path) -> None:
    """The reason is told."""

    async def live() -> None:
        away = Settings(data=settings.data, observe=Observe(clickhouse="http://127.0.0.1:1/eden"))
        insight = Insight(away)
        try:
            with pytest.raises(Problem, match="ClickHouse server does not answer") as caught:
                await insight.ask("SELECT 1")
            assert caught.value.status == 503
        finally:
            await insight.close()

    asyncio.run(live())


def test_without_the_engine(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawn, "find_spec", lambda name: None)

    async def live() -> None:
        insight = Insight(settings)
        assert not insight.is_installed
        insight.wake()
        with pytest.raises(Problem, match="not installed") as caught:
            await insight.ask("SELECT 1")
        assert "pip install" in caught.value.hint
        await insight.close()

    asyncio.run(live())
    assert not place.socket(settings).exists()


WITHOUT = """
import asyncio, sys
for name in ("apprise", "chdb", "clickhouse_connect", "numpy", "opentelemetry", "pandas", "pyarrow", "sqlglot"):
    sys.modules[name] = None
from eden.app import Platform
from eden.base.settings import Settings

async def main():
    platform = Platform(Settings(data=sys.argv[1], secret_key="of the tests, and of nothing else but them"))
    await platform.start()
    await platform.stop()

asyncio.run(main())
"""


def test_the_platform_runs_without_the_extra(tmp_path: Path) -> None:
    """In a process that can import nothing of it."""
    subprocess.run([sys.executable, "-c", WITHOUT, str(tmp_path)], check=True)


def test_long_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Unix socket's path has 108 bytes."""
    long = Settings(data=str(tmp_path / ("x" * 100) / "data"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    found = place.socket(long)
    assert found.parent.parent == tmp_path / "temporary"
    assert found.parent.stat().st_mode & 0o777 == 0o700
    assert place.socket(long) == found
    found.parent.chmod(0o755)
    with pytest.raises(Exception, match="not a folder of this user's alone"):
        place.socket(long)


def test_the_socket_is_found_by_any_path(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert place.socket(Settings(data=str(tmp_path / "d"))) == place.socket(Settings(data=str(tmp_path / "link" / "d")))


def test_what_the_doctor_says(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def live() -> None:
        [resting, memory] = await check_store(settings)
        assert resting.ok and "does not run" in resting.sentence and memory.ok
        insight = Insight(settings, linger=0.1)
        process = (await insight.status()).process
        await insight.settled()
        found = {finding.name: finding for finding in await check_store(settings)}
        assert list(found) == ["events store", "events store's memory", "merges", "retention", "spool"]
        assert all(finding.ok for finding in found.values())
        assert "Embedded engine, ClickHouse" in found["events store"].sentence
        assert str(process) in found["events store"].sentence
        await insight.close()
        await gone(process)
        huge = Settings(data=settings.data, observe=Observe(memory_bytes=1 << 50))
        assert not (await check_store(huge))[-1].ok

    asyncio.run(live())
    monkeypatch.setattr(spawn, "find_spec", lambda name: None)
    [missing] = asyncio.run(check_store(settings))
    assert missing.ok and "pip install" in missing.sentence
    [missing] = asyncio.run(check_store(Settings(data=settings.data, observe=Observe(clickhouse="http://h"))))
    assert not missing.ok


def test_status_that_is_not_well(settings: Settings) -> None:
    ill = Status(
        engine="embedded", version="1", process=1, seconds=1, memory_bytes=1, cap_bytes=1, merges=0, mutations=0,
        tables={"events": TableStatus(1, 1, 500)}, unmerged_seconds=1.0,
        figures={"spool_bytes": 3.9e9, "digest_lag_seconds": 5, "keeper_failing": 1},
    )  # fmt: skip
    assert [finding.ok for finding in (*doctor._order(ill), *doctor._spool(settings, ill))] == [False, False]
    forgetting = msgspec.structs.replace(ill, tables={}, figures={"forgetting": 3, "forgetting_failing": 0})
    [finding] = doctor._order(forgetting)
    assert finding.ok and "Rows of 3 who were forgotten are hidden" in finding.sentence
    [finding] = doctor._order(msgspec.structs.replace(forgetting, figures={"forgetting_failing": 1}))
    assert not finding.ok and "keeping order failed" in finding.sentence
    late = msgspec.structs.replace(ill, figures={"keeper_seconds": 90_000.0})
    [finding] = doctor._retention([AppSettings(), AppSettings(retention={"logs": 7})], late)
    assert not finding.ok and "events 400, errors 90, logs 7 to 30, " in finding.sentence
    assert "25.0 h ago" in finding.sentence
