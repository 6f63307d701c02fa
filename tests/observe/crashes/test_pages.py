"""Pages of crashes: the list, a group with its frames, decisions by forms; in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from eden.observe.crashes.document import Breadcrumb, ErrorDocument, Frame, Mechanism, Thrown
from eden.observe.crashes.finish import finished
from eden.observe.crashes.interfaces import CrashGroup
from eden.observe.crashes.note import note_errors
from eden.observe.crashes.rows import groups_by_key
from eden.observe.crashes.service import Crashes
from eden.observe.crashes.symbols import NO_PACKAGE, NO_VERSION
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine
from eden.observe.interfaces import ErrorRow, EventRow, Row
from tests.observe.sql.stand import Stand, open_stand

WHOLE = ErrorDocument(
    id="e1",
    at=0,
    platform="javascript",
    fatal=True,
    exceptions=[
        Thrown(
            type="TypeError",
            value="<b>x</b> is undefined",
            mechanism=Mechanism(type="onerror"),
            frames=[
                Frame(
                    function="tap",
                    file="pages/pay/pay.ts",
                    line=12,
                    column=3,
                    in_app=True,
                    before=["// pay", "tap() {"],
                    source="  this.data.x.y()",
                    after=["}"],
                    ran="main/scripts.js:900:7",
                ),
                Frame(file="about:srcdoc", line=1, in_app=False),
            ],
        ),
        Thrown(type="Refused", value="no card"),
    ],
    breadcrumbs=[
        Breadcrumb(at=1790000000.0, category="tap", message="Pay", data={"id": "pay"}),
        Breadcrumb(category="log", message="declined", level="error"),
    ],
    contexts={"os": {"name": "Android", "version": "15"}},
    tags={"shop": "7"},
    notes=["There is no source map of version 12."],
    cut=["3 older breadcrumbs"],
)


@dataclass
class Pages:
    stand: Stand
    engine: Engine

    def put(self, *documents: ErrorDocument, **more: Any) -> None:
        seconds = self.stand.seconds - 60
        rows = []
        for document in documents:
            document.at = seconds
            base = Row(
                app=self.app, at=seconds, received=seconds, **{"person": "p1", "version": "1.2", "code": 12, **more}
            )
            rows.append(finished(document, base))
        self.engine.insert("errors", msgspec.json.Encoder().encode_lines(rows))
        self.note(rows)

    def note(self, rows: list[ErrorRow]) -> None:
        at = int(self.stand.seconds * 1_000_000)
        self.stand.office.ground.database.write_now(lambda connection: note_errors(connection, rows, at))
        self.groups = self.stand.office.ground.database.read_now(
            lambda connection: groups_by_key(connection, self.app, [f"{row.group:016x}" for row in rows])
        )

    @property
    def app(self) -> int:
        return self.stand.app("bank").number

    @property
    def group(self) -> CrashGroup:
        """As it is now."""
        return self.stand.office.ground.database.read_now(
            lambda connection: next(iter(groups_by_key(connection, self.app, list(self.groups)).values()))
        )

    def show(self, path: str = "", who: str = "owner", locale: str = "en") -> tuple[int, str]:
        headers = self.stand.office.sign_in(who) | {"Accept-Language": locale}
        found = self.stand.office.client.get(self.address(path), headers=headers)
        return found.status_code, found.text

    def post(self, path: str, who: str = "owner", **fields: str) -> tuple[int, str]:
        """Status, and what the page says after it."""
        found = self.stand.office.client.post(
            self.address(path), headers=self.stand.office.sign_in(who), data=fields, follow_redirects=False
        )
        return found.status_code, found.headers.get("location", "")

    def address(self, path: str) -> str:
        return f"/console/{self.stand.office.here}/analysis/bank/crashes{path}"


@pytest.fixture(scope="module")
def pages(kept_store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    insight = LocalInsight(Answering(kept_store))
    with open_stand(tmp_path_factory.mktemp("office"), insight) as stand:
        observe = stand.observe
        observe.crashes = Crashes(observe.ground, observe.apps, insight)
        pages = Pages(stand, kept_store)
        yield pages


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_nothing_was_ever_reported(pages: Pages) -> None:
    _, html = pages.show()
    assert "Nothing has been reported yet" in html
    event = EventRow(app=pages.app, at=pages.stand.seconds, received=pages.stand.seconds, name="$launch")
    pages.engine.insert("events", msgspec.json.encode(event))
    _, html = pages.show()
    assert "No error in this time" in html
    _, html = pages.show("?q=money")
    assert "No error fits" in html


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_the_list(pages: Pages, locale: str) -> None:
    pages.put(msgspec.convert(msgspec.to_builtins(WHOLE), ErrorDocument))
    status, html = pages.show(locale=locale)
    assert status == 200
    assert "TypeError: &lt;b&gt;x&lt;/b&gt; is undefined" in html
    assert "tap · pages/pay/pay.ts" in html
    assert f"crashes/{pages.group.id}" in html
    assert 'data-live="crashes:bank"' in html
    assert 'class="spark"' in html
    for query in ("?state=closed", "?kind=error", "?q=nothing", "?version=9"):
        _, html = pages.show(query)
        assert "TypeError" not in html
    for query in (
        "?state=open",
        "?kind=crash",
        "?q=typeerror",
        "?version=1.2",
        "?sort=persons",
        "?sort=wrong&state=wrong",
    ):
        _, html = pages.show(query)
        assert "TypeError" in html


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_a_group(pages: Pages, locale: str) -> None:
    pages.put(msgspec.convert(msgspec.to_builtins(WHOLE), ErrorDocument), model="Pixel 9", page="pages/pay/pay")
    status, html = pages.show(f"/{pages.group.id}", locale=locale)
    assert status == 200
    words = text_of(html)
    # the frame with its lines, unfolded, and where it ran
    assert "<strong>tap</strong> <code>pages/pay/pay.ts:12:3</code>" in html
    assert "this.data.x.y()" in html and "main/scripts.js:900:7" in html
    assert re.search(r"<details open>\s*<summary><span class=\"frame-call\"><strong>tap", html)
    # its cause, what happened before, what is known
    for said in ("Refused", "no card", "declined", "Pay", "id pay", "Android", "shop", "Pixel 9", "p1"):
        assert said in words
    note = "There is no source map of version 12." if locale == "en" else "版本 12 没有源映射。"
    assert note in words
    assert "3 older breadcrumbs" in words
    # the key of the events store leads here, too
    assert pages.show(f"/{pages.group.short}")[0] == 200
    assert pages.show("/nothing")[0] == 404
    assert "It did not happen in this time" in pages.show(f"/{pages.group.id}?version=9")[1]
    assert pages.show(f"/{pages.group.id}?error=nothing")[0] == 404


@pytest.mark.parametrize(
    ("note", "chinese"),
    [
        (NO_VERSION, "没有说明版本，因此无法应用源映射。"),
        (NO_PACKAGE.format(package="pay", code=7), "版本 7 的包 pay 没有可用的源映射。"),
        ("Something else.", "Something else."),
    ],
)
def test_notes_are_in_the_readers_language(pages: Pages, note: str, chinese: str) -> None:
    document = msgspec.convert(msgspec.to_builtins(WHOLE), ErrorDocument)
    document.notes = [note]
    pages.put(document)
    path = f"/{pages.group.id}?error={document.id}"
    pages.engine.query("TRUNCATE TABLE errors")
    pages.put(document)
    assert note in text_of(pages.show(path)[1])
    assert chinese in text_of(pages.show(path, locale="zh")[1])


def test_decisions(pages: Pages) -> None:
    pages.put(msgspec.convert(msgspec.to_builtins(WHOLE), ErrorDocument))
    path = f"/{pages.group.id}"
    status, location = pages.post(f"{path}/close", code="13")
    assert (status, location) == (303, pages.address(path))
    assert (pages.group.state, pages.group.closed_in) == ("closed", 13)
    _, html = pages.show(path)
    assert "mended in version code 13" in html and "Open again" in html
    pages.post(f"{path}/reopen")
    assert pages.group.state == "open"
    pages.post(f"{path}/mute", how="more", more="5", days="7")
    assert pages.group.muted_above == pages.group.occurrences + 5
    assert "muted until 5 errors more" in pages.show(path)[1]
    pages.post(f"{path}/mute", how="days", days="7", more="")
    assert pages.group.muted_until is not None
    assert "muted until" in pages.show(path)[1]
    pages.post(f"{path}/mute", how="ever", days="7", more="")
    muted = pages.group
    assert muted.state == "muted"
    assert (muted.muted_until, muted.muted_above) == (None, None)
    pages.post(f"{path}/close", code="")
    assert (pages.group.state, pages.group.closed_in) == ("closed", None)
    pages.post(f"{path}/assign", user=pages.stand.office.people["developer"])
    assert pages.group.assignee == "The developer"
    assert "developer@example.com is in charge." in pages.show(path)[1]
    pages.post(f"{path}/assign", user="")
    assert pages.group.assigned_to is None
    pages.post(f"{path}/reopen")


def test_what_cannot_be_decided_is_said(pages: Pages) -> None:
    pages.put(msgspec.convert(msgspec.to_builtins(WHOLE), ErrorDocument))
    path = f"/{pages.group.id}"
    before = pages.group
    assert pages.post(f"{path}/close", code="x")[0] == 303
    assert pages.post(f"{path}/mute", how="days", days="99999")[0] == 303
    assert pages.post(f"{path}/assign", user="nobody")[0] == 303
    assert pages.group == before


def test_who_may_look_only(pages: Pages) -> None:
    pages.put(msgspec.convert(msgspec.to_builtins(WHOLE), ErrorDocument))
    path = f"/{pages.group.id}"
    status, html = pages.show(path, who="auditor")
    assert status == 200
    assert 'data-dialog="close"' not in html
    assert pages.post(f"{path}/close", who="auditor", code="13")[0] == 403
