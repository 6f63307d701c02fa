"""Documents of errors: bounds, what was cut, and the row that is stored."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from eden.observe.crashes import document as module
from eden.observe.crashes.document import (
    LARGEST,
    MOST_BREADCRUMBS,
    MOST_FRAMES,
    Breadcrumb,
    ErrorDocument,
    Frame,
    Mechanism,
    Sdk,
    Thrown,
    bounded,
    decode,
    encode,
)
from eden.observe.crashes.finish import finished
from eden.observe.crashes.symbols import Symbols
from eden.observe.digest.digest import About
from eden.observe.interfaces import Row

BASE = Row(
    app=3, at=1790000000.5, received=1790000001.0, person="p", device="d", version="1.2", code=12, page="pages/a"
)


def made(**values: Any) -> ErrorDocument:
    return ErrorDocument(id="1" * 32, at=1790000000.5, **values)


def test_the_row_of_an_error() -> None:
    thrown = Thrown(type="TypeError", value="x" * 900, frames=[Frame(function="tap", file="pages/a.js", line=3)])
    row = finished(made(exceptions=[thrown], fatal=True), BASE)
    assert {name: getattr(row, name) for name in Row.__struct_fields__} == {
        name: getattr(BASE, name) for name in Row.__struct_fields__
    }
    assert (row.id, row.type, len(row.message), row.culprit) == ("1" * 32, "TypeError", 500, "tap · pages/a.js")
    assert (row.fatal, row.handled, row.algorithm) == (True, False, 1)
    stored = decode(row.raw)
    assert stored.grouping is not None
    assert (stored.grouping.group, stored.grouping.rule) == (row.group, "frames")
    assert stored.exceptions[0].frames[0].in_app is True
    assert stored.cut == []


def test_messages_are_errors_too() -> None:
    row = finished(made(message="no card", level="warning"), BASE)
    assert (row.type, row.message) == ("", "no card")


def test_maps_are_applied_before_grouping() -> None:
    symbols = Symbols(lambda app, code: None, lambda sha256: None)
    thrown = Thrown(frames=[Frame(file="eden://program/main/scripts.js", line=1, column=1)])
    assert decode(finished(made(exceptions=[thrown]), BASE, About(symbols=symbols)).raw).notes == [
        "There is no source map of version 12."
    ]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"exceptions": [Thrown(type="E")] * 12}, "2 causes further down the chain"),
        ({"exceptions": [Thrown(type="E", value="x" * 9000)]}, "808 characters of the text of E"),
        ({"exceptions": [Thrown(stack="x" * 9000)]}, "808 characters of the stack of the exception"),
        ({"exceptions": [Thrown(type="E", frames=[Frame()] * 201)]}, "1 frames in the middle of E"),
        ({"message": "x" * 9000}, "808 characters of the message"),
        ({"breadcrumbs": [Breadcrumb()] * 101}, "1 older breadcrumbs"),
        ({"breadcrumbs": [Breadcrumb(data={"a": "x" * 3000})]}, "data of long breadcrumbs"),
        ({"extra": {"a": "x" * 9000, "b": 1}}, "extra: a"),
        ({"contexts": {"a": {"b": "x" * 9000}}}, "contexts: a"),
        ({"tags": {str(number): "" for number in range(101)}}, "1 tags"),
    ],
)
def test_what_is_cut_is_said(values: dict[str, Any], said: str) -> None:
    document = made(**values)
    bounded(document)
    assert document.cut == [said]
    once = msgspec.json.encode(document)
    bounded(document)
    assert msgspec.json.encode(document) == once


def test_both_ends_of_a_stack_stay() -> None:
    frames = [Frame(line=line) for line in range(1, 1001)]
    document = made(exceptions=[Thrown(frames=frames)])
    bounded(document)
    kept = [frame.line for frame in document.exceptions[0].frames]
    assert kept == [*range(1, MOST_FRAMES // 2 + 1), *range(1001 - MOST_FRAMES // 2, 1001)]


def test_the_newest_breadcrumbs_stay() -> None:
    document = made(breadcrumbs=[Breadcrumb(at=float(at)) for at in range(500)])
    bounded(document)
    assert [crumb.at for crumb in document.breadcrumbs] == [float(at) for at in range(500 - MOST_BREADCRUMBS, 500)]


def test_a_document_fits() -> None:
    """Everything at its limit is far too much together: what is missed least goes first."""
    line = "x" * 400
    frames = [Frame(file="f" * 8000, before=[line] * 5, source=line, after=[line] * 5, function="g" * 500)] * 200
    document = made(
        exceptions=[Thrown(type="E", value="x" * 8000, frames=list(frames)) for _ in range(10)],
        breadcrumbs=[Breadcrumb(message="x" * 1000, data={"a": "x" * 1900}) for _ in range(100)],
        contexts={str(number): "x" * 8000 for number in range(50)},
        extra={str(number): "x" * 8000 for number in range(50)},
        more={str(number): "x" * 8000 for number in range(50)},
        request={str(number): "x" * 8000 for number in range(50)},
        tags={str(number): "x" * 500 for number in range(100)},
    )
    data = encode(document)
    assert len(data) <= LARGEST
    found = decode(data)
    assert found.exceptions[0].frames
    assert found.exceptions[0].value == "x" * 8000
    assert "extra data" in found.cut
    assert "causes" in found.cut


def test_the_worst_of_all_fits() -> None:
    """Characters that take six bytes of JSON, wherever one may be."""
    worst = "\x01" * 9000
    frame = Frame(function=worst, file=worst, module=worst, source=worst, before=[worst] * 9, ran=worst)
    thrown = Thrown(type=worst, value=worst, module=worst, stack=worst, frames=[frame] * 210)
    thrown.mechanism = Mechanism(type=worst, data={worst: worst})
    document = made(
        exceptions=[thrown] * 3,
        message=worst,
        pattern=worst,
        transaction=worst,
        logger=worst,
        fingerprint=[worst] * 100,
        user={f"{number}{worst[:900]}": worst[:900] for number in range(500)},
        sdk=Sdk(name=worst, version=worst),
        attachments=[worst] * 100,
        extra={f"{number}{worst}": worst for number in range(100)},
        breadcrumbs=[Breadcrumb(message=worst, category=worst, kind=worst, level=worst)] * 200,
        tags={f"{number}{worst}": worst for number in range(200)},
    )
    assert len(encode(document)) <= LARGEST


def test_what_fits_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    document = made(extra={"a": 1}, more={"b": "x" * 900}, contexts={"os": {"name": "x"}})
    assert decode(encode(document)) == document
    monkeypatch.setattr(module, "LARGEST", len(msgspec.json.encode(document)) - 1)
    found = decode(encode(document))
    assert (found.more, found.extra, found.contexts) == ({}, {"a": 1}, {"os": {"name": "x"}})
