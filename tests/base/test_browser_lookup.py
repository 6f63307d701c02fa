from __future__ import annotations

import sys
from pathlib import Path

import pytest

from eden.base import browser
from eden.base.errors import EdenError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the places are those of Linux")


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No browser anywhere; PATH is an empty folder `bin`."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    monkeypatch.delenv("EDEN_CHROMIUM", raising=False)


def executable(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_none_says_how_to_get_one_in_one_line() -> None:
    with pytest.raises(EdenError) as caught:
        browser.chromium()
    assert caught.value.code == "browser-missing"
    assert "EDEN_CHROMIUM" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_order_is_variable_system_playwright(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    executable(tmp_path / "browsers/chromium-1100/chrome-linux/chrome")
    newest = executable(tmp_path / "browsers/chromium-1200/chrome-linux64/chrome")
    assert browser.chromium() == newest
    system = executable(tmp_path / "bin/google-chrome")
    assert browser.chromium() == system
    named = executable(tmp_path / "mine")
    monkeypatch.setenv("EDEN_CHROMIUM", str(named))
    assert browser.chromium() == named


def test_wrong_variable_is_an_error_even_if_there_is_a_browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    executable(tmp_path / "bin/chromium")
    monkeypatch.setenv("EDEN_CHROMIUM", str(tmp_path / "absent"))
    with pytest.raises(EdenError, match="EDEN_CHROMIUM names"):
        browser.chromium()


def test_root_installs_the_distributions_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target = tmp_path / "bin/chromium"
    log = tmp_path / "log"
    executable(
        tmp_path / "bin/apt-get",
        f'#!/bin/sh\necho "$*" >>"{log}"\ncase "$*" in *install*) echo >"{target}"; /bin/chmod +x "{target}" ;; esac\n',
    )
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(EdenError):
        browser.chromium(install=True)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(EdenError):
        browser.chromium()
    assert not log.exists()
    assert browser.chromium(install=True) == target
    assert log.read_text().splitlines() == ["-qq update", "-qq install -y chromium fonts-noto-cjk"]
