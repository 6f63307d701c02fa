"""Receipts in customers' hands: of every kind of transaction, checked by the command and by the page to be kept."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bank import verifier
from bank.__main__ import main
from bank.centres import network
from bank.centres.payments import OUTSIDE_SECONDS, settling_id
from bank.ids import new_hex
from bank.ledger.heads import Keys
from bank.ledger.interfaces import Flag, Posted
from bank.ledger.receipts import Note, ReceiptError, verify
from eden.base.ids import now
from eden.base.tools import node
from tests.apps.bank.house import BankHouse
from tests.apps.bank.test_mobile import OUTSIDE, pay

VERIFY = Path(verifier.__file__).parent / "verify.js"
MISSING = {"name": "无此人", "number": "6228480012900000", "bank": "东海银行"}


def receipt(house: BankHouse, transaction: str) -> bytes:
    file = house.get(f"/v1/transactions/{transaction}/receipt")
    assert file["name"] == f"receipt-{transaction}.json"
    return base64.b64decode(file["content"])


def judged(cases: list[tuple[str, str]]) -> list[Any]:
    """What the page says of receipts (with keys): what it proves, or the code of what is wrong."""
    executable = node()
    assert executable is not None
    script = f"""
      require({json.dumps(str(VERIFY))})
      const cases = JSON.parse(require('fs').readFileSync(0, 'utf8'))
      Promise.all(cases.map(([text, keys]) => verifyReceipt(text, keys).catch((error) => error.message)))
        .then((found) => console.log(JSON.stringify(found)))
    """
    done = subprocess.run([executable, "-e", script], input=json.dumps(cases).encode(), capture_output=True, check=True)
    found: list[Any] = json.loads(done.stdout)
    return found


def proven(house: BankHouse, transaction: str) -> Posted:
    entry = verify(receipt(house, transaction), house.bank.ledger.public_keys()).entry
    assert isinstance(entry, Posted)
    return entry


def test_a_receipt_is_of_what_became_of_the_money(house: BankHouse) -> None:
    done = pay(house, 12_345, remark="午饭").json["id"]
    entry = proven(house, done)
    assert (entry.transfer.id, entry.transfer.amount, entry.transfer.reference) == (done, 12_345, "午饭")
    sent = pay(house, 10_000, OUTSIDE, key="k2").json["id"]
    gone = house.call("POST", "/v1/payees", MISSING).json["id"]
    refused = pay(house, 20_000, gone, key="k3").json["id"]
    for transaction in (sent, refused):
        assert proven(house, transaction).transfer.flags == Flag.PENDING
    house.run(network.answer(house.bank.payments, now() + 5_000_000))
    moved, back = proven(house, sent), proven(house, refused)
    assert (moved.transfer.flags, moved.transfer.amount, moved.transfer.pending_id) == (Flag.POST, 10_000, sent)
    assert (back.transfer.flags, back.transfer.amount, back.released) == (Flag.VOID, 0, 20_000)


def test_what_settles_an_order_stands_for_its_time() -> None:
    at = now()
    order = new_hex(at)
    found = {order, settling_id(order, True), settling_id(order, False)}
    assert len(found) == 3 and new_hex(at - 2_000) < min(found) and max(found) < new_hex(at + 2_000)


def test_a_reservation_that_nobody_confirmed_is_proven_to_be_over(
    house: BankHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = pay(house, 10_000, OUTSIDE).json["id"]
    tomorrow = now() + (OUTSIDE_SECONDS + 1) * 1_000_000
    monkeypatch.setattr(house.bank.ledger.writer, "_clock", lambda: tomorrow)
    house.run(house.bank.ledger.expire())
    assert proven(house, sent).transfer.flags == Flag.EXPIRED


def test_the_page_and_the_command_agree(house: BankHouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of receipts of all kinds, in trees of many sizes, whole and with a byte changed."""
    ledger, chance = house.bank.ledger, random.Random(5)
    sent = pay(house, 10_000, OUTSIDE, remark="“谢谢”").json["id"]
    receipts = [receipt(house, sent)]
    house.run(network.answer(house.bank.payments, now() + 5_000_000))
    for number in range(20):
        receipts.append(receipt(house, pay(house, 1 + number, key=f"n{number}").json["id"]))
    for line in house.get("/v1/transactions?direction=in")["items"]:
        receipts.append(receipt(house, line["id"]))
    house.run(ledger.note("letter", "Ä 1", {"text": 'a "quote", a \\ and\na line'}))
    receipts.append(house.run(ledger.note_receipt("letter", "Ä 1")).encoded())
    (day,) = house.run(ledger.days())[-1:]
    receipts.append(house.run(ledger.note_receipt("day", day.day)).encoded())
    keys = "\n".join(ledger.public_keys())
    whole = [(data.decode(), keys) for data in receipts]
    for data, found in zip(receipts, judged(whole), strict=True):
        known = verify(data, keys.splitlines())
        assert (found["head"]["size"], found["head"]["root"]) == (known.head.size, known.head.root)
        assert found["entry"]["seq"] == known.entry.seq
        if isinstance(known.entry, Note):
            assert found["entry"]["body"] == known.entry.body
        else:
            assert found["entry"]["transfer"]["id"] == known.entry.transfer.id
    changed = [edited(chance.choice(receipts), chance) for _ in range(1_500)]
    for text in changed:
        with pytest.raises(ReceiptError):
            verify(text.encode(), keys.splitlines())
    assert set(judged([(text, keys) for text in changed])) == {"changed", "format", "head", "stranger"}
    file, public = tmp_path / "receipt.json", tmp_path / "keys"
    file.write_bytes(receipts[0])
    public.write_text(keys)
    assert main(["verify", str(file), "--keys", str(public)]) == 0
    assert "VALID" in capsys.readouterr().out


def edited(data: bytes, chance: random.Random) -> str:
    """One character is another, is gone, or is there twice."""
    text = data.decode()
    place = chance.randrange(len(text))
    before, here, after = text[:place], text[place], text[place + 1 :]
    other = chance.choice([one for one in ' 0127af{}",+/=\n' if one != here])
    return before + chance.choice(["", here + here, other]) + after


def test_what_the_page_refuses(house: BankHouse) -> None:
    done = pay(house, 12_345).json["id"]
    text, keys = receipt(house, done).decode(), "\n".join(house.bank.ledger.public_keys())
    other = Keys.at(house.bank.settings.data / "other.keys", "eden-bank/ledger/0", now()).public()[0]
    named = json.loads(text)
    named["transfer"]["voucher"] = "2026-11-26-0000001"
    cases = {
        "no keys": (text, "", "keys"), "no key": (text, "nonsense", "keys"),
        "a key of another name": (text, keys.replace("+", "x+", 1), "keys"), "another key": (text, other, "stranger"),
        "nothing": ("", keys, "format"), "no object": ("[]\n", keys, "format"), "null": ("null\n", keys, "format"),
        "another format": (text.replace("receipt-1", "receipt-2"), keys, "format"),
        "without its end": (text[:-1], keys, "changed"), "more after it": (text + " ", keys, "changed"),
        "in one line": (json.dumps(json.loads(text)) + "\n", keys, "changed"),
        "a voucher": (json.dumps(named, indent=2) + "\n", keys, "changed"),
        "a number as text": (text.replace("12345", '"12345"'), keys, "changed"),
        "a fraction": (text.replace("12345", "12345.5"), keys, "changed"),
        "a large number": (text.replace("12345", "9" * 30), keys, "changed"),
        "another amount": (text.replace("12345", "12346"), keys, "changed"),
    }  # fmt: skip
    found = judged([(given, with_keys) for given, with_keys, _ in cases.values()])
    assert dict(zip(cases, found, strict=True)) == {name: code for name, (_, _, code) in cases.items()}
    # the newest key is one of them, and the old one signs beside it for a while
    house.run(house.bank.ledger.rotate_key())
    rotated = receipt(house, pay(house, 1, key="k2").json["id"]).decode()
    both = house.bank.ledger.public_keys()
    by_one, by_both = judged([(rotated, keys), (rotated, "\n".join(both))])
    assert by_one == "stranger" and by_both["entry"]["transfer"]["amount"] == 1


def test_the_page_is_one_file_with_the_keys(house: BankHouse) -> None:
    answer = house.call("GET", "/verify", authorization="")
    assert answer.status == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
    html, policy = answer.body.decode(), answer.headers["content-security-policy"]
    assert all(key in html for key in house.bank.ledger.public_keys())
    for kind, tag in (("script-src", "script"), ("style-src", "style")):
        (inline,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert "src=" not in html and "http" not in re.sub(r"/\*.*?\*/", "", html, flags=re.DOTALL)
