"""docs/console.md names what there is, and only that."""

from __future__ import annotations

import re
from pathlib import Path

from eden.console import http
from eden.console.frame import FRAME
from tests.console.gallery import gallery_console, gallery_view

PAGE = (Path(__file__).parents[2] / "docs/console.md").read_text("utf-8")


def test_every_component_is_named() -> None:
    source = (FRAME.folder / "templates/components.html").read_text("utf-8")
    macros = dict(re.findall(r"\{% macro ([a-z]\w*)\((.*)\) %\}", source))
    components = PAGE.partition("## Components")[2].partition("## What moves")[0]
    # drawn by the layout and by other components
    named = set(re.findall(r"`(\w+)[`(]", components)) | {"brand", "preferences", "breadcrumb", "pager"}
    assert macros.keys() <= named
    for name, arguments in re.findall(r"^\| `(\w+)\(([\w, ]+)\)`", components, re.MULTILINE):
        known = re.findall(r"(\w+)(?:=|,|$)", re.sub(r"\{\}|\"[^\"]*\"|\(\)", "", macros[name]))
        told = {{"icon": "icon_name", "address": "action"}.get(word, word) for word in arguments.split(", ")}
        told = {"href" if word == "action" and "href" in known else word for word in told}
        assert told <= set(known), f"{name} has {known}"


def test_every_name_of_a_template_is_one() -> None:
    names = gallery_console()._names(gallery_view()).keys() | {"ui", "icon", "sparkline"}
    table = PAGE.partition("## A template")[2].partition("## Sentences")[0]
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`(\w+)", row)}
    assert told == names - {"navigation"}


def test_every_function_of_http_is_one() -> None:
    table = PAGE.partition("in `eden.console.http`")[2].partition("Every form")[0]
    for name in re.findall(r"^\| `(\w+)\(", table, re.MULTILINE):
        assert callable(getattr(http, name))
