"""The bank's process: its centres over one database and one ledger, and what answers its clients (ASGI 3.0)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bank import mobile
from bank.centres import accounting, bookings, ending, network, products
from bank.centres.arrears import ARREARS, COLLECT, Arrears
from bank.centres.batches import Batches
from bank.centres.claims import Claims
from bank.centres.closing import CHECK, LEDGER, Closing
from bank.centres.contracts import Contracts
from bank.centres.customers import of_session
from bank.centres.enrolling import Enrolling
from bank.centres.interest import DEPOSITS, LOANS, Interest
from bank.centres.lending import Lending
from bank.centres.monitoring import MONITORING, Monitoring
from bank.centres.payments import Payments
from bank.centres.reading import Desk
from bank.centres.secrets import Secrets
from bank.centres.till import Till
from bank.keyboard import Keyboard
from bank.openbank import service as openbank
from bank.principals import HEADER, Principals
from bank.seed import PASSWORD, PHONE, PIN, forget_unfinished, seed
from bank.settings import Settings
from bank.staff.door import Staff
from bank.staff.tending import Tending
from bank.staff.trail import Trail
from bank.staff.witnessing import Witnessing
from bank.tables import bring_up_to_date, do_bind, is_empty
from bank.verifier import page as verifier
from bank.web import Reply, Request, Route, Router
from eden.base.database import Database
from eden.base.http import Receive, Scope, Send, header
from eden.base.ids import now
from eden.base.sealing import Seal

#: the batches of a day, in their order
DAY_END = (LEDGER, COLLECT, LOANS, DEPOSITS, ARREARS, MONITORING, CHECK)

log = logging.getLogger("bank")


class Bank:
    """All that the bank's parts share; `clock` gives µs. Start it in the loop that uses it; stop it in the end."""

    def __init__(self, settings: Settings, clock: Callable[[], int] = now) -> None:
        self.clock = clock
        settings.data.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        secret = settings.secret()
        self.seal = Seal(secret, "bank")
        self.principals = Principals(secret)
        self.keyboard = Keyboard(settings.keyboard, settings.keyboard_token)
        self.contracts = Contracts(settings.data / "contracts.key", now())
        self.trail = Trail(secret)
        forget_unfinished(settings)
        self.database = Database(settings.database_address)
        bring_up_to_date(self.database)
        self.database.write_now(lambda connection: do_bind(connection, secret))
        self.secrets = Secrets(self.database, self.keyboard)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Open everything, and let go on by itself what does: other banks, ends of days."""
        await self.open()
        # who everybody knows is waited for, the others follow
        await self.secrets.enrol_made_up(PASSWORD, PIN, PHONE)
        self._run(self.secrets.enrol_made_up(PASSWORD, PIN), "bank-secrets")
        self.witnessing = Witnessing(self.ledger, self.settings.witness_file)
        self._run(self.witnessing.run(), "bank-witness")
        self.tending = Tending(self.database, self.payments, self.clock)
        self._run(self.tending.run(), "bank-staff")
        self._run(network.run(self.payments), "bank-network")
        self._run(self.papers.run(), "bank-papers")
        self._run(ending.run(self.database), "bank-line")
        self._run(self.till.run(), "bank-till")
        self._run(self.batches.run(), "bank-batches")

    async def open(self) -> None:
        """Open the ledger, make up a past on a first start, finish what another process has left."""
        if self.settings.seed and await self.database.read(is_empty):
            await seed(self.database, self.settings, self.seal)
        self.ledger = await accounting.open_ledger(self.settings, self.clock)
        await self.database.write(products.do_found)
        self.payments = Payments(self.database, self.ledger)
        self.till = Till(self.database, self.ledger)
        self.lending = Lending(self.database, self.ledger, self.payments, self.seal, self.contracts)
        self.papers = Desk(self.database, self.seal)
        self.claims = Claims(self.database, self.payments)
        self.enrolling = Enrolling(self.database, self.ledger, self.secrets)
        closing = Closing(self.database, self.ledger)
        parts = (self.database, self.ledger)
        interest, arrears = Interest(*parts, self.clock), Arrears(*parts, self.payments, self.clock)
        self.batches = Batches(
            self.database,
            {
                LEDGER: closing.close,
                COLLECT: arrears.collect,
                LOANS: interest.loans,
                DEPOSITS: interest.deposits,
                ARREARS: arrears.review,
                MONITORING: Monitoring(self.database, self.seal, self.clock).watch,
                CHECK: closing.check,
            },
            self.clock,
        )
        await bookings.post(self.database, self.ledger, self.clock())
        await self.till.write_lines()
        if left := await self.payments.finish() + await self.lending.finish() + await openbank.finish(self):
            log.warning("%d orders that a process had left were carried out", left)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.papers.close()
        await self.keyboard.close()
        await self.ledger.close()
        self.database.close()

    async def balance_after(self, account: str, transfer: str) -> int:
        """What could be spent of a deposit once a transfer of it was there; cents."""
        return await accounting.balance_after(self.ledger, account, transfer)

    def _run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))


class Server:
    """ASGI with lifespan: `/v1` for the mini program, `/console` for staff, the open bank, `/verify`, `/healthz`."""

    def __init__(self, settings: Settings) -> None:
        self.bank = bank = Bank(settings)
        # by which scheme and from where somebody asks is for sessions of the staff alone
        self._staff: Any = ProxyHeadersMiddleware(Staff(bank))  # type: ignore[arg-type]
        self.openbank = openbank.surface(bank)
        own = [Route("GET", "/healthz", _healthy, open=True), Route("GET", "/verify", self._verifier, open=True)]
        self._router = Router([*own, *mobile.routes(bank)], self._identify)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._lifespan(receive, send)
        if scope["type"] == "http" and f"{scope['path']}/".startswith("/console/"):
            await self._staff(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(openbank.PREFIXES):
            await self.openbank(scope, receive, send)
        elif scope["type"] == "http":
            await self._router(scope, receive, send)
        return None

    async def _identify(self, scope: Scope) -> str:
        """The gateway has asked already, or there is none and the session's token is looked at here."""
        at = now()
        if (principal := header(scope, HEADER)) is not None:
            return self.bank.principals.read(principal.decode("latin-1"), at) or ""
        token = (header(scope, b"authorization") or b"").decode("latin-1").removeprefix("Bearer ")
        return await self.bank.database.read(lambda connection: of_session(connection, token, at)) or ""

    async def _verifier(self, request: Request) -> Reply:
        return verifier.page(self.bank.ledger.public_keys())

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.bank.start()
        except Exception as error:
            log.exception("the bank cannot start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.bank.stop()
        await send({"type": "lifespan.shutdown.complete"})


async def _healthy(request: Request) -> Reply:
    return Reply(b'{"state":"up"}')
