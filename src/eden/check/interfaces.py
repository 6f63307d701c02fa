"""What a check finds. The JSON report is a list of these."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec


class Status(StrEnum):
    """`missing`: the page is declared, but the program has no code for it or it never came up."""

    OK = "ok"
    ERROR = "error"
    BLANK = "blank"
    MISSING = "missing"


class PageResult(msgspec.Struct, frozen=True, kw_only=True):
    """One page. Times in ms; `screenshot` is a path relative to the report, or null without one.

    `network` is "refused" where made-up answers made the page fail and it opens without the network.
    """

    page: str
    status: Status
    errors: list[str]
    screenshot: str | None
    first_paint_ms: float | None
    dom_nodes: int
    text_length: int
    console: list[str]
    unsupported: list[str]
    accessibility: list[str]
    network: Literal["answered", "refused"] = "answered"


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts by status, the share of pages that are ok (0 to 1), and the median of first paints in ms."""

    pages: int
    ok: int
    error: int
    blank: int
    missing: int
    ok_share: float
    first_paint_ms: float | None
    seconds: float
    unsupported: dict[str, int]


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything: `errors` are the application's own (app.js and its lifecycle), `problems` the compiler's lines."""

    program: str
    summary: Summary
    pages: list[PageResult]
    errors: list[str]
    problems: list[str]

    def to_json(self) -> bytes:
        """Indented JSON with a newline at the end."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"
