"""What it costs a busy phone to tell its server how it is used, in headless Chromium.

Two programs work without a pause, the demo bank (pages, taps, requests) and a page with a list (updates of one row
and of all rows, taps, lines of the console). In one running page short blocks of the same work follow each other, in
pairs of one with collecting and one without, in both orders. Without: everything is switched off in the running
program, so the two have the same history, the same compiled code and the same heap; a whole start each would differ
by more than what is to be seen. The work of both programs together makes a pair. A block with collecting ends when
its records are made, packed, kept and sent, far more often than phones do. A few pairs in a page are a round; rounds
end as soon as it is clear on which side of the target the figures are, each by more than its error.

`size`: `collect_gzip_kb` is what a phone loads for it, late.

`starts`: `start_more_ms` is what starts of both programs, with some idle seconds after each, take more in all threads
than in a page that never collects; a median, of `start_1_more_ms` and so on.

`work`: `program_ratio_percent` is how much more of the processor's time the programs' own thread takes with
collecting, as Chromium counts it (`TaskDuration`: scripts, layout, painting); `all_ratio_percent` that of the host's
page and the programs together, where records are made, kept and sent; medians over the pairs. `program_error_percent`
and `all_error_percent`: they are right within so much, in 95 of 100 runs (1.86 distances of the quartiles of the
pairs' ratios, over the root of their number). `all_after_4_percent` and so on: as far as it was known after so many
pairs. `program_ms` and `host_ms` are these times of a block without collecting, `records` how many were sent for each
pair, those of the first blocks, which do not count, among them. `own_ms` is what collecting counts itself in the
host's page, of the same.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Browser, Frame, Page, sync_playwright

from bank.server import Server as BankServer
from bank.settings import Settings as BankSettings
from bench._harness import Figure
from eden.base.browser import LAUNCH_ARGUMENTS, chromium
from eden.base.http import Receive, Scope, Send, respond
from eden.base.tools import bundle
from tests.browser.platform import RunningPlatform

#: percent
TARGET = 2
#: pairs of a round, and how many rounds there are at least and at most
PAIRS, LEAST, MOST = 4, 3, 5
#: starts with and without, and seconds after each program's: until the first batches have gone
STARTS, REST = 2, 7
#: of the work in a block
BANK_LOOPS, LIST_LOOPS = 4, 200
#: blocks whose time does not count: code is compiled, pictures are loaded
WARM = 2
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
// as if every switch was off
window.collect = (on) => {
  if (on) { delete host.collect.tell; delete host.collect.frameKinds }
  else Object.assign(host.collect, { tell() {}, frameKinds: () => [] })
  host.collect.around.switched()
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
_LIST_BEGIN = """async () => {
  getCurrentPages().at(-1).setData({
    items: Array.from({ length: 400 }, (_, id) => ({ id, title: `Item ${id}`, note: `${id} min` })),
  })
}"""
_LIST_WORK = (
    "async (loops) => {"
    + _TOOLS
    + """
  const page = getCurrentPages().at(-1)
  const item = (_, id) => ({ id, title: `Item ${id}`, note: `${id} min` })
  const rows = find('.item')
  for (let loop = 0; loop < loops; loop++) {
    for (let n = 0; n < 10; n++) page.setData({ [`items[${(loop * 10 + n) % 400}].title`]: `Changed ${loop}` })
    if (loop % 10 === 0) tap(rows[loop % 400])
    if (loop % 20 === 19) page.setData({ items: Array.from({ length: 400 }, item) })
    await frame()
  }
}"""
)


#: program → what prepares it, its work, loops of that in a block
_WORK = {"bank": (_SIGN_IN, _BANK_WORK, BANK_LOOPS), "list": (_LIST_BEGIN, _LIST_WORK, LIST_LOOPS)}


@dataclass
class _Block:
    """Seconds of the processor."""

    program: float
    host: float

    @property
    def all(self) -> float:
        return self.program + self.host

    def __add__(self, other: _Block) -> _Block:
        return _Block(self.program + other.program, self.host + other.host)


class _Platform(RunningPlatform):
    """With the bank, and the page that the phone is in."""

    def __init__(self, folder: Path) -> None:
        self._bank = BankServer(BankSettings(folder / "bank", seed=3))
        super().__init__(folder)
        self.run(self._bank.bank.start())

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path.startswith("/bank/"):
            inner = f"/v1{path.removeprefix('/bank/api/bank')}"
            return await self._bank(dict(scope, path=inner), receive, send)
        if path == "/bench":
            return await respond(send, _HOST.encode(), headers=[(b"content-type", b"text/html; charset=utf-8")])
        return await super()._application(scope, receive, send)

    def close(self) -> None:
        self.run(self._bank.bank.stop())
        super().close()


def _size(quick: bool) -> Iterable[Figure]:
    sizes = json.loads(bundle("index.json").read_text(encoding="utf-8"))
    yield Figure("collect_gzip_kb", sizes["collect.js"]["gzip"] / 1000, 20)


def _starts(quick: bool) -> Iterable[Figure]:
    more: list[float] = []
    with _served() as platform, _browser() as browser:
        for number in range(1, 1 + (1 if quick else STARTS)):
            took: dict[bool, float] = {}
            # who goes first takes turns
            for on in (False, True) if number % 2 else (True, False):
                page, blocks = _open(browser, platform, on, _rest(quick))
                took[on] = sum(block.all for block in blocks)
                page.context.close()
            more.append(1000 * (took[True] - took[False]))
            yield Figure(f"start_{number}_more_ms", more[-1])
    yield Figure("start_more_ms", median(more))


def _work(quick: bool) -> Iterable[Figure]:
    pairs: list[tuple[_Block, _Block]] = []
    sent, own = 0, 0.0
    with _served() as platform, _browser() as browser:
        assert platform.collecting is not None
        for number in range(1, 1 + (1 if quick else MOST)):
            page, _ = _open(browser, platform, True, _rest(quick))
            before = len(platform.collecting.records())
            own -= page.evaluate("host.collect.cost")
            pairs += _pairs(page, 2 if quick else PAIRS)
            own += page.evaluate("host.collect.cost")
            sent += len(platform.collecting.records()) - before
            page.context.close()
            program = _Ratio.of([on.program / off.program for on, off in pairs])
            everything = _Ratio.of([on.all / off.all for on, off in pairs])
            yield Figure(f"all_after_{len(pairs)}_percent", everything.percent)
            if number >= LEAST and program.is_clear and everything.is_clear:
                break
    target = None if quick else TARGET
    yield Figure("program_ratio_percent", program.percent, target)
    yield Figure("program_error_percent", program.error)
    yield Figure("all_ratio_percent", everything.percent, target)
    yield Figure("all_error_percent", everything.error)
    yield Figure("program_ms", 1000 * median(off.program for _, off in pairs))
    yield Figure("host_ms", 1000 * median(off.host for _, off in pairs))
    yield Figure("own_ms", own / len(pairs))
    yield Figure("records", sent / len(pairs))


def _rest(quick: bool) -> float:
    return 2 if quick else REST


PARTS = {"size": _size, "starts": _starts, "work": _work}


@dataclass
class _Ratio:
    """How much more one takes than another, and how far that may be off; percent."""

    percent: float
    error: float

    @classmethod
    def of(cls, ratios: list[float]) -> _Ratio:
        low, _, high = quantiles(ratios, n=4, method="inclusive")
        return cls(100 * (median(ratios) - 1), 186 * (high - low) / len(ratios) ** 0.5)

    @property
    def is_clear(self) -> bool:
        """On which side of the target it is."""
        return abs(self.percent - TARGET) > self.error


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=LAUNCH_ARGUMENTS, chromium_sandbox=False)
        yield browser
        browser.close()


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
            platform.collecting.want("bank", "list", seconds=5)
            yield platform
        finally:
            platform.close()


def _open(browser: Browser, platform: _Platform, on: bool, rest: float) -> tuple[Page, list[_Block]]:
    """A page with both programs started, and what their starts took, with `rest` seconds after each."""
    context = browser.new_context(viewport={"width": 800, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{platform.origin}/bench?{'on' if on else 'off'}")
    page.wait_for_function("typeof start === 'function'")
    blocks = []
    for key in _WORK:
        # the frame in which the program will run waits already
        spare = page.wait_for_selector("iframe.spare", state="attached")
        assert spare is not None
        frame = spare.content_frame()
        assert frame is not None
        page.wait_for_timeout(1000)
        with _Clock(page, frame) as clock:
            page.evaluate("(key) => start(key)", key)
            page.wait_for_timeout(1000 * rest)
        blocks.append(clock.block)
    return page, blocks


def _pairs(page: Page, count: int) -> list[tuple[_Block, _Block]]:
    """Blocks with and without collecting, each of the work of both programs."""
    found = []
    for key, (prepare, work, loops) in _WORK.items():
        # it runs already: no first page is to come
        page.evaluate("(key) => host.open(host.platform.address(key))", key)
        guard, frame = _frames(page)
        frame.evaluate(prepare)
        for _ in range(WARM):
            frame.evaluate(work, loops)
        pairs = []
        for number in range(count):
            block = {}
            for on in (True, False) if number % 2 else (False, True):
                page.evaluate("(on) => collect(on)", on)
                page.wait_for_timeout(100)
                with _Clock(page, guard) as clock:
                    frame.evaluate(work, loops)
                    if on:
                        page.evaluate("host.collect.settled()")
                block[on] = clock.block
            pairs.append((block[True], block[False]))
        page.evaluate("collect(true)")
        found.append(pairs)
    return [(bank[0] + other[0], bank[1] + other[1]) for bank, other in zip(*found, strict=True)]


class _Clock:
    """What the threads of a page, and of a frame in it, spend from beginning to end."""

    block: _Block

    def __init__(self, page: Page, frame: Frame) -> None:
        self._sessions = [page.context.new_cdp_session(page), page.context.new_cdp_session(frame)]
        for session in self._sessions:
            session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def _read(self) -> list[float]:
        metrics = [session.send("Performance.getMetrics")["metrics"] for session in self._sessions]
        return [next(one["value"] for one in several if one["name"] == "TaskDuration") for several in metrics]

    def __enter__(self) -> _Clock:
        self._before = self._read()
        return self

    def __exit__(self, *_: object) -> None:
        host, program = (now - before for now, before in zip(self._read(), self._before, strict=True))
        self.block = _Block(program, host)
        for session in self._sessions:
            session.detach()


def _frames(page: Page) -> tuple[Frame, Frame]:
    """Of the program in front: the frame that has a process of its own, and the one in it in which its code runs."""
    outer = page.evaluate_handle("host.current.frame").as_element()
    assert outer is not None
    guard = outer.content_frame()
    assert guard is not None
    return guard, guard.child_frames[0]
