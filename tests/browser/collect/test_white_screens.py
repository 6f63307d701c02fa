"""Pages that show nothing are told of, and only those that should show something."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.collect.conftest import Watched

Watch = Callable[..., Watched]

_PICTURE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'%3E"
    "%3Crect width='9' height='9'/%3E%3C/svg%3E"
)
#: page → template and script; the first part of the name says what is to be found
PAGES = {
    "empty-condition": ('<view wx:if="{{ready}}">never</view>', "Page({ data: { ready: false } })"),
    "empty-list": ('<view><view wx:for="{{rows}}">row</view></view>', "Page({ data: { rows: [] } })"),
    "empty-text": ("<view><text>{{name}}</text></view>", "Page({ data: { name: '' } })"),
    "hidden-text": ('<view style="opacity: 0">there, but not seen</view>', "Page({})"),
    "error-load": (
        '<view wx:if="{{ready}}">never</view>',
        "Page({ data: { ready: false }, onLoad() { undefined.boom() } })",
    ),
    "none-blank": ('<view style="height: 100px"></view>', "Page({})"),
    "none-skeleton": ('<view style="height: 20px; background: #eee" wx:for="{{[1, 2]}}"></view>', "Page({})"),
    "none-picture": (f'<image src="{_PICTURE}" />', "Page({})"),
    "none-control": ('<switch wx:if="{{true}}" />', "Page({})"),
}


def _program(pages: dict[str, tuple[str, str]]) -> dict[str, Any]:
    files: dict[str, Any] = {"app.json": {"pages": ["pages/a/a", *(f"pages/{name}/{name}" for name in pages)]}}
    for name, (template, script) in pages.items():
        files[f"pages/{name}/{name}.wxml"] = template
        files[f"pages/{name}/{name}.js"] = script
    return files


def _go(phone: Watched, name: str) -> None:
    phone.frame.evaluate("(url) => wx.reLaunch({ url })", f"/pages/{name}/{name}")
    phone.page.wait_for_timeout(3600)


def test_blank_pages_and_others(watched: Watch, expect_console: Callable[[str], None]) -> None:
    expect_console("boom")
    phone = watched(_program(PAGES))
    phone.start()
    phone.event("$launch")
    for name in PAGES:
        _go(phone, name)
    phone.frame.evaluate("wx.reLaunch({ url: '/pages/a/a' })")
    phone.event("$page_leave", len(PAGES) + 1)
    phone.page.wait_for_timeout(1500)
    found = {record["page"].split("/")[1]: record for record in phone.collecting.records(name="$white_screen")}
    reasons = {name: record["props"]["reason"] for name, record in found.items()}
    assert reasons == {name: name.split("-")[0] for name in PAGES if not name.startswith("none")}
    assert all(record["value"] >= 3000 for record in found.values())


@contextlib.contextmanager
def _slow_server() -> Iterator[tuple[str, threading.Event]]:
    """Answers, to everyone, when the event is set."""
    answer = threading.Event()
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)

        def serve() -> None:
            connections = []
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    connections.append(listener.accept()[0])
                if answer.is_set():
                    for connection in connections:
                        head = "HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\ncontent-length: 2\r\n"
                        connection.sendall(f"{head}connection: close\r\n\r\n{{}}".encode())
                        connection.close()
                    connections = []
            for connection in connections:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", answer
        finally:
            stop.set()
            thread.join()


@pytest.mark.parametrize("ends", [True, False])
def test_slow_page_is_waited_for(watched: Watch, expect_console: Callable[[str], None], ends: bool) -> None:
    expect_console("ERR_")
    with _slow_server() as (address, answer):
        script = f"""Page({{ data: {{ ready: false }}, onLoad() {{
          wx.request({{ url: '{address}/', success: () => this.setData({{ ready: true }}) }})
        }} }})"""
        phone = watched(_program({"slow": ('<view wx:if="{{ready}}" id="there">there</view>', script)}))
        phone.platform.publish("1.0.1", {
            **_program({"slow": ('<view wx:if="{{ready}}" id="there">there</view>', script)}),
            "pages/a/a.wxml": '<view class="text">first page</view>',
            "eden.json": {"version": "1.0.1", "domains": {"request": [address]}},
        })  # fmt: skip
        phone.platform.release("1.0.1", finish=True)
        phone.start()
        phone.frame.evaluate("wx.reLaunch({ url: '/pages/slow/slow' })")
        phone.page.wait_for_timeout(4500)
        assert phone.collecting.records(name="$white_screen") == []
        if ends:
            answer.set()
            phone.shows("there")
            phone.page.wait_for_timeout(2500)
            assert phone.collecting.records(name="$white_screen") == []
        else:
            white = phone.event("$white_screen")
            assert white["props"]["reason"] == "waiting" and white["value"] >= 10_000


def test_page_that_is_left_is_not_judged(watched: Watch) -> None:
    phone = watched(_program({"sends-on": ('<view wx:if="{{never}}">x</view>', "Page({})")}))
    phone.start()
    phone.frame.evaluate("wx.navigateTo({ url: '/pages/sends-on/sends-on' })")
    phone.event("$page_view", 2)
    phone.frame.evaluate("wx.navigateBack()")
    phone.page.wait_for_timeout(4500)
    assert phone.collecting.records(name="$white_screen") == []
