"""One phone: what it keeps, and one visit to its server. The same rules as `container/host/updates`, in Python.

A visit is a start (the version that waits takes its place), a check, and a batch of reports. Whatever is refused on
the way ends the work on that program; the version that is there stays.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from tuf.api.exceptions import LengthOrHashMismatchError
from tuf.api.metadata import TargetFile

from eden.base.targeting import Context, Proof
from eden.release.deltas_codec import DeltaError, decode_delta
from eden.release.interfaces import CheckAnswer, DecisionAction, DeviceContext, ProgramAnswer, SignedState
from eden.release.rules_signed import FIELD, PhoneView, permitted
from eden.release.rules_views import container_of
from eden.release.simulate_http import Answer, Unreachable
from eden.release.simulate_line import Line
from eden.release.simulate_plan import Plan, Request
from eden.release.simulate_shelf import Kept, Phone, Shelf
from eden.release.simulate_trust import Held, Node, Refused, Verifier, check_fresh
from eden.release.trust import role_of

#: starts in a row without a first page that make a version bad
MAX_ATTEMPTS = 2
_MAX_REPORTS = 500
_ANSWERS = msgspec.json.Decoder(CheckAnswer)
#: files that carry a version's signed fields
_FIRST = ("manifest.json", "package.zip")


class Failure(Exception):
    """An update that is refused or broken off; `kind` is a word for counting."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind


@dataclass(slots=True)
class World:
    """What all phones share: the line, what was verified, the clock (µs), and who watches.

    `files`: verified bytes by SHA-256. `installed` hears of every version that became complete: phone, context,
    program, version, bytes of its files, proofs, whether the phone had it. `count` counts by a word.
    """

    plan: Plan
    line: Line
    verifier: Verifier
    clock: Callable[[], int]
    installed: Callable[[Phone, DeviceContext, str, Kept, Mapping[str, bytes], Mapping[str, Proof], bool], None]
    count: Callable[[str], None]
    files: dict[str, bytes] = field(default_factory=dict)
    kept: dict[Kept, Kept] = field(default_factory=dict)
    clocks_right: bool = False


class Visit:
    """One visit of one phone."""

    def __init__(self, world: World, phone: Phone) -> None:
        self._world = world
        self._phone = phone
        plan = world.plan
        self._device = plan.device(phone.number)
        self._context = plan.population.context(plan.seed, phone.number)
        self._chance = random.Random(f"{plan.seed} visit {phone.number} {phone.visits}")
        skew = 0 if world.clocks_right else plan.skew(phone.number)
        self._now = world.clock() + skew
        self._node: Node | None = None

    async def run(self) -> None:
        phone = self._phone
        phone.visits += 1
        if not phone.shelves:
            phone.shelves = [Shelf() for _ in self._world.plan.programs]
        for key, shelf in zip(self._world.plan.programs, phone.shelves, strict=True):
            self._start(key, shelf)
        await self._check()
        await self._report()

    # starting what is there

    def _start(self, key: str, shelf: Shelf) -> None:
        shelf.swap()
        if (current := shelf.current) is None:
            return
        self._tell(key, current, "started")
        if self._world.plan.is_broken(self._phone.number, key, current.code):
            shelf.attempts += 1
            self._tell(key, current, "failed", reason="it did not reach its first page")
            if shelf.attempts >= MAX_ATTEMPTS:
                self._tell(key, current, "bad")
                shelf.condemn()
                self._world.count("condemned")
        else:
            shelf.attempts = 0
            self._tell(key, current, "first_page")

    # checking

    async def _check(self) -> None:
        try:
            answers = await self._answers()
        except (Failure, Refused, Unreachable) as error:
            self._refuse(error)
            return
        for key, shelf in zip(self._world.plan.programs, self._phone.shelves, strict=True):
            answer = answers.get(key)
            if answer is None:
                shelf.next = None
                continue
            before = shelf.current
            try:
                await self._obey(key, shelf, answer)
            except (Failure, Refused, Unreachable) as error:
                self._refuse(error)
                if shelf.current is not before:
                    self._world.count("lost by a refusal")
                if answer.code is not None:
                    self._tell(key, Kept(answer.code, (), answer.release), "refused", reason=str(error)[:1000])

    async def _answers(self) -> dict[str, ProgramAnswer]:
        phone, programs = self._phone, self._world.plan.programs
        asked = []
        for key, shelf in zip(programs, phone.shelves, strict=True):
            entry: dict[str, Any] = {"key": key}
            if shelf.current is not None:
                entry["have"] = shelf.current.code
            if shelf.bad:
                entry["bad"] = sorted(shelf.bad)
            asked.append(entry)
        question = {"device": self._device, "context": self._context, "programs": asked, "timestamp": phone.timestamp}
        answer = await self._ask(Request.CHECK, "check", msgspec.json.encode(question))
        try:
            said = _ANSWERS.decode(_ok(answer))
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Failure("unreadable answer") from None
        if said.programs or said.timestamp > phone.timestamp:
            await self._refresh()
        return {one.key: one for one in said.programs if one.key in programs}

    async def _refresh(self) -> None:
        phone, verifier = self._phone, self._world.verifier
        if phone.held is None:
            # the root comes with the app: no fault can touch it
            answer = await self._world.line.ask(None, Request.METADATA, "metadata/1.root.json")
            phone.held = Held(verifier.one(_ok(answer)))

        def keep(held: Held) -> None:
            phone.held = held

        try:
            phone.held, self._node = await verifier.refresh(phone.held, self._clock(), self._metadata, keep)
        finally:
            seen = 0 if phone.held.timestamp is None else _version(phone.held.timestamp)
            if seen < phone.timestamp:
                self._world.count("rolled back metadata")
            phone.timestamp = seen

    async def _metadata(self, name: str) -> bytes | None:
        kind = Request.TIMESTAMP if name == "timestamp.json" else Request.METADATA
        answer = await self._ask(kind, f"metadata/{name}?absent=204")
        if answer.status == 204:
            return None
        return _ok(answer)

    async def _version(self, key: str, shelf: Shelf, code: int) -> tuple[str, TargetFile] | None:
        """A version's first file, as it was signed."""
        if self._node is None:
            raise Failure("no metadata")
        name, wanted = role_of(key), self._node.version(role_of(key))
        if wanted is None:
            return None
        role = None
        if shelf.role is not None:
            try:
                role = self._node.role(name, shelf.role)
            except Refused:
                shelf.role = None
        if role is None:
            data = await self._metadata(f"{wanted}.{name}.json")
            if data is None:
                raise Refused(name, "there is no such file")
            role = self._node.role(name, data)
            shelf.role = self._world.verifier.one(data)
        check_fresh(name, role, self._clock())
        for file in _FIRST:
            if (found := role.targets.get(f"apps/{key}/{code}/{file}")) is not None:
                return file, found
        return None

    async def _obey(self, key: str, shelf: Shelf, answer: ProgramAnswer) -> None:
        current, code = shelf.current, answer.code
        if answer.action is DecisionAction.KEEP:
            shelf.next = None
            return
        signed = None if current is None else await self._version(key, shelf, current.code)
        leaving = current is not None and (signed is None or _state(signed[1]) == SignedState.REVOKED)
        if answer.action is DecisionAction.REMOVE:
            if not leaving:
                raise Failure("untrusted", "removal of what is not withdrawn")
            shelf.current = shelf.previous = shelf.next = None
            self._world.count("removed")
            return
        waiting = None if shelf.next is None else shelf.next.code
        if code is None or code == waiting or (current is not None and code == current.code):
            return
        if code in shelf.bad:
            raise Failure("untrusted", "a version that did not start")
        if current is not None and code < current.code and not leaving:
            raise Failure("untrusted", "an older version")
        wanted = await self._version(key, shelf, code)
        has = any(one is not None and one.code == code for one in (current, shelf.previous))
        proofs = {one.list: Proof(one.index, one.path) for one in answer.proofs}
        if wanted is None or not permitted(wanted[1].unrecognized_fields.get("custom"), self._view(has, proofs)):
            raise Failure("untrusted", "not signed for this phone")
        await self._install(key, shelf, answer, wanted, leaving, has, proofs)

    def _view(self, has: bool, proofs: Mapping[str, Proof]) -> PhoneView:
        said = msgspec.structs.asdict(self._context) | {"tags": frozenset(self._context.tags)}
        return PhoneView(
            self._device, Context(**said), has, None, proofs, container_of(self._context.container_version)
        )

    # installing

    async def _install(
        self, key: str, shelf: Shelf, answer: ProgramAnswer, wanted: tuple[str, TargetFile],
        leaving: bool, has: bool, proofs: Mapping[str, Proof],
    ) -> None:  # fmt: skip
        assert answer.code is not None
        name, info = wanted
        digest = info.hashes["sha256"]
        first = await self._download(key, answer.code, name, digest, info.length)
        try:
            info.verify_length_and_hashes(first)
        except LengthOrHashMismatchError:
            raise Failure("damaged file") from None
        files = {name: first}
        if name == "manifest.json":
            for file, sha256, size in _archives(first, answer.code, self._owned(shelf)):
                files[file] = await self._archive(key, answer.code, file, sha256, size, shelf)
        world = self._world
        for data in files.values():
            world.files.setdefault(hashlib.sha256(data).hexdigest(), data)
        version = Kept(answer.code, tuple((file, _sha256(data)) for file, data in files.items()), answer.release)
        version = world.kept.setdefault(version, version)
        self._tell(key, version, "downloaded")
        shelf.next = version
        self._tell(key, version, "rolled_back" if leaving else "installed")
        world.installed(self._phone, self._context, key, version, files, proofs, has)

    def _owned(self, shelf: Shelf) -> frozenset[str]:
        """Archives besides main that the phone has of this program."""
        return frozenset() if shelf.current is None else frozenset(name for name, _ in shelf.current.files)

    async def _archive(self, key: str, code: int, file: str, sha256: str, size: int, shelf: Shelf) -> bytes:
        for version in (shelf.current, shelf.previous):
            if version is not None and (file, sha256) in version.files:
                return self._world.files[sha256]
        data = await self._by_delta(file, sha256, size, shelf)
        if data is None:
            data = await self._download(key, code, file, sha256, size)
            self._world.count("full")
        if len(data) != size or _sha256(data) != sha256:
            raise Failure("damaged file")
        return data

    async def _by_delta(self, file: str, sha256: str, size: int, shelf: Shelf) -> bytes | None:
        """None: there is no base, or anything about it is wrong; the whole archive is the way out."""
        base = next(
            (digest for version in (shelf.current, shelf.previous) if version is not None
             for name, digest in version.files if name == file),
            None,
        )  # fmt: skip
        if base is None:
            return None
        try:
            answer = await self._ask(Request.DELTA, f"deltas/{base}/{sha256}")
            if answer.status == 404:
                return None
            data = decode_delta(self._world.files[base], _ok(answer), size)
        except (DeltaError, Failure, Unreachable):
            self._world.count("delta of no use")
            return None
        if _sha256(data) != sha256:
            self._world.count("delta of no use")
            return None
        self._world.count("delta")
        return data

    async def _download(self, key: str, code: int, file: str, sha256: str, size: int) -> bytes:
        data = _ok(await self._ask(Request.TARGET, f"targets/apps/{key}/{code}/{sha256}.{file}"))
        if len(data) > size:
            raise Failure("damaged file")
        return data

    # reports

    def _tell(self, key: str, version: Kept, kind: str, **more: str) -> None:
        report: dict[str, Any] = {"program": key, "code": version.code, "kind": kind, "at": self._now, **more}
        if version.release is not None:
            report["release"] = version.release
        self._phone.reports.append(report)
        del self._phone.reports[:-_MAX_REPORTS]

    async def _report(self) -> None:
        """Send what waits; a batch stays the same until it is answered, so that it is counted once."""
        phone = self._phone
        while phone.batch is not None or phone.reports:
            if phone.batch is None:
                name = f"{self._world.plan.seed:08x}-{phone.number:08x}-{phone.batches}"
                batch = {"device": self._device, "batch": name, "reports": phone.reports}
                phone.batch, phone.reports = msgspec.json.encode(batch), []
                phone.batches += 1
            try:
                answer = await self._ask(Request.REPORT, "reports", phone.batch)
            except Unreachable:
                return
            if answer.status >= 500 or answer.status == 429:
                return
            # what the server refuses for its content would be refused for ever
            self._world.count("batch" if answer.status == 204 else "refused batch")
            phone.batch = None

    def _refuse(self, error: Exception) -> None:
        match error:
            case Failure():
                self._world.count(f"refused: {error.kind}")
            case Refused():
                self._world.count("refused: metadata")
            case _:
                self._world.count("refused: unreachable")

    async def _ask(self, kind: Request, path: str, body: bytes = b"") -> Answer:
        return await self._world.line.ask(self._chance, kind, path, body)

    def _clock(self) -> datetime:
        return datetime.fromtimestamp(self._now / 1e6, UTC)


def _archives(manifest: bytes, code: int, owned: frozenset[str]) -> list[tuple[str, str, int]]:
    """Name, SHA-256 and size of the archives to have: main, and those that the version before has."""
    said = msgspec.json.decode(manifest)
    if said["version"]["code"] != code:
        raise Failure("damaged file", "the manifest is of another version")
    return [
        (one["file"], one["sha256"], one["size"])
        for one in said["packages"]
        if one["name"] == "main" or one["file"] in owned
    ]


def _state(info: TargetFile) -> str | None:
    custom = info.unrecognized_fields.get("custom")
    eden = custom.get(FIELD) if isinstance(custom, dict) else None
    return eden.get("state") if isinstance(eden, dict) else None


def _version(timestamp: bytes) -> int:
    return int(msgspec.json.decode(timestamp)["signed"]["version"])


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _ok(answer: Answer) -> bytes:
    if answer.status != 200:
        raise Failure("unreachable" if answer.status >= 500 else "not found", str(answer.status))
    return answer.body
