"""Services' client of the keyboard (`eden.base.keyboard`), against a platform that is served."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest

from eden.base.keyboard import Checked, KeyboardClient, KeyboardRefused, KeyboardUnavailable, Opened
from tests.keyboard.served import ServedKeyboard

T = TypeVar("T")
PIN, PASSWORD, APP = "748159", "Kestrel~19 over (the) moor", "wxbank"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedKeyboard]:
    purposes = [("pay", "pin", 6, 6), ("login", "password", 6, 64)]
    keyboard = ServedKeyboard(tmp_path_factory.mktemp("served"), purposes)  # type: ignore[arg-type]
    try:
        yield keyboard
    finally:
        keyboard.close()


def ask(
    served: ServedKeyboard, work: Callable[[KeyboardClient], Awaitable[T]], token: str = "", address: str = ""
) -> T:
    async def run() -> T:
        async with KeyboardClient(address or f"{served.address}/", token or served.token) as client:
            return await work(client)

    return asyncio.run(run())


def test_pin(served: ServedKeyboard) -> None:
    def sealed(typed: str = PIN, bound: str = "") -> str:
        return served.sealed("pay", typed, app=APP, user="anna", bound=bound)

    async def work(client: KeyboardClient) -> list[Checked]:
        await client.enrol("pin", "pay", sealed(), "A-1", sealed(), app=APP, user="anna")
        good = await client.check("pin", "pay", sealed(bound="x 25"), "A-1", app=APP, user="anna", bound="x 25")
        wrong = [await client.check("pin", "pay", sealed("748158"), "A-1") for _ in range(3)]
        locked = await client.check("pin", "pay", sealed(), "A-1")
        await client.unlock("pay", "A-1")
        return [good, *wrong, locked, await client.check("pin", "pay", sealed(), "A-1")]

    checked = ask(served, work)
    assert [one.verified for one in checked] == [True, False, False, False, False, True]
    assert [one.tries_left for one in checked] == [3, 2, 1, 0, 0, 3]
    assert [bool(one.locked_until) for one in checked] == [False, False, False, True, True, False]


def test_refusals(served: ServedKeyboard) -> None:
    sealed = [served.sealed("pay", typed, app=APP, user="anna", bound="x 25") for typed in (PIN, PIN, "111111")]

    async def work(client: KeyboardClient) -> list[str]:
        found = []
        for again, bound in ((None, {"bound": "x 2500"}), (sealed[2], {"app": APP})):
            with pytest.raises(KeyboardRefused) as refused:
                await client.enrol("pin", "pay", sealed[1], "A-2", again, **bound)
            found.append(refused.value.code)
        return found

    assert ask(served, work) == ["sealed-refused", "sealed-differs"]

    async def check(client: KeyboardClient) -> Checked:
        return await client.check("pin", "pay", sealed[0], "A-2")

    with pytest.raises(KeyboardUnavailable, match="401"):
        ask(served, check, "eden_none")
    with pytest.raises(KeyboardUnavailable, match="no answer"):
        ask(served, check, address="http://127.0.0.1:9/keyboard/v1/test")


def test_a_value_that_the_service_has_itself_is_the_same_one(served: ServedKeyboard) -> None:
    """Sealed as the keyboard seals; opened by whoever may."""

    async def work(client: KeyboardClient) -> tuple[Checked, Checked, Opened]:
        await client.enrol("password", "login", await client.seal(APP, "login", "anna", PASSWORD), "anna")
        typed = served.sealed("login", PASSWORD, app=APP, user="anna")
        own = await client.seal(APP, "login", "anna", PASSWORD + "!")
        opened = await client.open("login", await client.seal(APP, "login", "anna", PASSWORD, "b"), user="anna")
        with pytest.raises(ValueError, match="140 bytes"):
            await client.seal(APP, "login", "anna", "x" * 141)
        return (
            await client.check("password", "login", typed, "anna"),
            await client.check("password", "login", own, "anna"),
            opened,
        )

    typed, own, opened = ask(served, work)
    assert (typed.verified, own.verified) == (True, False)
    assert opened == Opened(PASSWORD.encode(), APP, "anna", "typed", "b")
