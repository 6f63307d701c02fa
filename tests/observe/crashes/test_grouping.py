"""Grouping: every rule on both sides of its boundary, and the hashes, which never change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.observe.crashes.document import ErrorDocument, Frame, Thrown
from eden.observe.crashes.grouping_v1 import fingerprint, parametrised

VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("grouping_v1.json").read_text(encoding="utf-8"))


def document(values: dict[str, Any]) -> ErrorDocument:
    return msgspec.convert({"id": "0", "at": 1.0, **values}, ErrorDocument)


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vectors(vector: dict[str, Any]) -> None:
    first, second = fingerprint(document(vector["first"])), fingerprint(document(vector["second"]))
    assert (first.hash, first.rule, first.algorithm) == (vector["hash"], vector["rule"], 1)
    assert (first.hash == second.hash) is vector["same"]


def test_every_rule_has_vectors() -> None:
    assert {vector["rule"] for vector in VECTORS} == {"fingerprint", "frames", "exception", "message", "nothing"}


def test_titles_are_one_line() -> None:
    thrown = Thrown(type="TypeError", value="\n  x is not a function\nmore")
    assert fingerprint(ErrorDocument(id="0", at=1.0, exceptions=[thrown])).title == "TypeError: x is not a function"
    assert fingerprint(ErrorDocument(id="0", at=1.0, message="a\nb")).title == "a"
    assert fingerprint(ErrorDocument(id="0", at=1.0)).title == "Error without a text"
    long = fingerprint(ErrorDocument(id="0", at=1.0, message="x" * 900))
    assert len(long.title) == 200


def test_the_culprit_is_the_programs_innermost_call() -> None:
    frames = [Frame(function="get", file="a.js", in_app=False), Frame(function="tap", file="pages/a.js", in_app=True)]
    found = ErrorDocument(id="0", at=1.0, transaction="pages/a", exceptions=[Thrown(frames=frames)])
    assert fingerprint(found).culprit == "tap · pages/a.js"
    frames[1].function = ""
    assert fingerprint(found).culprit == "pages/a.js"
    frames[1].in_app = False
    assert fingerprint(found).culprit == "pages/a"


TEXT = st.text(max_size=200)
FRAMES = st.builds(
    Frame,
    function=TEXT,
    file=TEXT,
    line=st.integers(0, 9),
    in_app=st.sampled_from([True, False]),
    module=TEXT,
    source=TEXT,
    ran=TEXT,
)
THROWN = st.builds(Thrown, type=TEXT, value=TEXT, frames=st.lists(FRAMES, max_size=8))


@given(st.lists(THROWN, max_size=4), TEXT, st.lists(TEXT, max_size=3), st.sampled_from(["", "javascript", "python"]))
def test_any_document_has_a_group(exceptions: list[Thrown], message: str, own: list[str], platform: str) -> None:
    given_document = ErrorDocument(
        id="0", at=1.0, exceptions=exceptions, message=message, fingerprint=own, platform=platform
    )
    before = msgspec.json.encode(given_document)
    found = fingerprint(given_document)
    assert len(found.hash) == 64
    assert 0 <= found.group < 1 << 64
    # the same again, also after it was stored and read, and with other lines
    assert msgspec.json.encode(given_document) == before
    again = msgspec.json.decode(before, type=ErrorDocument)
    for thrown in again.exceptions:
        for frame in thrown.frames:
            frame.line += 7
    assert fingerprint(again).hash == found.hash


@given(st.text(max_size=2000))
def test_parametrised_texts_are_bounded(text: str) -> None:
    assert len(parametrised(text)) <= 300
