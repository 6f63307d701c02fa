"""`eden check`: build, serve, open every page in a headless browser, report."""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import uvicorn

from eden.base.browser import LAUNCH_ARGUMENTS, chromium
from eden.base.errors import EdenError
from eden.check.fixtures import MADE_UP, FixtureNetwork, status_fields
from eden.check.interfaces import CheckReport, PageResult, Status, Summary
from eden.check.query import query_for
from eden.check.report import write_html
from eden.check.stacks import StackMapper
from eden.simulator.program import LiveProgram
from eden.simulator.server import Simulator
from eden.simulator.service import listen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page, Response, Route

    from eden.check.visit import Visit

VIEWPORT = {"width": 390, "height": 844}
#: addresses of a program's requests
PROXIED = "**/_proxy?**"
#: nothing of the real network: only the server of this check is reached
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@dataclass(frozen=True, slots=True)
class Options:
    """How to check. `pages`: only these; `jobs`: browser tabs at the same time (0: one per core)."""

    pages: Sequence[str] = ()
    refuse: bool = False
    fixtures: Path | None = None
    jobs: int = 0
    dark: bool = False
    accessibility: bool = True


Progress = Callable[[int, int, PageResult], None]


def check_command(arguments: argparse.Namespace) -> int:
    """Run the command line; 0 when every page is ok."""
    if not arguments.source.is_dir():
        raise EdenError("no-folder", f"{arguments.source} is not a folder.", "Give the folder of a mini program.")
    options = Options(
        pages=[page.strip("/") for page in arguments.page or ()],
        refuse=arguments.permissions == "refused",
        fixtures=arguments.fixtures,
        jobs=arguments.jobs,
    )
    screenshots: dict[str, bytes] = {}
    report = run(arguments.source, options, screenshots=screenshots, progress=_print_progress)
    if arguments.html:
        write_html(arguments.html, report, screenshots)
    if arguments.json:
        folder = arguments.json.resolve().parent / f"{arguments.json.stem}-pages"
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
        for page in report.pages:
            if page.screenshot and page.page in screenshots:
                (folder / Path(page.screenshot).name).write_bytes(screenshots[page.page])
        arguments.json.write_bytes(_with_folder(report, folder.name).to_json())
    _print_summary(report)
    return 0 if report.summary.ok == report.summary.pages else 1


def _with_folder(report: CheckReport, folder: str) -> CheckReport:
    pages = [
        msgspec.structs.replace(page, screenshot=f"{folder}/{Path(page.screenshot).name}") if page.screenshot else page
        for page in report.pages
    ]
    return msgspec.structs.replace(report, pages=pages)


def run(
    source: Path,
    options: Options | None = None,
    *,
    screenshots: dict[str, bytes] | None = None,
    progress: Progress | None = None,
) -> CheckReport:
    """Check the project at `source`. `screenshots` receives JPEG data by page. EdenError when nothing can be opened."""
    options = options or Options()
    program = LiveProgram(source)
    started = time.monotonic()
    revision = program.build()
    if not revision.files:
        program.close()
        print(revision.text, file=sys.stderr)
        raise EdenError("not-built", "The program cannot be built.", "Correct the errors above.")
    declared: list[str] = revision.result.manifest["pages"]
    unknown = [page for page in options.pages if page not in declared]
    if unknown:
        raise EdenError("no-page", f"The program has no page {', '.join(unknown)}.", "app.json lists its pages.")
    pages = list(options.pages or declared)
    mapper = StackMapper(revision.files.get("maps.zip"))
    parts = [part for part in revision.result.archives if part.name != "maps"]
    fields = status_fields(part.entries["code/scripts.js"].decode() for part in parts)
    network = FixtureNetwork(options.fixtures, fields)
    checker = _Checker(program, options, network, mapper.map, screenshots if screenshots is not None else {}, progress)
    results = asyncio.run(checker.run(pages))
    problems = revision.text.splitlines()
    return CheckReport(
        program=revision.result.manifest["name"],
        summary=summarize(results, time.monotonic() - started),
        pages=results,
        errors=list(checker.errors),
        problems=problems,
    )


def summarize(pages: Sequence[PageResult], seconds: float) -> Summary:
    """Count the results."""
    counts = Counter(page.status for page in pages)
    paints = [page.first_paint_ms for page in pages if page.first_paint_ms is not None]
    unsupported = Counter(name for page in pages for name in set(page.unsupported))
    return Summary(
        pages=len(pages),
        ok=counts[Status.OK],
        error=counts[Status.ERROR],
        blank=counts[Status.BLANK],
        missing=counts[Status.MISSING],
        ok_share=round(counts[Status.OK] / len(pages), 4) if pages else 0.0,
        first_paint_ms=round(statistics.median(paints), 1) if paints else None,
        seconds=round(seconds, 1),
        unsupported=dict(unsupported.most_common()),
    )


class _Checker:
    def __init__(
        self,
        program: LiveProgram,
        options: Options,
        network: FixtureNetwork,
        map_stack: Callable[[str], str],
        screenshots: dict[str, bytes],
        progress: Progress | None,
    ) -> None:
        self.program, self.options, self.network, self.map_stack = program, options, network, map_stack
        self.screenshots, self.progress = screenshots, progress
        #: of the application, each once, in the order of their first showing
        self.errors: dict[str, None] = {}
        self.axe = _axe() if options.accessibility else None

    async def run(self, pages: list[str]) -> list[PageResult]:
        from playwright.async_api import async_playwright

        results: dict[str, PageResult] = {}
        queue = list(reversed(dict.fromkeys(pages)))
        total = len(queue)
        async with self._server() as address, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=str(chromium(install=True)), args=[*LAUNCH_ARGUMENTS, OFFLINE, "--hide-scrollbars"]
            )

            async def work() -> None:
                tab = await self._tab(browser, address)
                while queue:
                    page = queue.pop()
                    result = await self._check(tab, page)
                    results[page] = result
                    if self.progress:
                        self.progress(len(results), total, result)
                    if result.status is Status.MISSING:
                        # Whatever hangs must not keep the next page waiting.
                        await tab.context.close()
                        tab = await self._tab(browser, address)
                await tab.context.close()

            jobs = min(self.options.jobs or os.cpu_count() or 1, total)
            await asyncio.gather(*(work() for _ in range(jobs)))
            await browser.close()
        return [results[page] for page in dict.fromkeys(pages)]

    @asynccontextmanager
    async def _server(self) -> AsyncIterator[str]:
        listener = listen("127.0.0.1", 0)
        simulator = Simulator(self.program, watch=False, proxy=self.network)
        server = uvicorn.Server(uvicorn.Config(simulator, log_level="error", access_log=False))
        # The socket listens already: a browser that is faster than the server waits for it.
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task

    async def _tab(self, browser: Browser, address: str) -> Page:
        context = await browser.new_context(
            viewport={"width": VIEWPORT["width"], "height": VIEWPORT["height"]}, has_touch=True, locale="zh-CN"
        )
        tab = await context.new_page()
        prompts = "refuse" if self.options.refuse else "grant"
        await tab.goto(
            f"{address}/container/check.html?prompts={prompts}&theme={'dark' if self.options.dark else 'light'}"
        )
        return tab

    async def _check(self, tab: Page, page: str) -> PageResult:
        seen, made_up = await self._look(tab, page)
        result = judge(page, seen)
        if result.status is Status.ERROR and made_up:
            # The fault may lie in answers that are nobody's: the page has to open without them, at least.
            await tab.route(PROXIED, _refuse_made_up)
            without, _ = await self._look(tab, page)
            await tab.unroute(PROXIED)
            opened = judge(page, without)
            if opened.status is Status.OK:
                console = [*opened.console, *(f"with made-up answers: {error}" for error in result.errors)]
                seen, result = without, msgspec.structs.replace(opened, network="refused", console=console)
        if seen.screenshot:
            self.screenshots[page] = seen.screenshot
        self.errors.update(dict.fromkeys(seen.application))
        return result

    async def _look(self, tab: Page, page: str) -> tuple[Visit, bool]:
        """One visit, and whether an answer was made up for it."""
        from playwright.async_api import Error as BrowserError

        from eden.check.visit import Visit, visit

        made_up: list[Response] = []

        def note(response: Response) -> None:
            if MADE_UP in response.headers:
                made_up.append(response)

        script = self.program.builder.text(f"{page}.js") or self.program.builder.text(f"{page}.ts") or ""
        tab.on("response", note)
        try:
            seen = await visit(tab, "/programs/main/", page, query_for(script), self.map_stack, self.axe)
        except BrowserError as error:
            seen = Visit(crash=f"the browser: {error.message.splitlines()[0]}")
        tab.remove_listener("response", note)
        return seen, bool(made_up)


async def _refuse_made_up(route: Route) -> None:
    """As without a network, except for what is recorded."""
    from playwright.async_api import Error as BrowserError

    with suppress(BrowserError):  # the page may be left by now
        answer = await route.fetch()
        if MADE_UP in answer.headers:
            await route.abort()
        else:
            await route.fulfill(response=answer)


def judge(page: str, seen: Visit) -> PageResult:
    """The verdict on what was seen. Blank: no text, no picture and nothing painted."""
    errors = list(dict.fromkeys(seen.errors))
    if seen.crash:
        errors.insert(0, seen.crash)
    if seen.painted_ms is None:
        status = Status.MISSING
        errors = errors or seen.application or ["the page did not come up"]
    elif errors:
        status = Status.ERROR
    elif seen.text == 0 and seen.pictures == 0 and seen.boxes == 0:
        status = Status.BLANK
    else:
        status = Status.OK
    return PageResult(
        page=page,
        status=status,
        errors=errors,
        screenshot=f"{page.replace('/', '-')}.jpg" if seen.screenshot else None,
        first_paint_ms=seen.painted_ms,
        dom_nodes=seen.nodes,
        text_length=seen.text,
        console=list(dict.fromkeys(seen.console)),
        unsupported=list(dict.fromkeys(seen.unsupported)),
        accessibility=seen.accessibility,
    )


def _axe() -> str | None:
    """The source of axe-core, from the package that carries it; None without the extra `accessibility`."""
    import importlib.util

    spec = importlib.util.find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).parent / "axe.min.js"
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _print_progress(done: int, total: int, result: PageResult) -> None:
    mark = {Status.OK: "ok", Status.ERROR: "ERROR", Status.BLANK: "BLANK", Status.MISSING: "MISSING"}[result.status]
    reason = result.errors[0].splitlines()[0] if result.errors else ""
    if result.status is not Status.OK:
        print(f"{mark:>8}  {result.page}  {reason}"[:200], flush=True)
    elif sys.stdout.isatty():
        print(f"\r  {done} of {total} pages", end="\r", flush=True)


def _print_summary(report: CheckReport) -> None:
    summary = report.summary
    print(
        f"{summary.ok} of {summary.pages} pages ok ({summary.ok_share:.0%}); "
        f"{summary.error} with errors, {summary.blank} blank, {summary.missing} missing; "
        f"first paint {summary.first_paint_ms or 0:.0f} ms (median); {summary.seconds:.1f} s"
    )
    if _axe() is None:
        print("Accessibility was not looked at; `pip install 'eden-platform[accessibility]'` brings what that needs.")
    for error in report.errors:
        print(f"Application: {error.splitlines()[0]}"[:200])
    if summary.unsupported:
        names = ", ".join(f"{name} ({count})" for name, count in list(summary.unsupported.items())[:10])
        print(f"Not supported, by pages: {names}")
