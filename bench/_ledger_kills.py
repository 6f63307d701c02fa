"""Payments through everything while everything is killed: workers of the gateway, and the bank's process.

Phones pay at tills, each payment until it is known what became of it: sent again, signed anew, with the key that it
had. Some are sent twice at once. Now and then a process is killed without a word. In the end every payment that was
answered is in the ledger once, and in both statements; nothing else is.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import os
import secrets
import signal
import tempfile
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import aiohttp
import msgspec

from bank.settings import Settings
from bench._gateway_proxies import children
from bench._ledger_gateway import Bank, catalogue_of, check, furnish, running
from bench._ledger_phones import OPERATION, Person
from eden.base.ids import new_id
from eden.gateway.proxy.run import beside
from tests.gateway.proxy.installed import APP, Installed, installed

_PHONES = 8
#: no payment is that long without an answer, seconds
_PATIENCE_S = 120
_TIMEOUT = aiohttp.ClientTimeout(total=10)
#: what a phone that gets this does is to send it again; one that is too fast, too
_AGAIN = (429, 500, 502, 503, 504)


class Verdict(msgspec.Struct):
    """`lost`: answers that did not come, said that nobody knows, or to wait; `refused`: others, by what they said."""

    kills: int = 0
    payments: int = 0
    cents: int = 0
    lost: int = 0
    refused: Counter[str] = msgspec.field(default_factory=Counter)


class _Trial:
    def __init__(self, site: Installed, port: int, people: list[Person], shops: list[str], random: Random) -> None:
        self._site, self._port = site, port
        self._people, self._shops, self._random = people, shops, random
        self.verdict = Verdict()
        self._over = False

    async def run(self, kills: list[Callable[[], None]]) -> None:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            phones = [asyncio.create_task(self._phone(session)) for _ in range(_PHONES)]
            try:
                for kill in kills:
                    await asyncio.sleep(self._random.uniform(0.05, 0.6))
                    await asyncio.to_thread(kill)
                    self.verdict.kills += 1
                    for phone in phones:
                        if phone.done():
                            phone.result()
            finally:
                self._over = True
                await asyncio.gather(*phones)

    async def _phone(self, session: aiohttp.ClientSession) -> None:
        random = self._random
        while not self._over:
            person = random.choice(self._people)
            account, shop, amount = random.choice(person.accounts), random.choice(self._shops), random.randrange(1, 100)
            body, key = msgspec.json.encode({"account": account, "shop": shop, "amount": amount}), new_id()
            copies = 2 if random.random() < 0.2 else 1
            answers = await asyncio.gather(*(self._pay(session, person, key, body) for _ in range(copies)))
            if len(set(answers)) != 1:
                self.verdict.refused["two answers to one payment"] += 1
            if answers[0]:
                self.verdict.payments += 1
                self.verdict.cents += amount

    async def _pay(self, session: aiohttp.ClientSession, person: Person, key: str, body: bytes) -> str:
        """The transfer's id; "" for a refusal, which is noted."""
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            try:
                async with session.post(
                    f"http://127.0.0.1:{self._port}/rpc/{OPERATION}",
                    data=body,
                    headers=self._headers(person, key, body),
                ) as answer:
                    said = await answer.read()
            except (aiohttp.ClientError, TimeoutError):
                said, status = b"", 0
            else:
                status = answer.status
            if status == 200:
                return str(msgspec.json.decode(said)["id"])
            if status and status not in _AGAIN:
                self.verdict.refused[f"{status} {said[:200].decode()}"] += 1
                return ""
            self.verdict.lost += 1
            await asyncio.sleep(self._random.uniform(0.02, 0.2))
        raise AssertionError("a payment got no answer")

    def _headers(self, person: Person, key: str, body: bytes) -> dict[str, str]:
        at, nonce, site = time.time_ns() // 1_000_000, secrets.token_hex(16), self._site
        text = f"EDEN1\n{APP}\n{OPERATION}\nPOST\n\n{at}\n{nonce}\n{hashlib.sha256(body).hexdigest()}".encode()
        code = b64encode(hmac.digest(site.secret, text, "sha256")).decode()
        return {
            "content-type": "application/json",
            "authorization": f"Bearer {person.token}",
            "idempotency-key": key,
            "x-eden-app": APP,
            "x-eden-time": str(at),
            "x-eden-nonce": nonce,
            "x-eden-signature": f"hmac-sha256 {site.kid} {code}",
        }


def under_kills(kills: int, seed: int = 1) -> Verdict:
    """Kill so many times, half of them the bank, half a worker of the gateway, and judge. AssertionError where money
    was lost, doubled or told wrongly."""
    random = Random(seed)
    with tempfile.TemporaryDirectory(prefix="eden-bench-") as name:
        settings = Settings(Path(name) / "bank")
        settings.data.mkdir()
        people, shops = furnish(settings, 20)
        with installed(Path(name) / "platform", processes=2) as site, running(settings) as bank:
            site.put(catalogue_of(bank.port))
            before = set(children(os.getpid()))
            with beside(site.settings) as port:
                supervisor = next(one for one in children(os.getpid()) if one not in before)
                trial = _Trial(site, port, people, shops, random)
                both = (lambda: _restart(bank), lambda: _kill_worker(supervisor, random))
                asyncio.run(trial.run([both[number % 2] for number in range(kills)]))
        asyncio.run(check(settings, trial.verdict.payments, trial.verdict.cents))
    return trial.verdict


def _restart(bank: Bank) -> None:
    bank.kill()
    bank.start()


def _kill_worker(supervisor: int, random: Random) -> None:
    workers = [one for one in children(supervisor) if one != supervisor]
    if workers:
        # one that ends by itself at this moment is as dead
        with contextlib.suppress(ProcessLookupError):
            os.kill(random.choice(workers), signal.SIGKILL)
