"""The lender's profile on the staff pages: proposed by one, approved by another, what decisions are made by."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bank.centres import lender
from bank.centres.lender import Joint, Profile
from bank.staff import lender_forms
from bank.staff.product_forms import Mistake
from eden.base.ids import now
from eden.console.forms import Form, made_form
from tests.apps.bank.house import BankHouse, open_bank
from tests.apps.bank.staff_house import OFFICER, SECOND, Person

CODES = ("HOME", "SHOP")
WHOLE = Profile(
    reading="draft", branchless=False, territories=["31", "3301"], tier_1=50_000_000_000,
    listed=["邻居银行", "North Bank"], outsourced=["marketing"],
    joint=[Joint(product="SHOP", partner="邻居银行", share_bp=3_000, steps=["collection"])],
)  # fmt: skip


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BankHouse]:
    with open_bank(tmp_path_factory.mktemp("lender"), 2, 10) as house:
        yield house


def form_of(profile: Profile, **other: str) -> Form:
    texts = {name: text for name, text in lender_forms.written(profile, CODES).items() if name != "branchless" or text}
    return made_form(lender_forms.pairs(texts | other))


def sent(profile: Profile, **other: str) -> dict[str, str]:
    """Of a profile whose lists of steps have one at most."""
    texts = lender_forms.written(profile, CODES) | {"note": "the partner has signed"} | other
    return {name: text for name, text in texts.items() if text}


def running(house: BankHouse) -> tuple[int, Profile]:
    return house.bank.database.read_now(lender.newest)


def proposed(person: Person) -> str:
    """The path of the one proposal that waits."""
    (identifier,) = set(re.findall(r"/lender/([0-9a-f]{32})/", person.get("lender").html))
    return f"lender/{identifier}"


@pytest.mark.parametrize("profile", [Profile(), WHOLE])
def test_a_profile_survives_its_form(profile: Profile) -> None:
    assert lender_forms.read(form_of(profile), CODES) == profile
    assert lender_forms.changes(profile, profile) == []


@pytest.mark.parametrize(
    ("field", "text", "key"),
    [
        ("reading", "loose", "choice"), ("territories", "3", "territories"), ("territories", "31, x", "territories"),
        ("territories", "", "no-territories"), ("tier_1", "", "tier_1"), ("tier_1", "-1", "tier_1"),
        ("tier_1", "1e40", "tier_1"), ("listed", "x" * 41, "name"), ("outsourced", "praying", "choice"),
        ("partner-SHOP", "", "no-partner"), ("partner-SHOP", "x" * 41, "name"), ("share_bp-SHOP", "", "share"),
        ("share_bp-SHOP", "0", "share"), ("share_bp-SHOP", "100", "share"), ("steps-SHOP", "praying", "choice"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_by_its_field(field: str, text: str, key: str) -> None:
    with pytest.raises(Mistake) as mistake:
        lender_forms.read(form_of(WHOLE, **{field: text}), CODES)
    assert mistake.value.found == [(field, key)]


def test_it_is_proposed_by_one_and_approved_by_another(house: BankHouse) -> None:
    author, second = Person(house, OFFICER), Person(house, SECOND, language="zh")
    assert "as a new bank is" in author.shows("lender")
    assert "waits for a second person" in author.does("lender/edit", base="0", **sent(WHOLE))
    path = proposed(author)
    assert "Nobody decides what is their own" in author.does(f"{path}/approve", reason="mine")
    assert running(house) == (0, Profile())
    seen = second.shows("lender")
    assert "一级资本净额: 0.00 CNY → 500,000,000.00 CNY" in seen and "SHOP · 其出资比例: – → 30.00 %" in seen
    assert "the partner has signed" in second.shows("work")
    assert "此后的审批以此为准" in second.does(f"{path}/approve", reason="seen the contract")
    assert running(house) == (1, WHOLE)
    (made,) = house.bank.database.read_now(lender.history)
    assert made.author == "赵敏 / 李薇"
    page = author.shows("lender")
    assert "version 1" in page and "seen the contract" in page and "SHOP · Its share 30.00 %" in page
    edit = author.get("lender/edit").html
    assert re.search(r'name="steps-SHOP" value="collection" checked', edit) and "North Bank" in edit
    assert "not in that state any more" in Person(house, SECOND).does(f"{path}/approve", reason="again")
    assert "lender.approve" in second.shows("trail?action=lender")


def test_it_is_refused_withdrawn_and_overtaken(house: BankHouse) -> None:
    author, second = Person(house, OFFICER), Person(house, SECOND)
    for verb, by, words in (("refuse", second, "is refused"), ("withdraw", author, "is withdrawn")):
        author.does("lender/edit", base="0", **sent(WHOLE))
        assert words in by.does(f"{proposed(author)}/{verb}", reason="no")
    author.does("lender/edit", base="0", **sent(WHOLE))
    slow = proposed(author)
    house.bank.database.write_now(lambda connection: lender.do_set(connection, Profile(tier_1=1), "wang", now()))
    assert "Another version came first" in second.does(f"{slow}/approve", reason="yes")
    assert running(house) == (1, Profile(tier_1=1))
    # a form that was opened before
    answer = author.post("lender/edit", base="0", **sent(WHOLE))
    assert answer.status == 409 and "Somebody changed the lender" in answer.text
    assert second.post("lender/x/dance").status == 404


def test_a_form_that_says_nothing_or_nonsense_comes_back(house: BankHouse) -> None:
    author = Person(house, OFFICER)
    same = author.post("lender/edit", base="0", **sent(Profile()))
    assert same.status == 422 and "Nothing differs" in same.text
    answer = author.post("lender/edit", base="0", **sent(WHOLE, territories="31 x", note=""))
    assert answer.status == 422 and "An area is 2 to 6 digits." in answer.text and "Say why." in answer.text
    assert 'value="31 x"' in answer.html and re.search(r'name="steps-SHOP" value="collection" checked', answer.html)
