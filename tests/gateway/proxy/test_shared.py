"""What workers share: a nonce is taken once, a bucket's rate holds for all of them together."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest

from eden.gateway.proxy.shared import Layout, Shared, allocate, layout

MINUTE = 60_000


@pytest.fixture
def clock() -> dict[str, int]:
    return {"ms": 0}


@pytest.fixture
def workers(clock: dict[str, int]) -> Iterator[list[Shared]]:
    plan = layout(3, nonces=2000, limits=512)
    handle = allocate(plan)
    views = [Shared(plan, handle, number, lambda: clock["ms"] / 1000) for number in range(3)]
    clock["ms"] = plan.began_ms
    yield views
    for view in views:
        view.close()
    os.close(handle)


def test_nonce_is_taken_once_by_any_worker(workers: list[Shared]) -> None:
    at = workers[0].plan.began_ms + 5
    for number in range(300):
        key = b"app nonce %d" % number
        first = workers[number % 3]
        assert first.nonces.take(key, at)
        assert not any(worker.nonces.take(key, at) for worker in workers)


def test_nonces_of_other_moments_are_others(workers: list[Shared]) -> None:
    began = workers[0].plan.began_ms
    assert workers[0].nonces.take(b"n", began + MINUTE)
    assert workers[1].nonces.take(b"n", began + 3 * MINUTE)
    assert not workers[2].nonces.take(b"n", began + 3 * MINUTE)


def test_signed_before_the_gateway_began(workers: list[Shared]) -> None:
    assert not workers[0].nonces.take(b"n", workers[0].plan.began_ms - 1)


def test_full_table_refuses_and_the_next_minute_has_room(workers: list[Shared]) -> None:
    at = workers[0].plan.began_ms
    taken = sum(workers[0].nonces.take(b"%d" % number, at) for number in range(40_000))
    assert 2000 <= taken < 40_000
    assert not workers[1].nonces.take(b"7", at)
    assert workers[0].nonces.take(b"later", at + MINUTE)


def test_too_far_from_now(workers: list[Shared]) -> None:
    """A moment that is not told apart from another minute's would empty that one's table."""
    at = workers[0].plan.began_ms
    assert workers[0].nonces.take(b"n", at)
    assert not workers[0].nonces.take(b"m", at + 14 * MINUTE)
    assert not workers[1].nonces.take(b"n", at)


def test_minutes_come_round(workers: list[Shared], clock: dict[str, int]) -> None:
    """A table that was full is empty when its place is used again, and an older minute does not empty a newer one."""
    at = workers[0].plan.began_ms
    for number in range(3000):
        workers[0].nonces.take(b"%d" % number, at)
    clock["ms"] = later = at + 14 * MINUTE
    assert workers[0].nonces.take(b"7", later)
    assert not workers[1].nonces.take(b"7", later)
    assert not workers[0].nonces.take(b"8", at)
    assert not workers[0].nonces.take(b"7", later)


def test_bucket_is_of_all_workers(workers: list[Shared]) -> None:
    now, taken = 100.0, 0
    for step in range(3000):
        moment = now + step / 1000
        taken += workers[step % 3].buckets.take([(b"operation", 100.0, 20.0)], moment) == -1
    # what was in it, and three seconds of the rate
    assert taken == pytest.approx(20 + 300, abs=2)


def test_all_buckets_or_none(workers: list[Shared]) -> None:
    one, buckets = workers[0].buckets, [(b"wide", 100.0, 5.0), (b"narrow", 1.0, 1.0)]
    assert one.take(buckets, 50.0) == -1
    assert [workers[1].buckets.take(buckets, 50.0) for _ in range(20)] == [1] * 20
    # the refused ones took nothing of the wide one
    assert [one.take(buckets[:1], 50.0) for _ in range(5)] == [-1] * 4 + [0]


def test_buckets_that_are_full_again_make_room(workers: list[Shared]) -> None:
    """More keys than slots, over time: an empty bucket stays empty for as long as its rate says."""
    one = workers[0].buckets
    for number in range(5000):
        key, now = b"device %d" % number, 100.0 + number
        assert one.take([(key, 1.0, 1.0)], now) == -1
        assert one.take([(key, 1.0, 1.0)], now) == 0
        assert workers[1].buckets.take([(key, 1.0, 1.0)], now + 0.5) == 0


def test_state_of_others(workers: list[Shared]) -> None:
    workers[1].state.write(connections=7, calls=12)
    assert workers[0].states[1].read()["connections"] == 7
    assert workers[2].states[0].read()["calls"] == 0


_RACER = """
import sys, time, msgspec
from eden.gateway.proxy.shared import Layout, Shared
plan, handle, number = msgspec.json.decode(sys.argv[1], type=tuple[Layout, int, int])
shared = Shared(plan, handle, number)
shared.state.write(beat_ms=1)
while not all(state.read()["beat_ms"] for state in shared.states):
    time.sleep(0)
print("".join("1" if shared.nonces.take(b"%d" % nonce, plan.began_ms) else "0" for nonce in range(3000)))
"""


def test_processes_race_for_nonces() -> None:
    plan: Layout = layout(2, nonces=4000)
    handle = allocate(plan)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, msgspec.json.encode((plan, handle, number))],
            stdout=subprocess.PIPE,
            pass_fds=(handle,),
        )
        for number in range(2)
    ]
    first, second = (racer.communicate(timeout=120)[0].strip() for racer in racers)
    os.close(handle)
    assert [racer.returncode for racer in racers] == [0, 0]
    both = sum(a == b == ord("1") for a, b in zip(first, second, strict=True))
    assert both == 0
    assert first.count(b"1") + second.count(b"1") > 0
