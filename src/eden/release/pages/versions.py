"""Pages of versions: upload, one version with its reviews, what changed between two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import QueryParameter

from eden.base.api.access import needs
from eden.base.api.handlers import AnyRequest, FromPath, Service, ThePrincipal, TheWorkspaceId
from eden.base.identity.principal import Principal
from eden.base.problems import Problem
from eden.console.frame import Console
from eden.console.http import redirect, respond
from eden.console.view import Flash, ViewContext
from eden.release.comparison import KINDS, Comparison, FileChange
from eden.release.interfaces import NoticeLevel, ProgramKind
from eden.release.packages import UploadFields
from eden.release.pages.addresses import code_of
from eden.release.pages.kit import HERE, LARGEST_FORM, Form, read_form, standing_at
from eden.release.pages.mending import Filled, mend, mistakes
from eden.release.service import ReleaseService
from eden.release.service_contents import LONGEST_TEXT, VersionDetail

#: bytes of an upload that are read at once
_PIECE = 1 << 20
#: files of a comparison on one page
_FILES = 100
#: files that are shown as what they are, not as text
_NO_TEXT = frozenset(extension for kind in ("images", "fonts", "media") for extension in KINDS[kind]) - {".svg"}

#: what a version may be: tone of its pill
STATE_TONES = {"uploaded": "neutral", "approved": "good", "rejected": "bad", "withdrawn": "warning"}
SIGNED_TONES = {"stable": "good", "release": "accent", "kept": "neutral", "revoked": "bad", "trial": "accent"}

ProgramKey = FromPath[str]
CodeText = FromPath[str]
SinceText = Annotated[str, QueryParameter(name="since", max_length=16)]
SearchText = Annotated[str, QueryParameter(name="q", max_length=200)]
ChangeText = Annotated[str, QueryParameter(name="change", max_length=10)]
PageNumber = Annotated[int, QueryParameter(name="page", ge=1, le=1_000)]
PackageName = Annotated[str, QueryParameter(name="package", max_length=200)]
PathText = Annotated[str, QueryParameter(name="path", max_length=2_000)]


class Changed(msgspec.Struct, frozen=True):
    """A line of a comparison: a file, by how much it grew, and whether its text can be compared."""

    file: FileChange
    grown: int
    text: bool


# uploading


@get(f"{HERE}/programs/{{program:str}}/versions/new", opt=needs("version.upload"))
async def show_new_version(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    program: ProgramKey,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """The form of a version; it begins with what the newest one said."""
    found = await release_service.programs.get(principal, workspace_id, program)
    last: dict[str, Any] = {}
    if found.newest is not None:
        version = await release_service.versions.get(principal, workspace_id, program, found.newest.code)
        last = version.manifest
    return respond(
        request, console, view, "release/version-new.html", filled=Filled(), program=found, last=last, levels=_LEVELS
    )


_LEVELS = tuple(NoticeLevel)


@post(f"{HERE}/programs/{{program:str}}/versions", opt=needs("version.upload"))
async def upload_version(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    program: ProgramKey,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Take an upload. The size of the request is bounded where the handlers are put together (`parts.py`)."""
    form = await read_form(request)
    file = (await request.form()).get("file")
    found = await release_service.programs.get(principal, workspace_id, program)
    t = console.translator(view)
    try:
        fields = _fields(form, found.kind)
        body = None
        if found.kind is not ProgramKind.NATIVE:
            if not isinstance(file, UploadFile):
                raise Problem("invalid", "Choose a file.", errors=[("file", "Choose the package, a zip file.")])
            body = _pieces(file)
        version, is_new = await release_service.versions.upload(principal, workspace_id, program, body, fields)
    except Problem as problem:
        field = "version" if problem.code == "version-exists" else "file"
        filled = Filled(form, mistakes(problem, console, view, field))
        here = standing_at(view, f"programs/{found.key}/versions/new")
        return mend(request, console, here, "release/version-new.html", filled, program=found, last={}, levels=_LEVELS)
    said = t("release.version.made", name=version.name) if is_new else t("release.version.known", name=version.name)
    return redirect(request, view.url(f"programs/{found.key}/versions/{version.code}"), Flash("good", said))


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece


def _fields(form: Form, kind: ProgramKind) -> UploadFields:
    """What the form says, by the API's own rules. Problem `invalid` with the fields."""
    given: dict[str, Any] = {"notes": form.one("notes")}
    if kind is not ProgramKind.MINIPROGRAM:
        given["version"] = form.one("version") or None
        if code := form.one("code"):
            if not (code.isascii() and code.isdigit() and len(code) <= 16):
                raise Problem("invalid", "Write a number.", errors=[("code", "Write a whole number.")])
            given["code"] = int(code)
    if kind is ProgramKind.H5:
        h5 = {name: form.one(name) for name in ("virtual_host", "fallback_url")}
        given["h5"] = h5 | {"main_url": form.one("main_url") or "/index.html"}
    if kind is ProgramKind.NATIVE:
        texts = {
            locale: {"title": form.one(f"title_{locale}"), "text": form.one(f"text_{locale}")}
            for locale in ("en", "zh")
            if form.one(f"title_{locale}") or form.one(f"text_{locale}")
        }
        given["native"] = {
            "level": form.one("level"),
            "platforms": [part.strip() for part in form.one("platforms").split(",") if part.strip()],
            "app_versions": {"lowest": form.one("lowest") or None, "highest": form.one("highest") or None},
            "texts": texts,
            "url": form.one("url"),
        }
    try:
        return msgspec.convert(given, UploadFields)
    except msgspec.ValidationError as error:
        sentence, _, place = str(error).partition(" - at `$.")
        name = place.rstrip("`")
        if name.startswith("native.texts"):
            name = "title_en" if given["native"]["texts"].get("zh", {}).get("title", "-") else "title_zh"
        raise Problem("invalid", f"{sentence}.", errors=[(name, f"{sentence}.")]) from None


# one version


@get(f"{HERE}/programs/{{program:str}}/versions/{{code:str}}", opt=needs("workspace.read"))
async def show_version(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    program: ProgramKey,
    code: CodeText,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Who, when, what is inside, what reviewers said."""
    detail = await release_service.contents.version(principal, workspace_id, program, code_of(code))
    return await _page(request, principal, workspace_id, view, console, release_service, detail, Filled())


async def _page(
    request: AnyRequest,
    principal: Principal,
    workspace_id: str,
    view: ViewContext,
    console: Console,
    service: ReleaseService,
    detail: VersionDetail,
    filled: Filled,
) -> Response[bytes]:
    version = detail.version
    delta = None
    if detail.base is not None and detail.base.code < version.code:
        delta = await service.contents.delta(principal, workspace_id, version.program, detail.base.code, version.code)
    manifest = version.manifest
    values: dict[str, Any] = {
        "detail": detail,
        "version": version,
        "path": f"programs/{version.program}/versions/{version.code}",
        "state_tones": STATE_TONES,
        "signed_tones": SIGNED_TONES,
        "delta": delta,
        "permissions": manifest.get("req_permissions") or [],
        "domains": {kind: hosts for kind, hosts in (manifest.get("domains") or {}).items() if hosts},
        "manifest": manifest,
    }
    if filled.errors:
        return mend(request, console, standing_at(view, values["path"]), "release/version.html", filled, **values)
    return respond(request, console, view, "release/version.html", filled=filled, **values)


@post(
    f"{HERE}/programs/{{program:str}}/versions/{{code:str}}/reviews",
    opt=needs("version.review"),
    request_max_body_size=LARGEST_FORM,
)
async def review_version(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    program: ProgramKey,
    code: CodeText,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Approve or reject it."""
    form = await read_form(request)
    number = code_of(code)
    t = console.translator(view)
    verdict: Literal["approved", "rejected"] = "approved" if form.one("verdict") == "approved" else "rejected"
    try:
        version = await release_service.versions.review(
            principal, workspace_id, program, number, verdict, form.one("comment")
        )
    except Problem as problem:
        if problem.code not in ("invalid", "version-state"):
            raise
        detail = await release_service.contents.version(principal, workspace_id, program, number)
        filled = Filled(form, mistakes(problem, console, view, "comment"))
        return await _page(request, principal, workspace_id, view, console, release_service, detail, filled)
    said = t(f"release.version.said.{verdict}", name=version.name)
    return redirect(request, view.url(f"programs/{version.program}/versions/{version.code}"), Flash("good", said))


@post(
    f"{HERE}/programs/{{program:str}}/versions/{{code:str}}/withdraw",
    opt=needs("release.emergency"),
    request_max_body_size=LARGEST_FORM,
)
async def withdraw_version(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    program: ProgramKey,
    code: CodeText,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Take it back from everyone."""
    form = await read_form(request)
    version = await release_service.versions.withdraw(
        principal, workspace_id, program, code_of(code), form.one("reason")
    )
    said = console.translator(view)("release.version.withdrawn", name=version.name)
    return redirect(request, view.url(f"programs/{version.program}/versions/{version.code}"), Flash("good", said))


# comparing


@get(f"{HERE}/programs/{{program:str}}/versions/{{code:str}}/changes", opt=needs("workspace.read"))
async def show_changes(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    program: ProgramKey,
    code: CodeText,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
    since: SinceText = "",
    q: SearchText = "",
    change: ChangeText = "",
    page: PageNumber = 1,
) -> Response[bytes]:
    """What changed since another version, file by file; without `since`, since the stable one."""
    detail = await release_service.contents.version(principal, workspace_id, program, code_of(code), files=False)
    version = detail.version
    base = code_of(since) if since else (detail.base.code if detail.base else None)
    found = Comparison(packages=[], files=[], unchanged=0)
    delta = None
    if base is not None:
        found = await release_service.versions.compare(principal, workspace_id, program, base, version.code)
        delta = await release_service.contents.delta(principal, workspace_id, program, base, version.code)
    everything = _changed(found)
    shown = [line for line in everything if q.lower() in line.file.path.lower() and change in ("", line.file.change)]
    counts = {kind: sum(line.file.change == kind for line in everything) for kind in ("added", "removed", "changed")}
    path = f"programs/{version.program}/versions/{version.code}"
    known = {other.code: other.name for other in detail.others}
    if base is not None and base not in known:
        known[base] = (await release_service.versions.get(principal, workspace_id, program, base)).name
    return respond(
        request,
        console,
        view,
        "release/version-changes.html",
        detail=detail,
        version=version,
        path=path,
        base=base,
        base_name=known.get(base, "") if base is not None else "",
        others=[(str(other), name) for other, name in sorted(known.items(), reverse=True)],
        packages=found.packages,
        before=sum(package.before or 0 for package in found.packages),
        after=sum(package.after or 0 for package in found.packages),
        unchanged=found.unchanged,
        counts=counts,
        delta=delta,
        lines=shown[(page - 1) * _FILES : page * _FILES],
        matching=len(shown),
        query={"since": base, "q": q, "change": change},
        page=page,
        more=len(shown) > page * _FILES,
    )


def _changed(found: Comparison) -> list[Changed]:
    """Changed files, with those that are in no archive."""
    inside = {file.package for file in found.files}
    single = [
        FileChange(
            package=package.name,
            path=package.name,
            change="added" if package.before is None else "removed" if package.after is None else "changed",
            before=package.before,
            after=package.after,
        )
        for package in found.packages
        if not package.same and package.name not in inside and not package.name.endswith(".zip")
    ]
    return [
        Changed(
            file,
            (file.after or 0) - (file.before or 0),
            max(file.before or 0, file.after or 0) <= LONGEST_TEXT
            and PurePosixPath(file.path.lower()).suffix not in _NO_TEXT,
        )
        for file in [*single, *found.files]
    ]


@get(f"{HERE}/programs/{{program:str}}/versions/{{code:str}}/changes/file", opt=needs("workspace.read"))
async def show_file_change(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    program: ProgramKey,
    code: CodeText,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
    since: SinceText,
    package: PackageName,
    path: PathText,
) -> Response[bytes]:
    """One file of two versions, line by line."""
    before, after = code_of(since), code_of(code)
    versions = release_service.versions
    found = await release_service.contents.text(principal, workspace_id, program, before, after, package, path)
    return respond(
        request,
        console,
        view,
        "release/version-file.html",
        version=await versions.get(principal, workspace_id, program, after),
        base=await versions.get(principal, workspace_id, program, before),
        package=package,
        found=found,
        added=sum(line[0] == "added" for line in found.lines or ()),
        removed=sum(line[0] == "removed" for line in found.lines or ()),
    )


#: takes a large body
UPLOADS: tuple[Any, ...] = (upload_version,)

HANDLERS: tuple[Any, ...] = (
    show_new_version,
    show_version,
    review_version,
    withdraw_version,
    show_changes,
    show_file_change,
)
