"""Deltas are made inside spans of the trace of whoever asked first."""

from __future__ import annotations

import asyncio

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from eden.base import telemetry
from eden.release.deltas import Deltas
from tests.release.test_deltas import NEW, OLD, Store, sha


def test_spans(spans: InMemorySpanExporter) -> None:
    async def run() -> None:
        store = Store(OLD, NEW)
        deltas = Deltas(store.load, store, workers=1)
        with telemetry.request_span("GET", "release", None):
            assert await deltas.get(sha(OLD), sha(NEW)) is not None
            assert await deltas.full(sha(NEW)) is not None
            # from memory
            assert await deltas.get(sha(OLD), sha(NEW)) is not None
        await deltas.close()

    asyncio.run(run())
    found = spans.get_finished_spans()
    request = next(span for span in found if span.name == "GET release")
    made = [span for span in found if span is not request]
    assert [(span.name, dict(span.attributes or {})) for span in made] == [
        ("delta.make", {"base": sha(OLD), "target": sha(NEW)}),
        ("full.make", {"target": sha(NEW)}),
    ]
    assert all(span.parent is not None and span.parent.span_id == request.context.span_id for span in made)
