"""The bank of `eden demo` on a phone that fills the page, and what a person does there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from playwright.sync_api import Frame, FrameLocator, Locator, Page, expect

from bench._gateway_proxies import children
from tests.browser.runtime.conftest import asked, program_frame

#: what the demo tells its simulator, it tells this phone
_PHONE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>phone</title><link rel="icon" href="data:,">
<style>html,body,#phone{margin:0;width:100%;height:100%;overflow:hidden}</style><div id="phone"></div>
<script src="/container/host.js"></script><script type="module">
const { program, gateway, keyboard } = await (await fetch('/settings.json')).json()
const host = new Eden.EdenHost({
  container: document.getElementById('phone'), runtimeUrl: '/container/runtime.js', mode: 'check', locale: 'LOCALE',
  theme: 'THEME', prompts: 'PROMPTS', policy: { domains: 'any' }, services: { proxy: '/_proxy?url=' },
  gateway, keyboard,
})
void host.open(program)
</script></html>"""
CUSTOMER, PASSWORD, PIN = "13812345820", "secret1", "258013"
#: in the command lines of processes that serve what the phone calls
_SERVING = re.compile(rb"\0bank\b|\0eden\.gateway\b")
_LETTERS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


class Demo(NamedTuple):
    """A running `eden demo`: addresses of the phone, of the way into the console, of the bank's staff; the folder of
    what the bank keeps, the lines of its terminal since it was ready, and its process."""

    phone: str
    console: str
    staff: str
    bank: Path
    said: list[str]
    process: int

    def machine_time(self) -> float:
        """Seconds of processor time that the bank, its reader of papers and the gateway have taken so far."""
        ticks = 0
        for process in children(self.process):
            folder = Path(f"/proc/{process}")
            if _SERVING.search((folder / "cmdline").read_bytes()):
                # of the process, and of those that it has waited for
                ticks += sum(map(int, (folder / "stat").read_text().rpartition(")")[2].split()[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def running_demo() -> Iterator[Demo]:
    """What it keeps while it runs is in a folder with a short name: paths of local sockets have 107 bytes."""
    command = [sys.executable, "-m", "eden", "demo", "--no-open", "--port", "0"]
    with (
        tempfile.TemporaryDirectory(prefix="demo-", ignore_cleanup_errors=True) as folder,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"TMPDIR": folder},
        ) as process,
    ):
        try:
            assert process.stdout is not None
            addresses = []
            for line in process.stdout:
                addresses += re.findall(r"http://127[^\s,]+", line)
                # its bank has made up its past, and the gateway has the catalogue
                if "are released" in line:
                    break
            (bank,) = Path(folder).glob("eden-demo-*/bank")
            phone, console, staff = addresses
            said: list[str] = []
            threading.Thread(target=_listen, args=(process.stdout, said), daemon=True).start()
            yield Demo(phone, console, staff, bank, said, process.pid)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _listen(terminal: IO[str], said: list[str]) -> None:
    for line in terminal:
        said.append(line)


class Phone:
    def __init__(self, page: Page) -> None:
        self.page = page

    def start(self, demo: Demo, language: str = "zh_CN", theme: str = "light", prompts: str = "grant") -> Phone:
        """The program on a phone of a usual size. `prompts`: how the phone's questions are answered, "ask": by hand."""
        self.page.set_viewport_size({"width": 390, "height": 844})
        address = f"{demo.phone}phone.html"
        body = _PHONE.replace("LOCALE", language).replace("THEME", theme).replace("PROMPTS", prompts)
        self.page.route(address, lambda route: route.fulfill(content_type="text/html", body=body))
        self.page.goto(address)
        return self

    def sign_in(self, phone: str = CUSTOMER, password: str = PASSWORD, *, good: bool = True) -> None:
        """The password by taps where its keys have their places."""
        self.on("pages/login/login")
        self.front("#phone input").fill(phone)
        self.front("#password").click()
        if password == PASSWORD:
            self.tap_safely(password)
        else:
            self.type_safely(password, "Enter")
        expect(self.front("#password input")).to_have_value("*" * len(password))
        if not self.frame.evaluate("() => getCurrentPages()[0].data.agreed"):
            self.front("wx-checkbox").click()
        self.front("wx-button").first.click()
        if good:
            self.on("pages/home/home")

    @property
    def keyboard(self) -> FrameLocator:
        return self.page.locator("[role=dialog] iframe").content_frame

    def ready(self) -> Locator:
        """The keys, once they do something."""
        keys = self.keyboard.locator("canvas")
        keys.wait_for()
        self.page.wait_for_timeout(350)
        return keys

    def type_safely(self, typed: str, *keys: str) -> None:
        """With the keys of a real keyboard, since those of the phone have changed their places."""
        self.ready()
        self.page.keyboard.type(typed)
        for key in keys:
            self.page.keyboard.press(key)
        expect(self.page.locator("[role=dialog] iframe")).to_have_count(0)

    def fill_safely(self, field: str, typed: str) -> None:
        """A field of the secure keyboard; a PIN ends by itself."""
        self.front(f"#{field}").click()
        self.type_safely(typed, *(() if typed.isdigit() else ("Enter",)))
        expect(self.front(f"#{field} input")).to_have_value("*" * len(typed))

    def tap_safely(self, typed: str) -> None:
        """By taps on the canvas: letters, then digits on the other page."""
        keys, digits = self.ready(), False
        for character in typed:
            if character.isdigit() is not digits:
                self._tap(keys, 0.2, 4)
                digits = not digits
            if digits:
                self._tap(keys, ("1234567890".index(character) + 0.5) / 10, 1)
                continue
            row = next(place for place, letters in enumerate(_LETTERS) if character in letters)
            place = _LETTERS[row].index(character)
            self._tap(keys, 0.5 + (place + 0.5 - len(_LETTERS[row]) / 2) / 10, row + 1)
        # a click whose frame goes with it may never be answered by the browser
        self.page.keyboard.press("Enter")
        expect(self.page.locator("[role=dialog] iframe")).to_have_count(0)

    def _tap(self, keys: Locator, across: float, row: int) -> None:
        box = keys.bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + across * box["width"], box["y"] + (row - 0.5) / 4 * box["height"])

    @property
    def frame(self) -> Frame:
        return program_frame(self.page)

    def run(self, script: str) -> Any:
        return self.frame.evaluate(script)

    def on(self, route: str) -> None:
        """Wait until this page is in front and has settled."""
        for _ in range(900):
            frames = [frame for frame in self.page.frames if frame is not self.page.main_frame]
            script = "() => document.querySelector('.eden-page:not([data-away])')?.dataset.route"
            if any(asked(frame, script) == route for frame in frames):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{route} did not come")

    def front(self, selector: str) -> Locator:
        return self.frame.locator(f".eden-page:not([data-away]) {selector}")

    def cents(self, selector: str) -> int:
        """The amount in an element."""
        return int(re.sub(r"\D", "", self.front(selector).inner_text()))

    def text(self, words: str, exact: bool = False) -> Locator:
        return self.front("wx-page").get_by_text(words, exact=exact).first
