"""Papers of made-up customers, drawn: a demonstration has no cards that could be photographed.

Nobody real has them, and they say so (样本 SPECIMEN). Of customers who are not made up there are none.
"""

from __future__ import annotations

import datetime

from sqlalchemy import Connection, select

from bank.credit.bureau import MARK
from bank.credit.id_numbers import birth
from bank.credit.papers import specimen
from bank.credit.papers.card import code_of
from bank.refusals import Refusal
from bank.tables import customers
from bank.times import day_of
from eden.base.sealing import Seal

#: first digits of a number → the place on the card
_PLACES = {
    "310104": "上海市徐汇区", "510105": "成都市青羊区", "330106": "杭州市西湖区", "440305": "深圳市南山区",
    "320102": "南京市玄武区",
}  # fmt: skip
_ELSEWHERE = "示例市示例区"


def are_there(connection: Connection, customer: str) -> bool:
    """Whether a customer is made up, and has papers that can be drawn."""
    row = connection.execute(select(customers).where(customers.c.id == customer)).one()
    return bool(row.made_up) and row.document is not None


def photo(connection: Connection, seal: Seal, customer: str, kind: str, at: int) -> bytes:
    """A JPEG of a made-up customer's paper. Refusal "not-found"."""
    row = connection.execute(select(customers).where(customers.c.id == customer)).one()
    if not row.made_up or row.document is None:
        raise Refusal("not-found")
    number = seal.open(row.document, "document", customer).decode()
    name, place = row.name.removesuffix(MARK), _PLACES.get(number[:6], _ELSEWHERE)
    street, born = int(number[14:17]) % 300 + 1, birth(number)
    if kind == "id-front" and born is not None:
        sex = "男" if int(number[16]) % 2 else "女"
        card = specimen.identity(name, sex, "汉", born, (f"{place}示例路{street}号", "2幢301室"), number)
    elif kind == "id-back":
        year = day_of(at).year
        card = specimen.identity_back(
            f"{place[:3]}公安局{place[3:]}分局", datetime.date(year - 6, 5, 12), datetime.date(year + 14, 5, 12)
        )
    elif kind == "licence":
        code = code_of(f"92{number[:6]}MA1{int(number[8:14]) % 1_000_000:06d}")
        card = specimen.licence(
            code, f"{place[3:]}{name}小吃店", name, datetime.date(2019, 4, 2), f"{place}示例路{street}号"
        )
    else:
        raise Refusal("not-found")
    return specimen.photograph(card)
