"""What it costs a busy phone to tell its server how it is used, in headless Chromium.

Two programs are started and work without a pause, the demo bank (pages, taps, requests) and a page with a list (updates
of one row and of all rows, taps, lines of the console), in rounds with collecting on and rounds without, in turns, in
one browser.
`program_ratio_percent` is how much more of the processor's time the programs' own thread takes with collecting, as
Chromium counts it (`TaskDuration`: scripts, layout, painting); `all_ratio_percent` that of the host's page and the
programs together, where records are made, kept and sent; medians over pairs of neighbouring rounds, starts of both
programs included. `program_ms` and `host_ms` are these times without collecting, `own_ms` what collecting itself counts
in the host's page, `records` how many reached the server in a round. `script_more_ms` is what `ScriptDuration` grows
by; it leaves out what runs from promises, most of what programs do, and is no measure of the whole. `collect_gzip_kb`
is what a phone loads for it, late.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Frame, Page, sync_playwright

from apps.bank.service import app as bank_service
from bench._harness import Figure
from eden.base.browser import LAUNCH_ARGUMENTS, chromium
from eden.base.http import Receive, Scope, Send, respond
from eden.base.tools import bundle
from tests.browser.platform import RunningPlatform

ROUNDS = 7
#: of the work in a round
BANK_LOOPS = 6
LIST_LOOPS = 120
BANK = Path(__file__).parents[1] / "apps/bank/miniprogram"

_HOST = """<!doctype html><meta charset="utf-8"><title>bench</title>
<style>html,body{margin:0}#phone{width:375px;height:667px}</style><div id="phone"></div>
<script src="/app/test/host.js"></script><script>
const on = location.search === '?on'
const host = window.host = new Eden.EdenHost({
  container: document.getElementById('phone'), runtimeUrl: '/app/test/runtime.js', theme: 'light', locale: 'en',
  hangLimit: 0, prompts: 'grant', platform: { url: '/device/v1/test/' }, ...(on ? {} : { collect: false }),
  services: { fetch: (url, init) => fetch(String(url).replace('https://bank.eden.local/', '/bank/'), init) },
})
let painted = []
host.addEventListener('painted', () => painted.splice(0).forEach((done) => done()))
window.start = async (key) => {
  const first = new Promise((done) => painted.push(done))
  await host.open(host.platform.address(key))
  await first
}
</script>"""

#: helpers of the work, in the program's frame
_TOOLS = """
const pause = (ms) => new Promise((done) => setTimeout(done, ms))
const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
const roots = () => [...document.querySelectorAll('*')].map((one) => one.shadowRoot).filter(Boolean)
const find = (selector) => roots().flatMap((root) => [...root.querySelectorAll(selector)])
  .filter((one) => one.getBoundingClientRect().width > 0)
const wait = async (probe) => {
  for (let n = 0; n < 1000; n++) {
    const found = probe()
    if (found && (!Array.isArray(found) || found.length)) return found
    await pause(10)
  }
  throw new Error('does not come: ' + probe)
}
const tap = (one) => one.dispatchEvent(
  new CustomEvent('eden:tap', { bubbles: true, composed: true, detail: { x: 5, y: 5 } }))
const go = (name, options = {}) => new Promise((success, fail) => wx[name]({ ...options, success, fail }))
"""

_SIGN_IN = """async () => {
  const answer = await new Promise((success, fail) => wx.request({
    url: 'https://bank.eden.local/api/bank/session', method: 'POST', success, fail,
    data: { phone: '13812345820', password: 'secret1' }, header: { 'content-type': 'application/json' },
  }))
  wx.setStorageSync('token', answer.data.token)
}"""

_BANK_WORK = (
    "async (loops) => {"
    + _TOOLS
    + """
  for (let loop = 0; loop < loops; loop++) {
    await go('switchTab', { url: '/pages/home/home' })
    await wait(() => find('.account'))
    for (let n = 0; n < 2; n++) {
      tap(find('.eye')[0])
      await frame()
    }
    tap(find('.account')[0])
    await wait(() => find('.chip'))
    await wait(() => find('.day'))
    for (let n = 0; n < 4; n++) {
      const chips = find('.chip')
      tap(chips[n % chips.length])
      await pause(30)
      await wait(() => find('.end'))
    }
    await go('navigateBack')
    await go('switchTab', { url: '/pages/messages/messages' })
    await go('switchTab', { url: '/pages/me/me' })
    await frame()
  }
}"""
)

_LIST = {
    "app.json": {"pages": ["pages/list/list"]},
    "pages/list/list.js": """Page({
      data: { items: [] },
      touch({ currentTarget: { dataset } }) {
        this.setData({ [`items[${dataset.index}].on`]: true })
        console.log('touched', dataset.index)
      },
    })""",
    "pages/list/list.wxml": (
        '<view wx:for="{{items}}" wx:key="id" class="item" bindtap="touch" data-index="{{index}}">'
        "<text>{{item.title}}</text><text>{{item.note}}</text></view>"
    ),
    "pages/list/list.wxss": ".item { display: flex; padding: 20rpx }",
}
_LIST_WORK = (
    "async (loops) => {"
    + _TOOLS
    + """
  const page = getCurrentPages().at(-1)
  const item = (_, id) => ({ id, title: `Item ${id}`, note: `${id} min` })
  page.setData({ items: Array.from({ length: 400 }, item) })
  await frame()
  const rows = find('.item')
  for (let loop = 0; loop < loops; loop++) {
    for (let n = 0; n < 10; n++) page.setData({ [`items[${(loop * 10 + n) % 400}].title`]: `Changed ${loop}` })
    if (loop % 10 === 0) tap(rows[loop % 400])
    if (loop % 20 === 19) page.setData({ items: Array.from({ length: 400 }, item) })
    await frame()
  }
}"""
)


@dataclass
class _Round:
    """Seconds of the processor, and what collecting says of itself."""

    script: float
    program: float
    host: float
    own: float
    records: int


class _Platform(RunningPlatform):
    """With the bank's service, and the page that the phone is in."""

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path.startswith("/bank/"):
            return await bank_service(dict(scope, path=path.removeprefix("/bank/api/bank")), receive, send)
        if path == "/bench":
            return await respond(send, _HOST.encode(), headers=[(b"content-type", b"text/html; charset=utf-8")])
        return await super()._application(scope, receive, send)


def main(quick: bool) -> Iterable[Figure]:
    with _served() as platform, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=LAUNCH_ARGUMENTS, chromium_sandbox=False)
        scale = 6 if quick else 1
        _round(browser, platform, True, scale)
        pairs = []
        for number in range(1 if quick else ROUNDS):
            # who goes first takes turns as well
            order = (True, False) if number % 2 else (False, True)
            found = {on: _round(browser, platform, on, scale) for on in order}
            pairs.append((found[True], found[False]))
        browser.close()
    sizes = json.loads(bundle("index.json").read_text(encoding="utf-8"))
    program = median(on.program / off.program for on, off in pairs)
    everything = median((on.program + on.host) / (off.program + off.host) for on, off in pairs)
    yield Figure("program_ratio_percent", 100 * (program - 1), None if quick else 2)
    yield Figure("all_ratio_percent", 100 * (everything - 1))
    yield Figure("program_ms", 1000 * median(off.program for _, off in pairs))
    yield Figure("host_ms", 1000 * median(off.host for _, off in pairs))
    yield Figure("script_more_ms", 1000 * median(on.script - off.script for on, off in pairs))
    yield Figure("own_ms", median(on.own for on, _ in pairs))
    yield Figure("records", median(on.records for on, _ in pairs))
    yield Figure("collect_gzip_kb", sizes["collect.js"]["gzip"] / 1000, 20)


@contextmanager
def _served() -> Iterator[_Platform]:
    with tempfile.TemporaryDirectory(prefix="eden-bench-") as folder:
        platform = _Platform(Path(folder))
        try:
            files: dict[str, Any] = {
                str(path.relative_to(BANK)): path.read_bytes() for path in BANK.rglob("*") if path.is_file()
            }
            about = json.loads(files["eden.json"])
            files["eden.json"] = {**about, "version": "1.0.0"}
            files["project.config.json"] = {"appid": "wxbank", "projectname": "Bank"}
            # the fixture's own page is none of the bank's
            platform.publish("1.0.0", {**files, "pages/a/a.wxml": "<view/>", "pages/a/a.js": "Page({})"})
            platform.publish("1.0.0", _LIST, key="list")
            for key in ("bank", "list"):
                platform.release("1.0.0", key=key, finish=True)
            assert platform.collecting is not None
            platform.collecting.want("bank", "list", seconds=10)
            yield platform
        finally:
            platform.close()


def _round(browser: Browser, platform: _Platform, on: bool, scale: int) -> _Round:
    context = browser.new_context(viewport={"width": 800, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{platform.origin}/bench?{'on' if on else 'off'}")
    page.wait_for_function("typeof start === 'function'")
    collecting = platform.collecting
    assert collecting is not None
    before = len(collecting.records())
    script = program = shell = own = 0.0
    for key, work, loops in (("bank", _BANK_WORK, BANK_LOOPS), ("list", _LIST_WORK, LIST_LOOPS)):
        # the frame in which the program will run waits already
        page.wait_for_selector("iframe.spare", state="attached")
        page.wait_for_timeout(1000)
        with _Clock(page) as clock:
            frame = _start(page, key)
            if key == "bank":
                frame.evaluate(_SIGN_IN)
            page.wait_for_timeout(1500)
            frame.evaluate(work, max(1, loops // scale))
            # what was put off to a quiet moment belongs to it
            page.wait_for_timeout(2500)
        script += clock.script
        program += clock.program
        shell += clock.host
    if on:
        own = page.evaluate("host.collect.cost")
        page.evaluate("host.collect.settled()")
    context.close()
    return _Round(script, program, shell, own, len(collecting.records()) - before)


class _Clock:
    """Seconds that the processes of a page, and of the frames in it, spend from beginning to end."""

    def __init__(self, page: Page) -> None:
        spare = page.wait_for_selector("iframe.spare", state="attached")
        assert spare is not None
        frame = spare.content_frame()
        assert frame is not None
        self._sessions = [page.context.new_cdp_session(page), page.context.new_cdp_session(frame)]
        for session in self._sessions:
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.script = self.host = self.program = 0.0

    def _read(self) -> tuple[float, float, float]:
        host, program = (
            {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
            for session in self._sessions
        )
        return host["ScriptDuration"] + program["ScriptDuration"], host["TaskDuration"], program["TaskDuration"]

    def __enter__(self) -> _Clock:
        self._before = self._read()
        return self

    def __exit__(self, *_: object) -> None:
        self.script, self.host, self.program = (
            now - before for now, before in zip(self._read(), self._before, strict=True)
        )
        for session in self._sessions:
            session.detach()


def _start(page: Page, key: str) -> Frame:
    """Start a program; the frame in which its code runs."""
    page.evaluate("(key) => start(key)", key)
    outer = page.evaluate_handle("host.current.frame").as_element()
    assert outer is not None
    guard = outer.content_frame()
    assert guard is not None
    return guard.child_frames[0]
