"""How long `eden check` takes for an app of 350 pages.

`check_350_pages_s` is the wall time of the command, from start to report, with a browser tab per core; a quick run
opens fewer pages and scales. Each page asks the network for a list and shows it. `ok_share` must be 1: a page that
fails is given up early or waited for.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench._harness import Figure
from tests.browser.programs import write_program

PAGES, QUICK_PAGES = 350, 24

_TEMPLATE = """
<view class="head">Page NUMBER</view>
<view wx:for="{{rows}}" wx:key="id" class="row"><text>{{item.title}}</text><text>{{item.note}}</text></view>
<view wx:for="{{answer.list}}" wx:key="id">answered: {{item.name}}</view>
<button bindtap="more">more</button>
"""
_SCRIPT = """
Page({
  data: { rows: [], answer: {} },
  onLoad() {
    this.setData({ rows: Array.from({ length: 30 }, (_, id) => ({ id, title: `Row ${id}`, note: `note ${id}` })) })
    wx.request({ url: 'https://api.example/NUMBER', success: ({ data }) => this.setData({ answer: data }) })
  },
  more() {},
})
"""
_SHEET = ".head { font-size: 40rpx } .row { display: flex; padding: 20rpx; justify-content: space-between }"


def main(quick: bool) -> Iterable[Figure]:
    count = QUICK_PAGES if quick else PAGES
    names = [f"pages/p{number}/p{number}" for number in range(count)]
    files: dict[str, Any] = {"app.json": {"pages": names}, "app.js": "App({})"}
    for number, name in enumerate(names):
        files[f"{name}.wxml"] = _TEMPLATE.replace("NUMBER", str(number))
        files[f"{name}.js"] = _SCRIPT.replace("NUMBER", str(number))
        files[f"{name}.wxss"] = _SHEET
    with tempfile.TemporaryDirectory(prefix="eden-bench-") as folder:
        source, report = write_program(Path(folder, "program"), files), Path(folder, "report.json")
        started = time.perf_counter()
        command = [sys.executable, "-m", "eden", "check", str(source), "--json", str(report)]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        seconds = time.perf_counter() - started
        summary = json.loads(report.read_text(encoding="utf-8"))["summary"]
    yield Figure("check_350_pages_s", seconds / count * PAGES, 300)
    yield Figure("page_ms", seconds / count * 1000)
    yield Figure("ok_share", summary["ok_share"], 1, at_least=True)
