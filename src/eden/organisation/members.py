"""Who is in a workspace, and with which roles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from eden.base.identity import sessions
from eden.base.identity.principal import Principal, check_permission
from eden.base.identity.roles import ROLES
from eden.base.identity.service import Identity
from eden.base.ids import new_id, now
from eden.base.problems import Problem, not_found
from eden.base.tables import invitations, members, users
from eden.organisation.interfaces import Member, check_email


class Members:
    """Members of workspaces. A person is one row of `users`, whatever they are a member of."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._database = identity.database
        self._audit = identity.audit

    async def page(self, principal: Principal, workspace_id: str, limit: int, after: str | None = None) -> list[Member]:
        """By e-mail address; `after` is the last address of the page before."""
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> list[Member]:
            query = _members(workspace_id).order_by(users.c.email).limit(limit)
            if after is not None:
                query = query.where(users.c.email > after)
            return [_member(row) for row in connection.execute(query)]

        return await self._database.read(work)

    async def get(self, principal: Principal, workspace_id: str, user_id: str) -> Member:
        """One member."""
        check_permission(principal, workspace_id, "workspace.read")
        return await self._database.read(lambda connection: _find(connection, workspace_id, user_id))

    async def invite(
        self, principal: Principal, workspace_id: str, email: str, name: str, roles: Iterable[str]
    ) -> tuple[Member, str | None]:
        """Make somebody a member. The member and the secret of a link with which they set their password; None when
        they have a way to sign in already, or a link of somebody whose workspaces are not the principal's. Problem
        `conflict` when they are a member."""
        check_permission(principal, workspace_id, "member.manage")
        email, roles = check_email(email), check_roles(roles)
        return await self._database.write(
            lambda connection: self.do_invite(connection, principal, workspace_id, email, name, roles)
        )

    def do_invite(
        self, connection: Connection, principal: Principal, workspace_id: str, email: str, name: str, roles: list[str]
    ) -> tuple[Member, str | None]:
        """Inside a write."""
        row = connection.execute(select(users).where(users.c.email == email)).first()
        if row is None:
            user_id = do_create_user(connection, email, name)
        else:
            user_id = row.id
            # who was in no workspace any more comes back
            connection.execute(update(users).where(users.c.id == user_id).values(disabled_at=None))
        if connection.execute(
            select(members.c.user_id).where(members.c.workspace_id == workspace_id, members.c.user_id == user_id)
        ).first():
            sentence = f"{email} is a member already."
            raise Problem("conflict", sentence, "Change the roles there.", errors=[("email", sentence)])
        connection.execute(
            insert(members).values(workspace_id=workspace_id, user_id=user_id, roles=roles, created_at=now())
        )
        self._audit.append(connection, workspace_id, principal.name, "member.add", email, {"roles": roles})
        member = _find(connection, workspace_id, user_id)
        linked = member.waiting and _may_link(connection, principal, user_id)
        return member, self._identity.do_invite(connection, user_id) if linked else None

    async def set_roles(self, principal: Principal, workspace_id: str, user_id: str, roles: Iterable[str]) -> Member:
        """Other roles. Problem `conflict` when nobody would be owner any more."""
        check_permission(principal, workspace_id, "member.manage")
        roles = check_roles(roles)

        def work(connection: Connection) -> Member:
            member = _find(connection, workspace_id, user_id)
            if list(member.roles) != roles:
                if "owner" not in roles:
                    _check_not_last_owner(connection, workspace_id, member)
                connection.execute(
                    update(members)
                    .where(members.c.workspace_id == workspace_id, members.c.user_id == user_id)
                    .values(roles=roles)
                )
                detail = {"roles": roles, "before": list(member.roles)}
                self._audit.append(connection, workspace_id, principal.name, "member.roles", member.email, detail)
            return _find(connection, workspace_id, user_id)

        return await self._database.write(work)

    async def remove(self, principal: Principal, workspace_id: str, user_id: str) -> None:
        """Take somebody out; their tokens of this workspace stop working. Who is in no workspace any more is signed
        out and cannot sign in. Problem `conflict` for the last owner."""
        check_permission(principal, workspace_id, "member.manage")

        def work(connection: Connection) -> None:
            member = _find(connection, workspace_id, user_id)
            _check_not_last_owner(connection, workspace_id, member)
            connection.execute(
                delete(members).where(members.c.workspace_id == workspace_id, members.c.user_id == user_id)
            )
            detail = {"roles": list(member.roles)}
            self._audit.append(connection, workspace_id, principal.name, "member.remove", member.email, detail)
            left = connection.execute(
                select(func.count()).select_from(members).where(members.c.user_id == user_id)
            ).scalar_one()
            if left == 0:
                connection.execute(update(users).where(users.c.id == user_id).values(disabled_at=now()))
                connection.execute(delete(invitations).where(invitations.c.user_id == user_id))
                sessions.end_all(connection, user_id)

        await self._database.write(work)

    async def new_link(self, principal: Principal, workspace_id: str, user_id: str) -> str:
        """The secret of a link with which a member sets a (new) password. Problem `forbidden` when the person is also
        in a workspace whose members the principal may not manage."""
        check_permission(principal, workspace_id, "member.manage")

        def work(connection: Connection) -> str:
            member = _find(connection, workspace_id, user_id)
            if not _may_link(connection, principal, user_id):
                raise Problem(
                    "forbidden",
                    f"{member.email} is also in a workspace that is not yours.",
                    "Somebody who owns all of this person's workspaces can make the link.",
                )
            self._audit.append(connection, workspace_id, principal.name, "member.link", member.email)
            return self._identity.do_invite(connection, user_id)

        return await self._database.write(work)


def do_create_user(connection: Connection, email: str, name: str, hashed: str | None = None) -> str:
    """Inside a write: a person; their id. `hashed` is a password's hash."""
    user_id = new_id()
    connection.execute(
        insert(users).values(
            id=user_id, email=email, name=name, password_hash=hashed, locale="", created_at=now(), disabled_at=None
        )
    )
    return user_id


def check_roles(roles: Iterable[str]) -> list[str]:
    """The roles in the order of the table. Problem `invalid` for none or unknown ones."""
    given = set(roles)
    if not given or given - set(ROLES):
        sentence = f"Choose one or more of {', '.join(ROLES)}."
        raise Problem("invalid", f"These roles cannot be given. {sentence}", errors=[("roles", sentence)])
    return [role for role in ROLES if role in given]


def _may_link(connection: Connection, principal: Principal, user_id: str) -> bool:
    """Whether the principal may hold a link with which this person's password is set: it opens all of the person's
    workspaces, so only who manages the members of every one of them."""
    held = connection.execute(select(members.c.workspace_id).where(members.c.user_id == user_id)).scalars()
    return all(principal.may(workspace_id, "member.manage") for workspace_id in held)


def _check_not_last_owner(connection: Connection, workspace_id: str, member: Member) -> None:
    if "owner" not in member.roles:
        return
    others = connection.execute(
        select(members.c.roles)
        .join(users, users.c.id == members.c.user_id)
        .where(
            members.c.workspace_id == workspace_id, members.c.user_id != member.user_id, users.c.disabled_at.is_(None)
        )
    ).scalars()
    if not any("owner" in roles for roles in others):
        raise Problem("conflict", f"{member.email} is the last owner.", "Make somebody else an owner first.")


def _members(workspace_id: str) -> Any:
    return (
        select(members, users.c.email, users.c.name, users.c.password_hash, users.c.oidc_subject)
        .join(users, users.c.id == members.c.user_id)
        .where(members.c.workspace_id == workspace_id)
    )


def _find(connection: Connection, workspace_id: str, user_id: str) -> Member:
    row = connection.execute(_members(workspace_id).where(members.c.user_id == user_id)).first()
    if row is None:
        raise not_found("The member")
    return _member(row)


def _member(row: Row[Any]) -> Member:
    return Member(
        user_id=row.user_id,
        email=row.email,
        name=row.name,
        roles=tuple(role for role in ROLES if role in row.roles),
        created_at=row.created_at,
        waiting=row.password_hash is None and row.oidc_subject is None,
    )
