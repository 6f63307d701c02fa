"""What somebody at the bank has put together: kept questions on a dashboard, and alerts, as the API takes them.

One of the alerts has found something as soon as it looks, one finds the bad version while people go on using it, one
finds nothing. Names are in both languages: the console shows them as they are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from eden.publish.client import Client

_MONTH = {"last": "28d", "zone": "Asia/Shanghai"}
_WEEK = {"last": "7d", "zone": "Asia/Shanghai"}
_DASHBOARD = "银行一览 · The bank at a glance"


class _Tile(NamedTuple):
    """`width` in columns of two; `shape`: how a trend is drawn."""

    name: str
    question: dict[str, Any]
    width: int = 1
    shape: str = "line"


_TILES = (
    _Tile(
        "每日用户 · People a day",
        {"question": "trend", "measure": {"kind": "persons"}, "period": _MONTH},
        width=2,
        shape="area",
    ),
    _Tile(
        "贷款，逐步 · The loan, step by step",
        {
            "question": "funnel",
            "steps": [
                {"events": {"names": [name]}}
                for name in ("loan_scan", "loan_plan", "loan_document", "loan_confirm", "loan_signed")
            ],
            "period": _MONTH,
        },
        width=2,
    ),
    _Tile(
        "转账，按币种 · Transfers by currency",
        {
            "question": "trend",
            "events": {"names": ["transfer_done"]},
            "breakdown": {"by": ["props.currency"]},
            "period": _MONTH,
        },
        shape="bar",
    ),
    _Tile(
        "启动耗时，按平台 · Start time by platform",
        {"question": "percentiles", "breakdown": {"by": ["platform"]}, "percentiles": [50, 95], "period": _WEEK},
    ),
    _Tile("谁会回来 · Who comes back", {"question": "retention", "interval": "week", "period": _MONTH}),
    _Tile("谁有哪个版本 · Who has which version", {"question": "versions", "period": _WEEK}),
    _Tile(
        "从首页出发 · Ways from the first page",
        {"question": "paths", "start": "pages/home/home", "steps": 4, "period": _WEEK},
        width=2,
    ),
)
_ALERTS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "转账请求变慢 · Slow transfers",
        {
            "subject": {
                "of": "question",
                "question": {
                    "question": "percentiles",
                    "events": {
                        "names": ["$request"],
                        "filters": [{"by": "property", "property": "props.pattern", "values": ["/api/bank/transfers"]}],
                    },
                    "percentiles": [95],
                    "period": {"last": "7d"},
                },
            },
            "condition": {"when": "threshold", "direction": "above", "value": 600},
            "every": 30,
        },
    ),
    (
        "最新版本出错更多 · The newest version has more errors",
        {
            "subject": {
                "of": "comparison",
                "measure": "rate",
                "events": {"names": ["$error"]},
                "over": {"names": ["$launch"]},
            },
            "condition": {"when": "sequential", "direction": "more", "alpha": 0.01},
            "every": 30,
        },
    ),
    (
        "启动过慢 · Slow starts",
        {
            "subject": {
                "of": "question",
                "question": {"question": "percentiles", "percentiles": [95], "period": {"last": "24h"}},
            },
            "condition": {"when": "threshold", "direction": "above", "value": 4000},
        },
    ),
)


async def put_up(client: Client, app: str) -> None:
    """Keep the questions, show them on a dashboard, and begin to watch."""
    tiles = []
    for tile in _TILES:
        kept = await client.post(f"/observe/apps/{app}/questions", {"name": tile.name, "question": tile.question})
        tiles.append({"question": kept["id"], "width": tile.width, "shape": tile.shape})
    await client.post("/observe/dashboards", {"name": _DASHBOARD, "tiles": tiles})
    for name, rule in _ALERTS:
        await client.post(f"/observe/apps/{app}/alerts", {"name": name, "rule": rule})
