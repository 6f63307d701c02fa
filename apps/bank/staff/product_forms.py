"""A product as a form: what was written becomes a product, or sentences about what is wrong with it. Pure."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final, get_args

import msgspec
from msgspec import Struct

from bank.centres.accounting import CHART
from bank.centres.products import MOST, Capitalised, Deposit, DepositDays, Loan, Product
from bank.credit.affordability import METHODS
from bank.loans.daycount import DayCount
from bank.refusals import yuan
from eden.console.forms import Form

_PURPOSES: Final = ("business", "consumption")
_REGIONS: Final = ("CN", "EU")
#: where the chart has loans (their allowance stands there, too) and deposits
_GL: Final = {"loan": range(1200, 1300), "deposit": range(2000, 2100)}
_MOST_BP: Final = 10_000
AMOUNTS: Final = ("least", "most", "transfer_limit", "day_limit", "late_fee")
#: whole numbers, and the largest of each
NUMBERS: Final = {"late_days": 90, "prepay_fee_months": 360}
#: by kind: fields that are chosen from a list
CHOICES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "deposit": {"capitalised": get_args(Capitalised), "day_count": get_args(DepositDays)},
    "loan": {"method": tuple(METHODS), "day_count": tuple(DayCount), "purpose": _PURPOSES, "region": _REGIONS},
}
LIST = re.compile(r"[\s,，、;；]+")
#: in the order of the form; what is compared, too
FIELDS: Final = {
    "deposit": (
        "name", "name_en", "gl", "rate_bp", "capitalised", "day_count", "is_payment", "transfer_limit", "day_limit",
    ),
    "loan": (
        "name", "name_en", "gl", "least", "most", "rate_bp", "terms", "method", "day_count", "codes", "penalty_bp",
        "late_fee", "late_days", "prepay_fee_bp", "prepay_fee_months", "purpose", "region",
    ),
}  # fmt: skip


class Mistake(Exception):
    """What is wrong: (field, key of a sentence below "staff.product.wrong-", its values)."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        super().__init__(found)
        self.found = found


class Change(Struct, frozen=True):
    """A field that differs; texts are as the form has them."""

    field: str
    kind: str
    before: str
    after: str


def kind_of(product: Product) -> str:
    return "loan" if isinstance(product, Loan) else "deposit"


def gl_choices(kind: str) -> list[int]:
    """Control accounts that products of a kind may have: a loan is an asset of the bank, a deposit a liability."""
    return [
        code for code, one in CHART.items() if one.is_control and code in _GL[kind] and one.debit == (kind == "loan")
    ]


def written(product: Product) -> dict[str, str]:
    """The fields' texts."""
    texts: dict[str, str] = {}
    for name in FIELDS[kind_of(product)]:
        value: Any = getattr(product, name)
        if name.endswith("_bp"):
            texts[name] = percent(value)
        elif name in AMOUNTS:
            texts[name] = yuan(value)
        elif isinstance(value, list):
            texts[name] = ", ".join(map(str, value))
        elif isinstance(value, bool):
            texts[name] = "yes" if value else ""
        else:
            texts[name] = str(value)
    return texts


def read(form: Form, kind: str, running: Product | None) -> Product:
    """What was written; fields that no form has stay as they run. Raises Mistake."""
    values: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    for name in FIELDS[kind]:
        text = form.one(name)
        try:
            values[name] = _value(name, text, kind)
        except ValueError as error:
            wrong.append((name, str(error)))
    if not wrong and kind == "loan" and values["least"] > values["most"]:
        wrong.append(("least", "least-most"))
    if not wrong and kind == "deposit" and values["transfer_limit"] > values["day_limit"]:
        wrong.append(("transfer_limit", "limits"))
    if wrong:
        raise Mistake(wrong)
    kept = msgspec.to_builtins(running) if running is not None else {"kind": kind}
    product: Product = msgspec.convert(kept | values, Deposit | Loan)
    return product


def changes(before: Product | None, after: Product) -> list[Change]:
    """Field by field."""
    old, new = written(before) if before is not None else {}, written(after)
    return [
        Change(name, "added" if before is None else "changed", old.get(name, ""), text)
        for name, text in new.items()
        if old.get(name) != text
    ]


def _value(name: str, text: str, kind: str) -> Any:
    """Raises ValueError with the key of the sentence."""
    if name == "is_payment":
        return text == "yes"
    if name in ("name", "name_en"):
        if not 1 <= len(text) <= 40:
            raise ValueError("name")
        return text
    if name.endswith("_bp"):
        return hundredths(text, "rate", _MOST_BP)
    if name in NUMBERS:
        if not text.isdecimal() or int(text) > NUMBERS[name]:
            raise ValueError(f"number-{NUMBERS[name]}")
        return int(text)
    if name in AMOUNTS:
        return amount(text, "amount", MOST)
    if name == "gl":
        if not text.isdecimal() or int(text) not in gl_choices(kind):
            raise ValueError("choice")
        return int(text)
    if name == "terms":
        found = LIST.split(text.strip()) if text.strip() else []
        if not 1 <= len(found) <= 12 or not all(one.isdecimal() and 1 <= int(one) <= 360 for one in found):
            raise ValueError("terms")
        return sorted({int(one) for one in found})
    if name == "codes":
        codes = [one.upper() for one in LIST.split(text.strip()) if one]
        if len(codes) > 20 or not all(re.fullmatch(r"[A-Z0-9-]{4,40}", one) for one in codes):
            raise ValueError("codes")
        return codes
    if text not in CHOICES[kind][name]:
        raise ValueError("choice")
    return text


def hundredths(text: str, what: str, most: int) -> int:
    """Two decimals as hundredths. Raises ValueError with the key of the sentence."""
    try:
        value = Decimal(text.removesuffix("%").strip()) * 100
    except InvalidOperation:
        raise ValueError(what) from None
    if not value.is_finite() or value != value.to_integral_value() or not 0 <= value <= most:
        raise ValueError(what)
    return int(value)


def amount(text: str, what: str, most: int) -> int:
    """Yuan as cents, by `hundredths`; commas do not matter."""
    return hundredths(text.replace(",", "").replace("，", ""), what, most)


def percent(basis_points: int) -> str:
    return f"{basis_points // 100}.{basis_points % 100:02d}"
