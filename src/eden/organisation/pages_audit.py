"""Pages of the audit log: entries, filters, the check of the chain; of a workspace, and of the organisation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from litestar import Response, get

from eden.base.api.access import needs
from eden.base.api.handlers import QueryParameter, Service, TheCaller, ThePaging
from eden.console.visit import TheVisit
from eden.organisation.addresses import HERE
from eden.organisation.interfaces import AuditFilter, AuditSeq
from eden.organisation.records import ORGANISATION
from eden.organisation.service import Organisation

#: which log: this workspace's, or that of people, sign-ins and the workspaces themselves
Log = Annotated[Literal["workspace", "organisation"], QueryParameter(name="log")]
Action = Annotated[str, QueryParameter(name="action", max_length=80)]
Actor = Annotated[str, QueryParameter(name="actor", max_length=400)]
Target = Annotated[str, QueryParameter(name="target", max_length=400)]
From = Annotated[str, QueryParameter(name="from", max_length=10)]
To = Annotated[str, QueryParameter(name="to", max_length=10)]


@get(f"{HERE}/audit", opt=needs("audit.read"))
async def show_audit(
    visit: TheVisit,
    caller: TheCaller,
    paging: ThePaging,
    organisation: Service[Organisation],
    log: Log = "workspace",
    actor: Actor = "",
    action: Action = "",
    target: Target = "",
    since: From = "",
    until: To = "",
) -> Response[bytes]:
    """Who changed what, newest first. Days are days of UTC; the last one is included."""
    wanted = AuditFilter(
        actor=_named(actor.strip()),
        action=action.strip(),
        target=target.strip(),
        since=_day(since),
        until=_day(until, days=1),
    )
    before = paging.after(AuditSeq)
    chain = _chain(log, caller.workspace_id)
    found = await organisation.records.page(caller.principal, chain, paging.limit + 1, before, wanted)
    asked = {"actor": actor, "action": action, "target": target, "from": since, "to": until}
    query = {**asked, "log": "" if log == "workspace" else log}
    more = len(found) > paging.limit
    return visit.page(
        "organisation/audit.html",
        entries=found[: paging.limit],
        asked=asked,
        log=log,
        next=visit.following("audit", found[paging.limit - 1].seq, **query) if more else "",
        first=visit.url("audit", **query) if before else "",
    )


@get(f"{HERE}/audit/verify", opt=needs("audit.read"))
async def verify_audit(
    visit: TheVisit, caller: TheCaller, organisation: Service[Organisation], log: Log = "workspace"
) -> Response[bytes]:
    """Check the chain from the first entry to the last."""
    verdict = await organisation.records.verify(caller.principal, _chain(log, caller.workspace_id))
    return visit.page("organisation/audit-verified.html", block="verdict", verdict=verdict, log=log)


def _chain(log: str, workspace_id: str) -> str:
    return ORGANISATION if log == "organisation" else workspace_id


def _named(who: str) -> str:
    """The actor that people mean: an e-mail address is a person's."""
    return f"user:{who.lower()}" if "@" in who and ":" not in who else who


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
