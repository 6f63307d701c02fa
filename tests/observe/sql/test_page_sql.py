"""The page of SQL."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from eden.console.messages import read_catalogue
from eden.observe import schema
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine
from eden.observe.pages.sql import EXAMPLES
from eden.observe.sql.refusals import SENTENCES
from eden.observe.sql.tables import ROW_COLUMNS, TABLES
from tests.observe.sql.stand import Stand, open_stand

MESSAGES = Path(schema.__file__).parent


@pytest.fixture(scope="module")
def stand(kept_store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with open_stand(tmp_path_factory.mktemp("office"), LocalInsight(Answering(kept_store))) as stand:
        rows = [
            {"app": stand.app("bank").number, "at": stand.seconds - n, "arrived": stand.seconds, "name": "$launch",
             "person": f"<b>p{n}</b>", "value": None if n == 1 else n}
            for n in range(3)
        ]  # fmt: skip
        kept_store.insert("events", b"\n".join(json.dumps(row).encode() for row in rows))
        yield stand


def show(stand: Stand, text: str = "", who: str = "owner", locale: str = "en", more: str = "") -> tuple[int, str]:
    headers = stand.office.sign_in(who) | {"Accept-Language": locale}
    path = f"/console/{stand.office.here}/analysis/bank/sql{more}"
    found = stand.office.client.get(f"{path}?q={quote(text)}", headers=headers)
    return found.status_code, found.text


def cells(html: str) -> list[str]:
    body = html.partition('id="rows"')[2].partition("</table>")[0].partition("<tbody")[2]
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", body, re.DOTALL)]


def test_an_empty_editor_with_the_tables_beside_it(stand: Stand) -> None:
    status, html = show(stand)
    assert status == 200
    assert 'name="q"' in html and "data-submit-keys" in html
    assert all(f'id="table-{name}"' in html for name in TABLES)
    assert 'id="rows"' not in html


def test_rows(stand: Stand) -> None:
    status, html = show(stand, "SELECT person, value FROM events ORDER BY at DESC")
    assert status == 200
    assert cells(html) == ["&lt;b&gt;p0&lt;/b&gt;", "0", "&lt;b&gt;p1&lt;/b&gt;", "NULL", "&lt;b&gt;p2&lt;/b&gt;", "2"]
    # the query stays in the editor, and the files have it
    assert "SELECT person, value FROM events ORDER BY at DESC</textarea>" in html
    assert "form=parquet" in html and "q=SELECT+person" in html


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en", "Line 2, column 6: There is no table nothing."), ("zh", "第 2 行第 6 列：没有名为 nothing 的表")],
)
def test_an_error_in_its_place(stand: Stand, locale: str, said: str) -> None:
    status, html = show(stand, "SELECT 1\nFROM nothing", locale=locale)
    assert status == 200 and said in html and 'aria-invalid="true"' in html
    _, html = show(stand, "SELECT nothing FROM events", locale=locale)
    assert "The events store refuses the question" in html


def test_many_rows(stand: Stand) -> None:
    _, html = show(stand, "SELECT arrayJoin(range(1500)) FROM events LIMIT 1500")
    assert len(cells(html)) == 1000
    assert "There are more; the first 1,000 are shown" in html


def test_a_file(stand: Stand) -> None:
    headers = stand.office.sign_in("owner")
    path = f"/console/{stand.office.here}/analysis/bank/sql/file"
    found = stand.office.client.get(f"{path}?form=csv&q={quote('SELECT count() AS n FROM events')}", headers=headers)
    assert found.text == '"n"\n3\n' and 'filename="bank.csv"' in found.headers["content-disposition"]


def test_who_may(stand: Stand) -> None:
    assert show(stand, "SELECT 1", who="reviewer")[0] == 403
    assert show(stand, "SELECT 1", who="reviewer", more="/file")[0] == 403


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(stand: Stand, name: str) -> None:
    _, html = show(stand, EXAMPLES[name])
    assert 'aria-invalid="true"' not in html and "rows-title" in html


def test_the_words_of_tables_and_refusals() -> None:
    """In English they are those of the API."""
    english = read_catalogue(MESSAGES / "messages.en.toml")
    for table in TABLES.values():
        assert english[f"observe.sql-table.{table.name}"].text == table.text
        for column in table.columns:
            shared = ROW_COLUMNS.get(column.name) == column.text
            key = column.name if shared else f"{table.name}-{column.name}"
            assert english[f"observe.sql-column.{key}"].text == column.text
    for code, sentence in SENTENCES.items():
        assert english[f"observe.sql-refusal.{code}"].text == sentence
