"""The opener as a process: what a server hears of one that fails."""

from __future__ import annotations

import asyncio
import os

import pytest

from eden.base.crypto import HpkePublicKey
from eden.base.problems import Problem
from eden.keyboard.opener_client import Opener
from eden.keyboard.rules import PLAIN_BYTES, pack
from eden.keyboard.wire import HashPassword, KeyRow, MadeKey, Make, MakeBlock, Message, Request


@pytest.mark.parametrize("kind", ["password", "pin"])
def test_one_that_fails_is_ended_without_its_words(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Also where its work is done beside the others', and nobody would have answered."""

    async def no_keys() -> list[KeyRow]:
        return []

    async def ask() -> None:
        opener = Opener(b"s" * 32, no_keys, "tests.keyboard.hardware:Broken")
        try:
            made = await opener.ask(Make("hpke-x25519", "k"))
            assert isinstance(made, MadeKey)
            await opener.ask(Make("aes-256", "p"))
            plain = pack("password", "typed", b"Kestrel~19", os.urandom(PLAIN_BYTES))
            sealed = HpkePublicKey("hpke-x25519", made.public).seal(b"i", plain)
            message = Message("k", b"i", sealed, "password", "typed", 6, 32)
            request: Request = HashPassword(message) if kind == "password" else MakeBlock(message, "p", "A-1")
            before = opener.process_id
            with pytest.raises(Problem, match="at the moment"):
                await asyncio.wait_for(opener.ask(request), 20)
            assert isinstance(await opener.ask(Make("aes-256", "p")), MadeKey)
            assert opener.process_id not in (None, before)
        finally:
            await opener.close()

    asyncio.run(ask())
    said = capfd.readouterr().err
    assert "has failed: RuntimeError. It is started again" in said
    assert "Traceback" not in said and "CKR_DEVICE_ERROR" not in said
