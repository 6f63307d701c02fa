"""`eden publish`: from a project to a version on the server, and on its way to users if that is wanted."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from eden.base.errors import EdenError
from eden.publish.client import Access, Client, connect
from eden.publish.parcel import Kind, Parcel, pack

#: for a first version, or where nobody can be harmed
EVERYONE = {"steps": [{"name": "Everyone", "audience": {"share": 10_000}}]}


@dataclass(frozen=True)
class Options:
    """Of the command line. `plan`: a file with a release plan; `standard`: release by the standard plan; `everyone`:
    make it stable at once; `draft`: do not start the release."""

    source: Path
    kind: Kind = "miniprogram"
    program: str | None = None
    version: str | None = None
    code: int | None = None
    notes: str = ""
    virtual_host: str | None = None
    fallback_url: str | None = None
    main_url: str | None = None
    plan: Path | None = None
    standard: bool = False
    everyone: bool = False
    draft: bool = False


async def publish(access: Access, options: Options) -> int:
    """The exit code; what happened is printed."""
    plan = read_plan(options.plan) if options.plan else EVERYONE if options.everyone else None
    if options.draft and plan is None and not options.standard:
        raise EdenError("no-plan", "--draft needs a release.", "Add --standard, --everyone or --release PLAN.json.")
    with tempfile.TemporaryDirectory(prefix="eden-publish-") as folder:
        parcel = pack(options.source, options.kind, Path(folder))
        if parcel is None:
            return 1
        async with connect(access) as client:
            key = await _program(client, options, parcel)
            version = await _upload(client, options, parcel, key)
            print(f"{key} {version['name']} ({version['code']}) is on {access.server}, workspace {client.workspace}.")
            if plan is None and not options.standard:
                print(f"Bring it to its users: eden release create {key} --code {version['code']}")
                return 0
            return await _release(client, key, version, plan, options)


async def _program(client: Client, options: Options, parcel: Parcel) -> str:
    """The program's key; a program that is missing is made."""
    key = options.program or parcel.key
    if key is None:
        said = f" {parcel.app_id!r} cannot be one" if parcel.app_id else " the package does not say one"
        raise EdenError("which-program", f"The program needs a key;{said}.", "Give it: --program KEY")
    if await client.find(f"/programs/{quote(key, safe='')}") is None:
        body = {"key": key, "kind": options.kind, "name": parcel.name or key}
        if parcel.app_id:
            body["app_id"] = parcel.app_id
        await client.post("/programs", body)
        print(f"The program {key} is new in the workspace {client.workspace}.")
    return key


async def _upload(client: Client, options: Options, parcel: Parcel, key: str) -> Any:
    with _progress(parcel.size) as progress:
        return await client.upload(
            f"/programs/{quote(key, safe='')}/versions",
            parcel.file,
            "application/zip",
            progress,
            version=options.version,
            code=options.code,
            notes=options.notes or None,
            virtual_host=options.virtual_host,
            fallback_url=options.fallback_url,
            main_url=options.main_url,
        )


async def _release(client: Client, key: str, version: Any, plan: Any, options: Options) -> int:
    if options.everyone and await _is_stable(client, key, version["code"]):
        print("It is stable already.")
        return 0
    body: dict[str, Any] = {"program": key, "code": version["code"]}
    if plan is not None:
        body["plan"] = plan
    release = await client.post("/releases", body)
    if options.draft:
        print(f"The release {release['id']} is a draft. Begin it: eden release start {release['id']}")
        return 0
    release = await _start(client, release)
    if options.everyone:
        await client.post(f"/releases/{release['id']}/finish", {"revision": release["revision"]})
        print("It is stable: everyone gets it at the next check.")
        return 0
    step = release["plan"]["steps"][release["step"]]
    print(f"The release {release['id']} is live, step 1 of {len(release['plan']['steps'])}: {step['name']}.")
    print(f"Watch it: eden release show {key}")
    return 0


async def _is_stable(client: Client, key: str, code: int) -> bool:
    stable = (await client.get(f"/programs/{quote(key, safe='')}"))["stable"]
    return stable is not None and stable["code"] == code


async def _start(client: Client, draft: Any) -> Any:
    try:
        return await client.post(f"/releases/{draft['id']}/start", {"revision": draft["revision"]})
    except EdenError:
        # what may not begin yet would be left behind with every try
        with contextlib.suppress(EdenError):
            await client.delete(f"/releases/{draft['id']}", revision=draft["revision"])
        raise


def read_plan(file: Path) -> Any:
    """A plan as JSON. Raises EdenError when the file cannot be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except OSError as error:
        raise EdenError("plan-file", f"The plan {file} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise EdenError("plan-file", f"The plan {file} is not a JSON object: {error}.") from error


class _progress:  # noqa: N801 - used like a function
    """Shows on a terminal how much has been sent."""

    def __init__(self, total: int) -> None:
        self._total = max(1, total)
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> Callable[[int], None]:
        return self._show

    def __exit__(self, *_: object) -> None:
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def _show(self, sent: int) -> None:
        if self._shown:
            print(f"\rsent {sent * 100 // self._total} % of {self._total:,} bytes", end="", file=sys.stderr, flush=True)
