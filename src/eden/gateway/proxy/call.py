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

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Final, Protocol

from eden.gateway.exchange import Answer, Exchange, Failure, Headers
from eden.gateway.proxy.link import Connection
from eden.gateway.proxy.relay import Owner, Relay

if TYPE_CHECKING:
    from eden.gateway.proxy.gateway import Gateway

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
    def unexpected(self) -> None:
        """A mistake of ours is being handled (`sys.exception`)."""

    def upload(self, wanted: bool) -> None:
        """Go on with the request's body by `Relay.more`, or pause."""


class Call(Relay):
    __slots__ = ("_caller", "_question", "_steps", "_task")

    def __init__(self, caller: Caller, gateway: Gateway, exchange: Exchange, upload: int) -> None:
        super().__init__(caller, gateway, exchange, upload)
        self._caller = caller
        self._steps = gateway.steps
        #: what an authorizer is asked
        self._question: Relay | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        try:
            answer = self._steps.before(self.exchange)
        except Exception:
            self._unexpected()
            return
        self._go_on(answer)

    def _go_on(self, answer: Answer | None) -> None:
        exchange = self.exchange
        if answer is not None:
            self._finish(answer)
        elif exchange.authorizer is not None:
            self._question = Relay(self, self._gateway, exchange.authorizer)
            self._question.ask()
        elif exchange.locates:
            self._locate()
        else:
            if exchange.send_body is not None or exchange.body is not None:
                self._upload = 0
            self.ask()

    def _unexpected(self) -> None:
        self.over = True
        self._caller.unexpected()

    # before the service

    @property
    def forwarded(self) -> bytes:
        return self._owner.forwarded

    def answered(self, relay: Relay, answer: Answer) -> None:
        """What the authorizer said."""
        self._question = None
        self.exchange.authorizer = None
        try:
            told = self._steps.authorized(self.exchange, answer)
        except Exception:
            self._unexpected()
            return
        self._go_on(told)

    def _locate(self) -> None:
        self._task = self._gateway.loop.create_task(self._located(self._steps.locate(self.exchange)))

    async def _located(self, looking: Awaitable[Answer | None]) -> None:
        try:
            answer = await looking
        except Exception:
            self._task = None
            self._unexpected()
            return
        self._task = None
        if self.over:
            return
        if answer is not None:
            self._finish(answer)
        else:
            self.ask()

    def _begin_upload(self) -> None:
        self._caller.upload(True)

    def stalled(self, stalled: bool) -> None:
        if self._upload:
            self._caller.upload(not stalled)

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
        answer = self._steps.after(exchange, Answer(status, headers, None))
        if answer.body is not None:
            # it takes another one, as "not modified"
            self._drop()
            self._finish(answer)
            return
        self.sent_head = True
        self._caller.begins(answer, length)

    def data(self, piece: bytes) -> None:
        if self._held is None:
            self._caller.piece(piece)
        else:
            super().data(piece)

    def end(self) -> None:
        if self._held is None:
            self._connection = None
            self.over = True
            self._caller.ended()
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
        answer = self._steps.after(self.exchange, Answer(101, headers, None))
        self._caller.upgraded(connection, answer, rest)

    def lost(self, failure: Failure) -> None:
        if not self.sent_head:
            super().lost(failure)
            return
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.target.failed()
        self.over = True
        self._caller.gone()

    def expire(self) -> None:
        if self._question is not None:
            self._question.expire()
            return
        if self._task is not None:
            self._task.cancel()
            self._task = None
        super().expire()

    def abandon(self) -> None:
        super().abandon()
        if self._question is not None:
            self._question.abandon()
        if self._task is not None:
            self._task.cancel()

    def _tries_again(self, cause: Failure | int) -> bool:
        return self.repeatable and self._steps.again(self.exchange, cause)

    def _answer(self, status: int, headers: Headers, body: bytes) -> None:
        exchange = self.exchange
        if status in _MAYBE and self._tries_again(status):
            self.ask()
            return
        answer = Answer(status, headers, body)
        if exchange.address is not None and status in _REDIRECTS and self._steps.redirected(exchange, answer):
            # the safe exit leads on: look the next place up, and ask there
            self._locate()
            return
        try:
            told = self._steps.after(exchange, answer)
        except Exception:
            self._unexpected()
            return
        self._finish(told)

    def _failed(self, failure: Failure) -> None:
        if self._tries_again(failure):
            self.ask()
        else:
            self._fail(failure)

    def _fail(self, failure: Failure) -> None:
        self._finish(self._steps.failed(self.exchange, failure))
