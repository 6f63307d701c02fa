"""Packages for the native runtime dimina (Android, iOS, Harmony): its update manifest, decided per device.

The runtime fetches one JSON file (`appId, name, path, versionCode, versionName, packageUrl, sha256`), compares
`versionCode` with what it has, and takes a package only if the number is higher; it knows neither releases nor a way
back. So that a bad version can be left, the number that is served is not the version's own:

    served = max(code, highest revoked code) × 1000 + reversals

`reversals` counts how often versions of this program were revoked or came back. Without any, the order of the numbers
is that of the codes. After a version is revoked, the version that devices return to is served above it; when it
comes back, it is served above that. Devices whose version did not change are offered no higher number than they have,
or the same package once more.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from eden.base.problems import not_found
from eden.base.targeting import Context
from eden.release.interfaces import ProgramKind, SignedState, Verb
from eden.release.models import programs, release_events, releases, version_files, versions
from eden.release.packages import PACKAGE
from eden.release.rules_decide import decide
from eden.release.rules_views import DeviceView, ProgramView
from eden.release.service_core import Core

#: reversals that one program can have (later ones bring nothing anew); the number stays below 2^31 for all codes that
#: may be uploaded
SPREAD = 1000


class UpdateManifest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The manifest as the runtime documents it (its MiniProgram-Update page)."""

    app_id: str
    name: str
    path: str
    version_code: int
    version_name: str
    package_url: str
    sha256: str


def served_code(program: ProgramView, code: int, reversals: int) -> int:
    """The number under which a version is served."""
    revoked = [other for other, version in program.versions.items() if version.signed is SignedState.REVOKED]
    return max([code, *revoked]) * SPREAD + min(reversals, SPREAD - 1)


async def update_manifest(
    core: Core, program_id: str, program: ProgramView, device: str, context: Context, targets: str
) -> UpdateManifest:
    """What this device shall have. `targets`: address below which files of versions are served, with "/" at its end.

    Problem `not-found`: not a program of this kind, or no version for this device. The runtime then keeps what it has.
    """
    if program.kind is not ProgramKind.DIMINA:
        raise not_found(f"A dimina package of {program.key}")
    # always as a device that has nothing: the runtime ignores what is not higher than what it has
    code = decide(program, DeviceView(device, context), core.clock()).code
    if code is None:
        raise not_found(f"A version of {program.key} for this device")

    def work(connection: Connection) -> tuple[Any, int]:
        return _version(connection, program_id, code), _reversals(connection, program_id)

    row, reversals = await core.database.read(work)
    about = row.manifest["dimina"]
    return UpdateManifest(
        app_id=row.app_id or row.key,
        name=about.get("name") or row.program_name,
        path=about["path"],
        version_code=served_code(program, code, reversals),
        version_name=row.name,
        package_url=f"{targets}apps/{row.key}/{code}/{row.sha256}.{PACKAGE}",
        sha256=row.sha256,
    )


def _version(connection: Connection, program_id: str, code: int) -> Any:
    return connection.execute(
        select(
            programs.c.key,
            programs.c.app_id,
            programs.c.name.label("program_name"),
            versions.c.name,
            versions.c.manifest,
            version_files.c.sha256,
        )
        .join(versions, versions.c.program_id == programs.c.id)
        .join(version_files, version_files.c.version_id == versions.c.id)
        .where(programs.c.id == program_id, versions.c.code == code, version_files.c.name == PACKAGE)
    ).one()


def _reversals(connection: Connection, program_id: str) -> int:
    happened = (
        select(func.count(), func.count(releases.c.version_id.distinct()))
        .select_from(release_events)
        .join(releases, releases.c.id == release_events.c.release_id)
        .where(releases.c.program_id == program_id)
    )
    turned, _ = connection.execute(happened.where(release_events.c.kind.in_([Verb.ROLL_BACK, Verb.ROLL_FORWARD]))).one()
    # a version that was rolled back comes back by another release of it, too
    rolled_back = (
        select(releases.c.version_id)
        .join(release_events, release_events.c.release_id == releases.c.id)
        .where(releases.c.program_id == program_id, release_events.c.kind == Verb.ROLL_BACK)
    )
    starts, started = connection.execute(
        happened.where(release_events.c.kind == Verb.START, releases.c.version_id.in_(rolled_back))
    ).one()
    withdrawn = connection.execute(
        select(func.count()).where(versions.c.program_id == program_id, versions.c.withdrawn_at.is_not(None))
    ).scalar_one()
    return int(turned) + int(withdrawn) + int(starts) - int(started)
