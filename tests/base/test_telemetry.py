"""Log lines, figures, traces."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from eden.base import telemetry
from eden.base.settings import Logs
from eden.base.telemetry import Metrics, span


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root, eden = logging.getLogger(), logging.getLogger("eden")
    handlers, levels = root.handlers[:], (root.level, eden.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    eden.setLevel(levels[1])


def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.start_logs(Logs(format="json"))
    log = logging.getLogger("eden.some")
    log.debug("not written")
    logging.getLogger("another.library").info("not written")
    token = telemetry.trace_id.set("abc")
    log.info("sent %d", 3, extra={"fields": {"path": "/x", "file": Path("/y")}})
    telemetry.trace_id.reset(token)
    try:
        raise ZeroDivisionError("oh")
    except ZeroDivisionError:
        log.exception("failed")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "info",
        "logger": "eden.some",
        "message": "sent 3",
        "path": "/x",
        "file": "/y",
        "trace": "abc",
    }
    assert second["level"] == "error"
    assert "ZeroDivisionError: oh" in second["exception"]
    assert "trace" not in second


def test_text_lines(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.start_logs(Logs(format="text", level="warning"))
    log = logging.getLogger("eden.some")
    log.info("not written")
    log.warning("careful", extra={"fields": {"n": 1}})
    (line,) = capsys.readouterr().err.splitlines()
    assert line[12:] == " WARNING careful n=1"


def test_text_of_strangers_stays_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.start_logs(Logs(format="text"))
    fields = {"path": "/a\r\n12:00:00.000 all is well", "b": "\x1b[2J\x9b"}
    logging.getLogger("eden").info("GET %s", fields["path"], extra={"fields": fields})
    (line,) = capsys.readouterr().err.split("\n")[:-1]
    assert "GET /a\\x0d\\x0a12:00:00.000 all is well" in line
    assert line.endswith("b=\\x1b[2J\\x9b")


def test_auto_is_json_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.start_logs(Logs())
    logging.getLogger("eden").warning("x")
    assert json.loads(capsys.readouterr().err)["message"] == "x"


def test_time_is_rfc3339() -> None:
    record = logging.LogRecord("eden", logging.INFO, "", 0, "x", None, None)
    record.created = 1_700_000_000.9996
    line = msgspec.json.decode(telemetry.JsonFormatter().format(record))
    assert line["time"] == "2023-11-14T22:13:20.999Z"


def test_figures_are_one_per_name() -> None:
    metrics = Metrics()
    metrics.counter("eden_x_total", "X.", ("a",)).labels("1").inc()
    metrics.counter("eden_x_total", "X.", ("a",)).labels("1").inc()
    metrics.histogram("eden_s", "S.").observe(0.004)
    metrics.gauge("eden_g", "G.").set(5)
    body, content_type = metrics.text()
    text = body.decode()
    assert 'eden_x_total{a="1"} 2.0' in text
    assert 'eden_s_bucket{le="0.005"} 1.0' in text
    assert "eden_g 5.0" in text
    assert "process_resident_memory_bytes" in text
    assert content_type.startswith("text/plain")
    assert metrics.text("application/openmetrics-text; version=1.0.0")[1].startswith("application/openmetrics-text")
    with pytest.raises(TypeError, match="another kind"):
        metrics.gauge("eden_x_total", "X.")


_PROCESS = """
import sys
from eden.base.telemetry import Metrics
metrics = Metrics()
metrics.counter("eden_x_total", "X.").inc(int(sys.argv[1]))
metrics.gauge("eden_g", "G.").set(int(sys.argv[1]))
metrics.gauge("eden_m", "M.", processes="livemax").set(int(sys.argv[1]))
if sys.argv[2] == "read":
    print(metrics.text()[0].decode())
"""


def test_figures_of_several_processes_are_added_up(tmp_path: Path) -> None:
    def process(*arguments: str) -> str:
        environment = {**os.environ, telemetry.MULTIPROCESS: str(tmp_path)}
        command = [sys.executable, "-c", _PROCESS, *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    process("5", "write")
    text = process("2", "read")
    assert "eden_x_total 7.0" in text
    assert "eden_g 7.0" in text
    assert "eden_m 5.0" in text


def test_nothing_is_imported_while_traces_are_off() -> None:
    code = (
        "import sys; import eden.app; from eden.base.telemetry import span\n"
        "with span('x'): pass\n"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_spans_nest_under_the_callers(spans: InMemorySpanExporter) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    with telemetry.request_span("GET", "devices", f"00-{trace}-b7ad6b7169203331-01") as answered:
        assert telemetry.current_trace() == trace
        with span("database.write", rows=3):
            pass
        answered(503)
    inner, outer = spans.get_finished_spans()
    assert (inner.name, outer.name) == ("database.write", "GET devices")
    assert inner.parent is not None and inner.parent.span_id == outer.context.span_id
    assert outer.parent is not None and f"{outer.parent.span_id:016x}" == "b7ad6b7169203331"
    assert f"{outer.context.trace_id:032x}" == trace
    assert outer.attributes is not None and outer.attributes["http.response.status_code"] == 503
    assert not outer.status.is_ok
    assert inner.attributes == {"rows": 3}


def test_traces_are_sent_over_otlp(monkeypatch: pytest.MonkeyPatch) -> None:
    """To a collector on this machine; ended in order, nothing is lost."""
    import http.server
    import threading

    received: list[tuple[str, int]] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, len(self.rfile.read(int(self.headers["content-length"])))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    end = telemetry.start_traces(f"http://127.0.0.1:{server.server_port}/", 1.0, {"service.version": "x"})
    assert telemetry.tracing()
    with telemetry.request_span("GET", "api", None) as answered:
        answered(200)
    end()
    server.shutdown()
    server.server_close()
    assert not telemetry.tracing()
    assert [path for path, _ in received] == ["/v1/traces"]
    assert received[0][1] > 100
