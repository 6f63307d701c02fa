"""The wire of the keyboard over the composed platform: what is sealed, checked, opened, refused, counted and kept."""

from __future__ import annotations

import base64
import json
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select, update

from eden.base.crypto import HpkePrivateKey
from eden.base.identity import tokens
from eden.base.identity.principal import Principal
from eden.base.identity.service import Identity
from eden.base.ids import now
from eden.base.settings import DatabaseSettings, Settings
from eden.base.settings import Keyboard as KeyboardSettings
from eden.keyboard import rules, service_keys
from eden.keyboard.interfaces import SEAL_ALGORITHMS, Statement
from eden.keyboard.models import keyboard_keys, keyboard_references, keyboard_spent
from eden.keyboard.service import KeyboardService, delivery_info
from tests.keyboard.typing_in import statement_of, text, type_in
from tests.office import SECRET_KEY, Office, open_office

PIN, PASSWORD, WRONG_PIN = "748159", "Kestrel~19 over (the) moor", "748158"
#: no number of such a length comes about by chance
LONG_PIN = "748159260371"


class Bank:
    """Two services of the workspace: one that may have values checked, one that may have them."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.verifier, self.verifier_id = self._token("keyboard.verify")
        self.opener, self.opener_id = self._token("keyboard.open")
        for name, kind, shortest, longest in (
            ("pay", "pin", 6, 6),
            ("login", "password", 8, 64),
            ("code", "pin", 4, 12),
        ):
            self.set_purpose(name, kind=kind, shortest=shortest, longest=longest, tries=3)

    def set_purpose(self, name: str, **fields: Any) -> None:
        body = {"verifiers": [self.verifier_id], "openers": [self.opener_id], **fields}
        answer = self.office.ask("owner", "PUT", f"/workspaces/test/keyboard/purposes/{name}", json=body)
        assert answer.status_code == 200, answer.text

    def _token(self, *scopes: str) -> tuple[str, str]:
        office = self.office
        token_id, secret = office.ground.database.write_now(
            lambda connection: tokens.create(
                connection, office.here_id, office.people["owner"], scopes[0], scopes, now(), None
            )
        )
        return secret, token_id

    @property
    def service(self) -> KeyboardService:
        found = self.office.platform.framed.state.services["keyboard"]
        assert isinstance(found, KeyboardService)
        return found

    def offer(self, purpose: str = "pay", *, app: str = "wxbank", user: str = "anna", slug: str = "test") -> Statement:
        answer = self.office.client.get(
            f"/keyboard/v1/{slug}/session", params={"app": app, "purpose": purpose, "user": user}
        )
        assert answer.status_code == 200, answer.text
        return statement_of(answer.json()["statement"])

    def post(self, word: str, token: str = "", **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {token or self.verifier}"}
        return self.office.client.post(f"/keyboard/v1/test/{word}", json=body, headers=headers)

    def check(self, sealed: str, account: str = "A-1", **more: Any) -> Any:
        return self.post("check-pin", purpose="pay", sealed=sealed, account=account, **more)

    def enrol(self, typed: str = PIN, account: str = "A-1", **sealing: Any) -> None:
        sealed = text(self.offer(), typed, **sealing)
        answer = self.post("enrol-pin", purpose="pay", sealed=sealed, account=account)
        assert answer.status_code == 200, answer.text

    async def principal(self) -> Principal:
        """The service that may have values checked."""
        identity = self.office.platform.framed.state.services["identity"]
        assert isinstance(identity, Identity)
        return await identity.token(self.verifier)

    def run(self, work: Callable[[], Awaitable[None]]) -> None:
        with self.office.client.portal() as portal:
            portal.call(work)

    def read(self, query: Any) -> Any:
        return self.office.ground.database.read_now(lambda connection: connection.execute(query).all())


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    with open_office(Path(tmp_path_factory.mktemp("office"))) as office:
        yield Bank(office)


def refusal(answer: Any) -> str:
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "sealed-refused"
    return str(answer.json()["detail"])


def test_offer_is_signed_by_the_pinned_key(bank: Bank) -> None:
    answer = bank.office.client.get("/keyboard/v1/test/session?app=wxbank&purpose=pay&user=anna")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    offer = answer.json()
    pins = {key["kid"]: key["public"] for key in keys(bank, "ed25519")}
    (signature,) = offer["signatures"]
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(pins[signature["kid"]]))
    key.verify(base64.b64decode(signature["signature"]), rules.signed_bytes(offer["statement"]))
    statement = statement_of(offer["statement"])
    assert (statement.app, statement.purpose, statement.user, statement.kind) == ("wxbank", "pay", "anna", "pin")
    assert [key.algorithm for key in statement.keys] == list(SEAL_ALGORITHMS)
    assert statement.expires - statement.issued == 180_000
    assert statement.nonce != bank.offer().nonce
    asked = "/keyboard/v1/test/session?app=wxbank&purpose=pay&user=anna&challenge="
    answered = bank.office.client.get(f"{asked}0aZ_-").json()
    assert statement_of(answered["statement"]).challenge == "0aZ_-"
    assert bank.office.client.get(f"{asked}a%0a").status_code == 400


def keys(bank: Bank, algorithm: str) -> list[dict[str, Any]]:
    found = bank.office.get("owner", "/workspaces/test/keyboard/keys?limit=200")["items"]
    return [key for key in found if key["algorithm"] == algorithm]


@pytest.mark.parametrize("algorithm", SEAL_ALGORITHMS)
def test_pin_is_enrolled_and_checked(bank: Bank, algorithm: str) -> None:
    bank.enrol(algorithm=algorithm)
    good = bank.check(text(bank.offer(), PIN, algorithm), app="wxbank", user="anna")
    assert good.json() == {"verified": True, "tries_left": 3, "locked_until": 0}
    assert good.headers["cache-control"] == "no-store"
    assert bank.check(text(bank.offer(), WRONG_PIN, algorithm)).json() == {
        "verified": False, "tries_left": 2, "locked_until": 0,
    }  # fmt: skip


def test_password_is_enrolled_and_checked(bank: Bank) -> None:
    sealed = text(bank.offer("login"), PASSWORD)
    assert bank.post("enrol-password", purpose="login", sealed=sealed, account="anna").status_code == 200
    for typed, verified in ((PASSWORD, True), (PASSWORD + "!", False)):
        answer = bank.post(
            "verify-password", purpose="login", sealed=text(bank.offer("login"), typed), account="anna"
        ).json()
        assert answer["verified"] is verified
    (reference,) = bank.read(select(keyboard_references.c.reference).where(keyboard_references.c.purpose == "login"))
    assert reference[0].startswith(b"$argon2id$")


@pytest.mark.parametrize(("word", "purpose", "typed"), [("pin", "pay", PIN), ("password", "login", PASSWORD)])
def test_what_is_typed_twice_has_to_be_the_same(bank: Bank, word: str, purpose: str, typed: str) -> None:
    def enrol(first: str, again: str) -> Any:
        sealed, second = (text(bank.offer(purpose), one) for one in (first, again))
        return bank.post(f"enrol-{word}", purpose=purpose, sealed=sealed, again=second, account="T-1")

    check = {"pin": "check-pin", "password": "verify-password"}[word]
    other = typed[:-1] + "0"
    assert enrol(typed, typed).status_code == 200
    differs = enrol(other, typed)
    assert (differs.status_code, differs.json()["code"]) == (422, "sealed-differs")
    for value, verified in ((typed, True), (other, False)):
        sealed = text(bank.offer(purpose), value)
        assert bank.post(check, purpose=purpose, sealed=sealed, account="T-1").json()["verified"] is verified
    # one value is not two
    sealed = text(bank.offer(purpose), typed)
    answer = bank.post(f"enrol-{word}", purpose=purpose, sealed=sealed, again=sealed, account="T-1")
    assert refusal(answer) == "The value was used before."


def test_account_without_reference_is_not_verified(bank: Bank) -> None:
    assert bank.check(text(bank.offer(), PIN), account="nobody").json()["verified"] is False
    answer = bank.post("verify-password", purpose="login", sealed=text(bank.offer("login"), PASSWORD), account="x")
    assert answer.json()["verified"] is False


def test_used_before(bank: Bank) -> None:
    bank.enrol()
    sealed = text(bank.offer(), PIN)
    assert bank.check(sealed).json()["verified"] is True
    assert refusal(bank.check(sealed)) == "The value was used before."
    assert refusal(bank.post("enrol-pin", purpose="pay", sealed=sealed, account="A-2")) == "The value was used before."


def test_each_thing_that_it_is_bound_to(bank: Bank) -> None:
    """A session of one thing is of no other, whether the envelope is changed or the service expects something else."""
    bank.enrol()
    other = {"app": "wxother", "user": "bert", "nonce": "A" * 22, "bound": "1", "form": "digest"}
    for name, value in other.items():
        message = type_in(bank.offer(), PIN)
        changed = msgspec.structs.replace(message.envelope, **{name: value})
        refusal(bank.check(rules.write_sealed(rules.Sealed(changed, message.message))))
    assert "another app" in refusal(bank.check(text(bank.offer(), PIN), app="wxother"))
    assert "another person" in refusal(bank.check(text(bank.offer(), PIN), user="bert"))
    assert "another purpose" in refusal(bank.check(text(bank.offer("code"), PIN)))
    assert "something else" in refusal(bank.check(text(bank.offer(), PIN, bound="pay 25"), bound="pay 2500"))
    assert bank.check(text(bank.offer(), PIN, bound="pay 25"), bound="pay 25").json()["verified"] is True
    sealed = type_in(bank.offer(), PIN)
    moved = msgspec.structs.replace(sealed.envelope, issued=sealed.envelope.issued + 1)
    assert "no session" in refusal(bank.check(rules.write_sealed(rules.Sealed(moved, sealed.message))))
    late = msgspec.structs.replace(sealed.envelope, expires=sealed.envelope.expires + 60_000)
    assert "no session" in refusal(bank.check(rules.write_sealed(rules.Sealed(late, sealed.message))))
    # another spelling of the same bytes is no other session, nor a fault
    last = sealed.envelope.session[-1]
    respelled = msgspec.structs.replace(sealed.envelope, session=sealed.envelope.session[:-1] + chr(ord(last) + 1))
    assert "no session" in refusal(bank.check(rules.write_sealed(rules.Sealed(respelled, sealed.message))))
    # an envelope that is taken whole from another showing does not fit the message
    other_showing = type_in(bank.offer(), PIN)
    assert "cannot be opened" in refusal(
        bank.check(rules.write_sealed(rules.Sealed(other_showing.envelope, sealed.message)))
    )
    # the one that all were made from is good
    assert bank.check(rules.write_sealed(sealed)).json()["verified"] is True


def test_ended_session(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    bank.enrol()
    sealed = text(bank.offer(), PIN)
    monkeypatch.setattr(bank.service, "_clock", lambda: now() + 180_000_000)
    assert refusal(bank.check(sealed)) == "The session of the value has ended."
    monkeypatch.setattr(bank.service, "_clock", lambda: now() + 170_000_000)
    assert bank.check(sealed).json()["verified"] is True


def test_account_is_locked_and_unlocked(bank: Bank) -> None:
    bank.enrol(account="L-1")
    left = [bank.check(text(bank.offer(), WRONG_PIN), account="L-1").json() for _ in range(3)]
    assert [(one["tries_left"], one["locked_until"]) for one in left] == [(2, 0), (1, 0), (0, -1)]
    locked = bank.check(text(bank.offer(), PIN), account="L-1").json()
    assert locked == {"verified": False, "tries_left": 0, "locked_until": -1}
    assert bank.post("unlock", purpose="pay", account="L-1").status_code == 200
    assert bank.check(text(bank.offer(), PIN), account="L-1").json()["verified"] is True
    assert bank.post("unlock", purpose="pay", account="never").status_code == 404


def test_lock_that_ends_by_itself(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    bank.set_purpose("code", kind="pin", shortest=4, longest=12, tries=1, lock_seconds=60, revision=1)

    def post(word: str, typed: str) -> Any:
        return bank.post(word, purpose="code", sealed=text(bank.offer("code"), typed), account="L-2").json()

    assert post("enrol-pin", "2580") == {}
    assert post("check-pin", "2581")["locked_until"] > now() // 1000
    assert post("check-pin", "2580")["verified"] is False
    monkeypatch.setattr(bank.service, "_clock", lambda: now() + 61_000_000)
    assert post("check-pin", "2580")["verified"] is True


def test_junk_is_no_try(bank: Bank) -> None:
    """Who can send junk for an account does not lock it."""
    bank.enrol(account="J-1")
    for _ in range(5):
        sealed = type_in(bank.offer(), PIN)
        refusal(bank.check(rules.write_sealed(sealed._replace(message=os.urandom(200))), account="J-1"))
    assert bank.check(text(bank.offer(), WRONG_PIN), account="J-1").json()["tries_left"] == 2


def test_junk_beside_a_good_value_gives_no_tries(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is given back is never more than was counted, whatever came between."""
    bank.enrol(account="J-2")
    junk = rules.write_sealed(type_in(bank.offer(), PIN)._replace(message=os.urandom(200)))
    asked, given = bank.service.opener.ask, text(bank.offer(), PIN)

    async def ask(request: Any) -> Any:
        monkeypatch.setattr(bank.service.opener, "ask", asked)
        await bank.service.unlock(await bank.principal(), "test", "pay", "J-2")
        return await asked(request)

    monkeypatch.setattr(bank.service.opener, "ask", ask)
    refusal(bank.check(junk, account="J-2"))
    left = [bank.check(text(bank.offer(), WRONG_PIN), account="J-2").json()["tries_left"] for _ in range(3)]
    assert left == [2, 1, 0]
    assert bank.check(given, account="J-2").json()["verified"] is False


def test_length_of_the_purpose(bank: Bank) -> None:
    assert "too short" in refusal(bank.check(text(bank.offer(), "12345")))
    assert "too short" in refusal(bank.check(text(bank.offer(), "1234567")))


def test_only_services_that_may(bank: Bank) -> None:
    sealed = text(bank.offer(), PIN)
    recipient = base64.b64encode(HpkePrivateKey.generate("hpke-x25519").public.raw).decode()
    # a token without the scope, one with it that the purpose does not name, one of another workspace, none
    assert bank.post("check-pin", bank.opener, purpose="pay", sealed=sealed, account="A-1").status_code == 403
    assert bank.post("open", bank.verifier, purpose="pay", sealed=sealed, recipient=recipient).status_code == 403
    owner = bank.office.tokens["owner"]
    answer = bank.post("check-pin", owner, purpose="pay", sealed=sealed, account="A-1")
    assert (answer.status_code, "verifiers" in answer.json()["hint"]) == (403, True)
    stranger = bank.office.tokens["stranger"]
    assert bank.post("check-pin", stranger, purpose="pay", sealed=sealed, account="A-1").status_code == 404
    assert bank.post("check-pin", "eden_none", purpose="pay", sealed=sealed, account="A-1").status_code == 401
    assert bank.office.client.post("/keyboard/v1/test/check-pin", json={}).status_code == 401
    assert bank.post("check-pin", purpose="login", sealed=sealed, account="A-1").status_code == 400
    assert bank.office.client.get("/keyboard/v1/test/check-pin").status_code == 405
    assert bank.office.client.get("/keyboard/v1/test/nothing").status_code == 404
    assert bank.office.client.get("/keyboard/v1/none/session?app=a&purpose=pay").status_code == 404
    assert bank.office.client.get("/keyboard/v1/test/session?app=a&purpose=none").status_code == 404
    assert bank.office.client.get("/keyboard/v1/test/session?app=a%0a&purpose=pay").status_code == 400


def test_value_for_the_service_that_may_have_it(bank: Bank) -> None:
    own = HpkePrivateKey.generate("hpke-x25519")
    sealed = type_in(bank.offer("login"), PASSWORD, bound="1700000000 abc")
    body = {"purpose": "login", "sealed": rules.write_sealed(sealed), "user": "anna"}
    answer = bank.post("open", bank.opener, recipient=base64.b64encode(own.public.raw).decode(), **body).json()
    assert own.open(delivery_info(sealed.envelope), base64.b64decode(answer["sealed"])) == PASSWORD.encode()
    assert (answer["user"], answer["bound"], answer["form"]) == ("anna", "1700000000 abc", "typed")
    body["sealed"] = text(bank.offer("login"), PASSWORD)
    assert bank.post("open", bank.opener, recipient="AAAA", **body).json()["errors"][0]["field"] == "recipient"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_changed_bytes_are_refused(bank: Bank, data: st.DataObject) -> None:
    """Whatever is changed, cut or added: a refusal of ours, never a fault, never a yes."""
    algorithm = data.draw(st.sampled_from(["hpke-x25519", "hpke-p256"]))
    raw = text(bank.offer(), PIN, algorithm)
    place = data.draw(st.integers(0, len(raw) - 1))
    how = data.draw(st.sampled_from(["change", "cut", "add", "remove"]))
    letter = data.draw(st.sampled_from("AZaz09-_.=\x00é{"))
    changed = {
        "change": raw[:place] + letter + raw[place + 1 :], "cut": raw[:place],
        "add": raw[:place] + letter + raw[place:], "remove": raw[:place] + raw[place + 1 :],
    }[how]  # fmt: skip
    answer = bank.check(changed)
    if changed == raw:
        assert answer.status_code == 200
    elif "\0" in changed:
        assert answer.status_code == 400
    else:
        refusal(answer)


def test_keys_in_a_hardware_module(tmp_path: Path) -> None:
    """The opener has it by its name; what is kept of a key is the module's name for it."""
    chosen = Settings(
        data=str(tmp_path), secret_key=SECRET_KEY, database=DatabaseSettings(migrate="always"),
        keyboard=KeyboardSettings(module="tests.keyboard.hardware:FakeModule"),
    )  # fmt: skip
    with open_office(tmp_path, settings=chosen) as office:
        bank = Bank(office)
        for algorithm in SEAL_ALGORITHMS:
            bank.enrol(algorithm=algorithm)
            assert bank.check(text(bank.offer(), PIN, algorithm)).json()["verified"] is True
        rows = bank.read(select(keyboard_keys.c.kid, keyboard_keys.c.kept))
        assert [kept for _, kept in rows] == [kid.encode() for kid, _ in rows]


def test_opener_that_is_killed(bank: Bank) -> None:
    bank.enrol()
    bank.offer()
    before = bank.service.opener.process_id
    assert before is not None
    os.kill(before, signal.SIGKILL)
    sealed = text_when_back(bank)
    assert bank.service.opener.process_id not in (None, before)
    assert bank.check(sealed).json()["verified"] is True


def text_when_back(bank: Bank) -> str:
    """The first offer may still find the dead one."""
    for _ in range(50):
        answer = bank.office.client.get("/keyboard/v1/test/session?app=wxbank&purpose=pay&user=anna")
        if answer.status_code == 200:
            return text(statement_of(answer.json()["statement"]), PIN)
        assert answer.json()["code"] == "unavailable"
    raise AssertionError("the opener does not come back")


def test_rotation(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old keys open what was sealed to them for a while, then they are gone; references move to the newest PIN key."""
    bank.enrol()
    before = bank.offer()
    week = 604_800_000_000
    monkeypatch.setattr(bank.service, "_clock", lambda: now() + week)
    bank.run(bank.service.rotate)
    after = bank.offer()
    assert {key.kid for key in before.keys}.isdisjoint(key.kid for key in after.keys)
    monkeypatch.undo()
    assert bank.check(text(before, PIN)).json()["verified"] is True

    old = keys(bank, "aes-256")[-1]["kid"]
    renew = bank.office.ask("owner", "POST", "/workspaces/test/keyboard/keys", json={"algorithm": "aes-256"})
    assert renew.status_code == 204
    newest = keys(bank, "aes-256")[-1]["kid"]
    assert newest != old
    assert bank.check(text(bank.offer(), PIN)).json()["verified"] is True
    assert bank.check(text(bank.offer(), PIN)).json()["verified"] is True
    mine = keyboard_references.c.account == "A-1", keyboard_references.c.purpose == "pay"
    assert bank.read(select(keyboard_references.c.kid).where(*mine)) == [(newest,)]

    def forget_others(connection: Connection) -> None:
        connection.execute(delete(keyboard_references).where(keyboard_references.c.kid == old))

    bank.office.ground.database.write_now(forget_others)
    late = text(before, "111111")
    monkeypatch.setattr(bank.service, "_clock", lambda: now() + week + 361_000_000)
    bank.run(bank.service.rotate)
    monkeypatch.undo()
    left = {row.kid for row in bank.read(select(keyboard_keys.c.kid))}
    assert old not in left
    assert left.isdisjoint(key.kid for key in before.keys)
    bank.office.ground.database.write_now(lambda connection: connection.execute(delete(keyboard_spent)))
    assert "not used any more" in refusal(bank.check(late))


def test_signing_key_is_replaced_with_both_signing(bank: Bank) -> None:
    old = keys(bank, "ed25519")[-1]["kid"]
    assert (
        bank.office.ask("owner", "POST", "/workspaces/test/keyboard/keys", json={"algorithm": "ed25519"}).status_code
        == 204
    )
    offer = bank.office.client.get("/keyboard/v1/test/session?app=wxbank&purpose=pay").json()
    assert {one["kid"] for one in offer["signatures"]} == {key["kid"] for key in keys(bank, "ed25519")}
    assert old in {one["kid"] for one in offer["signatures"]}


def test_keys_that_two_make_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job finds keys missing while somebody makes the first purpose, whose keys count. None is replaced, or a phone
    would have pinned a signing key that ends in minutes."""
    with open_office(tmp_path) as office:
        bank = Bank(office)
        office.ground.database.write_now(lambda connection: connection.execute(delete(keyboard_keys)))
        opener = bank.service.opener
        asked = opener.ask

        async def ask(request: Any) -> Any:
            monkeypatch.setattr(opener, "ask", asked)
            await service_keys.ensure(office.ground, opener, office.here_id, now(), "somebody")
            return await asked(request)

        monkeypatch.setattr(opener, "ask", ask)
        bank.run(bank.service.rotate)
        made = bank.read(select(keyboard_keys.c.algorithm, keyboard_keys.c.replaced_at))
        assert sorted(made) == [(algorithm, None) for algorithm in sorted(service_keys.ALGORITHMS)]


def test_what_ended_is_forgotten(bank: Bank) -> None:
    bank.enrol()
    spent = len(bank.read(select(keyboard_spent)))
    bank.run(bank.service.forget)
    assert len(bank.read(select(keyboard_spent))) == spent > 0

    def ended(minutes: int) -> None:
        at = now() - minutes * 60_000_000
        bank.office.ground.database.write_now(
            lambda connection: connection.execute(update(keyboard_spent).values(expires_at=at))
        )
        bank.run(bank.service.forget)

    # for a server whose clock is behind it goes on
    ended(59)
    assert len(bank.read(select(keyboard_spent))) == spent
    ended(61)
    assert bank.read(select(keyboard_spent)) == []


def test_log_says_who_and_what(bank: Bank) -> None:
    bank.enrol(account="G-1")
    bank.check(text(bank.offer(), WRONG_PIN), account="G-1")
    first, second = bank.office.get("auditor", "/workspaces/test/keyboard/log?limit=2")["items"]
    assert (first["action"], first["outcome"], first["account"]) == ("check", "wrong", "G-1")
    assert (second["action"], second["outcome"], second["actor"]) == ("enrol", "good", "token:keyboard.verify")
    assert bank.office.ask("developer", "GET", "/workspaces/test/keyboard/log").status_code == 403


def test_log_says_why_values_were_refused(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    bank.enrol(account="R-1")
    used = text(bank.offer(), PIN)
    bank.check(used, account="R-1")
    late = text(bank.offer(), PIN)
    refused = {
        "used": used, "malformed": "EK1.x", "other-purpose": text(bank.offer("code"), PIN),
        "other-person": text(bank.offer(user="bert"), PIN), "other-app": text(bank.offer(app="wxother"), PIN),
        "unopened": rules.write_sealed(type_in(bank.offer(), PIN)._replace(message=bytes(200))),
        "length": text(bank.offer(), "12345"),
    }  # fmt: skip
    for sealed in refused.values():
        refusal(bank.check(sealed, account="R-1", app="wxbank", user="anna"))
    monkeypatch.setattr(bank.service, "_clock", lambda: now() + 180_000_000)
    refusal(bank.check(late, account="R-1"))
    found = [
        one["outcome"]
        for one in bank.office.get("auditor", "/workspaces/test/keyboard/log?limit=200")["items"]
        if one["account"] == "R-1"
    ]
    assert found == ["ended", *reversed(refused), "good", "good"]


def test_purposes(bank: Bank) -> None:
    path = "/workspaces/test/keyboard/purposes"
    names = [one["name"] for one in bank.office.get("owner", path)["items"]]
    assert names == ["code", "login", "pay"]
    put = [
        ("pay", {"kind": "pin"}, 409), ("pay", {"kind": "password", "revision": 1}, 409),
        ("new", {"kind": "pin", "shortest": 3}, 400), ("new", {"kind": "pin", "verifiers": ["none"]}, 400),
        ("n w", {"kind": "pin"}, 400), ("new", {"kind": "pin", "revision": 1}, 409),
    ]  # fmt: skip
    for name, body, status in put:
        answer = bank.office.ask("owner", "PUT", f"{path}/{name}", json=body)
        assert answer.status_code == status, (name, body, answer.text)


@pytest.mark.parametrize("control", [False, True])
def test_nothing_that_was_typed_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture, control: bool) -> None:
    """Neither in the database, nor in logs, audit or files, in clear or in base64; of a `control` that does keep it, it
    is found, so that the search is one."""
    with open_office(tmp_path) as office:
        bank = Bank(office)
        sealed = text(bank.offer("login"), PASSWORD)
        bank.post("enrol-password", purpose="login", sealed=sealed, account="anna")
        bank.post("verify-password", purpose="login", sealed=text(bank.offer("login"), PASSWORD), account="anna")
        for word in ("enrol-pin", "check-pin"):
            bank.post(word, purpose="code", sealed=text(bank.offer("code"), LONG_PIN), account="anna")
        own = base64.b64encode(HpkePrivateKey.generate("hpke-x25519").public.raw).decode()
        bank.post("open", bank.opener, purpose="login", sealed=text(bank.offer("login"), PASSWORD), recipient=own)
        if control:
            bank.check(text(bank.offer(), PIN), account=PASSWORD)
        # while it runs: the database's log is there, too
        files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 1
    everything = b"\n".join([*files, json.dumps([vars(record) for record in caplog.records], default=str).encode()])
    found = [form for form in forms(PASSWORD.encode()) + forms(LONG_PIN.encode()) if form in everything]
    assert bool(found) is control


def forms(value: bytes) -> list[bytes]:
    return [value, base64.b64encode(value)[:-4], value.hex().encode()]
