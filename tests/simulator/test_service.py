"""The commands: ports, addresses, messages, interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from eden.base.errors import EdenError
from eden.cli import main
from eden.simulator.service import listen
from tests.browser.programs import write_program


def test_the_next_free_port_is_taken() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with listen("127.0.0.1", port) as second:
            assert port < second.getsockname()[1] <= port + 19


def test_no_port_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eden.simulator.service.PORT_TRIES", 1)
    with listen("127.0.0.1", 0) as first, pytest.raises(EdenError) as caught:
        listen("127.0.0.1", first.getsockname()[1])
    assert caught.value.code == "port-taken"


def test_an_address_of_another_machine() -> None:
    with pytest.raises(EdenError) as caught:
        listen("192.0.2.1", 0)
    assert caught.value.code == "cannot-listen"


def test_a_path_that_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev", str(tmp_path / "gone"), "--no-open"]) == 1
    assert capsys.readouterr().err == f"eden: {tmp_path / 'gone'} is not a folder. Give the folder of a mini program.\n"


def test_a_folder_without_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev", str(tmp_path), "--no-open"]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith(f"eden: {tmp_path}: ") and "app.json" in captured.err
    assert "Traceback" not in captured.err and "Phone" not in captured.out


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_at_once_although_a_page_listens(tmp_path: Path, number: signal.Signals) -> None:
    source = write_program(tmp_path / "program", {"pages/a/a.wxml": "<view/>", "pages/a/a.js": "Page({})"})
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "eden", "dev", str(source), "--no-open", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    address = next(line.split()[1] for line in process.stdout if line.strip().startswith("Phone"))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{address}events", timeout=30) as events:
        assert events.readline() == b": connected\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert err == ""
    assert "Traceback" not in out
    assert process.returncode == (0 if number is signal.SIGINT else -signal.SIGTERM)
