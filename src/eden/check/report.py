"""The contact sheet: one self-contained HTML page with a picture of every page."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from pathlib import Path

from eden.check.interfaces import CheckReport, PageResult, Status

_STYLE = Path(__file__).with_name("report.css").read_text(encoding="utf-8")


def write_html(path: Path, report: CheckReport, screenshots: Mapping[str, bytes]) -> None:
    """Write the contact sheet; `screenshots` are JPEG data by page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_page(report, screenshots), encoding="utf-8")


def _page(report: CheckReport, screenshots: Mapping[str, bytes]) -> str:
    summary = report.summary
    counts: dict[str, int] = {"all": summary.pages, **{status: getattr(summary, status) for status in Status}}
    filters = "".join(
        f'<label><input type="radio" name="f" id="f-{name}"{" checked" if name == "all" else ""}>'
        f"<span>{name} {count}</span></label>"
        for name, count in counts.items()
    )
    problems = html.escape("\n".join([*report.errors, *report.problems]))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(report.program)}: check</title><style>{_STYLE}</style>"
        f"<h1>{html.escape(report.program)}</h1>"
        f'<p class="summary">{summary.ok} of {summary.pages} pages ok, first paint '
        f"{summary.first_paint_ms or 0:.0f} ms (median), {summary.seconds:.1f} s</p>"
        f'<nav aria-label="Show">{filters}</nav>'
        f"<main>{''.join(_article(page, screenshots.get(page.page)) for page in report.pages)}</main>"
        + (
            f"<details><summary>Build: {len(report.problems)} lines</summary><pre>{problems}</pre></details>"
            if problems
            else ""
        )
        + "</html>\n"
    )


def _article(page: PageResult, screenshot: bytes | None) -> str:
    picture = ""
    if screenshot:
        data = base64.b64encode(screenshot).decode()
        picture = f'<img loading="lazy" alt="{html.escape(page.page)}" src="data:image/jpeg;base64,{data}">'
    lists = {
        "": page.errors,
        "console: ": page.console,
        "unsupported: ": page.unsupported,
        "accessibility: ": page.accessibility,
    }
    lines = [f"{label}{line}" for label, entries in lists.items() for line in entries]
    details = f"<pre>{html.escape(chr(10).join(lines))}</pre>" if lines else ""
    paint = f"{page.first_paint_ms:.0f} ms" if page.first_paint_ms is not None else "never painted"
    figures = f"{paint}, {page.dom_nodes} nodes, {page.text_length} characters"
    return (
        f'<article class="{page.status}">{picture}<div><span class="status">{page.status}</span>'
        f'<h2>{html.escape(page.page)}</h2><span class="figures">{figures}</span>{details}</div></article>'
    )
