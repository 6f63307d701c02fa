"""Pages of versions: upload, one version with its reviews, what changed between two."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import QueryParameter

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath
from eden.base.problems import Problem
from eden.console.forms import Form
from eden.release.addresses import code_of
from eden.release.comparison import Comparison, FileChange, kind_of
from eden.release.interfaces import NoticeLevel, ProgramKind
from eden.release.packages import UploadFields
from eden.release.pages.desk import Desk, TheDesk
from eden.release.pages.kit import HERE, LARGEST_FORM
from eden.release.pages.mending import Filled, form_page, mistakes
from eden.release.pages.states import SIGNED_TONES, VERSION_TONES
from eden.release.service_contents import LONGEST_TEXT, VersionDetail
from eden.release.service_programs import Program

#: bytes of an upload that are read at once
_PIECE = 1 << 20
#: files of a comparison on one page
_FILES = 100
#: files that are shown as what they are, not as text
_NO_TEXT = frozenset({"images", "fonts", "media"})

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
async def show_new_version(desk: TheDesk, program: ProgramKey) -> Response[bytes]:
    """The form of a version; it begins with what the newest one said."""
    found = await desk.service.programs.get(*desk.caller, program)
    last: dict[str, Any] = {}
    if found.newest is not None:
        last = (await desk.service.versions.get(*desk.caller, program, found.newest.code)).manifest
    return _new_version(desk, found, Filled(), last)


def _new_version(desk: Desk, program: Program, filled: Filled, last: dict[str, Any]) -> Response[bytes]:
    path = f"programs/{program.key}/versions/new"
    levels = [*NoticeLevel]
    return form_page(desk, path, "release/version-new.html", filled, program=program, last=last, levels=levels)


@post(f"{HERE}/programs/{{program:str}}/versions", opt=needs("version.upload"))
async def upload_version(desk: TheDesk, program: ProgramKey) -> Response[bytes]:
    """Take an upload. The size of the request is bounded where the handlers are put together (`parts.py`)."""
    form = await desk.form()
    file = await desk.upload()
    found = await desk.service.programs.get(*desk.caller, program)
    body = None
    if found.kind is not ProgramKind.NATIVE:
        if file is None:
            return _new_version(desk, found, Filled(form, [("file", desk.t("release.version.choose"))]), {})
        body = _pieces(file)
    try:
        fields = _fields(form, found.kind)
        version, is_new = await desk.service.versions.upload(*desk.caller, program, body, fields)
    except Problem as problem:
        field = "version" if problem.code == "version-exists" else "file"
        return _new_version(desk, found, Filled(form, mistakes(problem, desk, field)), {})
    said = desk.t(f"release.version.{'made' if is_new else 'known'}", name=version.name)
    return desk.go(f"programs/{found.key}/versions/{version.code}", said)


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
async def show_version(desk: TheDesk, program: ProgramKey, code: CodeText) -> Response[bytes]:
    """Who, when, what is inside, what reviewers said."""
    return await _page(desk, program, code_of(code), Filled())


async def _page(desk: Desk, program: str, code: int, filled: Filled) -> Response[bytes]:
    detail: VersionDetail = await desk.service.contents.version(*desk.caller, program, code)
    version = detail.version
    delta = None
    if detail.base is not None and detail.base.code < version.code:
        delta = await desk.service.contents.delta(*desk.caller, version.program, detail.base.code, version.code)
    manifest = version.manifest
    path = f"programs/{version.program}/versions/{version.code}"
    return form_page(
        desk,
        path,
        "release/version.html",
        filled,
        detail=detail,
        version=version,
        path=path,
        state_tones=VERSION_TONES,
        signed_tones=SIGNED_TONES,
        delta=delta,
        permissions=manifest.get("req_permissions") or [],
        domains={kind: hosts for kind, hosts in (manifest.get("domains") or {}).items() if hosts},
        manifest=manifest,
    )


@post(
    f"{HERE}/programs/{{program:str}}/versions/{{code:str}}/reviews",
    opt=needs("version.review"),
    request_max_body_size=LARGEST_FORM,
)
async def review_version(desk: TheDesk, program: ProgramKey, code: CodeText) -> Response[bytes]:
    """Approve or reject it."""
    form = await desk.form()
    number = code_of(code)
    verdict: Literal["approved", "rejected"] = "approved" if form.one("verdict") == "approved" else "rejected"
    try:
        version = await desk.service.versions.review(*desk.caller, program, number, verdict, form.one("comment"))
    except Problem as problem:
        return await _mend(desk, program, number, form, problem, "comment")
    said = desk.t(f"release.version.said.{verdict}", name=version.name)
    return desk.go(f"programs/{version.program}/versions/{version.code}", said)


@post(
    f"{HERE}/programs/{{program:str}}/versions/{{code:str}}/withdraw",
    opt=needs("release.emergency"),
    request_max_body_size=LARGEST_FORM,
)
async def withdraw_version(desk: TheDesk, program: ProgramKey, code: CodeText) -> Response[bytes]:
    """Take it back from everyone."""
    form = await desk.form()
    number = code_of(code)
    try:
        version = await desk.service.versions.withdraw(*desk.caller, program, number, form.one("reason"))
    except Problem as problem:
        return await _mend(desk, program, number, form, problem, "reason")
    said = desk.t("release.version.withdrawn", name=version.name)
    return desk.go(f"programs/{version.program}/versions/{version.code}", said)


async def _mend(desk: Desk, program: str, code: int, form: Form, problem: Problem, field: str) -> Response[bytes]:
    if problem.code not in ("invalid", "version-state"):
        raise problem
    return await _page(desk, program, code, Filled(form, mistakes(problem, desk, field)))


# comparing


@get(f"{HERE}/programs/{{program:str}}/versions/{{code:str}}/changes", opt=needs("workspace.read"))
async def show_changes(
    desk: TheDesk,
    program: ProgramKey,
    code: CodeText,
    since: SinceText = "",
    q: SearchText = "",
    change: ChangeText = "",
    page: PageNumber = 1,
) -> Response[bytes]:
    """What changed since another version, file by file; without `since`, since the stable one."""
    detail = await desk.service.contents.version(*desk.caller, program, code_of(code), files=False)
    version = detail.version
    base = code_of(since) if since else (detail.base.code if detail.base else None)
    found = Comparison(packages=[], files=[], unchanged=0)
    delta = None
    if base is not None:
        found = await desk.service.versions.compare(*desk.caller, program, base, version.code)
        delta = await desk.service.contents.delta(*desk.caller, program, base, version.code)
    everything = _changed(found)
    wanted = q.lower()
    shown = [file for file in everything if change in ("", file.change) and wanted in file.path.lower()]
    counts = dict.fromkeys(("added", "removed", "changed"), 0) | Counter(file.change for file in everything)
    path = f"programs/{version.program}/versions/{version.code}"
    known = {other.code: other.name for other in detail.others}
    if base is not None and base not in known:
        known[base] = (await desk.service.versions.get(*desk.caller, program, base)).name
    return desk.page(
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
        lines=[_line(file) for file in shown[(page - 1) * _FILES : page * _FILES]],
        matching=len(shown),
        query={"since": base, "q": q, "change": change},
        page=page,
        more=len(shown) > page * _FILES,
    )


def _changed(found: Comparison) -> list[FileChange]:
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
    return [*single, *found.files]


def _line(file: FileChange) -> Changed:
    before, after = file.before or 0, file.after or 0
    text = kind_of(file.path) not in _NO_TEXT or file.path.lower().endswith(".svg")
    return Changed(file, after - before, text and max(before, after) <= LONGEST_TEXT)


@get(f"{HERE}/programs/{{program:str}}/versions/{{code:str}}/changes/file", opt=needs("workspace.read"))
async def show_file_change(
    desk: TheDesk, program: ProgramKey, code: CodeText, since: SinceText, package: PackageName, path: PathText
) -> Response[bytes]:
    """One file of two versions, line by line."""
    before, after = code_of(since), code_of(code)
    found = await desk.service.contents.text(*desk.caller, program, before, after, package, path)
    return desk.page(
        "release/version-file.html",
        program=await desk.service.programs.get(*desk.caller, program),
        version=await desk.service.versions.get(*desk.caller, program, after),
        base=await desk.service.versions.get(*desk.caller, program, before),
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
