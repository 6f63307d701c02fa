"""Mocks: answers that stand for a service that is not there yet, for a share of the calls.

At /mgw.htm a mock whose body is an object may say how the call went by `resultStatus`, as the commercial platform's do;
one that is no code is refused with 1001.
"""

from __future__ import annotations

import msgspec

from eden.gateway.exchange import GOOD, Headers, Wire
from eden.gateway.interfaces import Mock
from eden.gateway.pipeline.codes import DENIED


class CompiledMock:
    """A mock, ready for use."""

    __slots__ = ("_result", "body", "headers", "share", "status")

    def __init__(self, mock: Mock) -> None:
        #: of calls, 0..1
        self.share = mock.percentage / 100 if mock.on else 0.0
        self.status = mock.status
        self.body = mock.body.encode() if isinstance(mock.body, str) else msgspec.json.encode(mock.body)
        self.headers: Headers = [
            (name.lower().encode(), value.encode("latin-1", "replace")) for name, value in mock.headers.items()
        ]
        if not any(name == b"content-type" for name, _ in self.headers):
            kind = b"text/plain;charset=utf-8" if isinstance(mock.body, str) else b"application/json"
            self.headers.append((b"content-type", kind))
        self._result = mock.body.get("resultStatus", GOOD) if isinstance(mock.body, dict) else GOOD

    def answers(self, draw: float) -> bool:
        """Whether this call is answered by it; `draw` is random in [0, 1)."""
        return draw < self.share

    def code(self, wire: Wire) -> int:
        """The result code of the answer; DENIED when the mock is malformed."""
        if wire != "mgw":
            return GOOD
        result = self._result
        return result if type(result) is int and 1000 <= result <= 9999 else DENIED
