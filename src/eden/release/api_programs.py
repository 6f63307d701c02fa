"""Host apps, programs, versions and links for testers over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from litestar import Controller, Response, delete, get, patch, post
from litestar.openapi.datastructures import ResponseSpec
from msgspec import Meta

from eden.base.api.access import needs, streamed
from eden.base.api.handlers import (
    AnyRequest,
    FromPath,
    JSONBody,
    Page,
    QueryParameter,
    Service,
    TheCaller,
    ThePaging,
)
from eden.base.identity.service import Identity
from eden.release.addresses import code_of
from eden.release.api_bodies import ZIP, ZipOperation, stream
from eden.release.comparison import Comparison, SizeReport
from eden.release.packages import H5Fields, UploadFields
from eden.release.service import ReleaseService
from eden.release.wire import (
    Code,
    HostAppView,
    NewHostApp,
    NewProgram,
    NewReview,
    NewTrial,
    NewUpgrade,
    ProgramChange,
    ProgramView,
    TrialView,
    VersionView,
    Withdrawal,
)

_PATH = "/api/v1/workspaces/{workspace:str}"
_VERSION = {
    200: ResponseSpec(data_container=VersionView, description="Just this was uploaded before.", generate_examples=False)
}
Releasing: TypeAlias = Service[ReleaseService]
#: of the path
Key: TypeAlias = FromPath[str]
CodeText: TypeAlias = FromPath[str]
Slug: TypeAlias = FromPath[str]
#: key of a cursor of things that were made at a time
MadeAt = tuple[Annotated[int, Meta(ge=0, le=1 << 62)], Annotated[str, Meta(max_length=40)]]


def _query(name: str, description: str, longest: int) -> Any:
    return QueryParameter(name=name, max_length=longest, description=description)


class HostAppsController(Controller):
    """Apps in which programs run."""

    path = f"{_PATH}/host-apps"
    tags = ("programs",)

    @get(opt=needs("workspace.read"))
    async def list_host_apps(self, caller: TheCaller, release_service: Releasing) -> list[HostAppView]:
        """All host apps, by key."""
        return [HostAppView.of(host) for host in await release_service.programs.host_apps(*caller)]

    @post(opt=needs("workspace.manage"))
    async def create_host_app(
        self, caller: TheCaller, release_service: Releasing, data: JSONBody[NewHostApp]
    ) -> HostAppView:
        """Add a host app."""
        made = await release_service.programs.create_host_app(*caller, data.key, data.name)
        return HostAppView.of(made)


class ProgramsController(Controller):
    """Programs: what there is to release."""

    path = f"{_PATH}/programs"
    tags = ("programs",)

    @get(opt=needs("workspace.read"))
    async def list_programs(
        self, caller: TheCaller, release_service: Releasing, paging: ThePaging
    ) -> Page[ProgramView]:
        """The programs, by key."""
        found = await release_service.programs.page(*caller, after=paging.after(str), limit=paging.limit + 1)
        return paging.page(found, lambda program: program.key, ProgramView.of)

    @post(opt=needs("program.write"))
    async def create_program(
        self, caller: TheCaller, release_service: Releasing, data: JSONBody[NewProgram]
    ) -> ProgramView:
        """Add a program."""
        made = await release_service.programs.create(
            *caller,
            key=data.key,
            kind=data.kind,
            name=data.name,
            description=data.description,
            app_id=data.app_id,
            host_app=data.host_app,
        )
        return ProgramView.of(made)

    @get("/{program:str}", opt=needs("workspace.read"))
    async def get_program(self, caller: TheCaller, release_service: Releasing, program: Key) -> ProgramView:
        """One program."""
        return ProgramView.of(await release_service.programs.get(*caller, program))

    @patch("/{program:str}", opt=needs("program.write"))
    async def update_program(
        self, caller: TheCaller, release_service: Releasing, program: Key, data: JSONBody[ProgramChange]
    ) -> ProgramView:
        """Rename a program, describe it anew, or put it into another host app."""
        changed = await release_service.programs.change(
            *caller, program, name=data.name, description=data.description, host_app=data.host_app
        )
        return ProgramView.of(changed)


class VersionsController(Controller):
    """Versions of a program: uploaded once, never changed."""

    path = f"{_PATH}/programs/{{program:str}}"
    tags = ("versions",)

    @get("/versions", opt=needs("workspace.read"))
    async def list_versions(
        self, caller: TheCaller, release_service: Releasing, program: Key, paging: ThePaging
    ) -> Page[VersionView]:
        """The versions, the highest code first."""
        found = await release_service.versions.page(*caller, program, below=paging.after(Code), limit=paging.limit + 1)
        return paging.page(found, lambda version: version.code, VersionView.of)

    @post(
        "/versions",
        opt=streamed(needs("version.upload")),
        request_max_body_size=None,
        operation_class=ZipOperation,
        responses=_VERSION,
    )
    async def upload_version(
        self,
        request: AnyRequest,
        caller: TheCaller,
        release_service: Releasing,
        program: Key,
        version: Annotated[str | None, _query("version", "Its name, where the package does not say it.", 64)] = None,
        code: Annotated[int | None, QueryParameter(name="code", ge=1, le=2**53 - 1, description="Its number.")] = None,
        notes: Annotated[str, _query("notes", "What is new, for people.", 4_000)] = "",
        container: Annotated[
            int | None, QueryParameter(name="container", ge=1, le=1_000_000, description="Oldest container it runs on.")
        ] = None,
        virtual_host: Annotated[str | None, _query("virtual_host", "H5: its host name in phones.", 253)] = None,
        fallback_url: Annotated[str | None, _query("fallback_url", "H5: where it is online.", 2_000)] = None,
        main_url: Annotated[str, _query("main_url", "H5: path of its first page.", 1_000)] = "/index.html",
    ) -> Response[VersionView]:
        """Upload a version: one zip. The same upload again gives the version that is there.

        With `curl -H 'Authorization: Bearer eden_…' -H 'Content-Type: application/zip' --data-binary @package.zip`.
        """
        h5 = None
        if virtual_host is not None or fallback_url is not None:
            h5 = H5Fields(virtual_host=virtual_host or "", fallback_url=fallback_url or "", main_url=main_url)
        fields = UploadFields(version=version or None, code=code, notes=notes, container=container, h5=h5)
        made, is_new = await release_service.versions.upload(*caller, program, stream(request, ZIP), fields)
        return Response(VersionView.of(made), status_code=201 if is_new else 200)

    @post("/upgrades", opt=needs("version.upload"), responses=_VERSION)
    async def create_upgrade(
        self, caller: TheCaller, release_service: Releasing, program: Key, data: JSONBody[NewUpgrade]
    ) -> Response[VersionView]:
        """Record a version of the native shell, with what its users are told."""
        fields = UploadFields(version=data.version, code=data.code, notes=data.notes, native=data.native)
        made, is_new = await release_service.versions.upload(*caller, program, None, fields)
        return Response(VersionView.of(made), status_code=201 if is_new else 200)

    @get("/versions/{code:str}", opt=needs("workspace.read"))
    async def get_version(
        self, caller: TheCaller, release_service: Releasing, program: Key, code: CodeText
    ) -> VersionView:
        """One version, with its files and reviews."""
        return VersionView.of(await release_service.versions.get(*caller, program, code_of(code)))

    @get("/versions/{code:str}/sizes", opt=needs("workspace.read"))
    async def get_version_sizes(
        self, caller: TheCaller, release_service: Releasing, program: Key, code: CodeText
    ) -> SizeReport:
        """Where a version's bytes are."""
        return await release_service.versions.sizes(*caller, program, code_of(code))

    @get("/versions/{code:str}/changes", opt=needs("workspace.read"))
    async def compare_versions(
        self,
        caller: TheCaller,
        release_service: Releasing,
        program: Key,
        code: CodeText,
        since: Annotated[int, QueryParameter(name="since", ge=1, le=2**53 - 1, description="The earlier version.")],
    ) -> Comparison:
        """What changed since another version, file by file."""
        return await release_service.versions.compare(*caller, program, since, code_of(code))

    @post("/versions/{code:str}/reviews", opt=needs("version.review"))
    async def review_version(
        self, caller: TheCaller, release_service: Releasing, program: Key, code: CodeText, data: JSONBody[NewReview]
    ) -> VersionView:
        """Approve or reject a version; not one of your own."""
        reviewed = await release_service.versions.review(*caller, program, code_of(code), data.verdict, data.comment)
        return VersionView.of(reviewed)

    @post("/versions/{code:str}/withdraw", opt=needs("release.emergency"), status_code=200)
    async def withdraw_version(
        self, caller: TheCaller, release_service: Releasing, program: Key, code: CodeText, data: JSONBody[Withdrawal]
    ) -> VersionView:
        """Take a version back from everyone; where it was stable, the one before it is stable again."""
        gone = await release_service.versions.withdraw(*caller, program, code_of(code), data.reason)
        return VersionView.of(gone)

    @get("/trials", opt=needs("workspace.read"))
    async def list_trials(
        self,
        request: AnyRequest,
        caller: TheCaller,
        release_service: Releasing,
        workspace: Slug,
        program: Key,
        paging: ThePaging,
    ) -> Page[TrialView]:
        """Links for testers, newest first."""
        found = await release_service.trials.page(*caller, program, before=paging.after(MadeAt), limit=paging.limit + 1)
        app = _app(request, workspace)
        return paging.page(found, lambda trial: (trial.created_at, trial.id), lambda trial: TrialView.of(trial, app))

    @post("/trials", opt=needs("version.upload"))
    async def create_trial(
        self,
        request: AnyRequest,
        caller: TheCaller,
        release_service: Releasing,
        workspace: Slug,
        program: Key,
        data: JSONBody[NewTrial],
    ) -> TrialView:
        """Make a link that opens a version on the phones of those who have it, and on no others."""
        made = await release_service.trials.create(
            *caller, program, data.code, name=data.name, seconds=data.seconds, track=data.track
        )
        return TrialView.of(made, _app(request, workspace))


class TrialsController(Controller):
    """Links for testers."""

    path = f"{_PATH}/trials"
    tags = ("versions",)

    @delete("/{trial_id:str}", opt=needs("version.upload"))
    async def revoke_trial(self, caller: TheCaller, release_service: Releasing, trial_id: FromPath[str]) -> None:
        """End a link; phones that have the version by it go back."""
        await release_service.trials.revoke(*caller, trial_id)


def _app(request: AnyRequest, slug: str) -> str:
    """The address of the workspace's super app."""
    identity: Identity = request.app.state.identity
    return f"{identity.origin(str(request.base_url))}/app/{slug}/"


CONTROLLERS = (HostAppsController, ProgramsController, VersionsController, TrialsController)
