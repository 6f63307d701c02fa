"""Work for later, done once by whichever process is there: a table, claimed by compare-and-swap with a lease.

A row waits until `run_at`; a process claims it for `lease` seconds and prolongs that while its handler runs. When the
process dies, the lease runs out and another one takes the job, so a handler may run twice and must bear it. A handler
that fails is tried again later and later; after its last try the row stays, state "failed", with the error.

- `enqueue` is called inside a write: the job exists when the write commits, or not at all.
- One row per kind and key. Enqueueing the same key again moves the waiting job; while it runs, it will run once more.
- A handler with `every` is periodic: one row that comes back, run by one process at a time, however many there are.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from eden.base.database import Database
from eden.base.ids import new_id, now
from eden.base.tables import jobs

#: how often a process looks for jobs of other processes; its own commits make it look at once
POLL_SECONDS = 1.0
#: at most so often, however many commits there are
_REST_SECONDS = 0.05
#: jobs that one process runs at once
CONCURRENCY = 4
#: failed jobs are kept so long for people to see
KEPT_SECONDS = 14 * 24 * 3600
_SECOND = 1_000_000
_LONGEST_DELAY = 3600

WAITING, RUNNING, FAILED = "waiting", "running", "failed"
_ANEW = {"state": WAITING, "attempts": 0, "error": None, "lease_until": None}

log = logging.getLogger("eden.jobs")

Run = Callable[[dict[str, Any]], Awaitable[None]]


class Handler(msgspec.Struct, frozen=True):
    """What is done for a kind of job. `run` takes the payload; `every`, `lease` and `timeout` in seconds."""

    run: Run
    #: periodic: so long after the end of one run the next begins
    every: float | None = None
    tries: int = 8
    lease: float = 60
    timeout: float | None = None


class Job(msgspec.Struct, frozen=True):
    """A claimed row. `attempts` counts the claims, this one included: it tells a late holder from the present one."""

    id: str
    kind: str
    key: str
    payload: dict[str, Any]
    run_at: int
    attempts: int


def enqueue(
    connection: Connection, kind: str, payload: Mapping[str, Any], *, key: str | None = None, run_at: int = 0
) -> None:
    """Have the handler of `kind` called, from `run_at` on (microseconds; 0: at once). No key: a job of its own."""
    job_id, values = new_id(), {"payload": dict(payload), "run_at": run_at or now()}
    if key is not None:
        same = and_(jobs.c.kind == kind, jobs.c.key == key)
        # a running one keeps its state; that run_at moved tells its holder to leave the row
        running = update(jobs).where(same, jobs.c.state == RUNNING).values(**values)
        other = update(jobs).where(same).values(**values, **_ANEW)
        if connection.execute(running).rowcount or connection.execute(other).rowcount:
            return
    connection.execute(insert(jobs).values(id=job_id, kind=kind, key=job_id if key is None else key, **values, **_ANEW))


def claim(connection: Connection, kinds: Mapping[str, float], at: int, limit: int) -> list[Job]:
    """Up to `limit` due jobs for the caller, the longest waiting first. `kinds` gives each kind's lease in seconds."""
    due = or_(
        and_(jobs.c.state == WAITING, jobs.c.run_at <= at),
        and_(jobs.c.state == RUNNING, jobs.c.lease_until <= at),
    )
    rows = connection.execute(
        select(jobs).where(due, jobs.c.kind.in_(list(kinds))).order_by(jobs.c.run_at).limit(limit)
    ).all()
    claimed = []
    for row in rows:
        taken = connection.execute(
            update(jobs)
            .where(jobs.c.id == row.id, jobs.c.state == row.state, jobs.c.attempts == row.attempts)
            .values(state=RUNNING, attempts=row.attempts + 1, lease_until=at + int(kinds[row.kind] * _SECOND))
        )
        if taken.rowcount == 1:
            claimed.append(Job(row.id, row.kind, row.key, row.payload, row.run_at, row.attempts + 1))
    return claimed


def prolong(connection: Connection, job: Job, until: int) -> bool:
    """Whether the caller still holds the job, now until `until` (microseconds)."""
    return connection.execute(update(jobs).where(_held(job)).values(lease_until=until)).rowcount == 1


def finish(connection: Connection, job: Job, next_run: int | None) -> None:
    """The job is done; it comes back at `next_run` when it is periodic, or at once when it was enqueued meanwhile."""
    if next_run is None:
        done = connection.execute(delete(jobs).where(_unmoved(job)))
    else:
        done = connection.execute(update(jobs).where(_unmoved(job)).values(run_at=next_run, **_ANEW))
    if done.rowcount == 0:
        connection.execute(update(jobs).where(_held(job)).values(**_ANEW))


def fail(connection: Connection, job: Job, error: str, next_run: int | None) -> None:
    """The job failed; it is tried again at `next_run`, or never (None) and stays for people to see."""
    values: dict[str, Any] = {"error": error[:4000], "lease_until": None}
    values |= {"state": FAILED} if next_run is None else {"state": WAITING, "run_at": next_run}
    if connection.execute(update(jobs).where(_unmoved(job)).values(**values)).rowcount == 0:
        connection.execute(update(jobs).where(_held(job)).values(**_ANEW))


def release(connection: Connection, job: Job) -> None:
    """Give the job back undone, as when the process stops."""
    connection.execute(
        update(jobs).where(_held(job)).values(state=WAITING, attempts=job.attempts - 1, lease_until=None)
    )


def _held(job: Job) -> Any:
    return and_(jobs.c.id == job.id, jobs.c.state == RUNNING, jobs.c.attempts == job.attempts)


def _unmoved(job: Job) -> Any:
    return and_(_held(job), jobs.c.run_at == job.run_at)


def ensure_periodic(connection: Connection, kinds: Mapping[str, float], at: int) -> None:
    """A row for each periodic kind, by seconds between its runs; `at` is now. One that is due much later waits for a
    clock that was ahead, and is set to now."""
    present = set(connection.execute(select(jobs.c.kind).where(jobs.c.key == _PERIODIC)).scalars())
    for kind, every in kinds.items():
        if kind not in present:
            enqueue(connection, kind, {}, key=_PERIODIC)
            continue
        latest = at + int(max(every, 2 * _LONGEST_DELAY) * _SECOND)
        ahead = and_(jobs.c.kind == kind, jobs.c.key == _PERIODIC, jobs.c.state == WAITING, jobs.c.run_at > latest)
        connection.execute(update(jobs).where(ahead).values(run_at=at))


_PERIODIC = "periodic"


def counts(connection: Connection) -> dict[str, int]:
    """How many jobs there are by state."""
    return {
        state: int(count)
        for state, count in connection.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state))
    }


def forget_failed(connection: Connection, at: int) -> None:
    """Remove what failed long ago; `at` is now, microseconds."""
    old = at - KEPT_SECONDS * _SECOND
    connection.execute(delete(jobs).where(jobs.c.state == FAILED, jobs.c.run_at < old))


def delay_before(attempt: int) -> float:
    """Seconds before the try after `attempt` failed: 1, 4, 16, … up to an hour, each ± a quarter."""
    # a periodic job may fail a thousand times: no power of that
    return min(_LONGEST_DELAY, 4.0 ** min(attempt - 1, 6)) * random.uniform(0.75, 1.25)


class Jobs:
    """This process's hands. Handlers are added before `start`."""

    def __init__(self, database: Database, *, concurrency: int = CONCURRENCY) -> None:
        self._database = database
        self._concurrency = concurrency
        self._handlers: dict[str, Handler] = {}
        self._wake = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        #: told about every end: kind, "done" or "failed", seconds
        self.on_end: Callable[[str, str, float], None] = lambda kind, outcome, seconds: None

    def handle(self, kind: str, handler: Handler | Run) -> None:
        """Call `handler` for jobs of `kind`."""
        if kind in self._handlers:
            raise ValueError(f"two handlers for jobs of kind {kind}")
        self._handlers[kind] = handler if isinstance(handler, Handler) else Handler(handler)

    async def start(self) -> None:
        """Begin to take jobs."""
        periodic = {kind: handler.every for kind, handler in self._handlers.items() if handler.every is not None}
        await self._database.write(lambda connection: ensure_periodic(connection, periodic, now()))
        self._stopping = False
        self._task = asyncio.create_task(self._run(), name="eden-jobs")

    async def stop(self, seconds: float = 20) -> None:
        """Take no more; those that run may take `seconds` to end, then they are given back for another process."""
        if self._task is None:
            return
        self._stopping = True
        self._wake.set()
        await self._task
        self._task = None
        if self._running:
            _, late = await asyncio.wait(self._running.values(), timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self) -> None:
        wake_no_more = self._database.wake(self._wake)
        try:
            while not self._stopping:
                await self._take()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
                if not self._stopping:
                    await asyncio.sleep(_REST_SECONDS)
        finally:
            wake_no_more()

    async def _take(self) -> None:
        """Claim what is due, as far as there are hands, and begin with it."""
        kinds = {kind: handler.lease for kind, handler in self._handlers.items()}
        free = self._concurrency - len(self._running)
        self._wake.clear()
        if not free or not kinds:
            return
        try:
            if not await self._database.read(lambda connection: _any_due(connection, kinds)):
                return
            claimed = await self._database.write(lambda connection: claim(connection, kinds, now(), free))
        except Exception:
            log.exception("jobs could not be read; trying again")
            # a write that failed alone ends with a commit, which wakes
            await asyncio.sleep(POLL_SECONDS)
            return
        for job in claimed:
            task = asyncio.create_task(self._do(job), name=f"eden-job-{job.kind}")
            self._running[job.id] = task
            task.add_done_callback(lambda _, job=job: self._ended(job))  # type: ignore[misc]

    def _ended(self, job: Job) -> None:
        self._running.pop(job.id, None)
        self._wake.set()

    async def _do(self, job: Job) -> None:
        handler = self._handlers[job.kind]
        began = now()
        if handler.every is None and job.attempts > handler.tries:
            # nobody was left to say that it failed
            await self._end(lambda connection: fail(connection, job, "Every process that ran it ended.", None))
            return
        holding = asyncio.create_task(self._hold(job, handler.lease))
        try:
            async with asyncio.timeout(handler.timeout):
                await handler.run(job.payload)
        except (Exception, asyncio.CancelledError) as error:
            # by `stop`; otherwise something that the handler waited for was cancelled, and the job has failed
            if isinstance(error, asyncio.CancelledError) and self._stopping:
                await asyncio.shield(self._database.write(lambda connection: release(connection, job)))
                raise
            log.exception("a job failed: %s, try %d", job.kind, job.attempts)
            sentence, again = f"{type(error).__name__}: {error}", self._next_try(job, handler)
            await self._end(lambda connection: fail(connection, job, sentence, again))
            self.on_end(job.kind, "failed", (now() - began) / _SECOND)
        else:
            following = None if handler.every is None else now() + int(handler.every * _SECOND)
            await self._end(lambda connection: finish(connection, job, following))
            self.on_end(job.kind, "done", (now() - began) / _SECOND)
        finally:
            holding.cancel()

    async def _end(self, work: Callable[[Connection], None]) -> None:
        try:
            await self._database.write(work)
        except Exception:
            # the lease runs out and the job runs again
            log.exception("a job's end could not be written")

    async def _hold(self, job: Job, lease: float) -> None:
        while True:
            await asyncio.sleep(lease / 3)
            until = now() + int(lease * _SECOND)
            try:
                if not await self._database.write(lambda c, until=until: prolong(c, job, until)):  # type: ignore[misc]
                    log.warning("a job of kind %s was taken over by another process", job.kind)
                    return
            except Exception:
                log.exception("a lease could not be prolonged; trying again")

    @staticmethod
    def _next_try(job: Job, handler: Handler) -> int | None:
        delay = delay_before(job.attempts)
        if handler.every is not None:
            # it comes back anyway
            delay = min(delay, handler.every)
        elif job.attempts >= handler.tries:
            return None
        return now() + int(delay * _SECOND)


def _any_due(connection: Connection, kinds: Mapping[str, float]) -> bool:
    at = now()
    due = or_(
        and_(jobs.c.state == WAITING, jobs.c.run_at <= at),
        and_(jobs.c.state == RUNNING, jobs.c.lease_until <= at),
    )
    return connection.execute(select(jobs.c.id).where(due, jobs.c.kind.in_(list(kinds))).limit(1)).first() is not None
