"""The console's pages of the gateway: handlers, and the line of the menu."""

from __future__ import annotations

from typing import Any

from litestar import Router
from litestar.di import Provide

from eden.console.view import NavigationItem
from eden.gateway.pages import apps, authorizers, catalogue, editors, egress, history, operation, traces, trying
from eden.gateway.pages.desk import provide_desk

NAVIGATION = (NavigationItem("gateway", "Gateway", "网关", "gateway", "gateway.read", "globe"),)

_DESK = {"desk": Provide(provide_desk)}

HANDLERS: tuple[Any, ...] = (
    Router(
        "/",
        route_handlers=(
            *catalogue.HANDLERS,
            *editors.HANDLERS,
            *authorizers.HANDLERS,
            *operation.HANDLERS,
            *trying.HANDLERS,
            *apps.HANDLERS,
            *traces.HANDLERS,
            *history.HANDLERS,
            *egress.HANDLERS,
        ),
        dependencies=_DESK,
    ),
)
