"""A made-up room whose pages show every part of the frame: for tests, and for those who write pages.

`python -m tests.console.gallery` serves it on this machine.
"""

from __future__ import annotations

import asyncio
import math
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import segno
import uvicorn
from litestar import Litestar, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream
from markupsafe import Markup

from eden.base.problems import Problem
from eden.console.assets import Assets
from eden.console.flows import Flow, FlowLink
from eden.console.frame import Console, Room
from eden.console.funnels import Funnel, FunnelStep
from eden.console.grids import Grid, GridRow
from eden.console.http import (
    AnyRequest,
    frame_handlers,
    live_stream,
    read_flashes,
    read_locale,
    read_theme,
    redirect,
    refuse,
    respond,
)
from eden.console.live import LiveHub
from eden.console.messages import Locale
from eden.console.plots import Mark, Plot, Series
from eden.console.sparkline import sparkline
from eden.console.view import Flash, NavigationItem, Person, ViewContext, WorkspaceLink

HERE = Path(__file__).parent
HOUR = 3_600_000_000
#: 2026-11-20 08:00 UTC
BEGINNING = 1_795_161_600_000_000
NOW = BEGINNING + 60 * HOUR

PAGES = ("release", "versions", "forms", "compare", "words", "figures")
WORKSPACES = (WorkspaceLink("test", "Harbour Bank · test"), WorkspaceLink("live", "Harbour Bank", production=True))

ROOM = Room(
    "gallery",
    HERE,
    (
        NavigationItem("release", "Releases", "发布", "release", "workspace.read", "release"),
        NavigationItem("versions", "Mini programs", "小程序", "versions", "workspace.read", "app"),
        NavigationItem("forms", "Whitelists", "白名单", "forms", "workspace.read", "list"),
        NavigationItem("compare", "Devices", "设备", "compare", "workspace.read", "device"),
        NavigationItem("words", "Members", "成员", "words", "workspace.read", "people", "workspace"),
        NavigationItem("keys", "Keys", "密钥", "keys", "key.manage", "key", "workspace"),
        NavigationItem("audit", "Audit log", "审计日志", "audit", "workspace.read", "scroll", "workspace"),
    ),
)


def gallery_console() -> Console:
    return Console([ROOM], Assets(), reload=True)


def gallery_view(locale: Locale = "en", path: str = "/console/live/release", **values: Any) -> ViewContext:
    """Mei, a reviewer, in the workspace of real users."""
    values = {
        "person": Person("Mei Lin", "mei.lin@harbour.example", "审核员" if locale == "zh" else "Reviewer"),
        "workspace": WORKSPACES[1],
        "workspaces": WORKSPACES,
        "permissions": frozenset({"workspace.read"}),
        "csrf": "a-token",
        **values,
    }
    return ViewContext(path=path, now=NOW, locale=locale, **values)


def plots(locale: Locale, points: int = 60) -> list[Plot]:
    """A release that was brought to half of the devices, in both languages."""
    zh = locale == "zh"
    x = [BEGINNING + hour * HOUR for hour in range(points)]
    offered = [round(100_000 * min(0.5, 0.01 * 1.09**hour)) for hour in range(points)]
    downloaded = [round(count * (0.92 + 0.02 * math.sin(hour / 5))) for hour, count in enumerate(offered)]
    started = [round(count * 0.81) for count in offered]
    rate = [0.0012 + 0.0003 * math.sin(hour / 7) for hour in range(points)]
    half = [0.004 / math.sqrt(hour + 2) for hour in range(points)]
    counts = [("已下发", offered), ("已下载", downloaded), ("已启动", started)] if zh else []
    counts = counts or [("Offered", offered), ("Downloaded", downloaded), ("Started", started)]
    marks = [Mark(x[12], "10 %"), Mark(x[36], "50 %")]
    return [
        Plot(
            id="ramp",
            title="到达情况" if zh else "Reach",
            summary="50,000 台设备已下发。" if zh else "50,000 devices have been offered this version.",
            x=x,
            x_title="时间" if zh else "Time",
            series=[Series(name, values, "step" if values is offered else "line") for name, values in counts],
            marks=marks,
        ),
        Plot(
            id="crashes",
            title="崩溃率" if zh else "Crash rate",
            summary="与对照组没有差别。" if zh else "No difference from the control group.",
            x=x,
            x_title="时间" if zh else "Time",
            unit="percent",
            series=[
                Series(
                    "新版本" if zh else "New version",
                    rate,
                    low=[max(0.0, value - width) for value, width in zip(rate, half, strict=True)],
                    high=[value + width for value, width in zip(rate, half, strict=True)],
                ),
                Series("对照组" if zh else "Control", [0.0011 for _ in x]),
            ],
            marks=marks,
        ),
        Plot(
            id="sizes",
            title="包大小" if zh else "Size by version",
            x=["1.0.0", "1.1.0", "1.2.0", "1.3.0"],
            x_title="版本" if zh else "Version",
            unit="bytes",
            series=[Series("大小" if zh else "Size", [812_000, 905_500, 1_240_300, 1_198_000], "bar")],
        ),
    ]


def figures(locale: Locale) -> dict[str, Any]:
    """One of each kind of figure, with names as long as real ones."""
    zh = locale == "zh"
    days = [BEGINNING + day * 24 * HOUR for day in range(28)]
    kinds = ["冷启动", "温启动", "热启动"] if zh else ["Cold start", "Warm start", "Hot start"]
    launches = [
        [round(400 / (kind + 1) * (1 + 0.3 * math.sin(day / 3 + kind))) for day in range(28)] for kind in range(3)
    ]
    pages = ["pages/home/home", "pages/transfer/transfer", "pages/transfer/confirm", "pages/history/history", "–"]
    steps = [
        FunnelStep(name, [count, count // 3], 900 * index if index else None)
        for index, (name, count) in enumerate(
            [("打开首页" if zh else "Opens the first page", 12_480), (pages[1], 6_240), (pages[2], 2_311), ("pay", 0)]
        )
    ]
    title = "转账漏斗" if zh else "Transfers"
    weeks = [[1.0 * math.exp(-0.35 * week) if week else None for week in range(1, 9 - row)] for row in range(8)]
    return {
        "stacked": Plot(
            id="launches",
            title="启动次数" if zh else "Launches",
            x=days,
            x_title="日期" if zh else "Day",
            stacked=True,
            series=[Series(name, values, "area") for name, values in zip(kinds, launches, strict=True)],
        ),
        "before": Plot(
            id="durations",
            title="启动耗时" if zh else "Start time",
            x=days,
            x_title="日期" if zh else "Day",
            unit="milliseconds",
            series=[
                Series("p95", [1200 + 90 * math.sin(day / 4) for day in range(28)]),
                Series("此前" if zh else "Before", [1500 + 90 * math.cos(day / 4) for day in range(28)], before=1),
            ],
        ),
        "histogram": Plot(
            id="histogram",
            title="分布" if zh else "Distribution",
            x_title="区间" if zh else "From – to",
            x=[f"{low}–{low * 2} ms" for low in (100, 200, 400, 800, 1600)],
            series=[Series(kinds[0], [12, 180, 420, 90, 7], "bar")],
        ),
        "funnel": Funnel("funnel", title, [FunnelStep(step.name, step.counts[:1], step.typical) for step in steps]),
        "groups": Funnel("groups", title, steps, groups=["Android", "iOS"]),
        "grid": Grid(
            "weeks",
            "按周留存" if zh else "Return by week",
            "周" if zh else "Week of",
            "人数" if zh else "People",
            [str(week) for week in range(1, 9)],
            [
                GridRow(f"2026-10-{row + 1:02}", 900 + row, [*values, *[None] * (8 - len(values))])
                for row, values in enumerate(weeks)
            ],
        ),
        "flow": Flow(
            "ways",
            "路径" if zh else "Ways",
            ("步骤", "从", "到", "次数") if zh else ("Step", "From", "To", "Times"),
            [
                FlowLink(step, source, target, 400 - 90 * step - 40 * index)
                for step in range(3)
                for index, (source, target) in enumerate(
                    [(pages[0], pages[1]), (pages[0], pages[3]), (pages[1], pages[2]), (pages[2], pages[4])]
                )
                if step or source == pages[0]
            ],
        ),
        "spark": sparkline(launches[0], "启动次数" if zh else "Launches of four weeks"),
    }


FILES = [
    SimpleNamespace(path="pages/transfer/transfer.js", kind="changed", before=18_230, after=19_004),
    SimpleNamespace(path="pages/transfer/confirm.wxml", kind="added", before=None, after=2_210),
    SimpleNamespace(path="images/old-banner.png", kind="removed", before=148_200, after=None),
    SimpleNamespace(path="app.json", kind="same", before=912, after=912),
]
LINES = [
    ("same", 41, 41, "  submit() {"),
    ("removed", 42, None, "    if (this.data.amount > 0) this.send()"),
    ("added", None, 42, "    if (this.data.amount <= 0 || this.data.busy) return"),
    (
        "added",
        None,
        43,
        "    this.setData({ busy: true }, () => this.send(this.data.amount, this.data.payee, this.data.note))",
    ),
    ("same", 43, 44, "  },"),
    ("gap", None, None, ""),
    ("same", 88, 89, "})"),
]
QR = Markup(segno.make("https://eden.harbour.example/app/live/?trial=4fJk2m").svg_inline(omitsize=True))
VERSIONS = [
    SimpleNamespace(
        name="1.3.0", code=10300, tone="accent", state="releasing", size=1_198_000, at=NOW - 2 * HOUR, by="Mei Lin"
    ),
    SimpleNamespace(
        name="1.2.0", code=10200, tone="good", state="stable", size=1_240_300, at=NOW - 400 * HOUR, by="Jonas Weber"
    ),
    SimpleNamespace(
        name="1.1.0", code=10100, tone="bad", state="revoked", size=905_500, at=NOW - 900 * HOUR, by="Mei Lin"
    ),
]


class Gallery:
    """The pages over HTTP. `progress` is the share that the release page shows; `advance` changes it and says so."""

    def __init__(self) -> None:
        self.console = gallery_console()
        # its pages are all drawn at one moment: those that begin to listen hear everything that happened
        self.hub = LiveHub(clock=lambda: NOW)
        self.progress = 5000
        self.points = 60
        self.received: list[dict[str, str]] = []
        #: where it is served
        self.origin = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self.app = Litestar(
            route_handlers=[*frame_handlers(self.console), *self._handlers()],
            openapi_config=None,
        )

    def view(self, request: AnyRequest, **values: Any) -> ViewContext:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        locale, theme, flashes = read_locale(request), read_theme(request), read_flashes(request)
        return gallery_view(locale, path, theme=theme, flashes=flashes, **values)

    def values(self, locale: Locale, **more: Any) -> dict[str, Any]:
        return {
            "plots": plots(locale, self.points),
            "figures": figures(locale),
            "progress": self.progress,
            "versions": VERSIONS,
            "files": FILES,
            "lines": LINES,
            "errors": {},
            "qr": QR,
            "text": "",
            "hours": NOW - 3 * HOUR,
            **more,
        }

    def _handlers(self) -> list[Any]:
        console = self.console

        @get("/console/live/{page:str}")
        async def page(request: AnyRequest, page: FromPath[str]) -> Response[bytes]:
            view = self.view(request)
            if page not in PAGES:
                problem = Problem("not-found", "The page does not exist, or you may not see it.", "Look in the menu.")
                return refuse(request, console, view, problem, trace="4bf92f3577b34da6a3ce929d0e0e4736")
            return respond(request, console, view, f"gallery/{page}.html", block="content", **self.values(view.locale))

        @get("/console/sign-in")
        async def sign_in(request: AnyRequest) -> Response[bytes]:
            view = self.view(request, person=None, workspace=None, workspaces=())
            return respond(request, console, view, "gallery/sign-in.html")

        @get("/console/live/live")
        async def events(request: AnyRequest) -> Stream:
            return live_stream(self.hub.stream("live", int(request.query_params["since"])))

        @post("/console/live/act")
        async def act(request: AnyRequest) -> Response[bytes]:
            form = await request.form()
            self.received.append({key: getattr(value, "filename", value) for key, value in form.items()})
            view = self.view(request)
            if form.get("text") == "wrong":
                errors = {"name": "…" if view.locale == "zh" else "This name is taken."}
                values = self.values(view.locale, errors=errors, text="wrong")
                return respond(request, console, view, "gallery/forms.html", block="content", status=422, **values)
            done = console.translator(view)("gallery.done", count=len(self.received))
            return redirect(request, "/console/live/words", Flash("good", done))

        @post("/console/live/preview")
        async def preview(request: AnyRequest) -> Response[bytes]:
            text = (await request.form()).get("text")
            view = self.view(request)
            values = self.values(view.locale, text=text)
            return respond(request, console, view, "gallery/forms.html", block="preview", **values)

        @post("/console/live/list")
        async def download() -> Response[bytes]:
            headers = {"Content-Disposition": 'attachment; filename="list.txt"'}
            return Response(b"device\n", media_type="text/plain", headers=headers)

        return [page, sign_in, events, act, preview, download]

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Runs a server in a thread; the value is its origin."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            config = uvicorn.Config(self.app, log_level="critical", ws="none", timeout_graceful_shutdown=5)
            server = uvicorn.Server(config)

            async def run() -> None:
                self._loop = asyncio.get_running_loop()
                await server.serve([listening])

            thread = threading.Thread(target=asyncio.run, args=[run()])
            thread.start()
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            finally:
                # streams end first: a server waits for its answers to be complete
                self._in_loop(self.hub.close)
                server.should_exit = True
                thread.join()

    def _in_loop(self, function: Callable[..., None], *arguments: Any) -> None:
        if self._loop:
            self._loop.call_soon_threadsafe(function, *arguments)

    def advance(self, progress: int, points: int) -> None:
        """A step further; open pages hear of it."""
        self.progress, self.points = progress, points
        self._in_loop(self.hub.publish, "live", "release")
