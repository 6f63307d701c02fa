"""One operation: what it is, how it fares, what went wrong lately."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath
from eden.base.problems import not_found
from eden.console.plots import Plot, Series
from eden.gateway.figures_read import PERIODS, OperationFigures
from eden.gateway.interfaces import Catalogue, Operation
from eden.gateway.pages.catalogue import hosts_of
from eden.gateway.pages.desk import HERE, Desk, TheDesk
from eden.gateway.pipeline.codes import CODES

_PATH = f"{HERE}/operations/{{name:str}}"


def find(catalogue: Catalogue, name: str) -> Operation:
    operation = catalogue.operations.get(name)
    if operation is None:
        raise not_found(f"The operation {name}")
    return operation


@get(_PATH, opt=needs("gateway.read"))
async def show_operation(desk: TheDesk, name: FromPath[str]) -> Response[bytes]:
    """What it is and how it fares."""
    revision, catalogue = await desk.catalogues.get(*desk.caller)
    operation = find(catalogue, name)
    return desk.page(
        "gateway/operation.html",
        tab="operations",
        name=name,
        operation=operation,
        revision=revision,
        hosts=hosts_of(catalogue, operation),
        timeout=operation.timeout_ms or catalogue.groups[operation.group].timeout_ms or catalogue.defaults.timeout_ms,
        document=msgspec.json.format(msgspec.json.encode(operation), indent=2).decode(),
        versions=sorted(operation.versions.items()),
        **await _live(desk, name),
    )


@get(f"{_PATH}/figures", opt=needs("gateway.read"))
async def show_figures(desk: TheDesk, name: FromPath[str]) -> Response[bytes]:
    """The part of the page that changes while somebody looks."""
    _, catalogue = await desk.catalogues.get(*desk.caller)
    find(catalogue, name)
    return desk.page("gateway/figures.html", name=name, **await _live(desk, name))


async def _live(desk: Desk, name: str) -> dict[str, Any]:
    asked = desk.asked.one("period", "15m")
    period = asked if asked in PERIODS else "15m"
    figures = await desk.figures.operation(*desk.caller, name, period)
    path = f"gateway/operations/{name}"
    return {
        "figures": figures,
        "plots": _plots(desk, figures),
        "codes": [(code, count, CODES[code].memo if code in CODES else "") for code, count in figures.codes.items()],
        "latest": await desk.traces.latest(*desk.caller, name, 10),
        "period": period,
        "periods": [(desk.t(f"gateway.period.{one}"), desk.url(path, period=one), one) for one in PERIODS],
        "source": desk.url(f"{path}/figures", period=period),
    }


def _plots(desk: Desk, figures: OperationFigures) -> list[Plot]:
    at = [step.at for step in figures.steps]
    when = desk.t("gateway.figure.time")

    def series(key: str, field: str) -> Series:
        return Series(desk.t(f"gateway.figure.{key}"), [getattr(step, field) for step in figures.steps])

    rate = Plot("rate", desk.t("gateway.figure.rate"), at, when, [series("calls-per-second", "rate")])
    shares = Plot(
        "shares",
        desk.t("gateway.figure.shares"),
        at,
        when,
        [series("errors", "errors"), series("cached", "cached")],
        "percent",
    )
    durations = Plot(
        "durations",
        desk.t("gateway.figure.durations"),
        at,
        when,
        [series("p50", "p50"), series("p95", "p95"), series("p99", "p99")],
        "milliseconds",
    )
    return [rate, durations, shares]


@post(f"{_PATH}/open", opt=needs("gateway.write"))
async def open_operation(desk: TheDesk, name: FromPath[str]) -> Response[bytes]:
    """Let it be called, or not any more: field `open`, "yes" or "no"."""
    wanted = (await desk.form()).one("open") == "yes"

    def edit(catalogue: Catalogue) -> tuple[Catalogue, None]:
        changed = msgspec.structs.replace(find(catalogue, name), open=wanted)
        return msgspec.structs.replace(catalogue, operations={**catalogue.operations, name: changed}), None

    await desk.catalogues.change(*desk.caller, edit)
    return desk.go(
        f"gateway/operations/{name}", desk.t("gateway.operation.opened" if wanted else "gateway.operation.closed")
    )


@post(f"{_PATH}/delete", opt=needs("gateway.write"))
async def delete_operation(desk: TheDesk, name: FromPath[str]) -> Response[bytes]:
    """Take it out of the catalogue; the history keeps it."""
    note = (await desk.form()).one("reason")

    def edit(catalogue: Catalogue) -> tuple[Catalogue, None]:
        find(catalogue, name)
        rest = {other: operation for other, operation in catalogue.operations.items() if other != name}
        return msgspec.structs.replace(catalogue, operations=rest), None

    await desk.catalogues.change(*desk.caller, edit, note=note[:400])
    return desk.go("gateway", desk.t("gateway.operation.deleted", name=name))


HANDLERS: tuple[Any, ...] = (show_operation, show_figures, open_operation, delete_operation)
