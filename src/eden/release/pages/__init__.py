"""The console's pages of releasing: handlers, and lines of the menu."""

from __future__ import annotations

from typing import Any

from litestar import Router
from litestar.di import Provide

from eden.console.view import NavigationItem
from eden.release.pages import devices, editor, keys, lists, programs, release, releases, trials, versions
from eden.release.pages.desk import provide_desk

NAVIGATION = (
    NavigationItem("programs", "Mini programs", "小程序", "programs", "workspace.read", "app"),
    NavigationItem("releases", "Releases", "发布", "releases", "workspace.read", "release"),
    NavigationItem("devices", "Devices", "设备", "devices", "device.read", "device"),
    NavigationItem("lists", "Lists", "名单", "lists", "workspace.read", "list"),
    NavigationItem("keys", "Keys", "密钥", "keys", "key.manage", "shield", "workspace"),
)


def _pages(*handlers: Any) -> tuple[Router, ...]:
    desk = Provide(provide_desk, sync_to_thread=False)
    return (Router("/", route_handlers=handlers, dependencies={"desk": desk}),)


HANDLERS = _pages(
    *programs.HANDLERS,
    *versions.HANDLERS,
    *trials.HANDLERS,
    *releases.HANDLERS,
    *release.HANDLERS,
    *editor.HANDLERS,
    *devices.HANDLERS,
    *lists.HANDLERS,
    *keys.HANDLERS,
)

#: forms with files: how large they may be is a setting
PACKAGE_UPLOADS = _pages(*versions.UPLOADS)
LIST_UPLOADS = _pages(*lists.UPLOADS)
