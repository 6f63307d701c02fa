"""The line between a phone and its server, on which things go wrong as the plan says."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from eden.release.simulate_http import Answer, Transport, Unreachable
from eden.release.simulate_plan import Fault, Faults, Request

_VERSION = re.compile(rb'"version":(\d+)')
_SERVER_ERROR = Answer(503, b"")


class Line:
    """All phones' line. `requests` counts by kind, `struck` what went wrong, `unreachable` what nobody planned.

    `codes`: versions of each program that a lying answer may name; `bases`: archives that a delta may wrongly be of.
    """

    def __init__(self, transport: Transport, prefix: str, faults: Faults) -> None:
        self._transport = transport
        self._prefix = prefix
        self.faults = faults
        self.requests: Counter[Request] = Counter()
        self.struck: Counter[Fault] = Counter()
        self.unreachable = 0
        self.codes: Mapping[str, Sequence[int]] = {}
        self.bases: Sequence[str] = ()
        self._timestamp: bytes | None = None

    async def ask(self, chance: random.Random | None, kind: Request, path: str, body: bytes = b"") -> Answer:
        """What the phone hears; without a chance nothing goes wrong. Raises Unreachable."""
        fault = None if chance is None else self.faults.draw(kind, chance)
        if chance is None or fault is None:
            return await self._send(kind, path, body)
        self.struck[fault] += 1
        if fault is Fault.FAILED:
            return _SERVER_ERROR
        if fault is Fault.CUT and chance.random() < 0.5:
            raise Unreachable("the connection was cut")
        if fault is Fault.STALE_BASE and self.bases:
            path = f"deltas/{chance.choice(self.bases)}/{path.rpartition('/')[2]}"
        answer = await self._send(kind, path, body)
        if fault is Fault.CUT:
            raise Unreachable("the connection was cut")
        return self._spoil(fault, answer, chance)

    async def _send(self, kind: Request, path: str, body: bytes) -> Answer:
        self.requests[kind] += 1
        try:
            answer = await self._transport.request("POST" if body else "GET", self._prefix + path, body)
        except Unreachable:
            self.unreachable += 1
            raise
        if kind is Request.TIMESTAMP and answer.status == 200 and self._timestamp is None:
            self._timestamp = answer.body
        return answer

    def _spoil(self, fault: Fault, answer: Answer, chance: random.Random) -> Answer:
        body = answer.body
        match fault:
            case Fault.TRUNCATED:
                body = body[: chance.randrange(len(body))] if body else body
            case Fault.FLIPPED if body:
                place = chance.randrange(len(body))
                body = body[:place] + bytes([body[place] ^ (1 << chance.randrange(8))]) + body[place + 1 :]
            case Fault.REPLAYED if self._timestamp is not None:
                body = self._timestamp
            case Fault.FORGED:
                body = _VERSION.sub(lambda found: b'"version":%d' % (int(found[1]) + 1), body, count=1)
            case Fault.LIED if answer.status == 200:
                body = self._lie(body, chance)
        return Answer(answer.status, body)

    def _lie(self, body: bytes, chance: random.Random) -> bytes:
        said = msgspec.json.decode(body)
        key = chance.choice(sorted(self.codes)) if self.codes else ""
        if self.codes.get(key):
            code = chance.choice(self.codes[key])
            action = chance.choice(["install", "rollback"])
            said["programs"] = [{"key": key, "code": code, "version": "0", "action": action, "release": None}]
        return msgspec.json.encode(said)
