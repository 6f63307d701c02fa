"""Addresses of the organisation's pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from eden.base.api.paging import encode_cursor
from eden.console.view import ROOT, ViewContext

#: below it are the pages of a workspace; the guard reads the parameter
HERE = f"{ROOT}/{{workspace:str}}"


def page_address(view: ViewContext, path: str, key: Any, **query: str) -> str:
    """Of the page of a list that goes on after the item with this key."""
    return f"{view.url(path)}?{urlencode({**query, 'cursor': encode_cursor(key)})}"
