"""The console's page of the secure keyboard, through the whole platform."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import eden.keyboard
from eden.base.identity import tokens
from eden.base.ids import now
from eden.console.frame import Room
from tests.console.rules import room_problems
from tests.keyboard.typing_in import statement_of, text
from tests.office import Office, open_office

FIELDS = {"name": "pay", "kind": "pin", "shortest": "6", "longest": "6", "tries": "5", "lock_seconds": "900"}


class Desk:
    """An office, and people at its console."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def see(self, status: int = 200, *, who: str = "owner", language: str = "en", query: str = "") -> str:
        self.office.client.cookies.clear()
        sent = self.office.sign_in(who) | {"Accept-Language": language}
        answer = self.office.client.get(f"/console/test/keyboard{query}", headers=sent, follow_redirects=False)
        assert answer.status_code == status, answer.text
        return unescape(answer.text)

    def do(self, path: str, status: int = 303, /, who: str = "owner", **fields: Any) -> str:
        self.office.client.cookies.clear()
        headers = self.office.sign_in(who)
        answer = self.office.client.post(
            f"/console/test/keyboard/{path}", headers=headers, data=fields, follow_redirects=False
        )
        assert answer.status_code == status, answer.text
        return unescape(answer.text)

    def token(self, name: str, *scopes: str) -> tuple[str, str]:
        office = self.office
        return office.ground.database.write_now(
            lambda connection: tokens.create(
                connection, office.here_id, office.people["owner"], name, scopes, now(), None
            )
        )

    def use(self, token: str, typed: str, **more: str) -> int:
        """Enrol something; the answer's status."""
        client = self.office.client
        offer = client.get("/keyboard/v1/test/session", params={"app": "wxbank", "purpose": "pay"}).json()
        sealed = text(statement_of(offer["statement"]), typed)
        body = {"purpose": "pay", "sealed": sealed, "account": "A-1", **more}
        headers = {"Authorization": f"Bearer {token}"}
        return int(client.post("/keyboard/v1/test/enrol-pin", json=body, headers=headers).status_code)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_office(tmp_path) as office:
        yield Desk(office)


def cells(page: str, table: str) -> list[list[str]]:
    """The words of a table's rows."""
    body = page.partition(f'id="{table}"')[2].partition("<tbody")[2].partition("</tbody>")[0]
    rows = body.split("<tr")[1:]
    return [
        [" ".join(re.sub(r"<[^>]+>", " ", cell.partition(">")[2]).split()) for cell in re.split(r"<t[dh]\b", row)[1:]]
        for row in rows
    ]


def test_templates_keep_the_rules() -> None:
    assert room_problems(Room("keyboard", Path(eden.keyboard.__file__).parent)) == []


@pytest.mark.parametrize(("language", "words"), [("en", "Nothing is asked for yet"), ("zh", "还没有用途")])
def test_empty_page_says_what_to_do(desk: Desk, language: str, words: str) -> None:
    assert words in desk.see(language=language)
    desk.see(403, who="developer")
    desk.do("purposes", 403, who="developer", **FIELDS)
    desk.do("keys", 403, who="developer", algorithm="hpke-p256")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_purposes_keys_and_outcomes(desk: Desk, language: str) -> None:
    verifier, secret = desk.token("the bank", "keyboard.verify")
    desk.token("something else", "observe.read")
    desk.do("purposes", **FIELDS, verifiers=[verifier])
    assert desk.use(secret, "748159") == 200
    assert desk.use(secret, "7481") == 422
    assert desk.use(secret, "748159", app="wxother") == 422
    page = desk.see(language=language)
    assert "something else" not in page
    (row,) = cells(page, "purposes")
    assert "pay" in row[0] and "the bank" in row[4]
    assert len(cells(page, "keys")) == 5
    refused = {what: times for what, _, times in cells(page, "refused")}
    names = {"en": ["Sealed for another app", "Too short or too long"], "zh": ["位数不符", "属于其他小程序"]}[language]
    assert refused == dict.fromkeys(names, "1")


def test_purpose_is_changed(desk: Desk) -> None:
    for field, value, words in (
        ("name", "a b", "up to 64"), ("longest", "13", "4 to 12 digits"), ("shortest", "8", "4 to 12 digits"),
        ("tries", "0", "From 1 to 100"), ("lock_seconds", "9999999", "2592000"),
        ("verifiers", "none", "tokens is gone"),
    ):  # fmt: skip
        assert words in desk.do("purposes", 422, **FIELDS | {field: value})
    desk.do("purposes", **FIELDS)
    changed = desk.do("purposes", 422, **FIELDS | {"tries": "3"})
    assert "changed meanwhile" in changed
    assert 'name="revision" value="1"' in desk.see(query="?purpose=pay")
    desk.do("purposes", **FIELDS | {"tries": "3", "revision": "1"})
    assert "3" in cells(desk.see(), "purposes")[0][3]


def test_key_is_replaced(desk: Desk) -> None:
    desk.do("purposes", **FIELDS)
    desk.do("keys", algorithm="hpke-p256")
    desk.do("keys", 400, algorithm="rsa")
    rows = [row for row in cells(desk.see(), "keys") if "P-256" in row[0]]
    assert ["In use" in row[1] for row in rows] == [True, False]
    assert "Replaced" in rows[1][1] and "Goes" in rows[1][1]
    actions = [one["action"] for one in desk.office.get("auditor", "/workspaces/test/audit?limit=50")["items"]]
    assert "keyboard.key.make" in actions
