"""How fast a phone is, in headless Chromium; medians.

`cold_start_ms` is from the embedding page's navigation, in a fresh profile, to the program's first painted page.
`warm_start_ms` is from the call that opens a program whose package is kept, in a phone whose spare frame waits;
`second_program_ms` the same for another program while the first runs. `page_push_ms` is from `wx.navigateTo` to the
new page's first paint. `set_list_ms` and `set_field_ms` are the time that `setData` takes for 1,000 items, and for one
field in them; `set_list_painted_ms` includes the paint. `frame_p95_ms` is between frames while that list scrolls.
`ten_pages_mb` is the frame's script memory with ten pages open. Sizes are kB (1,000 bytes) of gzip; `updates_gzip_kb`
is what the host loads when there is a version to install.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Frame, Page, sync_playwright

from bench._harness import Figure
from eden.base.browser import LAUNCH_ARGUMENTS, chromium
from eden.base.tools import CONTAINER, bundle
from tests.browser.programs import build_program, write_program
from tests.browser.server import TestServer

ROUNDS = 9
#: ms until the spare frame of a phone that has nothing to do is certainly ready
IDLE = 1500

_HOST = """<!doctype html><meta charset="utf-8"><title>bench</title>
<style>html,body{margin:0}#phone{width:375px;height:667px}</style><div id="phone"></div>
<script src="/_container/host.js"></script><script>
let painted = []
const host = new Eden.EdenHost({
  container: document.getElementById('phone'), runtimeUrl: '/_container/runtime.js', theme: 'light', hangLimit: 0,
})
host.addEventListener('painted', () => painted.splice(0).forEach((done) => done(performance.now())))
for (const name of ['error', 'crash']) {
  host.addEventListener(name, ({ detail }) => console.error(name, JSON.stringify(detail)))
}
async function start(address) {
  const from = performance.now()
  const first = new Promise((done) => painted.push(done))
  void host.open(address)
  const at = await first
  return { took: at - from, at }
}
</script>"""

_APP = {
    "app.json": {
        "pages": ["pages/index/index", "pages/detail/detail", "pages/list/list"],
        "window": {"navigationBarTitleText": "Bench"},
        "usingComponents": {"row": "/components/row/row"},
    },
    "app.js": "App({ globalData: { onReady: null } })",
    "app.wxss": "page { background: #f6f6f6; font-size: 28rpx } .card { margin: 24rpx; background: #fff }",
    "components/row/row.json": {"component": True},
    "components/row/row.js": "Component({ properties: { title: String, note: String } })",
    "components/row/row.wxml": (
        '<view class="row"><text class="title">{{title}}</text><view class="note">{{note}}</view><slot /></view>'
    ),
    "components/row/row.wxss": ".row { display: flex; padding: 20rpx } .title { flex: 1 } .note { color: #888 }",
}


def _page(name: str, rows: int) -> dict[str, Any]:
    """An ordinary page: a heading, a form, a list of components."""
    data = {"rows": [{"id": number, "title": f"Row {number}", "note": f"{number} min"} for number in range(rows)]}
    return {
        f"pages/{name}/{name}.json": {},
        f"pages/{name}/{name}.js": (
            f"Page({{ data: {json.dumps(data)},\n"
            "onReady() { const { onReady } = getApp().globalData; if (onReady) onReady() } })"
        ),
        f"pages/{name}/{name}.wxml": (
            f'<view class="card"><text>{name}</text><input placeholder="search" /><switch /></view>'
            '<view class="card"><row wx:for="{{rows}}" wx:key="id" title="{{item.title}}" note="{{item.note}}">'
            '<button size="mini">open</button></row></view>'
        ),
        f"pages/{name}/{name}.wxss": ".card { border-radius: 16rpx }",
    }


_LIST = {
    "pages/list/list.json": {},
    "pages/list/list.js": (
        "Page({ data: { items: [] }, onReady() { const { onReady } = getApp().globalData; if (onReady) onReady() } })"
    ),
    "pages/list/list.wxml": (
        '<view wx:for="{{items}}" wx:key="id" class="item {{item.on ? \'on\' : \'\'}}">'
        "<text>{{item.title}}</text><text>{{item.note}}</text></view>"
    ),
    "pages/list/list.wxss": ".item { display: flex; padding: 20rpx } .on { color: red }",
}

#: resolves with the ms from `act()` to the paint after the new page's onReady
_NAVIGATE = """async (act) => {
  const from = performance.now()
  await new Promise((done, failed) => {
    getApp().globalData.onReady = done
    wx[act.name]({ ...act.options, fail: ({ errMsg }) => failed(new Error(errMsg)) })
  })
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
  return performance.now() - from
}"""

_SET_LIST = """async (count) => {
  const page = getCurrentPages().at(-1)
  const item = (_, id) => ({ id, title: `Item ${id}`, note: `${id} min`, on: id % 7 === 0 })
  const items = Array.from({ length: count }, item)
  page.setData({ items: [] })
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
  const from = performance.now()
  page.setData({ items })
  const script = performance.now() - from
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
  return [script, performance.now() - from]
}"""

_SET_FIELD = """async (round) => {
  const page = getCurrentPages().at(-1)
  const from = performance.now()
  page.setData({ [`items[${500 + round}].title`]: `Changed ${round}` })
  const script = performance.now() - from
  await new Promise((done) => requestAnimationFrame(done))
  return script
}"""

_FRAMES = """async (count) => {
  const times = []
  await new Promise((done) => {
    let last
    requestAnimationFrame(function tick(now) {
      if (last !== undefined) times.push(now - last)
      last = now
      if (times.length < count) requestAnimationFrame(tick)
      else done()
    })
  })
  return times
}"""


def main(quick: bool) -> Iterable[Figure]:
    rounds = 1 if quick else ROUNDS
    with _served() as (server, first, second), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=[*LAUNCH_ARGUMENTS, "--js-flags=--expose-gc"], chromium_sandbox=False
        )
        host = server.answer("/host.html", _HOST)
        starts = [_starts(browser, host, first, second) for _ in range(rounds)]
        with _page_in(browser.new_context(), host) as page:
            frame = _open(page, first)
            inside = list(_inside(page, frame, rounds))
        browser.close()
    yield Figure("cold_start_ms", median(cold for cold, _, _ in starts))
    yield Figure("warm_start_ms", median(warm for _, warm, _ in starts), 150)
    yield Figure("second_program_ms", median(other for _, _, other in starts), 150)
    yield from inside
    sizes = json.loads(bundle("index.json").read_text(encoding="utf-8"))
    yield Figure("host_gzip_kb", sizes["host.js"]["gzip"] / 1000, 60)
    yield Figure("updates_gzip_kb", sizes["updates.js"]["gzip"] / 1000, 20)
    yield Figure("runtime_gzip_kb", sizes["runtime.js"]["gzip"] / 1000, 160)


@contextmanager
def _served() -> Iterator[tuple[TestServer, str, str]]:
    """A server with two packages: (server, address of the first, address of the second)."""
    with tempfile.TemporaryDirectory(prefix="eden-bench-") as folder:
        server = TestServer()
        server.folder("/_container/", CONTAINER)
        files = _APP | _page("index", 20) | _page("detail", 30) | _LIST
        addresses = []
        for name in ("first", "second"):
            source = write_program(Path(folder, name), files | {"project.config.json": {"appid": name}})
            addresses.append(server.folder(f"/{name}/", build_program(source, Path(folder, f"{name}-package"))))
        try:
            yield server, addresses[0], addresses[1]
        finally:
            server.close()


@contextmanager
def _page_in(context: BrowserContext, address: str) -> Iterator[Page]:
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(address)
    yield page
    context.close()
    if problems:
        raise RuntimeError("errors in the page: " + "; ".join(problems))


def _starts(browser: Browser, host: str, first: str, second: str) -> tuple[float, float, float]:
    """ms of a cold start, a warm start and the start of a second program, all in one fresh profile."""
    with _page_in(browser.new_context(), "about:blank") as page:
        page.goto(host, wait_until="commit")
        page.wait_for_function("typeof start === 'function'")
        cold: float = page.evaluate("address => start(address)", first)["at"]
        page.wait_for_timeout(IDLE)
        page.goto(host)
        page.wait_for_timeout(IDLE)
        warm: float = page.evaluate("address => start(address)", first)["took"]
        page.wait_for_timeout(IDLE)
        other: float = page.evaluate("address => start(address)", second)["took"]
    return cold, warm, other


def _open(page: Page, address: str) -> Frame:
    """Start a program; the frame in which its code runs."""
    page.evaluate("address => start(address)", address)
    outer = page.evaluate_handle("host.current.frame").as_element()
    assert outer is not None
    frame = outer.content_frame()
    assert frame is not None
    return frame.child_frames[0] if frame.child_frames else frame


def _inside(page: Page, frame: Frame, rounds: int) -> Iterator[Figure]:
    def navigate(name: str, **options: Any) -> float:
        took: float = frame.evaluate(_NAVIGATE, {"name": name, "options": options})
        page.wait_for_timeout(500)  # the transition
        return took

    def push(name: str) -> float:
        return navigate("navigateTo", url=f"/pages/{name}/{name}")

    def back() -> None:
        frame.evaluate("new Promise((success, fail) => wx.navigateBack({ success, fail }))")
        page.wait_for_timeout(500)

    yield Figure("page_push_ms", _median_of(rounds, lambda: push("detail"), back), 50)

    push("list")
    lists = [frame.evaluate(_SET_LIST, 1000) for _ in range(rounds)]
    yield Figure("set_list_ms", median(script for script, _ in lists))
    yield Figure("set_list_painted_ms", median(painted for _, painted in lists))
    yield Figure("set_field_ms", median(frame.evaluate(_SET_FIELD, number) for number in range(5 * rounds)), 2)
    yield Figure("frame_p95_ms", _frame_time(page, frame, 20 * rounds + 20))
    back()

    for _ in range(9):
        push("detail")
    yield Figure("ten_pages_mb", frame.evaluate("(gc(), performance.memory.usedJSHeapSize)") / 1e6)


def _median_of(rounds: int, measure: Callable[[], float], undo: Callable[[], None]) -> float:
    times = []
    for _ in range(rounds):
        times.append(measure())
        undo()
    return median(times)


def _frame_time(page: Page, frame: Frame, count: int) -> float:
    """The 95th percentile of the times between frames, ms, while the wheel scrolls the page in front."""
    page.mouse.move(180, 400)
    frame.evaluate_handle(f"void (globalThis.edenFrames = ({_FRAMES})({count}))")
    for _ in range(count // 4):
        page.mouse.wheel(0, 120)
        page.wait_for_timeout(16)
    times: list[float] = frame.evaluate("edenFrames")
    return quantiles(times, n=20)[-1]
