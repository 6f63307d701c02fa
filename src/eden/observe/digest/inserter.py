"""The inserter: reads the spool, makes rows, moves them into the events store. One thread of the insight process.

A turn: read what waits, up to a chunk; write the chunk down; digest it; leave out what came before (`recent`); insert
its rows, one insert per table; note crash groups; write down that it is done; remove segments that are read. Where a
turn fails (the store is away, the disk is full, the database is locked), the same chunk is tried again, later and
later, under the same tokens; the spool holds everything meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

import msgspec
from sqlalchemy import Connection, insert, select, update

from eden.base.errors import EdenError
from eden.base.ground import Ground
from eden.base.ids import now
from eden.base.tables import installation
from eden.observe import schema
from eden.observe.crashes.note import note_errors
from eden.observe.digest.catalogue import Catalogue
from eden.observe.digest.digest import rows
from eden.observe.digest.directory import Directory, Forgotten
from eden.observe.digest.foreign import id_64, quarantined
from eden.observe.digest.moving import Buffers, move, quarantine
from eden.observe.digest.people import completed
from eden.observe.digest.progress import Progress
from eden.observe.digest.recent import Recent
from eden.observe.insight.engine import Engine
from eden.observe.insight.erasure import erase
from eden.observe.interfaces import TABLE_OF, Accepted, ErrorRow, EventRow, LogRow, PersonRow
from eden.observe.logs.note import note_pulls
from eden.observe.spool.folder import progress_file, segments, spool_folder
from eden.observe.spool.reader import PIECE_BYTES, Range, SpoolReader

#: bytes of batches, batches, and lines in them, in a chunk: records of a few bytes become rows of hundreds
CHUNK_BYTES = 8_000_000
_CHUNK_BATCHES = 20_000
_CHUNK_LINES = 100_000
#: seconds between the beginnings of two chunks that are not full: how long rows gather for one insert
PACE_SECONDS = 0.5
#: how often the spool is looked at when nothing comes
_LOOK_SECONDS = 0.1
_LONGEST_REST = 10.0
#: ids of errors are no ids of events
_ERRORS = 1 << 32

log = logging.getLogger("eden.observe")


class Inserter:
    """`clock` gives µs in UTC. Every method but `start` may be called from any thread."""

    def __init__(self, engine: Engine, ground: Ground, clock: Callable[[], int] = now) -> None:
        self._engine = engine
        self._ground = ground
        self._clock = clock
        self._folder = spool_folder(ground.settings.data_folder)
        self._thread = threading.Thread(target=self._run, name="eden-inserter", daemon=True)
        self._stopping = threading.Event()
        #: somebody waits for what was acknowledged: no pause until it is stored
        self._hurry = threading.Event()
        self._turned = threading.Condition()
        #: by segment, up to where everything is stored
        self._stored: dict[str, int] = {}
        self._waiting = 0
        self._rows = self._repeated = self._quarantined = self._chunks = 0
        #: loaded by the thread: the process is ready before
        self._recent: Recent | None = None
        self._oldest = 0
        self._failed = ""

    def start(self) -> None:
        """Begin with what was left by the process before."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._progress = Progress(progress_file(self._folder))
        self._directory = Directory(self._ground, self._clock)
        self._catalogue = Catalogue(self._ground.database, self._clock)
        places = self._progress.places()
        pending = self._progress.pending
        for span in pending.ranges if pending is not None else ():
            places[span.segment] = max(places.get(span.segment, 0), span.end)
        self._reader = SpoolReader(self._folder, places)
        self._stored = self._progress.places()
        self._thread.start()

    def stop(self) -> None:
        """Returns when the chunk that was begun is stored, or has failed: the next process stores it."""
        self._stopping.set()
        self._hurry.set()
        if self._thread.is_alive():
            self._thread.join()

    def settled(self, seconds: float) -> bool:
        """Wait until everything that was acknowledged before is in the store or in quarantine; False when that took
        longer."""
        wanted = segments(self._folder)
        until = time.monotonic() + seconds
        with self._turned:
            self._waiting += 1
            try:
                while self._thread.is_alive():
                    if self._reader.has_read(wanted, self._stored):
                        return True
                    left = until - time.monotonic()
                    if left <= 0:
                        return False
                    self._hurry.set()
                    self._turned.wait(min(left, 0.5))
                return False
            finally:
                self._waiting -= 1

    def figures(self) -> Mapping[str, float]:
        """`spool_bytes` that wait, `digest_lag_seconds` (age of the oldest that is not stored), `digest_rows`,
        `digest_chunks`, `repeated_rows` (that came before in another batch), `quarantined_rows`, `digest_failing` (1:
        the store takes nothing now)."""
        places = self._reader.places
        waiting = sum(segment.size - places.get(segment.name, 0) for segment in self._reader.unread())
        oldest = self._oldest
        return {
            "spool_bytes": float(waiting),
            "digest_lag_seconds": max(0.0, (self._clock() - oldest) / 1e6) if oldest else 0.0,
            "digest_rows": float(self._rows),
            "digest_chunks": float(self._chunks),
            "repeated_rows": float(self._repeated),
            "quarantined_rows": float(self._quarantined),
            "digest_failing": float(bool(self._failed)),
        }

    # the thread

    def _run(self) -> None:
        rest = 0.0
        try:
            self._reader.remove_drafts()
        except OSError:
            log.exception("the spool cannot be tidied up")
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                full = self._turn()
                rest, self._failed = 0.0, ""
            except Exception as error:
                rest = min(_LONGEST_REST, rest * 2 or 0.2)
                if str(error) != self._failed:
                    told = not isinstance(error, EdenError)
                    log.error("reports cannot be stored now and wait in the spool: %s", error, exc_info=told)
                self._failed = str(error) or type(error).__name__
                full = None
            with self._turned:
                if self._progress.pending is None:
                    self._stored = self._reader.places
                if not self._waiting:
                    self._hurry.clear()
                self._turned.notify_all()
            if full is None and self._failed:
                self._stopping.wait(rest)
            elif not full:
                pause = _LOOK_SECONDS if full is None else PACE_SECONDS - (time.monotonic() - began)
                if pause > 0:
                    self._hurry.wait(pause)
        try:
            self._catalogue.flush(force=True)
        except Exception:
            log.exception("the catalogue of properties could not be written")
        self._progress.close()

    def _turn(self) -> bool | None:
        """Store a chunk: whether it was full; None when there was nothing."""
        self._remembered()
        if self._progress.pending is not None:
            # of the process before this one, or of a turn that failed
            self._again()
            return True
        before = self._reader.places
        try:
            ranges, batches, full = self._read()
            if not ranges:
                self._oldest = 0
                self._tidy()
                return None
            _, fresh = self._progress.begin(ranges, [batch.key for batch in batches], self._clock() // 1_000_000)
        except BaseException:
            # what was read is not written down: it is read again
            self._reader.go_back(before)
            raise
        self._oldest = batches[0].received
        self._store([batch for batch, is_fresh in zip(batches, fresh, strict=True) if is_fresh])
        self._finish()
        return full

    def _read(self) -> tuple[list[Range], list[Accepted], bool]:
        ranges: list[Range] = []
        batches: list[Accepted] = []
        size = lines = 0
        while size < CHUNK_BYTES and len(batches) < _CHUNK_BATCHES and lines < _CHUNK_LINES:
            piece = self._reader.read(min(PIECE_BYTES, CHUNK_BYTES - size))
            if piece is None:
                return ranges, batches, False
            ranges.append(piece.range)
            batches.extend(piece.batches)
            size += piece.range.end - piece.range.begin
            lines += sum(batch.body.count(b"\n") for batch in piece.batches)
        return ranges, batches, True

    def _again(self) -> None:
        pending = self._progress.pending
        assert pending is not None
        batches = [batch for span in pending.ranges for batch in self._reader.read_again(span)]
        fresh = self._progress.again([batch.key for batch in batches])
        wanted = [batch for batch, is_fresh in zip(batches, fresh, strict=True) if is_fresh]
        self._store(wanted)
        # rows of the try before may have come into the store of whoever asked to be forgotten since
        oldest = min((batch.received for batch in wanted), default=None)
        for one in self._directory.erasures.values():
            if oldest is not None and one.at >= oldest:
                self._forget(one)
        self._finish()

    def _finish(self) -> None:
        recent = self._remembered()
        self._progress.done(recent.fresh, recent.generation)
        recent.keep()
        self._chunks += 1
        self._tidy()

    def _tidy(self) -> None:
        """Remove what is read, now that no chunk is pending; write what is due."""
        removed = self._reader.remove_read(self._reader.places)
        self._progress.forget(removed, self._clock() // 1_000_000)
        self._catalogue.flush()

    def _remembered(self) -> Recent:
        if self._recent is None:
            self._progress.belong(self._store_name())
            recent = Recent(self._progress.name.encode())
            recent.load(self._progress.recent())
            self._recent = recent
        return self._recent

    def _store_name(self) -> str:
        """Another one for every table of events that was ever made."""
        sql = "SELECT toString(uuid) FROM system.tables WHERE database = currentDatabase() AND name = {name:String}"
        found = self._engine.query(sql, {"name": schema.local("events", self._engine.cluster)}, form="TSV")
        return found.decode().strip()

    def _store(self, batches: list[Accepted]) -> None:
        """Rows of the pending chunk into the store, crash groups into the database."""
        chunk = self._progress.pending
        assert chunk is not None
        # of a try before this one
        self._remembered().forget()
        self._directory.refresh()
        apps: list[int] = []
        ids: list[int] = []
        errors: list[ErrorRow] = []
        pulled: list[LogRow] = []

        def told(row: object) -> None:
            if type(row) is EventRow:
                apps.append(row.app)
                ids.append(row.id)
                self._catalogue.note(row)
            elif type(row) is ErrorRow:
                errors.append(row)
            elif type(row) is LogRow and row.pull:
                pulled.append(row)

        buffers = Buffers(told)
        people: list[PersonRow] = []
        for batch in batches:
            self._digest(batch, buffers, people)
        errors = self._leave_out_late(buffers, apps, ids, errors)
        for row in completed(self._engine, people) if people else ():
            buffers.add("people", row)
        received = round(self._clock() / 1e6, 3)
        refused = bytearray()
        for table in sorted(table for table in buffers.lines if table != "quarantine" and buffers.lines[table]):
            # each in the memory once
            moved = move(self._engine, table, bytes(buffers.lines.pop(table)), f"{chunk.token}-{table}")
            for line, reason in moved.refused:
                refused += quarantine(table, received, line, reason)
            self._rows += buffers.rows[table] - len(moved.refused)
            self._quarantined += len(moved.refused)
        for part, lines in (("a", bytes(buffers.lines.get("quarantine", b""))), ("b", bytes(refused))):
            if lines:
                move(self._engine, "quarantine", lines, f"{chunk.token}-quarantine-{part}")
        self._quarantined += buffers.rows.get("quarantine", 0)
        if errors:
            self._note_errors(errors, chunk.number)
        if pulled:
            at = self._clock()
            self._ground.database.write_now(lambda connection: note_pulls(connection, pulled, at))
        # whoever asked to be forgotten while these rows were on their way: the erasure's own look into the store may
        # have been before they arrived there
        for one in self._directory.refresh():
            self._forget(one)

    def _leave_out_late(
        self, buffers: Buffers, apps: list[int], ids: list[int], errors: list[ErrorRow]
    ) -> list[ErrorRow]:
        """Take events (their apps and ids) and errors that came before out of the rows; the errors that are left."""
        events = len(ids)
        apps = apps + [_ERRORS + row.app for row in errors]
        ids = ids + [id_64(row.id) if row.id else 0 for row in errors]
        late = self._remembered().late(apps, ids)
        if not late:
            return errors
        self._repeated += len(late)
        buffers.drop("events", [place for place in late if place < events])
        again = {place - events for place in late if place >= events}
        buffers.drop("errors", again)
        return [row for place, row in enumerate(errors) if place not in again]

    def _digest(self, batch: Accepted, buffers: Buffers, people: list[PersonRow]) -> None:
        about = self._directory.about(batch.app)
        if about is None:
            log.warning("a batch of the app %d, which does not exist, is dropped", batch.app)
            return
        for row in rows(batch, about):
            try:
                if type(row) is PersonRow:
                    msgspec.json.encode(row)
                    people.append(row)
                else:
                    buffers.add(TABLE_OF[type(row)], row)
            except Exception as error:  # a text that is none (a lone surrogate), a number too large for JSON
                buffers.add("quarantine", quarantined(batch, f"{type(error).__name__}: {error}", repr(row)))

    def _note_errors(self, errors: list[ErrorRow], number: int) -> None:
        """Crash groups, once per chunk: the write says which chunk it was."""
        name, value = f"observe-noted-{self._progress.name}", str(number)
        at = self._clock()

        def work(connection: Connection) -> None:
            known = connection.execute(select(installation.c.value).where(installation.c.name == name)).scalar()
            if known == value:
                return
            note_errors(connection, errors, at)
            if known is None:
                connection.execute(insert(installation).values(name=name, value=value))
            else:
                connection.execute(update(installation).where(installation.c.name == name).values(value=value))

        self._ground.database.write_now(work)

    def _forget(self, one: Forgotten) -> None:
        for app in one.apps:
            erase(self._engine, app, one.person, one.at)
