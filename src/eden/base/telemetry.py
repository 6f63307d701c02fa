"""What the server tells about itself: log lines, figures for Prometheus, traces for OpenTelemetry.

Logs go through the standard library; a line may carry fields: `log.info("sent", extra={"fields": {"n": 3}})`.
Figures of several processes on one machine are added up by prometheus-client's files, when the supervisor has named
their folder (`PROMETHEUS_MULTIPROC_DIR`) before this module is imported. Traces are off, and OpenTelemetry is not
even imported, until `start_traces`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Literal, TypeVar

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, exposition, multiprocess
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from eden.base.errors import EdenError
from eden.base.settings import Logs

Figure = TypeVar("Figure", bound=MetricWrapperBase)

#: seconds; the lower ones for update checks, the upper ones for uploads
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"

#: the id of the request that is being answered; log lines carry it
trace_id: ContextVar[str] = ContextVar("eden_trace", default="")


# logs


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the line's fields, trace, exception."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if trace := trace_id.get():
            line.setdefault("trace", trace)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


class TextFormatter(logging.Formatter):
    """One line for people: time, level, message, fields. What strangers send writes no lines of its own and paints no
    terminal."""

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in getattr(record, "fields", {}).items())
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        told = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", f"{record.getMessage()}{fields}")
        text = f"{_time(record.created)[11:23]} {level}{told}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def _time(seconds: float) -> str:
    whole, milliseconds = divmod(int(seconds * 1000), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{milliseconds:03d}Z"


def start_logs(settings: Logs) -> None:
    """Write this process's logs to standard error, as the settings say."""
    text = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # other people's libraries tell of every request; ours are asked for
    root.setLevel(max(logging.WARNING, getattr(logging, settings.level.upper())))
    logging.getLogger("eden").setLevel(settings.level.upper())


# figures


class Metrics:
    """The figures of this process. A name is asked for any number of times and is one figure."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._known: dict[str, MetricWrapperBase] = {}
        if MULTIPROCESS not in os.environ:
            ProcessCollector(registry=self.registry)
            PlatformCollector(registry=self.registry)
            GCCollector(registry=self.registry)

    def counter(self, name: str, help_text: str, labels: Sequence[str] = ()) -> Counter:
        """A number that only grows; `name` ends in _total."""
        return self._once(name, Counter, lambda: Counter(name, help_text, labels, registry=self.registry))

    def histogram(
        self, name: str, help_text: str, labels: Sequence[str] = (), buckets: Sequence[float] = BUCKETS
    ) -> Histogram:
        """A distribution; seconds unless `buckets` are given."""
        return self._once(
            name, Histogram, lambda: Histogram(name, help_text, labels, buckets=buckets, registry=self.registry)
        )

    def gauge(
        self,
        name: str,
        help_text: str,
        labels: Sequence[str] = (),
        processes: Literal["livesum", "liveall", "livemax", "mostrecent"] = "livesum",
    ) -> Gauge:
        """A number that goes up and down; `processes` says what several processes' numbers make together."""
        return self._once(
            name, Gauge, lambda: Gauge(name, help_text, labels, registry=self.registry, multiprocess_mode=processes)
        )

    def _once(self, name: str, kind: type[Figure], make: Callable[[], Figure]) -> Figure:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = make()
        if not isinstance(known, kind):
            raise TypeError(f"{name} is another kind of figure")
        return known

    def names(self) -> list[str]:
        """All figures that were asked for."""
        return list(self._known)

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """Body and content type for a scraper that accepts `accept`; of all processes side by side."""
        registry = self.registry
        if MULTIPROCESS in os.environ:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        encode, content_type = exposition.choose_encoder(accept)
        return encode(registry), content_type


# traces

_tracer: Any = None
_NOTHING = contextlib.nullcontext()


def span(name: str, **attributes: str | int | float | bool) -> contextlib.AbstractContextManager[Any]:
    """Time what happens inside, as part of the request's trace; nothing when traces are off."""
    if _tracer is None:
        return _NOTHING
    manager: contextlib.AbstractContextManager[Any] = _tracer.start_as_current_span(name, attributes=attributes)
    return manager


@contextlib.contextmanager
def request_span(method: str, area: str, traceparent: str | None) -> Iterator[Callable[[int], None]]:
    """The span of a request from outside, a child of the caller's (W3C Trace Context). Call what it gives with the
    answer's status. Only while traces are on (`tracing`)."""
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = TraceContextTextMapPropagator().extract({"traceparent": traceparent}) if traceparent else None
    with _tracer.start_as_current_span(
        f"{method} {area}",
        context=parent,
        kind=trace.SpanKind.SERVER,
        attributes={"http.request.method": method, "eden.area": area},
    ) as current:

        def answered(status: int) -> None:
            current.set_attribute("http.response.status_code", status)
            if status >= 500:
                current.set_status(trace.Status(trace.StatusCode.ERROR))

        yield answered


def tracing() -> bool:
    """Whether traces are on."""
    return _tracer is not None


def current_trace() -> str:
    """The id of the trace of the span that is open, 32 hexadecimal digits."""
    from opentelemetry import trace

    return f"{trace.get_current_span().get_span_context().trace_id:032x}"


def start_traces(endpoint: str, share: float, attributes: Mapping[str, str]) -> Callable[[], None]:
    """Send traces to an OTLP collector over HTTP; the function returned sends what is left and ends it.

    Raises EdenError when OpenTelemetry is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
    except ImportError as error:
        raise EdenError(
            "no-opentelemetry", "telemetry.endpoint is set, but OpenTelemetry is not installed.",
            "Install it: pip install 'eden-platform[telemetry]'",
        ) from error  # fmt: skip
    provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(share), resource=Resource.create({"service.name": "eden", **attributes})
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint.rstrip("/") + "/v1/traces")))
    use_tracer(provider.get_tracer("eden"))

    def end() -> None:
        use_tracer(None)
        provider.shutdown()

    return end


def use_tracer(tracer: Any) -> None:
    """Have `tracer` (of OpenTelemetry) record spans; None: off."""
    global _tracer
    _tracer = tracer
