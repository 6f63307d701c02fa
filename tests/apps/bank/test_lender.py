"""The lender's own figures in decisions of a bank that runs: each rule refuses by its name, by what is set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bank.__main__ import main
from bank.centres import contract_pages, contracts, lender
from bank.centres.contract_pages import Facts, clauses
from bank.centres.lender import Joint, Profile
from bank.credit.decide import Decision, decode, encode, reproduce
from bank.tables import applications, joint_loans, movements
from eden.base.errors import EdenError
from eden.base.ids import now
from tests.apps.bank.house import BankHouse, open_bank
from tests.apps.bank.staff_house import SECOND, Person
from tests.apps.bank.test_applying_contract import sign
from tests.apps.bank.test_applying_worklist import apply

PARTNER = "邻居银行"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BankHouse]:
    """With a customer who earns ten times what is made up, and has a loan that the bank has given alone."""
    with open_bank(tmp_path_factory.mktemp("lender"), 2, 500) as house:
        house.sign_in()
        richer = movements.update().where(movements.c.kind == "income").values(amount=movements.c.amount * 10)
        house.bank.database.write_now(lambda connection: connection.execute(richer))
        assert sign(house, apply(house, "alone").json["id"]).json["state"] == "active"
        yield house


def put(house: BankHouse, **fields: Any) -> None:
    house.bank.database.write_now(lambda connection: lender.do_set(connection, Profile(**fields), "wang", now()))


def shared(share_bp: int = 3_000, **fields: Any) -> dict[str, Any]:
    """A product that a partner of the list takes part in."""
    return {
        "tier_1": 10_000_000_000,
        "listed": [PARTNER],
        "joint": [Joint(product="SHOP", partner=PARTNER, share_bp=share_bp, **fields)],
    }


def asked(house: BankHouse, key: str, **wanted: Any) -> tuple[dict[str, Any], Decision]:
    answer = apply(house, key, **wanted).json
    row = house.bank.database.read_now(
        lambda connection: connection.execute(applications.select().where(applications.c.id == answer["id"])).one()
    )
    made = msgspec.convert(row.detail["decision"], Decision)
    assert encode(reproduce(decode(encode(made)).trace)) == encode(made)
    return answer, made


@pytest.mark.parametrize(
    ("rule", "fields", "wanted"),
    [
        ("territory", {"branchless": False, "territories": ["11", "1201"]}, {}),
        ("no-outsourced-risk-control", {"outsourced": ["credit-decision"]}, {}),
        ("no-outsourced-key-steps", {"outsourced": ["post-loan"]}, {}),
        ("no-outsourced-risk-control", shared(steps=["risk-model"]), {}),
        ("partner-share", shared(2_999), {}),
        ("listed-partners-only", shared() | {"listed": []}, {}),
        ("partner-exposure", shared() | {"tier_1": 13_999_999}, {}),
        ("joint-loans", shared(1), {"amount": 30_000_000}),
        ("own-share", shared(7_001) | {"reading": "draft"}, {}),
        ("person-cap", {"reading": "draft"}, {"product": "HOME", "amount": 40_000_000, "term": 36}),
        ("consumption-cap", {}, {"product": "HOME", "amount": 40_000_000, "term": 36}),
    ],
)
def test_a_rule_refuses_by_its_name(
    house: BankHouse, rule: str, fields: dict[str, Any], wanted: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    put(house, **fields)
    answer, made = asked(house, request.node.name, **wanted)
    assert (answer["state"], rule in made.reasons) == ("refused", True), made.reasons
    breach = next(one for one in made.trace.breaches if one.rule == rule)
    assert breach.zh in answer["reasons"]


@pytest.mark.parametrize(
    "fields",
    [
        {"branchless": False, "territories": ["32", "3301", "31", "44", "510105"]},
        {"outsourced": ["marketing"]},
        shared(),
        shared() | {"tier_1": 14_000_000},
        shared(7_000) | {"reading": "notice"},
    ],
)
def test_what_keeps_the_rules_is_offered(
    house: BankHouse, fields: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    put(house, **fields)
    answer, made = asked(house, request.node.name)
    assert answer["state"] == "offered", made.reasons
    assert made.duties["cooling-off-days"] == 7


def test_the_contract_names_the_partner(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Facts] = []

    def draw(facts: Facts) -> bytes:
        drawn.append(facts)
        return contract_pages.pages(facts)

    monkeypatch.setattr(contracts, "pages", draw)
    for fields, partner in ((shared(3_500), PARTNER), ({}, "")):
        put(house, **fields)
        application = asked(house, f"contract {partner}")[0]["id"]
        assert house.get(f"/v1/loan-applications/{application}/contract")["sha256"]
        said = "".join(chinese + english for chinese, english in clauses(drawn[-1]))
        assert (drawn[-1].partner, "35.00%" in said, PARTNER in said) == (partner, bool(partner), bool(partner))


def test_what_is_shared_counts_until_it_is_repaid(house: BankHouse) -> None:
    put(house, **shared(4_000))
    loan = sign(house, asked(house, "shared")[0]["id"]).json
    house.bank.database.read_now(
        lambda connection: connection.execute(
            joint_loans.select().where(joint_loans.c.loan_id == loan["id"], joint_loans.c.own_share == 6_000)
        ).one()
    )

    def told(product: str = "SHOP") -> Any:
        return house.bank.database.read_now(lambda connection: lender.lender(connection, product, "CN", 1_000_000))

    assert (told().partner_exposure, told().joint_loans) == (3_600_000, 3_600_000)
    assert told().all_loans > 3_600_000
    assert not told("HOME").is_joint
    # 60 % of 50,000 and of 10,000 against 25 % of the capital: what was signed counts
    put(house, **shared(4_000) | {"tier_1": 14_000_000})
    assert "partner-exposure" in asked(house, "one-more", amount=1_000_000)[1].reasons
    put(house, **shared(4_000) | {"tier_1": 14_400_000})
    assert asked(house, "less", amount=1_000_000)[0]["state"] == "offered"
    paid = house.call("POST", f"/v1/loans/{loan['id']}/repayments", {"amount": loan["payoff"]}, idempotency_key="r")
    assert paid.json["state"] == "closed"
    assert told().partner_exposure == 600_000


def test_an_accountant_sees_whose_is_what(house: BankHouse) -> None:
    put(house, **shared(4_000))
    loan = sign(house, asked(house, "seen", amount=1_000_000)[0]["id"]).json
    accountant = Person(house, SECOND)
    assert "Settlement with partners of joint loans" in accountant.shows("books")
    assert PARTNER in accountant.shows("books/accounts/2302")
    said = accountant.shows("books/accounts/9001")
    assert loan["number"] in said and "4,000.00" in said


def test_an_offer_does_not_stand_beside_a_loan_signed_since(tmp_path: Path) -> None:
    """Each of two offers keeps the cap of a person; both together do not."""
    with open_bank(tmp_path, 2, 500) as house:
        house.sign_in()
        richer = movements.update().where(movements.c.kind == "income").values(amount=movements.c.amount * 10)
        house.bank.database.write_now(lambda connection: connection.execute(richer))
        wanted: dict[str, Any] = {"product": "HOME", "amount": 9_000_000, "term": 36}
        first, second, third = (apply(house, key, **wanted).json["id"] for key in "abc")
        assert sign(house, first).json["state"] == "active"
        assert sign(house, second).json["state"] == "active"
        assert sign(house, third).code == "offer-outdated"
        # signing again is signing once, whatever is owed by now
        assert sign(house, first).json["state"] == "active"
        answer, made = asked(house, "d", **wanted)
        assert (answer["state"], made.reasons) == ("refused", ("consumption-cap",))


def test_the_command_shows_and_sets_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path)]
    wanted = Profile(**shared(3_500, steps=["marketing"]), branchless=False, territories=["31"], outsourced=[])
    file = tmp_path / "lender.toml"
    file.write_text(lender.write(wanted))
    assert main(["lender", str(file), *data]) == 1
    assert "--author" in capsys.readouterr().err
    assert main(["lender", *data]) == 0
    assert "# version 0" in capsys.readouterr().out
    for _ in range(2):
        assert main(["lender", str(file), "--author", "wang", *data]) == 0
        assert "Version 1." in capsys.readouterr().out
    assert main(["lender", *data]) == 0
    said = capsys.readouterr().out
    assert said.startswith("# version 1\n") and lender.read(said) == wanted
    assert main(["lender", str(tmp_path / "none.toml"), "--author", "wang", *data]) == 1


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("tier = 1", "tier"),
        ("branchless = false", "territories"),
        ('territories = ["上海"]', "territories"),
        ('outsourced = ["everything"]', "outsourced"),
        ('[[joint]]\nproduct = "SHOP"\npartner = "a"\nshare_bp = 10000', "share_bp"),
        ('[[joint]]\nproduct = "A"\npartner = "a"\nshare_bp = 1\n' * 2, "one partner"),
        ("=", "lender"),
    ],
)
def test_what_is_no_lender(text: str, where: str) -> None:
    with pytest.raises(EdenError, match=where):
        lender.read(text)
