"""The organisation over HTTP: /api/v1/me, /workspaces, their members, tokens and audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.response import Stream

from eden.base.api.access import SIGNED_IN, anywhere, may_answer, needs
from eden.base.api.handlers import (
    AnyRequest,
    FromPath,
    JSONBody,
    Page,
    QueryParameter,
    Service,
    TheCaller,
    ThePaging,
    ThePrincipal,
)
from eden.base.api.times import microseconds
from eden.base.audit import Verdict
from eden.base.identity.service import Identity
from eden.base.identity.sessions import Session
from eden.organisation.interfaces import AuditFilter, AuditSeq, WorkspaceSettings
from eden.organisation.records import ORGANISATION
from eden.organisation.service import Organisation
from eden.organisation.wire import (
    EntryView,
    Invited,
    Link,
    MadeToken,
    Me,
    MemberChange,
    MemberView,
    NewMember,
    NewToken,
    NewWorkspace,
    PasswordChange,
    ProfileChange,
    ProfileView,
    TokenView,
    VerdictView,
    WorkspaceChange,
    WorkspaceView,
)

#: workspaces that `me` lists; an organisation has a handful
_MINE = 200


def provide_filter(
    actor: Annotated[
        str,
        QueryParameter(
            name="actor", max_length=400, description="Whole name of the actor: user:EMAIL, token:NAME, system."
        ),
    ] = "",
    action: Annotated[
        str, QueryParameter(name="action", max_length=80, description="Beginning of the action: release.")
    ] = "",
    target: Annotated[str, QueryParameter(name="target", max_length=400, description="Beginning of the target.")] = "",
    since: Annotated[datetime | None, QueryParameter(name="since", description="Not before (RFC 3339).")] = None,
    until: Annotated[datetime | None, QueryParameter(name="until", description="Before (RFC 3339).")] = None,
) -> AuditFilter:
    """Reads which entries are wanted; dependency `wanted` of the audit log's routes."""
    return AuditFilter(actor=actor, action=action, target=target, since=microseconds(since), until=microseconds(until))


_FILTER = {"wanted": Provide(provide_filter, sync_to_thread=False)}


class MeController(Controller):
    """Oneself."""

    path = "/api/v1/me"
    tags = ("me",)

    @get(opt=SIGNED_IN)
    async def get_me(self, principal: ThePrincipal, organisation: Service[Organisation]) -> Me:
        """Who you are, and what you may do where."""
        found = await organisation.workspaces.page(principal, _MINE)
        return Me(
            kind=principal.kind,
            actor=principal.name,
            email=principal.email,
            workspaces=[WorkspaceView.of(record) for record in found],
        )

    @get("/profile", opt=SIGNED_IN)
    async def get_profile(self, principal: ThePrincipal, organisation: Service[Organisation]) -> ProfileView:
        """Your own record. Not for tokens."""
        return ProfileView.of(await organisation.people.get(principal))

    @patch("/profile", opt=SIGNED_IN)
    async def update_profile(
        self, principal: ThePrincipal, organisation: Service[Organisation], data: JSONBody[ProfileChange]
    ) -> ProfileView:
        """Change your name or language. Not for tokens."""
        changed = await organisation.people.update(principal, name=data.name, locale=data.locale)
        return ProfileView.of(changed)

    @post("/password", opt=may_answer(SIGNED_IN, 429), status_code=204)
    async def change_password(
        self, request: AnyRequest, organisation: Service[Organisation], data: JSONBody[PasswordChange]
    ) -> None:
        """Change your password; your other sessions end. Not for tokens."""
        session = request.scope["auth"]
        address = request.client.host if request.client else ""
        await organisation.people.change_password(
            request.scope["user"],
            data.current,
            data.new,
            address,
            session.id if isinstance(session, Session) else None,
        )


class WorkspacesController(Controller):
    """Workspaces."""

    path = "/api/v1/workspaces"
    tags = ("workspaces",)

    @get(opt=SIGNED_IN)
    async def list_workspaces(
        self, principal: ThePrincipal, organisation: Service[Organisation], paging: ThePaging
    ) -> Page[WorkspaceView]:
        """The workspaces that you are in, by slug."""
        found = await organisation.workspaces.page(principal, paging.limit + 1, paging.after(str))
        return paging.page(found, lambda record: record.slug, WorkspaceView.of)

    @post(opt=anywhere("workspace.manage"))
    async def create_workspace(
        self, principal: ThePrincipal, organisation: Service[Organisation], data: JSONBody[NewWorkspace]
    ) -> WorkspaceView:
        """Make a workspace; you own it."""
        settings = WorkspaceSettings(
            production=data.production, review_required=data.review_required, retention_days=data.retention_days
        )
        return WorkspaceView.of(await organisation.workspaces.create(principal, data.slug, data.name, settings))

    @get("/{workspace:str}", opt=needs("workspace.read"))
    async def get_workspace(self, caller: TheCaller, organisation: Service[Organisation]) -> WorkspaceView:
        """One workspace."""
        return WorkspaceView.of(await organisation.workspaces.get(*caller))

    @patch("/{workspace:str}", opt=needs("workspace.manage"))
    async def update_workspace(
        self, caller: TheCaller, organisation: Service[Organisation], data: JSONBody[WorkspaceChange]
    ) -> WorkspaceView:
        """Rename a workspace, or change its settings."""
        changed = await organisation.workspaces.update(
            *caller,
            name=data.name,
            production=data.production,
            review_required=data.review_required,
            retention_days=data.retention_days,
        )
        return WorkspaceView.of(changed)


class MembersController(Controller):
    """People in a workspace."""

    path = "/api/v1/workspaces/{workspace:str}/members"
    tags = ("members",)

    @get(opt=needs("workspace.read"))
    async def list_members(
        self, caller: TheCaller, organisation: Service[Organisation], paging: ThePaging
    ) -> Page[MemberView]:
        """The members, by e-mail address."""
        found = await organisation.members.page(*caller, paging.limit + 1, paging.after(str))
        return paging.page(found, lambda member: member.email, MemberView.of)

    @post(opt=needs("member.manage"))
    async def invite_member(
        self, request: AnyRequest, caller: TheCaller, organisation: Service[Organisation], data: JSONBody[NewMember]
    ) -> Invited:
        """Make somebody a member, and get the link that you send to them."""
        member, secret = await organisation.members.invite(*caller, data.email, data.name, data.roles)
        return Invited(member=MemberView.of(member), link=_link(request, secret) if secret else None)

    @get("/{user_id:str}", opt=needs("workspace.read"))
    async def get_member(
        self, caller: TheCaller, organisation: Service[Organisation], user_id: FromPath[str]
    ) -> MemberView:
        """One member."""
        return MemberView.of(await organisation.members.get(*caller, user_id))

    @put("/{user_id:str}/roles", opt=needs("member.manage"))
    async def set_member_roles(
        self,
        caller: TheCaller,
        organisation: Service[Organisation],
        user_id: FromPath[str],
        data: JSONBody[MemberChange],
    ) -> MemberView:
        """Give a member other roles. The last owner stays one."""
        return MemberView.of(await organisation.members.set_roles(*caller, user_id, data.roles))

    @delete("/{user_id:str}", opt=needs("member.manage"))
    async def remove_member(
        self, caller: TheCaller, organisation: Service[Organisation], user_id: FromPath[str]
    ) -> None:
        """Take a member out of the workspace; their tokens stop working. Not the last owner."""
        await organisation.members.remove(*caller, user_id)

    @post("/{user_id:str}/link", opt=needs("member.manage"))
    async def create_member_link(
        self, request: AnyRequest, caller: TheCaller, organisation: Service[Organisation], user_id: FromPath[str]
    ) -> Link:
        """A link with which a member sets a new password; earlier links stop working."""
        return Link(link=_link(request, await organisation.members.new_link(*caller, user_id)))


class TokensController(Controller):
    """Tokens of machines."""

    path = "/api/v1/workspaces/{workspace:str}/tokens"
    tags = ("tokens",)

    @get(opt=needs("workspace.read"))
    async def list_tokens(
        self, caller: TheCaller, organisation: Service[Organisation], paging: ThePaging
    ) -> Page[TokenView]:
        """Your tokens, newest first; with `token.manage` everybody's."""
        found = await organisation.tokens.page(*caller, paging.limit + 1, paging.after(str))
        at = organisation.identity.clock()
        return paging.page(found, lambda token: token.id, lambda token: TokenView.of(token, at))

    @post(opt=needs("workspace.read"))
    async def create_token(
        self, caller: TheCaller, organisation: Service[Organisation], data: JSONBody[NewToken]
    ) -> MadeToken:
        """Make a token with some of your permissions. A token needs `token.manage` for this."""
        token, secret = await organisation.tokens.create(*caller, data.name, data.scopes, microseconds(data.expires_at))
        return MadeToken(token=TokenView.of(token, organisation.identity.clock()), secret=secret)

    @get("/{token_id:str}", opt=needs("workspace.read"))
    async def get_token(
        self, caller: TheCaller, organisation: Service[Organisation], token_id: FromPath[str]
    ) -> TokenView:
        """One token."""
        token = await organisation.tokens.get(*caller, token_id)
        return TokenView.of(token, organisation.identity.clock())

    @post("/{token_id:str}/revoke", opt=needs("workspace.read"), status_code=200)
    async def revoke_token(
        self, caller: TheCaller, organisation: Service[Organisation], token_id: FromPath[str]
    ) -> TokenView:
        """Revoke a token of yours; with `token.manage` anybody's. Without it a token revokes only itself."""
        token = await organisation.tokens.revoke(*caller, token_id)
        return TokenView.of(token, organisation.identity.clock())


_NDJSON = {
    200: ResponseSpec(
        data_container=str, media_type="application/x-ndjson", description="One entry a line.", generate_examples=False
    )
}


class AuditController(Controller):
    """The audit log of a workspace."""

    path = "/api/v1/workspaces/{workspace:str}/audit"
    tags = ("audit",)
    dependencies = _FILTER

    @get(opt=needs("audit.read"))
    async def list_audit(
        self,
        caller: TheCaller,
        organisation: Service[Organisation],
        paging: ThePaging,
        wanted: NamedDependency[AuditFilter],
    ) -> Page[EntryView]:
        """Who changed what, newest first."""
        found = await organisation.records.page(*caller, paging.limit + 1, paging.after(AuditSeq), wanted)
        return paging.page(found, lambda entry: entry.seq, EntryView.of)

    @get("/verify", opt=needs("audit.read"))
    async def verify_audit(self, caller: TheCaller, organisation: Service[Organisation]) -> VerdictView:
        """Check the chain of hashes from the first entry to the last."""
        return _verdict(await organisation.records.verify(*caller))

    @get("/export", opt=needs("audit.read"), responses=_NDJSON)
    async def export_audit(self, caller: TheCaller, organisation: Service[Organisation]) -> Stream:
        """All entries, newest first, one JSON object a line."""
        return _ndjson(await organisation.records.export(*caller))


class OrganisationAuditController(Controller):
    """The audit log of what belongs to no workspace: people, sign-ins, workspaces themselves."""

    path = "/api/v1/audit"
    tags = ("audit",)
    dependencies = _FILTER

    @get(opt=anywhere("audit.read"))
    async def list_organisation_audit(
        self,
        principal: ThePrincipal,
        organisation: Service[Organisation],
        paging: ThePaging,
        wanted: NamedDependency[AuditFilter],
    ) -> Page[EntryView]:
        """Who signed in, and who changed people and workspaces, newest first."""
        after = paging.after(AuditSeq)
        found = await organisation.records.page(principal, ORGANISATION, paging.limit + 1, after, wanted)
        return paging.page(found, lambda entry: entry.seq, EntryView.of)

    @get("/verify", opt=anywhere("audit.read"))
    async def verify_organisation_audit(
        self, principal: ThePrincipal, organisation: Service[Organisation]
    ) -> VerdictView:
        """Check the chain of hashes from the first entry to the last."""
        return _verdict(await organisation.records.verify(principal, ORGANISATION))

    @get("/export", opt=anywhere("audit.read"), responses=_NDJSON)
    async def export_organisation_audit(self, principal: ThePrincipal, organisation: Service[Organisation]) -> Stream:
        """All entries, newest first, one JSON object a line."""
        return _ndjson(await organisation.records.export(principal, ORGANISATION))


def _link(request: AnyRequest, secret: str) -> str:
    """Where the console takes a link's secret."""
    identity: Identity = request.app.state.identity
    return f"{identity.origin(str(request.base_url))}/console/invitation/{secret}"


def _verdict(verdict: Verdict) -> VerdictView:
    return VerdictView(ok=verdict.broken_at is None, entries=verdict.entries, broken_at=verdict.broken_at)


def _ndjson(lines: AsyncIterator[bytes]) -> Stream:
    headers = {"Content-Disposition": 'attachment; filename="audit.ndjson"', "Cache-Control": "no-store"}
    return Stream(lines, media_type="application/x-ndjson", headers=headers)


CONTROLLERS = (
    MeController,
    WorkspacesController,
    MembersController,
    TokensController,
    AuditController,
    OrganisationAuditController,
)

TAGS = {
    "me": "Yourself.",
    "workspaces": "Environments of the organisation, such as test and production.",
    "members": "People in a workspace, and their roles.",
    "tokens": "Access for machines.",
    "audit": "Who changed what; a chain of hashes that shows tampering.",
}
