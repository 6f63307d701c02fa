"""A call on its way: through the steps, to an authorizer where one is wanted, to the service, and back.

    begin ─▶ Steps.before ─▶ an Answer ──────────────────────────────────────────▶ Caller.answered
                  │ None                                                                ▲
                  ├─ exchange.authorizer? ── Relay ─▶ Steps.authorized ─┐               │
                  ├─ exchange.locates?    ── await Steps.locate ────────┤ again?        │
                  └────────────── ask the upstream ◀────────────────────┘◀───┐          │
                                        │                                    │          │
                                  head or whole ── Steps.again ──────────────┘          │
                                        └─ Steps.after ── whole ────────────────────────┤
                                                       └─ head, pieces, end ─▶ Caller.begins, piece, ended

The usual call goes straight through: `begin` ends with one write to the service, `whole` with one to the client; there
is no task and no future. Memory is bounded on both sides: a client that does not read stops the reading from the
upstream, an upstream that does not take more of a body stops the reading from the client.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final, Protocol

from eden.gateway.exchange import Answer, Failure, Headers
from eden.gateway.proxy.link import Connection
from eden.gateway.proxy.relay import Owner, Relay

#: statuses that steps may want to try again after
_MAYBE: Final = frozenset((502, 503, 504))
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))


class Caller(Owner, Protocol):
    """The client. After `answered`, `ended`, `gone`, `upgraded` or `unexpected` the call is over."""

    def begins(self, answer: Answer, length: int) -> None:
        """The head of an answer; `length` -1: not known."""

    def piece(self, data: bytes) -> None: ...
    def ended(self) -> None: ...
    def gone(self) -> None:
        """The upstream left in the middle of its answer."""

    def upgraded(self, connection: Connection, answer: Answer, rest: bytes) -> None: ...
    def upload(self, wanted: bool) -> None:
        """Go on with the request's body by `Relay.more`, or pause."""


class Call(Relay[Caller]):
    """A client's; see the module."""

    def begin(self) -> None:
        exchange = self.exchange
        answer = self._gateway.steps.before(exchange)
        if answer is None and exchange.send_body is not None and exchange.authorizer is None and not exchange.locates:
            self._upload = 0
            self.ask()
        else:
            self._go_on(answer)

    def _go_on(self, answer: Answer | None) -> None:
        exchange = self.exchange
        if answer is not None:
            self._finish(answer)
        elif exchange.authorizer is not None:
            question: Relay[Any] = Relay(self, self._gateway, exchange.authorizer)
            self._waits = question
            question.ask()
        elif exchange.locates:
            self._locate()
        else:
            if exchange.send_body is not None or exchange.body is not None:
                self._upload = 0
            self.ask()

    # before the service

    @property
    def forwarded(self) -> bytes:
        return self._owner.forwarded

    def answered(self, answer: Answer) -> None:
        """What the authorizer said."""
        self._waits = None
        self.exchange.authorizer = None
        self._go_on(self._gateway.steps.authorized(self.exchange, answer))

    def _locate(self) -> None:
        self._waits = self._gateway.loop.create_task(self._located(self._gateway.steps.locate(self.exchange)))

    async def _located(self, looking: Awaitable[Answer | None]) -> None:
        try:
            answer = await looking
            self._waits = None
            if self.over:
                return
            if answer is not None:
                self._finish(answer)
            else:
                self.ask()
        except Exception:
            self._waits = None
            self.unexpected()

    def _begin_upload(self) -> None:
        self._owner.upload(True)

    def stalled(self, stalled: bool) -> None:
        if self._upload:
            self._owner.upload(not stalled)

    # the service's answer

    def head(self, status: int, headers: Headers, length: int) -> None:
        exchange = self.exchange
        self._counted(status)
        if status in _MAYBE and self._tries_again(status):
            self._drop()
            self.ask()
            return
        if exchange.whole_answer or (exchange.address is not None and status in _REDIRECTS):
            self._hold(status, headers)
            return
        answer = self._gateway.steps.after(exchange, Answer(status, headers, None))
        if answer.body is not None:
            # it takes another one, as "not modified"
            self._drop()
            self._finish(answer)
            return
        self.sent_head = True
        self._owner.begins(answer, length)

    def data(self, piece: bytes) -> None:
        if self._held is None:
            self._owner.piece(piece)
        else:
            super().data(piece)

    def end(self) -> None:
        if self._held is None:
            self._connection = None
            self.over = True
            self._owner.ended()
        else:
            super().end()

    def upgraded(self, headers: Headers, rest: bytes) -> None:
        route, connection = self.exchange.route, self._connection
        if connection is None or route is None or route.kind != "websocket":
            super().upgraded(headers, rest)
            return
        self._connection = None
        self._counted(101)
        self.over = True
        answer = self._gateway.steps.after(self.exchange, Answer(101, headers, None))
        self._owner.upgraded(connection, answer, rest)

    def lost(self, failure: Failure) -> None:
        if not self.sent_head:
            super().lost(failure)
            return
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.target.failed()
        self.over = True
        self._owner.gone()

    def expire(self) -> None:
        if isinstance(self._waits, Relay):
            self._waits.expire()
            return
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None
        super().expire()

    def abandon(self) -> None:
        super().abandon()
        if isinstance(self._waits, Relay):
            self._waits.abandon()
        elif self._waits is not None:
            self._waits.cancel()

    def _tries_again(self, cause: Failure | int) -> bool:
        return self.repeatable and self._gateway.steps.again(self.exchange, cause)

    def _answer(self, status: int, headers: Headers, body: bytes) -> None:
        exchange = self.exchange
        if status in _MAYBE and self._tries_again(status):
            self.ask()
            return
        answer = Answer(status, headers, body)
        if exchange.address is not None and status in _REDIRECTS and self._gateway.steps.redirected(exchange, answer):
            # the safe exit leads on: look the next place up, and ask there
            self._locate()
            return
        self._finish(self._gateway.steps.after(exchange, answer))

    def _failed(self, failure: Failure) -> None:
        if self._tries_again(failure):
            self.ask()
        else:
            self._fail(failure)

    def _fail(self, failure: Failure) -> None:
        self._finish(self._gateway.steps.failed(self.exchange, failure))
