"""The service: one piece of work for many who ask, kept results, and no failure that a phone would see."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from eden.release import deltas as module
from eden.release.deltas import Deltas, brotli_full, decode_delta
from eden.release.deltas_slots import Slots, Work

OLD = b"".join(b"<view>%d</view>\n" % number for number in range(3000))
NEW = OLD.replace(b"<view>77<", b"<view>seventy-seven<")
NOISE = random.Random(5).randbytes(3000)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Store:
    """Archives and results; what is named in `broken` fails."""

    def __init__(self, *archives: bytes) -> None:
        self.archives = {sha(data): data for data in archives}
        self.results: dict[str, bytes] = {}
        self.broken: set[str] = set()

    async def load(self, name: str) -> bytes | None:
        if "load" in self.broken:
            raise OSError("the disk is gone")
        return self.archives.get(name)

    async def get(self, name: str) -> bytes | None:
        if "get" in self.broken:
            raise OSError("the disk is gone")
        return self.results.get(name)

    async def put(self, name: str, data: bytes) -> None:
        if "put" in self.broken:
            raise OSError("the disk is full")
        self.results[name] = data

    async def list(self, prefix: str) -> AsyncIterator[tuple[str, int]]:
        for name in sorted(self.results):
            if name.startswith(prefix):
                yield name, len(self.results[name])

    async def delete(self, name: str) -> None:
        del self.results[name]


class Gate:
    """Stands in for the encoder: counts, and holds whoever comes until it is opened."""

    def __init__(self, encode: Callable[[bytes, bytes], bytes]) -> None:
        self.encode = encode
        self.calls: list[str] = []
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()

    def __call__(self, old: bytes, new: bytes) -> bytes:
        self.calls.append(f"{sha(old)}-{sha(new)}")
        self.entered.release()
        assert self.open.wait(20)
        return self.encode(old, new)

    async def wait_entered(self) -> None:
        assert await asyncio.to_thread(self.entered.acquire, True, 20)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate(module.encode_delta)
    monkeypatch.setattr(module, "encode_delta", gate)
    yield gate
    gate.open.set()


@pytest.fixture
def store() -> Store:
    return Store(OLD, NEW, NOISE)


def run(store: Store, test: Callable[[Deltas], Awaitable[None]], **options: int) -> Deltas:
    async def main() -> Deltas:
        deltas = Deltas(store.load, store, **options)
        try:
            await test(deltas)
        finally:
            await deltas.close()
        return deltas

    return asyncio.run(main())


def test_deltas_and_full_downloads_are_made_and_kept(store: Store) -> None:
    async def test(deltas: Deltas) -> None:
        dcz = await deltas.get(sha(OLD), sha(NEW))
        assert dcz is not None
        assert decode_delta(OLD, dcz) == NEW
        assert await deltas.full(sha(NEW)) == brotli_full(NEW)
        assert await deltas.get(sha(OLD), sha(NEW)) is dcz
        assert store.results == {f"deltas/{sha(OLD)}-{sha(NEW)}.dcz": dcz, f"full/{sha(NEW)}.br": brotli_full(NEW)}

    assert run(store, test).counts == {"made": 2}

    async def again(deltas: Deltas) -> None:
        dcz = await deltas.get(sha(OLD), sha(NEW))
        assert dcz == store.results[f"deltas/{sha(OLD)}-{sha(NEW)}.dcz"]
        assert await deltas.full(sha(NEW)) == brotli_full(NEW)

    assert run(store, again).counts == {"kept": 2}


def test_a_delta_that_is_no_smaller_is_not_offered_and_not_tried_again(store: Store) -> None:
    async def test(deltas: Deltas) -> None:
        assert await deltas.get(sha(OLD), sha(NOISE)) is None
        assert await deltas.get(sha(OLD), sha(NOISE)) is None

    assert run(store, test).counts == {"none": 1}
    assert f"deltas/none/{sha(OLD)}-{sha(NOISE)}" in store.results
    assert not [name for name in store.results if name.endswith(".dcz")]
    assert run(store, test).counts == {"kept": 1}


def test_a_delta_near_the_full_download_is_held_against_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a quick stream cannot tell."""
    quarter = NOISE[:700]
    store.archives[sha(quarter)] = quarter

    async def smaller(deltas: Deltas) -> None:
        dcz = await deltas.get(sha(quarter), sha(NOISE))
        assert dcz is not None
        full = store.results[f"full/{sha(NOISE)}.br"]
        assert len(full) * 0.7 < len(dcz) < len(full)

    assert run(store, smaller).counts == {"made": 2}

    async def larger(deltas: Deltas) -> None:
        assert await deltas.get(sha(OLD), sha(NOISE)) is None

    monkeypatch.setattr(module, "full_size_bounds", lambda _: (0, 1 << 30))
    assert run(store, larger).counts == {"kept": 1, "none": 1}
    assert f"deltas/none/{sha(OLD)}-{sha(NOISE)}" in store.results


def test_many_who_ask_share_one_piece_of_work(store: Store, gate: Gate) -> None:
    async def test(deltas: Deltas) -> None:
        first = [asyncio.create_task(deltas.get(sha(OLD), sha(NEW))) for _ in range(20)]
        await gate.wait_entered()
        # Some lose patience; the others are not concerned.
        for task in first[:10]:
            task.cancel()
        gate.open.set()
        answers = await asyncio.gather(*first, return_exceptions=True)
        assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[:10])
        assert all(isinstance(answer, bytes) for answer in answers[10:])

    run(store, test)
    assert len(gate.calls) == 1


def test_work_goes_on_when_nobody_waits_any_more(store: Store, gate: Gate) -> None:
    async def test(deltas: Deltas) -> None:
        asked = asyncio.create_task(deltas.get(sha(OLD), sha(NEW)))
        await gate.wait_entered()
        asked.cancel()
        gate.open.set()
        await deltas.idle()
        assert f"deltas/{sha(OLD)}-{sha(NEW)}.dcz" in store.results

    run(store, test)


def test_beyond_the_limit_the_answer_is_none_at_once(store: Store, gate: Gate) -> None:
    async def test(deltas: Deltas) -> None:
        asked = [asyncio.create_task(deltas.get(sha(old), sha(NEW))) for old in (OLD, NOISE)]
        await gate.wait_entered()
        assert await deltas.get(sha(NEW), sha(OLD)) is None
        assert deltas.counts == {"refused": 1}
        gate.open.set()
        await asyncio.gather(*asked)
        assert await deltas.get(sha(NEW), sha(OLD)) is not None

    run(store, test, workers=1, waiting=2)


def test_what_is_asked_for_overtakes_what_is_made_ahead(store: Store, gate: Gate) -> None:
    others = [b"%d" % number + OLD for number in range(4)]
    store.archives |= {sha(data): data for data in others}

    async def test(deltas: Deltas) -> None:
        await deltas.full(sha(NEW))
        deltas.prepare([sha(data) for data in others], sha(NEW))
        await gate.wait_entered()  # the first is being made, the others wait
        asked = asyncio.create_task(deltas.get(sha(NEW), sha(OLD)))
        known = asyncio.create_task(deltas.get(sha(others[3]), sha(NEW)))
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(asked, known)
        await deltas.idle()

    run(store, test, workers=1)
    pairs = [f"{sha(data)}-{sha(NEW)}" for data in others]
    # The one that was prepared and is now asked for keeps its place among those asked for.
    assert gate.calls[0] == pairs[0]
    assert set(gate.calls[1:3]) == {pairs[3], f"{sha(NEW)}-{sha(OLD)}"}
    assert gate.calls[3:] == pairs[1:3]


def test_preparing_makes_the_full_download_and_every_delta(store: Store) -> None:
    async def test(deltas: Deltas) -> None:
        deltas.prepare([sha(OLD), sha(NOISE)], sha(NOISE))
        deltas.prepare([sha(OLD)], sha(NEW))
        await deltas.idle()

    run(store, test)
    assert set(store.results) == {
        f"full/{sha(NOISE)}.br",
        f"deltas/none/{sha(OLD)}-{sha(NOISE)}",
        f"full/{sha(NEW)}.br",
        f"deltas/{sha(OLD)}-{sha(NEW)}.dcz",
    }


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-3], lambda data: b"", lambda data: data[:60] + b"!" + data[61:]]
)
def test_damaged_results_are_made_again(
    store: Store, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    async def test(deltas: Deltas) -> None:
        await deltas.get(sha(OLD), sha(NEW))
        await deltas.full(sha(NEW))

    run(store, test)
    good = dict(store.results)
    store.results = {name: damage(data) for name, data in good.items()}
    assert run(store, test).counts == {"kept": 2, "damaged": 2, "made": 2}
    assert store.results == good
    assert "is damaged" in caplog.text


def test_a_result_of_another_pair_is_made_again(store: Store) -> None:
    """Whole and well-formed, but under a wrong name."""

    async def test(deltas: Deltas) -> None:
        dcz = await deltas.get(sha(OLD), sha(NEW))
        assert dcz is not None
        assert decode_delta(OLD, dcz) == NEW

    store.results[f"deltas/{sha(OLD)}-{sha(NEW)}.dcz"] = module.encode_delta(OLD, NOISE)
    assert run(store, test).counts == {"kept": 1, "damaged": 1, "made": 1}


def test_a_delta_whose_base_is_gone_is_not_damaged(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.results[f"deltas/{sha(OLD)}-{sha(NEW)}.dcz"] = module.encode_delta(OLD, NEW)
    del store.archives[sha(OLD)]

    async def test(deltas: Deltas) -> None:
        assert await deltas.get(sha(OLD), sha(NEW)) is None

    assert run(store, test).counts == {"kept": 1}
    assert caplog.text == ""


@pytest.mark.parametrize("broken", ["get", "put"])
def test_a_store_that_fails_only_costs_time(store: Store, broken: str, caplog: pytest.LogCaptureFixture) -> None:
    store.broken = {broken}

    async def test(deltas: Deltas) -> None:
        assert await deltas.get(sha(OLD), sha(NEW)) is not None
        assert await deltas.full(sha(NEW)) == brotli_full(NEW)
        assert await deltas.get(sha(OLD), sha(NEW)) is not None

    assert run(store, test).counts == {"made": 2}
    assert "the disk is" in caplog.text


def test_failures_are_logged_and_answered_by_none(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(old: bytes, new: bytes) -> bytes:
        raise MemoryError("no room for tables")

    async def test(deltas: Deltas) -> None:
        assert await deltas.get(sha(OLD), sha(NEW)) is None
        store.broken = {"load"}
        assert await deltas.get(sha(NOISE), sha(NEW)) is None
        assert await deltas.full(sha(NEW)) is None
        deltas.prepare([sha(OLD)], sha(NEW))
        await deltas.idle()

    monkeypatch.setattr(module, "encode_delta", fail)
    with caplog.at_level(logging.ERROR):
        assert run(store, test).counts == {"failed": 5}
    assert "no room for tables" in caplog.text
    assert store.results == {}


def test_an_encoder_that_errs_is_found_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    right = module.encode_delta
    monkeypatch.setattr(module, "encode_delta", lambda old, new: right(old, new[:-1]))

    async def test(deltas: Deltas) -> None:
        assert await deltas.get(sha(OLD), sha(NEW)) is None

    assert run(store, test).counts == {"failed": 1}
    assert store.results == {}


def test_an_archive_with_other_bytes_is_not_used(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.archives[sha(OLD)] = OLD[1:]

    async def test(deltas: Deltas) -> None:
        assert await deltas.get(sha(OLD), sha(NEW)) is None
        assert await deltas.full(sha(OLD)) is None

    assert run(store, test).counts == {"failed": 2}
    assert "has other bytes in the store" in caplog.text


@pytest.mark.parametrize("name", ["", "../../etc/passwd", sha(OLD).upper(), sha(OLD) + "\n", "0" * 64])
def test_unknown_names_have_nothing(store: Store, name: str) -> None:
    async def test(deltas: Deltas) -> None:
        assert await deltas.get(name, sha(NEW)) is None
        assert await deltas.get(sha(OLD), name) is None
        assert await deltas.full(name) is None
        deltas.prepare([name], sha(OLD))
        deltas.prepare([sha(OLD)], name)
        await deltas.idle()

    run(store, test)
    assert set(store.results) == {f"full/{sha(OLD)}.br"}


def test_the_memory_for_results_is_bounded(store: Store) -> None:
    archives = [random.Random(number).randbytes(1000) for number in range(12)]
    store.archives |= {sha(data): data for data in archives}

    async def test(deltas: Deltas) -> None:
        for data in archives:
            await deltas.full(sha(data))
        before = deltas.counts["kept"]
        await deltas.full(sha(archives[-1]))
        assert deltas.counts["kept"] == before
        await deltas.full(sha(archives[0]))
        assert deltas.counts["kept"] == before + 1
        assert deltas._hot._size <= 6000

    run(store, test, hot_bytes=6000)


def test_what_is_kept_is_trimmed_to_what_was_asked_for_last(store: Store) -> None:
    others = [b"%d" % number + OLD for number in range(4)]
    store.archives |= {sha(data): data for data in others}
    names = [f"deltas/{sha(data)}-{sha(NEW)}.dcz" for data in others]

    async def test(deltas: Deltas) -> None:
        deltas.prepare([sha(data) for data in others], sha(NEW))
        await deltas.idle()
        sizes = {name: len(store.results[name]) for name in names}
        total = sum(sizes.values())
        assert await deltas.trim(store, total) == 0
        for number in (2, 0, 1, 2):
            await deltas.get(sha(others[number]), sha(NEW))
        # The third was never asked for, the first longest ago.
        assert await deltas.trim(store, total - 1) == sizes[names[3]]
        assert await deltas.trim(store, sizes[names[1]] + sizes[names[2]]) == sizes[names[0]]
        assert set(store.results) == {f"full/{sha(NEW)}.br", names[1], names[2]}
        again = await deltas.get(sha(others[0]), sha(NEW))
        assert again is not None
        assert decode_delta(others[0], again) == NEW
        await deltas.trim(store, 0)
        assert set(store.results) == {f"full/{sha(NEW)}.br"}

    run(store, test)


def test_closing_lets_nobody_hang(store: Store, gate: Gate) -> None:
    async def main() -> None:
        deltas = Deltas(store.load, store, workers=1)
        asked = asyncio.create_task(deltas.get(sha(OLD), sha(NEW)))
        await gate.wait_entered()
        waits = asyncio.create_task(deltas.get(sha(NEW), sha(OLD)))
        await asyncio.sleep(0)
        await deltas.close()
        assert [await asked, await waits] == [None, None]
        assert await deltas.get(sha(OLD), sha(NEW)) is None
        gate.open.set()

    asyncio.run(main())


def test_slots_leave_room_for_what_is_urgent() -> None:
    async def main() -> None:
        slots = Slots(3)
        release = asyncio.Event()
        inside: list[str] = []

        async def work(name: str, urgent: bool) -> None:
            async with slots.take(Work(urgent)):
                inside.append(name)
                await release.wait()

        tasks = [asyncio.create_task(work(f"ahead {n}", False)) for n in range(4)]
        await asyncio.sleep(0.01)
        assert inside == ["ahead 0", "ahead 1"]
        tasks += [asyncio.create_task(work(f"urgent {n}", True)) for n in range(2)]
        await asyncio.sleep(0.01)
        assert inside[2:] == ["urgent 0"]
        # One that gives up in the line, and one that gives up inside, make room.
        tasks[5].cancel()
        tasks[0].cancel()
        await asyncio.sleep(0.01)
        release.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert inside[2:] == ["urgent 0", "ahead 2", "ahead 3"]
        slots.close()

    asyncio.run(main())
