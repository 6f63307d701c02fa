"""What handlers may ask for, as the types of their parameters.

The parameter's name says which: `principal: ThePrincipal`, `session: TheSession`, `here: TheWorkspace`,
`workspace_id: TheWorkspaceId`, `caller: TheCaller` (principal and workspace's id), `paging: ThePaging`, and
`NAME: Service[TYPE]` for what the parts bring. Parts of the path are `FromPath[str]`, of the query
`Annotated[…, QueryParameter(…)]`, the body is `data: JSONBody[…]`.
"""

from __future__ import annotations

from typing import TypeAlias, TypeVar

from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from eden.base.api.access import Caller
from eden.base.api.errors import AnyRequest
from eden.base.api.paging import Page, Paging
from eden.base.identity.principal import Principal, Workspace
from eden.base.identity.sessions import Session

T = TypeVar("T")

Service: TypeAlias = NamedDependency[T]
ThePrincipal: TypeAlias = NamedDependency[Principal]
TheSession: TypeAlias = NamedDependency[Session]
TheWorkspace: TypeAlias = NamedDependency[Workspace]
TheWorkspaceId: TypeAlias = NamedDependency[str]
TheCaller: TypeAlias = NamedDependency[Caller]
ThePaging: TypeAlias = NamedDependency[Paging]

__all__ = [
    "AnyRequest",
    "FromPath",
    "JSONBody",
    "Page",
    "QueryParameter",
    "Service",
    "TheCaller",
    "ThePaging",
    "ThePrincipal",
    "TheSession",
    "TheWorkspace",
    "TheWorkspaceId",
]
