"""Books, tamper evidence, batches and the work list, as staff see them."""

from __future__ import annotations

import base64
import datetime
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, update

from bank import seed
from bank.centres import applying, monitoring, worklist
from bank.centres.accounting import CHART
from bank.centres.claims import AT_ONCE
from bank.credit.monitoring import SIGNALS
from bank.ledger.closing import TrialBalance, TrialLine
from bank.staff import trail
from bank.staff.decisions import readable
from bank.staff.pages.books import arranged
from bank.staff.witnessing import Witnessing
from bank.tables import applications, batches, customers
from bank.times import day_of
from eden.base.audit import Entry
from eden.base.ids import now
from tests.apps.bank.house import BankHouse, open_bank
from tests.apps.bank.staff_house import OFFICER, SECOND, Person
from tests.apps.bank.test_claims import file, mp4, png, shop


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BankHouse]:
    """A bank whose yesterday is closed, with an application that waits for two officers."""
    with open_bank(tmp_path_factory.mktemp("staff"), 3, 500) as house:
        house.sign_in()
        house.run(house.bank.batches.rollover())
        yield house


def entries(house: BankHouse, **asked: str) -> list[Entry]:
    return house.bank.database.read_now(lambda connection: trail.read(connection, limit=200, **asked))  # type: ignore[arg-type]


# books


def line(ledger: int, account: str, kind: str, debits: int, credits_: int) -> TrialLine:
    return TrialLine(ledger, account, kind, account, account, debits, credits_, 1)


def test_sums_are_proved_in_each_currency() -> None:
    good = [
        line(156, "1001", "asset", 100, 30), line(156, "5001", "expense", 5, 0),
        line(156, "2001", "liability", 30, 75), line(156, "4001", "income", 0, 30),
        line(840, "1001", "asset", 7, 0), line(840, "3001", "equity", 0, 7),
    ]  # fmt: skip
    yuan, dollars = arranged(TrialBalance(None, good, True))
    assert (yuan.letters, yuan.debits, yuan.credits, yuan.used, yuan.raised) == ("CNY", 135, 135, 75, 75)
    assert [side.kind for side in yuan.sides] == ["asset", "liability", "income", "expense"]
    assert yuan.balanced and dollars.balanced
    bad = [*good[:5], line(840, "3001", "equity", 0, 6)]
    assert [one.balanced for one in arranged(TrialBalance(None, bad, False))] == [True, False]


def test_the_trial_balance_leads_down_to_a_transfer_and_its_proof(house: BankHouse) -> None:
    person = Person(house, SECOND)
    yesterday = (day_of(now()) - datetime.timedelta(days=1)).isoformat()
    shown = person.shows(f"books?day={yesterday}")
    assert "NOT balanced" not in shown and "balanced" in shown and f"until the end of {yesterday}" in shown
    assert "Proof of closing" in shown
    account = re.search(
        r'href="/console/books/accounts/2001\?ledger=156&amp;day=', person.get(f"books?day={yesterday}").html
    )
    assert account
    below = person.get(f"books/accounts/2001?day={yesterday}")
    assert "6222 **** **** 3016" in below.text and seed.PHONE not in below.text
    one = re.search(r"/console/books/ledger/([0-9a-f]{32})", below.html)
    assert one
    lines = person.get(f"books/ledger/{one[1]}")
    moved = re.search(r"/console/tree/transfers/([0-9a-f]{32})", lines.html)
    assert moved
    assert "Proven" in person.shows(f"tree/transfers/{moved[1]}")


def test_the_sum_of_the_accounts_below_is_the_line(house: BankHouse) -> None:
    person = Person(house, SECOND)
    balance = house.run(house.bank.ledger.trial_balance())
    for found in balance.lines:
        html = person.get(f"books/accounts/{found.account}?ledger={found.ledger}").html
        rows = re.findall(r"<tr role=\"row\">.*?</tr>", html.partition("<tbody")[2], re.DOTALL)
        cells = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in rows]
        sums = [sum(_cents(row[place]) for row in cells) for place in (0, 1)]
        assert (len(rows), *sums) == (found.accounts, found.debits, found.credits), found.account


def _cents(text: str) -> int:
    return int(text.replace(",", "").replace(".", ""))


@pytest.mark.parametrize(
    "path",
    [
        "books?day=never",
        "books/accounts/7777",
        "books/ledger/00",
        f"books/ledger/{'f' * 32}",
        "tree/days/x/receipt.json",
    ],
)
def test_what_is_not_there(house: BankHouse, path: str) -> None:
    assert Person(house, SECOND).get(path).status == 404


def test_lists_go_on_page_by_page(house: BankHouse) -> None:
    person = Person(house, SECOND)
    seen: list[str] = []
    address: str | None = "books/accounts/2001?limit=1"
    while address:
        answer = person.get(address)
        seen += re.findall(r"/console/books/ledger/([0-9a-f]{32})", answer.html)
        following = re.search(r'href="/console/([^"]+)" rel="next"', answer.html)
        address = following[1].replace("&amp;", "&") + "&limit=1" if following else None
    assert len(seen) == len(set(seen)) == 3


def test_the_chart_says_which_products_lead_to_it(house: BankHouse) -> None:
    shown = Person(house, SECOND, language="zh").shows("books/chart")
    assert all(one.name in shown for one in CHART.values()) and "小店贷" in shown


# tamper evidence


def test_a_receipt_verifies_and_any_changed_byte_is_found(house: BankHouse) -> None:
    person = Person(house, SECOND)
    (posted,) = house.run(house.bank.ledger.entries(house.run(house.bank.ledger.head()).size - 40, 1))
    address = f"tree/transfers/{posted.transfer.id}"
    receipt = person.get(f"{address}/receipt.json").body.decode()
    assert person.get(f"tree/transfers?id={posted.transfer.id}").headers["location"] == f"/console/{address}"
    assert "There is no transfer" in person.shows(
        person.get("tree/transfers?id=xyz").headers["location"].removeprefix("/console/")
    )
    # as browsers send it
    assert "The receipt is whole" in person.post("tree/verify", receipt=receipt.replace("\n", "\r\n")).text
    amount = f'"amount": {posted.transfer.amount}'
    assert amount in receipt
    for wrong in (receipt.replace(amount, f"{amount}0"), receipt[:-9], "", "[]", '{"format": 1}'):
        answer = person.post("tree/verify", receipt=wrong)
        assert answer.status == 422 and "Not valid" in answer.text


def test_the_proof_of_a_closing_is_a_receipt_too(house: BankHouse) -> None:
    person = Person(house, SECOND)
    day = house.run(house.bank.ledger.days())[-1].day
    receipt = person.get(f"tree/days/{day}/receipt.json").body.decode()
    assert json.loads(json.loads(receipt)["note"]["body"])["day"] == day
    assert f"“day {day}” stands in the signed journal" in person.post("tree/verify", receipt=receipt).text


def test_the_witness_agrees_until_the_journal_is_another_one(house: BankHouse) -> None:
    person = Person(house, SECOND)
    assert "The journal grows from the head" in person.does("tree/witness")
    assert house.bank.witnessing.state.head == house.run(house.bank.ledger.head())
    file = house.bank.settings.witness_file
    kept = file.read_bytes()
    try:
        file.write_bytes(b"something else\f")
        assert "cannot be read" in person.does("tree/witness")
    finally:
        file.write_bytes(kept)


def test_a_forked_journal_is_said_loudly(house: BankHouse, tmp_path_factory: pytest.TempPathFactory) -> None:
    with open_bank(tmp_path_factory.mktemp("other"), 1, 2) as other:
        # the same keys and a journal that is older than what the witness has: an old copy was put back
        keys = house.bank.ledger._proofs.keys
        other.bank.ledger._proofs.keys = keys
        other.bank.ledger._proofs._newest = None
        state = other.run(Witnessing(other.bank.ledger, house.bank.settings.witness_file).look())
    assert state.state == "forked" and "does not grow" in state.words


# batches


def test_batches_show_how_they_went_and_run_again(house: BankHouse) -> None:
    person = Person(house, SECOND)
    yesterday = (day_of(now()) - datetime.timedelta(days=1)).isoformat()
    shown = person.shows("batches")
    assert yesterday in shown and "closing of the ledger's day" in shown and "Run again" in shown
    assert f"Done again for {yesterday}." in person.does(f"batches/{yesterday}/ledger", reason="looked wrong")
    assert "2 tries" in person.shows("batches")
    assert [one.detail for one in entries(house, action="batch.again")] == [{"reason": "looked wrong"}]
    assert person.post(f"batches/{yesterday}/nothing", reason="x").status == 303
    assert person.post("batches/never/ledger", reason="x").status == 404
    assert "everything that was due is done" in person.does("batches")


def test_a_failed_batch_stands_on_the_work_list(house: BankHouse) -> None:
    where = batches.c.name == "check"
    house.bank.database.write_now(
        lambda connection: connection.execute(update(batches).where(where).values(state="failed", error="no disk"))
    )
    person = Person(house, SECOND)
    assert "failed batch" in person.shows("work") and "no disk" in person.shows("batches")
    house.bank.database.write_now(
        lambda connection: connection.execute(update(batches).where(where).values(state="done", error=""))
    )
    assert "failed batch" not in person.shows("work")


# the work list


def refer(house: BankHouse, key: str, amount: int = 25_000_000) -> worklist.Item:
    """An application that waits: nobody has seen the customer's document."""
    house.bank.database.write_now(lambda connection: connection.execute(customers.update().values(document=None)))
    body = {"product": "SHOP", "amount": amount, "term": 12, "document": {"size": 9}, "agreed": True}
    answer = house.call("POST", "/v1/loan-applications", body, idempotency_key=key)
    assert answer.json["state"] == "referred", answer.body
    return house.bank.database.read_now(
        lambda connection: worklist.of_subject(connection, applying.KIND, answer.json["id"], now())[0]
    )


def test_an_officer_decides_with_the_trace_in_front(house: BankHouse) -> None:
    officer, item = Person(house, OFFICER), refer(house, "k1", 5_000_000)
    assert item.number in officer.shows("work") and "The identity is not confirmed yet" in officer.shows("work")
    assert item.number in officer.shows("work?kind=credit") and item.number not in officer.shows("work?kind=claim")
    shown = officer.shows(f"work/{item.id}")
    assert "Decided once more by its trace just now: the same." in shown and "Your decision" not in shown
    page = officer.shows(f"customers/{item.customer}/applications/{item.subject}")
    assert "Decided once more" in page and "months trading" in page and "The identity is not confirmed yet" in page
    assert officer.get(f"customers/{'0' * 32}/applications/{item.subject}").status == 404
    assert "Take it first" in officer.does(f"work/{item.id}/decide", word="approve", note="early")
    assert "It is yours" in officer.does(f"work/{item.id}/take")
    assert "zhao.min has taken it already" in Person(house, SECOND).does(f"work/{item.id}/take")
    assert "Others can take it again" in officer.does(f"work/{item.id}/give-back")
    officer.does(f"work/{item.id}/take")
    assert item.number in officer.shows("work?list=mine")
    assert "a decision needs a note" in officer.does(f"work/{item.id}/decide", word="approve", note=" ")
    assert officer.post(f"work/{item.id}/decide", word="perhaps", note="x").status == 404
    assert "Decided." in officer.does(f"work/{item.id}/decide", word="approve", note="knows the shop")
    assert house.get(f"/v1/loan-applications/{item.subject}")["state"] == "offered"
    assert item.number in officer.shows("work?list=done") and item.number not in officer.shows("work?list=mine")
    noted = entries(house, action="work.decide")[0]
    assert (noted.actor, noted.detail["word"], noted.detail["note"]) == ("staff:zhao.min", "approve", "knows the shop")


def test_a_large_one_needs_two(house: BankHouse) -> None:
    first, second, item = Person(house, OFFICER), Person(house, SECOND), refer(house, "k2")
    assert item.needed == 2
    first.does(f"work/{item.id}/take")
    assert "a second officer has to agree" in first.does(f"work/{item.id}/decide", word="approve", note="yes")
    assert house.get(f"/v1/loan-applications/{item.subject}")["state"] == "referred"
    assert "Another officer has to agree" in first.does(f"work/{item.id}/take")
    second.does(f"work/{item.id}/take")
    assert "Decided." in second.does(f"work/{item.id}/decide", word="refuse", note="not this year")
    assert house.get(f"/v1/loan-applications/{item.subject}")["state"] == "refused"
    assert "not this year" in first.shows(f"work/{item.id}")


def test_a_trace_that_does_not_repeat_is_said(house: BankHouse) -> None:
    item = refer(house, "k3", 6_000_000)
    kept: dict[str, Any] = house.bank.database.read_now(
        lambda connection: connection.execute(
            select(applications.c.detail).where(applications.c.id == item.subject)
        ).scalar_one()["decision"]
    )
    assert readable(kept).repeats == "same"
    assert readable(kept | {"amount": kept["amount"] + 1}).repeats == "other"
    gone = kept["trace"] | {"versions": kept["trace"]["versions"] | {"rules_sha256": "0" * 64}}
    assert readable(kept | {"trace": gone}).repeats == "gone"


def waiting(house: BankHouse, number: str) -> worklist.Item:
    return house.bank.database.read_now(lambda connection: worklist.of_number(connection, number, now()))


def test_a_claim_is_looked_at_and_paid_or_refused(house: BankHouse) -> None:
    officer = Person(house, OFFICER)
    before = shop(house)
    items = []
    film = {"photo": "", "film": base64.b64encode(mp4()).decode()}
    for key, evidence in (("large", {}), ("larger", film)):
        claim = file(house, AT_ONCE + 1, key, png(shade=3), words="the window is broken", **evidence).json
        assert claim["state"] == "referred"
        items.append(waiting(house, claim["number"]))
    paid, refused = items
    officer.does(f"work/{paid.id}/take")
    shown = officer.shows(f"work/{paid.id}")
    assert "more than what is paid at once" in shown and "the window is broken" in shown and "Ask again" not in shown
    picture = officer.get(f"work/{paid.id}/evidence")
    assert picture.body == png(shade=3) and picture.headers["content-type"] == "image/png"
    assert "cannot be done" in officer.does(f"work/{paid.id}/decide", word="ask-again", note="x")
    assert "Decided." in officer.does(f"work/{paid.id}/decide", word="approve", note="seen")
    assert shop(house) == before + AT_ONCE + 1
    page = officer.get(f"work/{refused.id}")
    assert "<video" in page.html and "media-src 'self'" in page.headers["content-security-policy"]
    played = officer.get(f"work/{refused.id}/evidence")
    assert (played.body, played.headers["content-type"]) == (mp4(), "video/mp4")
    officer.does(f"work/{refused.id}/take")
    assert "Decided." in officer.does(f"work/{refused.id}/decide", word="refuse", note="the same window")
    assert shop(house) == before + AT_ONCE + 1
    assert {one["state"] for one in house.get("/v1/claims")["items"]} == {"paid", "refused"}
    assert "the same window" not in str(house.get("/v1/messages"))
    assert officer.get(f"work/{refer(house, 'k4').id}/evidence").status == 404


def test_a_signal_of_a_loan_shows_the_loan(house: BankHouse) -> None:
    officer = Person(house, OFFICER)
    item = refer(house, "k5", 5_100_000)
    officer.does(f"work/{item.id}/take")
    officer.does(f"work/{item.id}/decide", word="approve", note="yes")
    answer = house.call("POST", f"/v1/loan-applications/{item.subject}/contract", {"agreed": True})
    assert answer.status == 200, answer.body
    watched = house.bank.database.write_now(
        lambda connection: worklist.do_open(
            connection, monitoring.KIND, item.subject, item.customer, now(), number=item.number,
            reasons=[("no-turnover", *SIGNALS["no-turnover"][1:])],
        )
    )  # fmt: skip
    shown = officer.shows(f"work/{watched}")
    assert "There has been no turnover" in shown and "of 51,000.00 lent" in shown and "normal" in shown
    officer.does(f"work/{watched}/take")
    assert "Write to the customer" in officer.shows(f"work/{watched}") and "Refuse" not in officer.shows(
        f"work/{watched}"
    )
    assert "Decided." in officer.does(f"work/{watched}/decide", word="approve", note="it is the season")
    loan = officer.shows(f"customers/{item.customer}/loans/{item.subject}")
    assert "Standing" in loan and "normal" in loan
