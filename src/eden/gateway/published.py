"""What the platform's /metrics tells of the gateway: the last minute of each workspace, from what its workers wrote.

The workers are processes of their own, perhaps on other machines, and write into the database; whoever watches asks the
platform only. A job looks every few seconds, in one process at a time.
"""

from __future__ import annotations

from math import nan
from typing import Any

from sqlalchemy import Connection, select

from eden.base.tables import workspaces
from eden.base.telemetry import Metrics
from eden.gateway.figures import MINUTE, SECOND, Tally, decode
from eden.gateway.histograms import quantile
from eden.gateway.models import gateway_figures
from eden.gateway.service import workspaces_served

QUANTILES = (0.5, 0.95, 0.99)
#: µs: the seconds in which workers write are not whole yet
_SETTLING = 2 * SECOND


class Published:
    """One per process. `look` reads inside a read transaction; `tell` sets the figures."""

    def __init__(self, metrics: Metrics) -> None:
        def gauge(name: str, text: str, *labels: str) -> Any:
            return metrics.gauge(f"eden_gateway_{name}", text, ("workspace", *labels), processes="mostrecent")

        self._calls = gauge("calls", "Calls in the last minute.")
        self._errors = gauge("errors", "Calls in the last minute that did not end well.")
        self._cached = gauge("cached", "Calls in the last minute that were answered from the cache.")
        self._limited = gauge("limited", "Calls in the last minute that a limit refused.")
        self._latency = gauge("latency_seconds", "Durations of the last minute's calls, by quantile.", "quantile")

    def look(self, connection: Connection, at: int) -> dict[str, Tally]:
        """By the slug of every workspace that has a catalogue, or had calls."""
        table = gateway_figures.c
        begin = (at - _SETTLING) // SECOND * SECOND - MINUTE
        slugs = {row.id: row.slug for row in connection.execute(select(workspaces.c.id, workspaces.c.slug))}
        found = {slugs[served]: Tally() for served in workspaces_served(connection) if served in slugs}
        query = select(table.workspace_id, table.tally).where(
            table.length == 1, table.at >= begin, table.at < begin + MINUTE
        )
        for row in connection.execute(query):
            if row.workspace_id in slugs:
                found.setdefault(slugs[row.workspace_id], Tally()).add(decode(row.tally))
        return found

    def tell(self, found: dict[str, Tally]) -> None:
        for workspace, tally in found.items():
            self._calls.labels(workspace).set(tally.calls)
            self._errors.labels(workspace).set(tally.errors)
            self._cached.labels(workspace).set(tally.cached)
            self._limited.labels(workspace).set(tally.limited)
            for share in QUANTILES:
                micros = quantile(tally.buckets, share)
                self._latency.labels(workspace, str(share)).set(nan if micros is None else micros / SECOND)
