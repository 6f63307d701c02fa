"""Passwords that the secure keyboard has sealed: asked of the platform, by a service that answers as it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bank import seed
from bank.keyboard import Keyboard
from tests.apps.bank.house import BankHouse, open_bank


class Platform:
    """Takes "EK1.right" for whoever has enrolled; `status` of everything else."""

    def __init__(self) -> None:
        self.enrolled: dict[str, dict[str, Any]] = {}
        self.status = 422

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        assert request.headers["authorization"] == "Bearer of the bank"
        assert (body["purpose"], body["app"]) == ("sign-in", "eden.bank")
        if not body["sealed"].startswith("EK1."):
            return web.json_response({"code": "sealed-refused"}, status=self.status)
        if request.path.endswith("/enrol-password"):
            self.enrolled[body["account"]] = body
            return web.json_response({})
        right = self.enrolled.get(body["account"], {}).get("sealed") == body["sealed"]
        return web.json_response({"verified": right, "tries_left": 5, "locked_until": 0})


@pytest.fixture
def platform(house: BankHouse) -> Iterator[Platform]:
    platform = Platform()
    application = web.Application()
    application.router.add_post("/keyboard/v1/test/{word}", platform.answer)
    runner = web.AppRunner(application)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return int(runner.addresses[0][1])

    port = house.run(start())
    house.bank.keyboard = Keyboard(f"http://127.0.0.1:{port}/keyboard/v1/test/", "of the bank")
    yield platform
    house.run(house.bank.keyboard.close())
    house.run(runner.cleanup())


def sign_in(house: BankHouse, sealed: str, phone: str = seed.PHONE) -> Any:
    return house.call("POST", "/v1/session", {"phone": phone, "sealed": sealed})


def enrol(house: BankHouse, sealed: str, phone: str = seed.PHONE) -> Any:
    return house.call("PUT", "/v1/me/password", {"phone": phone, "sealed": sealed})


def test_a_sealed_password_signs_in_once_it_is_enrolled(house: BankHouse, platform: Platform) -> None:
    assert sign_in(house, "EK1.right").code == "bad-sign-in"
    assert enrol(house, "EK1.right").status == 200
    (bound,) = platform.enrolled.values()
    assert bound["user"] == seed.PHONE and "secret1" not in str(bound)
    assert sign_in(house, "EK1.wrong").code == "bad-sign-in"
    assert sign_in(house, "EK1.right").json["customer"]["name"] == "林晓雨"
    assert sign_in(house, "EK1.right", "13900000000").code == "bad-sign-in"


def test_nobody_enrols_for_another(house: BankHouse, platform: Platform) -> None:
    assert enrol(house, "EK1.right", "13900000000").code == "forbidden"
    assert platform.enrolled == {}


def test_values_that_are_refused_and_keyboards_that_are_away(house: BankHouse, platform: Platform) -> None:
    assert sign_in(house, "old").code == "type-again"
    platform.status = 503
    assert sign_in(house, "old").code == "no-keyboard"
    house.run(house.bank.keyboard.close())
    house.bank.keyboard = Keyboard("http://127.0.0.1:9/keyboard/v1/test", "of the bank")
    assert sign_in(house, "EK1.right").code == "no-keyboard"


def test_without_a_keyboard(tmp_path: Path) -> None:
    with open_bank(tmp_path, 1) as house:
        assert sign_in(house, "EK1.right").code == "no-keyboard"
