"""What takes two: versions of products, and reversals."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bank.centres import products
from bank.centres.accounting import CENTRAL_BANK, CNY, balances, book, general
from bank.centres.payments import REVERSIBLE
from bank.centres.products import FIRST, Deposit, Loan
from bank.ledger.interfaces import Transfer, new_transfer_id
from bank.loans.daycount import DayCount
from bank.refusals import Refusal
from bank.staff import members, product_forms, proposals
from bank.staff.product_forms import Mistake
from bank.staff.proposals import MOVES, PRODUCT, REVERSAL, Proposal, next_state
from bank.staff.tables import staff
from bank.tables import orders
from bank.times import day_of
from eden.base.ids import now
from eden.console.forms import made_form
from tests.apps.bank.house import BankHouse, open_bank
from tests.apps.bank.staff_house import OFFICER, SECOND, Person

DAY = 86_400_000_000


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BankHouse]:
    with open_bank(tmp_path_factory.mktemp("staff"), 2, 10) as house:
        house.sign_in()
        yield house


def newest(house: BankHouse, code: str) -> products.Versioned:
    return house.bank.database.read_now(lambda connection: products.find(connection, code))


def form_of(code: str, **other: str) -> dict[str, str]:
    texts = product_forms.written(FIRST[code]) | {"effective": day_of(now()).isoformat(), "note": "asked for"} | other
    return {name: text for name, text in texts.items() if not (name == "is_payment" and not text)}


def draft(person: Person, code: str, **other: str) -> str:
    """Its address."""
    answer = person.post(f"products/{code}/edit", **form_of(code, **other))
    assert answer.status == 303, answer.text
    return answer.headers["location"].removeprefix("/console/")


# the rule


def a_proposal(state: str) -> Proposal:
    return Proposal("p", PRODUCT, "SHOP", {}, 1, "2026-11-26", state, "", "author", 1, 1, None, None, "")


def test_nobody_decides_what_is_their_own_and_only_the_author_withdraws() -> None:
    assert next_state(a_proposal("waiting"), "approve", "other") == "approved"
    assert next_state(a_proposal("waiting"), "withdraw", "author") == "withdrawn"
    for verb, by, code in (("approve", "author", "own-proposal"), ("refuse", "author", "own-proposal"),
                           ("withdraw", "other", "not-author")):  # fmt: skip
        with pytest.raises(Refusal) as refused:
            next_state(a_proposal("waiting"), verb, by)
        assert refused.value.code == code


def test_what_has_ended_stays_as_it_is() -> None:
    ends = {target for target in MOVES.values() if not any(state == target for state, _ in MOVES)}
    assert ends == {"done", "refused", "withdrawn", "stale"}
    for state in ends:
        for verb in ("submit", "approve", "refuse", "withdraw"):
            with pytest.raises(Refusal):
                next_state(a_proposal(state), verb, "author" if verb in ("submit", "withdraw") else "other")


# forms


@pytest.mark.parametrize("code", sorted(FIRST))
def test_a_product_survives_its_form(code: str) -> None:
    product = FIRST[code]
    kind = product_forms.kind_of(product)
    assert product_forms.read(made_form(form_of(code).items()), kind, product) == product
    assert product_forms.changes(product, product) == []
    assert {one.kind for one in product_forms.changes(None, product)} == {"added"}


@pytest.mark.parametrize(
    ("code", "field", "text", "key"),
    [
        ("SHOP", "rate_bp", "4.805", "rate"), ("SHOP", "rate_bp", "-1", "rate"), ("SHOP", "rate_bp", "101", "rate"),
        ("SHOP", "rate_bp", "NaN", "rate"), ("SHOP", "rate_bp", "", "rate"), ("SHOP", "most", "1e30", "amount"),
        ("SHOP", "most", "Infinity", "amount"), ("SHOP", "least", "999999", "least-most"),
        ("SHOP", "terms", "", "terms"),
        ("SHOP", "terms", "0, 6", "terms"), ("SHOP", "terms", "6, x", "terms"), ("SHOP", "codes", "a b", "codes"),
        ("SHOP", "gl", "2001", "choice"), ("SHOP", "gl", "1001", "choice"), ("SHOP", "method", "flat", "choice"),
        ("SHOP", "day_count", "act/366", "choice"), ("SHOP", "day_count", "", "choice"),
        ("SHOP", "name", "", "name"), ("SHOP", "name_en", "x" * 41, "name"), ("SHOP", "region", "XX", "choice"),
        ("CURRENT", "capitalised", "week", "choice"), ("CURRENT", "day_count", "30/360", "choice"),
        ("CURRENT", "transfer_limit", "60,000", "limits"), ("CURRENT", "gl", "1201", "choice"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_by_its_field(code: str, field: str, text: str, key: str) -> None:
    form = made_form((form_of(code) | {field: text}).items())
    with pytest.raises(Mistake) as mistake:
        product_forms.read(form, product_forms.kind_of(FIRST[code]), FIRST[code])
    assert mistake.value.found == [(field, key)]


def test_texts_of_people_are_understood() -> None:
    form = form_of("SHOP", rate_bp="5.1 %", most="200，000", terms="24、6 12", codes="eden-a1，EDEN-B2")
    product = product_forms.read(made_form(form.items()), "loan", FIRST["SHOP"])
    assert isinstance(product, Loan)
    assert (product.rate_bp, product.most, product.terms) == (510, 20_000_000, [6, 12, 24])
    assert product.codes == ["EDEN-A1", "EDEN-B2"]


# products


def test_a_version_is_drafted_by_one_and_approved_by_another(house: BankHouse) -> None:
    author, second = Person(house, OFFICER), Person(house, SECOND)
    path = draft(author, "SHOP", rate_bp="5.10", note="the market has moved")
    shown = author.shows(path)
    assert "Interest a year" in shown and "4.80 %" in shown and "5.10 %" in shown and "Printed codes" not in shown
    assert "It waits for a second person." in author.does(f"{path}/submit")
    assert "Nobody decides what is their own" in author.does(f"{path}/approve", reason="mine")
    assert newest(house, "SHOP").version == 1
    assert "the market has moved" in second.shows("work")
    assert "in effect from now on" in second.does(f"{path}/approve", reason="agreed")
    made = newest(house, "SHOP")
    assert (made.version, made.product.rate_bp, made.author) == (2, 510, "赵敏 / 李薇")
    assert house.get("/v1/loan-products/EDEN-SHOP-2026")["product"]["rate_bp"] == 510
    assert "agreed" in author.shows(path)


def test_how_days_are_counted_is_drafted_and_approved(house: BankHouse) -> None:
    author, second = Person(house, OFFICER), Person(house, SECOND)
    answer = author.post("products/HOME/edit", **form_of("HOME", day_count="act/366"))
    assert answer.status == 422 and "Choose one of the list." in answer.text
    path = draft(author, "HOME", day_count="act/act ISDA", method="bullet")
    shown = author.shows(path)
    assert "act/act ISDA" in shown and "interest monthly, principal at the end" in shown
    author.does(f"{path}/submit")
    second.does(f"{path}/approve", reason="yes")
    made = newest(house, "HOME").product
    assert isinstance(made, Loan) and (made.day_count, made.method) == (DayCount.ACTUAL_ACTUAL_ISDA, "bullet")


def test_when_a_deposits_interest_is_paid_is_drafted_and_approved(house: BankHouse) -> None:
    author, second = Person(house, OFFICER), Person(house, SECOND, language="zh")
    path = draft(author, "CURRENT", capitalised="year", day_count="act/365F")
    shown = author.shows(path)
    assert "each quarter, on the 21st of its last month" in shown and "each year, on 21 December" in shown
    author.does(f"{path}/submit")
    assert "每年 12 月 21 日" in second.shows(path)
    second.does(f"{path}/approve", reason="yes")
    made = newest(house, "CURRENT").product
    assert isinstance(made, Deposit) and (made.capitalised, made.day_count) == ("year", "act/365F")
    form = author.get("products/CURRENT/edit").html
    assert '<option value="year" selected>' in form and '<option value="act/365F" selected>' in form


def test_numbers_say_what_they_count(house: BankHouse) -> None:
    author = Person(house, OFFICER)
    assert "Late fee after 3 days" in author.shows("products/HOME")
    assert "Prepaying costs for 12 months" in author.shows("products/HOME")
    shown = author.shows(draft(author, "HOME", late_days="1"))
    assert "3 days" in shown and "1 day" in shown and "1 days" not in shown
    chinese = Person(house, SECOND, language="zh").shows("products/HOME")
    assert "逾期手续费宽限 3 天" in chinese and "提前还款收费期 12 个月" in chinese


@pytest.mark.parametrize(
    ("field", "text"), [("day_count", "act/366"), ("day_count", ""), ("method", "flat"), ("method", "")]
)
def test_terms_that_the_engine_does_not_know_are_no_product(field: str, text: str) -> None:
    document = {"kind": "loan", "name": "x", "name_en": "x", "gl": 1201, "least": 1, "most": 2, "rate_bp": 480}
    document |= {"terms": [12]}
    # what was kept before there was a choice
    known = products.read_product(document | {"day_count": "30/360", "method": "equal_instalments"})
    assert known == products.read_product(document) and isinstance(known, Loan)
    with pytest.raises(Refusal) as refusal:
        products.read_product(document | {field: text})
    assert f"$.{field}" in refusal.value.title and text in refusal.value.title


def test_its_day_has_to_come_first(house: BankHouse) -> None:
    author, second = Person(house, OFFICER), Person(house, SECOND)
    later = (day_of(now()) + datetime.timedelta(days=3)).isoformat()
    path = draft(author, "CURRENT", rate_bp="0.20", effective=later)
    author.does(f"{path}/submit")
    assert f"takes effect on {later}" in second.does(f"{path}/approve", reason="yes")
    assert newest(house, "CURRENT").version == 1

    def release(at: int) -> list[str]:
        return house.bank.database.write_now(
            lambda connection: proposals.do_release(connection, members.names(connection), at)
        )

    assert release(now() + 2 * DAY) == []
    assert len(release(now() + 3 * DAY)) == 1 and release(now() + 3 * DAY) == []
    assert newest(house, "CURRENT").product.rate_bp == 20


def test_a_day_is_kept_in_the_form_in_which_days_are_compared(house: BankHouse) -> None:
    author, second = Person(house, OFFICER), Person(house, SECOND)
    path = draft(author, "CURRENT", rate_bp="0.20", effective=day_of(now()).strftime("%Y%m%d"))
    author.does(f"{path}/submit")
    assert "in effect from now on" in second.does(f"{path}/approve", reason="yes")
    assert newest(house, "CURRENT").product.rate_bp == 20


def test_who_comes_second_is_overtaken(house: BankHouse) -> None:
    author, second = Person(house, OFFICER), Person(house, SECOND)
    slow, fast = draft(author, "SHOP", rate_bp="5.10"), draft(author, "SHOP", rate_bp="5.20")
    for path in (slow, fast):
        author.does(f"{path}/submit")
    second.does(f"{fast}/approve", reason="yes")
    assert "Another version came first" in second.does(f"{slow}/approve", reason="yes")
    assert newest(house, "SHOP").product.rate_bp == 520
    answer = author.post("products/SHOP/edit", **form_of("SHOP", effective="2020-01-01"))
    assert answer.status == 422 and "today or later" in answer.text


def test_drafts_are_edited_withdrawn_and_refused(house: BankHouse) -> None:
    author, second = Person(house, OFFICER), Person(house, SECOND)
    path = draft(author, "SHOP", rate_bp="9.99")
    assert second.post(f"{path}/edit", **form_of("SHOP")).status == 422
    author.does(f"{path}/edit", **form_of("SHOP", rate_bp="5.55"))
    assert "5.55 %" in author.shows(path)
    assert "Only who has proposed it" in second.does(f"{path}/withdraw")
    author.does(f"{path}/submit")
    assert "The draft is refused." in second.does(f"{path}/refuse", reason="too dear")
    assert "too dear" in author.shows(path)
    other = draft(author, "HOME", rate_bp="4.00")
    assert "The draft is withdrawn." in author.does(f"{other}/withdraw")
    assert [newest(house, code).version for code in ("SHOP", "HOME")] == [1, 1]


def test_a_new_product_begins_as_a_draft_too(house: BankHouse) -> None:
    author, second = Person(house, OFFICER), Person(house, SECOND)
    fields = form_of("SAVINGS", name="通知存款", name_en="Call deposit")
    for code, words in (("SAVINGS", "There is a product with this code"), ("1X", "capital letter")):
        answer = author.post("products/new/deposit", code=code, **fields)
        assert answer.status == 422 and words in answer.text
    answer = author.post("products/new/deposit", code="call", **fields)
    path = answer.headers["location"].removeprefix("/console/")
    author.does(f"{path}/submit")
    second.does(f"{path}/approve", reason="yes")
    made = newest(house, "CALL").product
    assert isinstance(made, Deposit) and made.name_en == "Call deposit"
    assert "There are no decision rules" in author.post("products/new/loan", code="BOAT", **form_of("SHOP")).text
    assert author.get("products/new/ship").status == 404


def test_only_the_role_drafts_and_decides(house: BankHouse) -> None:
    house.bank.database.write_now(
        lambda connection: members.do_set(
            connection, "reader", "Reader", ["auditor"],
            next(iter(connection.execute(select(staff.c.password)).scalars())), 1_000,
        )
    )  # fmt: skip
    path = draft(Person(house, OFFICER), "SHOP", rate_bp="5.10")
    Person(house, OFFICER).does(f"{path}/submit")
    reader = Person(house, "reader")
    assert reader.post("products/SHOP/edit", **form_of("SHOP")).status == 403
    assert "Your roles do not permit this." in reader.does(f"{path}/approve", reason="yes")
    assert newest(house, "SHOP").version == 1


# reversals


def transfer(house: BankHouse, amount: int = 12_300) -> dict[str, Any]:
    payee = next(one for one in house.get("/v1/payees")["items"] if one["inside"])
    account = house.get("/v1/accounts")["items"][0]["id"]
    body = {"account": account, "payee": payee["id"], "amount": amount, "remark": "rent"}
    answer = house.call("POST", "/v1/transfers", body, idempotency_key=f"t{amount}")
    assert answer.status == 200, answer.body
    return dict(answer.json)


def order_of(house: BankHouse, identifier: str) -> Any:
    return house.bank.database.read_now(
        lambda connection: connection.execute(select(orders).where(orders.c.id == identifier)).one()
    )


def test_a_reversal_is_proposed_by_one_and_approved_by_another(house: BankHouse) -> None:
    order = order_of(house, transfer(house)["id"])
    author, second = Person(house, OFFICER), Person(house, SECOND)
    path = f"customers/{order.customer_id}/movements/{order.id}"
    assert "Propose reversal" in author.shows(path)
    said = author.does(f"{path}/reversal", reason="paid twice")
    assert "waits for a second person" in said and "paid twice" in said and "Propose reversal" not in said
    before = house.get("/v1/accounts")["items"][0]["balance"]
    (asked,) = re.findall(r"/reversals/([0-9a-f]{32})/withdraw", author.get("reversals").html)
    assert "Nobody decides what is their own" in author.does(f"reversals/{asked}/approve", reason="mine")
    assert "paid twice" in second.shows("reversals")
    assert "The transfer is reversed." in second.does(f"reversals/{asked}/approve", reason="seen the slip")
    assert house.get("/v1/accounts")["items"][0]["balance"] == before + 12_300
    assert order_of(house, order.id).state == "reversed"
    assert "not in that state any more" in second.does(f"reversals/{asked}/approve", reason="again")
    assert house.get("/v1/accounts")["items"][0]["balance"] == before + 12_300
    assert "cannot be reversed" in author.post(f"{path}/reversal", reason="again").text


def test_a_reversal_is_proposed_where_its_order_is_and_while_it_can_be(house: BankHouse) -> None:
    order = order_of(house, transfer(house)["id"])
    author = Person(house, OFFICER)
    assert author.post(f"customers/{'0' * 32}/movements/{order.id}/reversal", reason="paid twice").status == 404
    house.bank.database.write_now(
        lambda connection: connection.execute(
            orders.update().where(orders.c.id == order.id).values(created_at=order.created_at - REVERSIBLE)
        )
    )
    path = f"customers/{order.customer_id}/movements/{order.id}"
    assert "Propose reversal" not in author.shows(path)
    assert "cannot be reversed" in author.post(f"{path}/reversal", reason="too late").text


def test_a_reversal_whose_money_is_gone_moves_nothing(house: BankHouse) -> None:
    order = order_of(house, transfer(house)["id"])
    author, second = Person(house, OFFICER), Person(house, SECOND)
    author.does(f"customers/{order.customer_id}/movements/{order.id}/reversal", reason="paid twice")
    (asked,) = re.findall(r"/reversals/([0-9a-f]{32})/withdraw", author.get("reversals").html)

    async def spend() -> None:
        left = (await balances(house.bank.ledger, [order.credit]))[order.credit].available
        await book(house.bank.ledger, [Transfer(new_transfer_id(), order.credit, general(CENTRAL_BANK), left, CNY, 3)])

    house.run(spend())
    assert "not enough money" in second.does(f"reversals/{asked}/approve", reason="yes")
    assert "overtaken" in second.shows("reversals")
    assert order_of(house, order.id).state == "posted"


def test_what_was_approved_is_done_by_another_process(house: BankHouse) -> None:
    order = order_of(house, transfer(house)["id"])
    Person(house, OFFICER).does(f"customers/{order.customer_id}/movements/{order.id}/reversal", reason="paid twice")

    def approve(connection: Connection) -> Proposal:
        second = next(one for one, _ in members.everybody(connection) if one.login == SECOND)
        (asked,) = proposals.of_kind(connection, REVERSAL)
        return proposals.do_move(connection, asked.id, REVERSAL, "approve", second, "yes", now())

    # and here the process dies
    approved = house.bank.database.write_now(approve)
    house.run(house.bank.tending.look())
    house.run(house.bank.tending.look())
    assert order_of(house, order.id).state == "reversed"
    found = house.bank.database.read_now(lambda connection: proposals.find(connection, approved.id, REVERSAL))
    assert (found.state, found.decision_note) == ("done", "yes") and found.decided_at
