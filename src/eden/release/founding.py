"""What releasing needs in the first workspaces: a host app, and a root of trust whose keys people carry away."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from sqlalchemy import Connection, select

from eden.base.errors import EdenError
from eden.base.parts import Founding
from eden.release import trust_root
from eden.release.models import host_apps
from eden.release.service import ReleaseService
from eden.release.service_core import tell
from eden.release.service_trust import do_establish
from eden.release.trust_keys import P256, new_signer, read_key_file, write_key_file

#: the app that programs run in, until there are others
HOST_APP = ("app", "Super app")
#: either of two keys signs: one may be lost, and each can be kept in a place of its own
ROOT_KEYS = 2
THRESHOLD = 1
#: passphrase of the key files; without one they are plain, and whoever finds one can sign
PASSPHRASE = "EDEN_ROOT_PASSPHRASE"


async def found(service: ReleaseService, founding: Founding) -> list[str]:
    """Make what is missing; sentences that tell what was made."""
    core = service.core

    def lacking(connection: Connection) -> tuple[list[str], list[str]]:
        workspaces = founding.workspaces.values()
        with_app = set(connection.execute(select(host_apps.c.workspace_id)).scalars())
        return (
            [one for one in workspaces if one not in with_app],
            [one for one in workspaces if trust_root.state(connection, one).version == 0],
        )

    without_app, without_root = await core.database.read(lacking)
    for workspace_id in without_app:
        await service.programs.create_host_app(founding.owner, workspace_id, *HOST_APP)
    if not without_root:
        return []
    signers = await asyncio.to_thread(_root_keys, founding.folder)

    def establish(connection: Connection) -> None:
        for workspace_id in without_root:
            do_establish(core.trust, connection, workspace_id, signers, THRESHOLD, core.clock())
            core.audit(connection, workspace_id, founding.owner, "root.install", workspace_id, {"version": 1})
            tell(connection, workspace_id, "", None, kind="root")

    await core.database.write(establish)
    return [
        f"Made {ROOT_KEYS} root keys in {founding.folder}. Move each to a safe place that is not on this machine:",
        "they decide whom phones trust, and the server works without them.",
    ]


def _root_keys(folder: Path) -> Sequence[CryptoSigner]:
    """The keys in the folder; those that are missing are made."""
    passphrase = os.environ.get(PASSPHRASE) or None
    signers = []
    for number in range(1, ROOT_KEYS + 1):
        path = folder / f"root-{number}.pem"
        if not path.exists():
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise EdenError("key-file", f"{folder} cannot be made: {error.strerror}.") from error
            write_key_file(path, new_signer(P256), passphrase)
        signers.append(read_key_file(path, passphrase))
    return signers
