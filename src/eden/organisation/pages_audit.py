"""Pages of the audit log: entries, filters, the check of the chain."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get

from eden.base.api.access import needs
from eden.base.api.handlers import (
    AnyRequest,
    QueryParameter,
    Service,
    ThePaging,
    ThePrincipal,
    TheWorkspaceId,
)
from eden.console.frame import Console
from eden.console.http import respond
from eden.console.view import ViewContext
from eden.organisation.addresses import HERE, page_address
from eden.organisation.interfaces import AuditFilter
from eden.organisation.service import Organisation

Word = Annotated[str, QueryParameter(name="action", max_length=80)]
Who = Annotated[str, QueryParameter(name="actor", max_length=400)]
What = Annotated[str, QueryParameter(name="target", max_length=400)]
From = Annotated[str, QueryParameter(name="from", max_length=10)]
To = Annotated[str, QueryParameter(name="to", max_length=10)]


@get(f"{HERE}/audit", opt=needs("audit.read"))
async def show_audit(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    paging: ThePaging,
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
    actor: Who = "",
    action: Word = "",
    target: What = "",
    since: From = "",
    until: To = "",
) -> Response[bytes]:
    """Who changed what, newest first. Days are days of UTC; the last one is included."""
    wanted = AuditFilter(actor=actor, action=action, target=target, since=_day(since), until=_day(until, days=1))
    before = paging.after(int)
    found = await organisation.records.page(principal, workspace_id, paging.limit + 1, before, wanted)
    asked = {"actor": actor, "action": action, "target": target, "from": since, "to": until}
    query = {name: value for name, value in asked.items() if value}
    more = len(found) > paging.limit
    return respond(
        request,
        console,
        view,
        "organisation/audit.html",
        entries=found[: paging.limit],
        asked=asked,
        next=page_address(view, "audit", found[paging.limit - 1].seq, **query) if more else "",
        first=f"{view.url('audit')}?{urlencode(query)}" if before else "",
    )


@get(f"{HERE}/audit/verify", opt=needs("audit.read"))
async def verify_audit(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """Check the chain from the first entry to the last."""
    verdict = await organisation.records.verify(principal, workspace_id)
    return respond(request, console, view, "organisation/audit-verified.html", block="verdict", verdict=verdict)


def _day(text: str, days: int = 0) -> int | None:
    """The beginning of a day (µs), `days` later; None for what is no day."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    # the last days of the calendar have no day after them
    return (int(day.timestamp()) + days * 86_400) * 1_000_000


HANDLERS: tuple[Any, ...] = (
    show_audit,
    verify_audit,
)
