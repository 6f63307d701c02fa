"""`eden up` as a process of its own: what it refuses, what it serves, how it ends."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eden.app import prepare_database
from eden.base import changes
from eden.base.errors import EdenError
from eden.base.ground import open_ground
from eden.base.listener import listen
from eden.base.settings import DatabaseSettings, Listen, Oidc, Settings
from eden.operate.running import held, running_server
from eden.operate.up import check_https, check_owner, has_owner, up
from eden.operate.worker import Order
from tests.operate.conftest import SECRET, MakeSettings
from tests.operate.test_doctor import own, prepared, wrong


class Running:
    """A server process; its port is the one it printed."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log
        self.port = 0

    def get(self, path: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            return answer.status, json.loads(body) if body.startswith(b"{") else body.decode()
        finally:
            connection.close()

    def figures(self, line: str) -> str:
        """The figures once `line` is among them."""
        for _ in range(2400):
            text = str(self.get("/metrics")[1])
            if line in text:
                return text
            time.sleep(0.05)
        raise AssertionError(text)

    def stop(self, sent: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(sent)
        return self.process.wait(60)

    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def server(folder: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    log = folder / "log"
    command = [sys.executable, "-m", "eden", "up", "--port", "0", *arguments]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("EDEN_")}
    with log.open("w") as stderr:
        process = subprocess.Popen(
            command, cwd=folder, env=inherited | environment, stdout=subprocess.PIPE, stderr=stderr, text=True
        )
    running = Running(process, log)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if match := re.search(r"Console  http://127\.0\.0\.1:(\d+)/console/", line):
                running.port = int(match[1])
            if "Stop with" in line:
                break
        yield running
    finally:
        process.kill()
        process.wait(60)
        process.stdout.close()


@pytest.mark.timeout(300)
def test_one_process(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        assert running.get("/healthz") == (200, {"status": "ok"})
        assert running.get("/readyz") == (200, {"status": "ready"})
        assert running.get("/nowhere")[0] == 404
        assert "eden_http_requests_total" in running.get("/metrics")[1]
        # a second one is told, and the first one goes on; nothing is done under its feet
        settings = Settings(data=str(tmp_path / "eden-data"), listen=Listen(port=running.port))
        with pytest.raises(EdenError, match=f"Port {running.port} is taken. Another server runs there; stop it"):
            up(settings)
        assert running_server(settings) == ""
        with pytest.raises(EdenError, match="Stop it first"), held(settings, alone=True):
            pass
        end_while_a_request_is_sent(running)
        # nothing went wrong
        paths = [line["path"] for line in running.logged() if line["logger"] == "eden.access"]
        assert paths == ["/nowhere", "/api/v1/openapi.json"]
        assert not [line for line in running.logged() if line["level"] == "error"]


def write_beside(data: Path) -> None:
    """SQLite with several processes: a further one writes, from several threads."""
    ground = open_ground(Settings(data=str(data)))

    def write() -> None:
        for _ in range(20):
            ground.database.write_now(lambda connection: changes.append(connection, "x", "", {}))

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ground.database.read_now(changes.last_number) == 60
    ground.close()


@pytest.mark.timeout(300)
def test_several_processes(tmp_path: Path) -> None:
    # of a supervisor that was killed
    (tmp_path / "eden-data" / "metrics-left").mkdir(parents=True)
    with server(tmp_path, "--processes", "2") as running:
        for _ in range(10):
            assert running.get("/nowhere")[0] == 404
        running.figures("eden_ready 2.0")
        # a request is counted behind its answer, and another process may be asked meanwhile
        running.figures('eden_http_requests_total{area="other",status="404"} 10.0')
        write_beside(tmp_path / "eden-data")
        # one dies; the other serves, and a new one comes
        worker = int(subprocess.check_output(["pgrep", "-P", str(running.process.pid)], text=True).split()[0])
        os.kill(worker, signal.SIGKILL)
        for _ in range(10):
            assert running.get("/healthz")[0] == 200
        for _ in range(2400):
            children = set(subprocess.check_output(["pgrep", "-P", str(running.process.pid)], text=True).split())
            if len(children) == 2 and str(worker) not in children:
                break
            time.sleep(0.05)
        assert len(children) == 2
        running.figures("eden_ready 2.0")
        assert running.stop(signal.SIGINT) == 0
        assert not list((tmp_path / "eden-data").glob("metrics-*"))
        told = [line["message"] for line in running.logged() if line["level"] == "error"]
        assert len(told) == 1
        assert "ended with -9" in told[0]


@pytest.mark.timeout(300)
def test_processes_end_with_their_supervisor(tmp_path: Path) -> None:
    """When it is killed, its end of the pipe closes."""
    with listen("127.0.0.1", 0) as listener:
        worker = subprocess.Popen(
            [sys.executable, "-m", "eden.operate.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[listener.fileno()],
        )  # fmt: skip
        assert worker.stdin is not None and worker.stdout is not None
        order = Order(Settings(data=str(tmp_path)), listener.fileno(), 0)
        worker.stdin.write(msgspec.json.encode(order) + b"\n")
        worker.stdin.flush()
        assert worker.stdout.readline() == b"ready\n"
        worker.stdin.close()
        assert worker.wait(60) == 0
        worker.stdout.close()


def end_while_a_request_is_sent(running: Running) -> None:
    """A request that is being sent when the signal comes is answered; then the server ends."""
    slow = socket.create_connection(("127.0.0.1", running.port), timeout=20)
    slow.sendall(b"POST /api/v1/openapi.json HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n12")
    # the server has begun with it when another one is through
    assert running.get("/healthz")[0] == 200
    running.process.send_signal(signal.SIGTERM)
    refused = False
    for _ in range(2400):
        try:
            socket.create_connection(("127.0.0.1", running.port), timeout=20).close()
        except ConnectionRefusedError:
            refused = True
            break
        time.sleep(0.05)
    assert refused
    slow.sendall(b"34")
    assert slow.recv(4096).startswith(b"HTTP/1.1 4")
    slow.close()
    assert running.process.wait(60) == 0


def test_broken_start_is_told(make_settings: MakeSettings) -> None:
    settings = msgspec.structs.replace(make_settings("folder"), database=DatabaseSettings(migrate="never"))
    with pytest.raises(EdenError, match="The database is empty"):
        up(settings)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"postgresql://eden@127.0.0.1:{unused.getsockname()[1]}/eden"
        settings = msgspec.structs.replace(settings, database=DatabaseSettings(address=address))
        with pytest.raises(EdenError, match=r"The database refuses: .* Is PostgreSQL up"):
            up(settings)


def test_database_that_may_only_be_read(make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite would say so at the first change, when the server has said that it is ready."""
    settings = prepared(make_settings("folder"))
    file = settings.data_folder / "eden.db"
    monkeypatch.setattr("eden.operate.stores.os.access", lambda path, mode: path != file)
    with pytest.raises(EdenError, match=r"eden\.db cannot be written by this user"):
        up(settings)
    assert "cannot be written" in wrong(settings)["database"].sentence


def test_schema_stays_as_it_is_while_a_server_has_the_port(make_settings: MakeSettings) -> None:
    """That server may be of another version."""
    settings = make_settings("folder")
    with listen("127.0.0.1", 0) as listener:
        settings = msgspec.structs.replace(settings, listen=Listen(port=listener.getsockname()[1]))
        with pytest.raises(EdenError, match="is taken"):
            up(settings)
    assert not (settings.data_folder / "eden.db").exists()


def test_public_server_is_refused_step_by_step(make_settings: MakeSettings) -> None:
    """No TLS, no key, no owner: each is told with what to do."""
    base = make_settings("folder")
    public = Listen(host="0.0.0.0", port=0)
    with pytest.raises(EdenError, match=r"no https address. Put a proxy with TLS in front and set public_url"):
        up(Settings(data=base.data, listen=public))
    with pytest.raises(EdenError, match="needs a secret key of its own"):
        up(Settings(data=base.data, listen=public, public_url="https://eden.example.com"))
    with pytest.raises(EdenError, match="needs an owner with a password first"):
        up(Settings(data=base.data, listen=public, public_url="https://eden.example.com", secret_key=SECRET))


def test_public_rules() -> None:
    check_https(Settings())
    check_https(Settings(listen=Listen(host="0.0.0.0", allow_http=True)))
    check_https(Settings(listen=Listen(host="0.0.0.0"), public_url="https://eden.example.com"))
    with pytest.raises(EdenError, match="no https"):
        check_https(Settings(public_url="http://eden.example.com"))
    check_owner(Settings(), False)
    check_owner(Settings(listen=Listen(host="::")), True)
    with pytest.raises(EdenError, match="eden init"):
        check_owner(Settings(listen=Listen(host="::")), False)


def test_who_counts_as_owner(make_settings: MakeSettings) -> None:
    ground = open_ground(make_settings("folder"))
    prepare_database(ground)

    def owned(by_oidc: bool = False) -> bool:
        return ground.database.read_now(lambda connection: has_owner(connection, by_oidc))

    assert not owned()
    ground.database.write_now(own)
    assert owned()
    ground.database.write_now(lambda c: c.exec_driver_sql("UPDATE users SET password_hash = NULL"))
    assert not owned()
    assert owned(bool(Oidc(issuer="https://id.example.com").issuer))
    ground.database.write_now(lambda c: c.exec_driver_sql("""UPDATE members SET roles = '["developer"]'"""))
    assert not owned(True)
    ground.close()


def test_listening() -> None:
    first = listen("127.0.0.1", 0)
    port = first.getsockname()[1]
    with pytest.raises(EdenError, match=f"Port {port} is taken"):
        listen("127.0.0.1", port)
    with pytest.raises(EdenError, match=r"Set listen.host to an address of this machine"):
        listen("192.0.2.1", port)
    first.close()
    six = listen("::1", 0)
    assert six.family == socket.AF_INET6
    six.close()
