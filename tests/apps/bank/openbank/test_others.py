"""Nothing of a customer reaches a third party that this customer has not allowed: every resource is walked."""

from __future__ import annotations

from typing import Any

from bank.openbank import service
from bank.openbank.operations import Operation
from tests.apps.bank.house import Answer, BankHouse
from tests.apps.bank.openbank.party import AISP, Browser, Party
from tests.apps.bank.openbank.test_payments import agreed, pay
from tests.apps.bank.openbank.test_resources import other_phone
from tests.apps.bank.openbank.test_whole_way import initiation

#: what a body asks for is asked in `answers`
BODIES = {"/aisp/account-access-consents", "/pisp/domestic-payment-consents", "/pisp/domestic-payments"}


class Allowed:
    """A third party with a token of each kind, and ids of what its customer has allowed."""

    def __init__(self, party: Party) -> None:
        self.party = party
        self.consent, tokens = party.allowed(accounts=[0])
        self.paid, token = agreed(party, initiation())
        self.payment = pay(party, token, self.paid, initiation()).json["Data"]["DomesticPaymentId"]
        self.waiting, waiting = agreed(party, initiation(amount="3.00"), "k2")
        self.tokens = {
            ("accounts", True): party.own(), ("payments", True): party.own("payments"),
            ("accounts", False): tokens["access_token"], ("payments", False): waiting,
        }  # fmt: skip
        listed = party.call(tokens["access_token"], "GET", f"{AISP}/accounts").json["Data"]["Account"]
        self.account, self.number = listed[0]["AccountId"], listed[0]["Account"][0]["Identification"]

    @property
    def ids(self) -> list[str]:
        return [self.consent, self.paid, self.payment, self.waiting, self.account, self.number]

    def ask(self, operation: Operation, of: Allowed) -> Answer:
        """For what another has, with the own tokens."""
        consent = of.waiting if operation.scope == "payments" else of.consent
        path = operation.path.format(ConsentId=consent, AccountId=of.account, DomesticPaymentId=of.payment)
        token = self.tokens[operation.scope, operation.own]
        root = AISP.removesuffix("/aisp")
        return self.party.call(token, operation.method, root + path)


def test_every_resource_is_its_own_third_partys(house: BankHouse, party: Party) -> None:
    stranger = Party(house, "Stranger")
    stranger.browser = Browser(house, house.bank.database.read_now(other_phone))
    mine, theirs = Allowed(party), Allowed(stranger)
    assert not set(mine.ids) & set(theirs.ids)
    walked, ends = [], []
    for operation in service.operations(house.bank):
        if operation.method == "POST":
            assert operation.path in BODIES
            continue
        if operation.method == "DELETE":
            ends.append(operation)
        answer = theirs.ask(operation, mine)
        if "{" in operation.path:
            walked.append(operation.path)
            assert answer.status in (400, 403), operation.path
        else:
            assert answer.status == 200, operation.path
        assert not [one for one in mine.ids if one.encode() in answer.body], operation.path
    assert len(walked) > 7 and len(ends) == 1
    # and it is refused for whose it is, and for nothing else
    for operation in service.operations(house.bank):
        if operation.method == "GET":
            assert mine.ask(operation, mine).status == 200, operation.path
    assert mine.ask(ends[0], mine).status == 204


def test_a_payment_is_made_with_the_token_of_its_consent_alone(house: BankHouse, party: Party) -> None:
    stranger = Party(house, "Stranger")
    stranger.browser = Browser(house, house.bank.database.read_now(other_phone))
    mine, theirs = Allowed(party), Allowed(stranger)
    before = house.get("/v1/overview")["total"]

    def code(answer: Answer) -> Any:
        assert answer.status == 400
        return answer.json["Errors"][0]["ErrorCode"]

    token, wanted = theirs.tokens["payments", False], initiation(amount="3.00")
    assert code(pay(stranger, token, mine.waiting, wanted, "p2")) == "U008"
    # a key that another third party has used is none of theirs
    assert code(pay(stranger, token, mine.waiting, wanted, "p1")) == "U006"
    # another consent of the same third party has a token of its own, too
    more, _ = agreed(party, wanted, "k3")
    assert code(pay(party, mine.tokens["payments", False], more, wanted, "p2")) == "U008"
    assert house.get("/v1/overview")["total"] == before
    assert pay(party, mine.tokens["payments", False], mine.waiting, wanted, "p2").status == 201
