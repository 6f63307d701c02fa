"""A Chromium to open pages in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from eden.base.errors import EdenError

#: For a headless browser that opens our own pages: nothing of the browser's own on the network, no sandbox (it
#: needs privileges that containers and root do not have; what is opened has a sandbox of its own, the frame).
LAUNCH_ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)


def chromium(*, install: bool = False) -> Path:
    """The executable of a Chromium: `EDEN_CHROMIUM`, the system's, Playwright's own.

    With `install`, and as root on a Debian, the distribution's package is installed when there is none.
    EdenError in one line when no browser is to be had.
    """
    if named := os.environ.get("EDEN_CHROMIUM"):
        if path := shutil.which(named):
            return Path(path)
        raise EdenError("browser-missing", f"EDEN_CHROMIUM names {named}, which is not an executable file.")
    if found := next(_installed(), None):
        return found
    if install and _install() and (found := next(_installed(), None)):
        return found
    raise EdenError(
        "browser-missing",
        "No Chromium or Chrome was found.",
        "Install one (`apt install chromium`, or `playwright install chromium`) or name it in EDEN_CHROMIUM.",
    )


def _installed() -> Iterator[Path]:
    yield from (Path(path) for name in _NAMES if (path := shutil.which(name)))
    yield from (path for path in map(Path, _APPLICATIONS) if path.is_file())
    yield from _playwrights_own()


def _playwrights_own() -> Iterator[Path]:
    """Browsers that `playwright install` has put into its cache, newest first."""
    if sys.platform == "darwin":
        default, pattern = "~/Library/Caches/ms-playwright", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*"
    elif sys.platform == "win32":
        default, pattern = "~/AppData/Local/ms-playwright", "chromium-*/chrome-win*/chrome.exe"
    else:
        default, pattern = "~/.cache/ms-playwright", "chromium-*/chrome-linux*/chrome"
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or default).expanduser()
    yield from sorted(cache.glob(pattern), reverse=True)


#: mini programs are mostly Chinese; without the fonts every character is the same box
_PACKAGES = ("chromium", "fonts-noto-cjk")


def _install() -> bool:
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print(f"eden: installing {' and '.join(_PACKAGES)} …", file=sys.stderr)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", *_PACKAGES]):
        result = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if result.returncode:
            return False
    return True
