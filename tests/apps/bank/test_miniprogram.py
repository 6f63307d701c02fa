"""The mini program's own sums, and that what it asks for is there."""

from __future__ import annotations

import json
import random
import re
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from bank import seed
from eden.base.tools import node
from tests.apps.bank.house import BankHouse

UTILS = Path(__file__).parents[3] / "apps" / "bank" / "miniprogram" / "utils"


def told(script: str) -> Any:
    """What a script says, run among the mini program's utilities."""
    executable = node()
    assert executable is not None
    return json.loads(subprocess.run([executable, "-e", script], cwd=UTILS, capture_output=True, check=True).stdout)


def test_every_operation_is_answered(house: BankHouse) -> None:
    for method, path in told("console.log(JSON.stringify(require('./operations')))").values():
        filled = "/".join("x" if part.startswith("{") else part for part in path.split("/"))
        answer = house.call(method, f"/v1{filled}")
        # that the route is there, the catalogue's tests say
        assert answer.status == 200 or answer.code not in ("method-not-allowed", "internal"), path
        house.sign_in()


def texts(language: str) -> Any:
    return told(f"""
      globalThis.wx = {{ getAppBaseInfo: () => ({{ language: '{language}' }}) }}
      const {{ pick, table }} = require('./i18n')
      console.log(JSON.stringify(pick(...Object.keys(table))))
    """)


def test_texts_are_in_both_languages() -> None:
    chinese, english = texts("zh"), texts("en")
    assert chinese.keys() == english.keys()
    # an ordinal has an end in Chinese only
    assert (chinese["monthEnd"], english["monthEnd"]) == ("期", "")
    for name, text in chinese.items():
        if isinstance(text, dict):
            assert text.keys() == english[name].keys()


def test_a_key_is_a_uuid_of_the_time_that_it_is_given() -> None:
    script = """
      globalThis.wx = { getAppBaseInfo: () => ({ language: 'zh' }) }
      const { newKey } = require('./api')
      console.log(JSON.stringify([newKey(1795719702914), newKey(1795719702914), newKey()]))
    """
    keys = [uuid.UUID(key) for key in told(script)]
    assert len(set(keys)) == 3 and {(key.version, key.variant) for key in keys} == {(7, uuid.RFC_4122)}
    assert [key.int >> 80 for key in keys[:2]] == [1795719702914] * 2


def test_months() -> None:
    said = told("""
      const { back, until, days, of } = require('./months')
      console.log(JSON.stringify([
        until('2026-02', 4), back('2026-11', -2), days('2028-02'), days('2026-11'), of(new Date(2026, 8, 30)),
      ]))
    """)
    assert said == [
        ["2026-02", "2026-01", "2025-12", "2025-11"], "2027-01", {"since": "2028-02-01", "until": "2028-02-29"},
        {"since": "2026-11-01", "until": "2026-11-30"}, "2026-09",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("pages/transfer/transfer", ["type({ detail: { value: '5' } })", "choose({ detail: { value: 0 } })"]),
        ("pages/pay/pay", ["type({ detail: { value: '5' } })"]),
        ("loan/loan/loan", ["type({ detail: { value: '5' } })", "all()"]),
    ],
)
def test_another_amount_is_another_attempt(path: str, changes: list[str]) -> None:
    """The key of an attempt whose answer was lost goes again with the same order only."""
    keys = ", ".join(f"(page.key = 'k', page.{change}, page.key ?? '')" for change in changes)
    kept = told(f"""
      let page
      Object.assign(globalThis, {{
        wx: {{ getAppBaseInfo: () => ({{ language: 'zh' }}) }}, Behavior: (one) => one,
        Page: (one) => {{ page = {{ ...one, setData(data) {{ Object.assign(one.data, data) }} }} }},
      }})
      require('../{path}')
      console.log(JSON.stringify([{keys}]))
    """)
    assert kept == [""] * len(changes)


def test_the_shop_that_is_given_as_an_example_is_there() -> None:
    people = seed.people(24, random.Random(seed.SEED), 0)
    (keeper,) = (person for person in people if person.numbers.get(person.shop) == seed.SHOP)
    assert keeper.phone != seed.PHONE
    for language in ("zh", "en"):
        assert re.sub(r"\D", "", texts(language)["shopNumberHint"]) == seed.SHOP
