"""The root of trust as people change it, and what keeps signed metadata alive."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from securesystemslib.signer import CryptoSigner
from sqlalchemy import Connection, select
from tuf.api.metadata import Metadata, Root

from eden.base.identity.principal import Principal, check_permission
from eden.base.problems import not_found
from eden.release import trust_root
from eden.release.models import metadata_heads
from eden.release.service_core import Core, tell
from eden.release.trust import ROOT, SNAPSHOT, TARGETS, TIMESTAMP, TrustRepository, read_file, read_heads
from eden.release.trust_keys import key_to
from eden.release.trust_root import RootChange, TrustState

log = logging.getLogger("eden.release")


class Trust:
    """Every method checks the permission first."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def state(self, principal: Principal, workspace_id: str) -> TrustState:
        """Which keys sign what."""
        check_permission(principal, workspace_id, "key.manage")
        return await self._core.database.read(lambda connection: trust_root.state(connection, workspace_id))

    async def ends(self, principal: Principal, workspace_id: str) -> dict[str, int]:
        """When the metadata of root, targets, snapshot and timestamp expires (µs); without those that are not there."""
        check_permission(principal, workspace_id, "key.manage")
        names = (ROOT, TARGETS, SNAPSHOT, TIMESTAMP)
        heads = await self._core.database.read(lambda connection: read_heads(connection, workspace_id, names))
        return {name: heads[name].expires_at for name in names if name in heads}

    async def root(self, principal: Principal, workspace_id: str) -> bytes:
        """The root of now, signed. Problem `not-found` before the first."""
        check_permission(principal, workspace_id, "workspace.read")
        data = await self._core.database.read(lambda connection: read_file(connection, workspace_id, ROOT))
        if data is None:
            raise not_found("The root of trust")
        return data

    async def propose(self, principal: Principal, workspace_id: str, change: RootChange) -> bytes:
        """The next root, to be signed by root keys. Problem `invalid` when no such root can be."""
        check_permission(principal, workspace_id, "key.manage")

        def work(connection: Connection) -> bytes:
            data = trust_root.propose(self._core.trust, connection, workspace_id, change, self._core.clock())
            detail = {
                "add": [str(key.get("keyid")) for key in change.add],
                "remove": list(change.remove),
                "threshold": change.threshold,
                "renew": list(change.renew),
            }
            self._core.audit(connection, workspace_id, principal, "root.propose", workspace_id, detail)
            return data

        return await self._core.database.write(work)

    async def install(self, principal: Principal, workspace_id: str, data: bytes) -> TrustState:
        """Make a signed proposal the root. Problem `invalid` when it is not what was proposed, or too few signed."""
        check_permission(principal, workspace_id, "key.manage")

        def work(connection: Connection) -> TrustState:
            version = trust_root.install(self._core.trust, connection, workspace_id, data, self._core.clock())
            self._core.audit(connection, workspace_id, principal, "root.install", workspace_id, {"version": version})
            tell(connection, workspace_id, "", None, kind="root")
            return trust_root.state(connection, workspace_id)

        return await self._core.database.write(work)

    async def leap(self, principal: Principal, workspace_id: str, versions: int) -> int:
        """Sign everything anew, `versions` beyond what is there: after a backup came back, devices that have seen
        later metadata refuse it until it has passed them. The timestamp's version."""
        check_permission(principal, workspace_id, "key.manage")

        def work(connection: Connection) -> int:
            timestamp = self._core.trust.sign_all(connection, workspace_id, self._core.clock(), leap=versions)
            detail = {"versions": versions, "timestamp": timestamp}
            self._core.audit(connection, workspace_id, principal, "metadata.leap", workspace_id, detail)
            tell(connection, workspace_id, "", timestamp, kind="leap")
            return timestamp

        return await self._core.database.write(work)

    async def refresh(self) -> int:
        """Sign anew what expires soon, in every workspace; in how many. One that fails does not stop the others."""

        def names(connection: Connection) -> list[str]:
            query = select(metadata_heads.c.workspace_id).where(metadata_heads.c.name == ROOT)
            return sorted(connection.execute(query).scalars())

        renewed = 0
        for workspace_id in await self._core.database.read(names):

            def work(connection: Connection, workspace_id: str = workspace_id) -> bool:
                done = self._core.trust.refresh(connection, workspace_id, self._core.clock())
                if done:
                    tell(connection, workspace_id, "", None, kind="refresh")
                return done

            try:
                renewed += await self._core.database.write(work)
            except Exception:
                log.exception("the metadata of workspace %s could not be renewed; it is tried again", workspace_id)
        return renewed


def do_establish(
    repository: TrustRepository,
    connection: Connection,
    workspace_id: str,
    signers: Sequence[CryptoSigner],
    threshold: int,
    at: int,
) -> None:
    """The first root of a workspace, signed with keys at hand, inside a write: for `eden init`, which makes root keys
    on the machine of the person who runs it. `at`: now, µs."""
    change = RootChange(add=tuple(key_to(signer.public_key) for signer in signers), threshold=threshold)
    metadata = Metadata[Root].from_bytes(trust_root.propose(repository, connection, workspace_id, change, at))
    for signer in signers[:threshold]:
        metadata.sign(signer, append=True)
    trust_root.install(repository, connection, workspace_id, metadata.to_bytes(), at)
