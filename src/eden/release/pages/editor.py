"""The editor of releases: which version, and by which steps; what that means is shown while one writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get, post
from sqlalchemy import Connection

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, QueryParameter, Service
from eden.base.problems import Problem
from eden.base.targeting.language import ATTRIBUTES, BOUNDS
from eden.base.targeting.words import words_for
from eden.console import formats
from eden.console.forms import Form
from eden.release.interfaces import EVERYONE, ReleaseState, Step, VersionState
from eden.release.pages.desk import Desk, TheDesk
from eden.release.pages.edits import Edit
from eden.release.pages.kit import HERE, LARGEST_PLAN_FORM
from eden.release.pages.plan_form import Mistake, StepForm, place_problem, plan_forms, read_steps, steps_json
from eden.release.pages.preview import Previews
from eden.release.pages.words import plan_words, step_notes
from eden.release.rules_plan import MAX_STEPS, plan_to_json
from eden.release.service_release_rows import ReleaseInfo
from eden.release.service_releases import read_plan

#: programs and versions that can be chosen; who has more comes by the page of the version
_PROGRAMS = 200
_VERSIONS = 50
#: states of versions that nobody can release
_GONE = (VersionState.WITHDRAWN, VersionState.REJECTED)

ProgramKey = Annotated[str, QueryParameter(name="program", max_length=64)]
CodeText = Annotated[str, QueryParameter(name="code", max_length=20)]
PlanName = Annotated[str, QueryParameter(name="plan", max_length=20)]


@dataclass
class Draft:
    """What the editor shows. `info`: the release whose plan it is, None for a new one; `begun`: its steps that stay as
    they are; `steps`: the others."""

    info: ReleaseInfo | None = None
    begun: Sequence[Step] = ()
    steps: list[StepForm] = field(default_factory=list)
    program: str = ""
    code: str = ""
    notes: str = ""
    reason: str = ""
    mistakes: list[Mistake] = field(default_factory=list)
    focus: str = ""
    #: what stands above the form: a conflict
    alert: str = ""

    @property
    def path(self) -> str:
        """Of the page that shows it."""
        if self.info is not None:
            return f"releases/{self.info.release.id}/plan"
        return f"releases/new?{urlencode({'program': self.program})}"


@get(f"{HERE}/releases/new", opt=needs("release.operate"))
async def new_release(
    desk: TheDesk, program: ProgramKey = "", code: CodeText = "", plan: PlanName = "standard"
) -> Response[bytes]:
    """Choose a program, then version and plan."""
    if not program:
        found = await desk.service.programs.page(*desk.caller, limit=_PROGRAMS)
        choices = [(each.key, each.name or each.key) for each in found if each.newest is not None]
        return desk.page("release/release-program.html", programs=choices)
    draft = Draft(program=program, code=code)
    if plan != "empty":
        draft.steps = standard_steps(desk, with_lists=bool(await desk.lists()))
    return await _editor(desk, draft)


def standard_steps(desk: Desk, *, with_lists: bool) -> list[StepForm]:
    """Whitelist where there is a list to choose, 1 %, 10 %, 50 %, everyone; a day each, half an hour for the list."""
    steps = []
    if with_lists:
        steps.append(StepForm(name=desk.t("release.editor.whitelist"), minimum="30", minimum_unit="minutes"))
    for share in (100, 1_000, 5_000):
        name = formats.share(share, desk.locale)
        steps.append(StepForm(name=name, share=str(share // 100), minimum="1", minimum_unit="days"))
    return [*steps, StepForm(name=desk.t("release.editor.everyone"), share=str(EVERYONE // 100))]


@get(f"{HERE}/releases/{{release:str}}/plan", opt=needs("release.operate"))
async def edit_plan(desk: TheDesk, release: FromPath[str]) -> Response[bytes]:
    """The plan of a release; steps that have begun stay as they are."""
    info = await desk.service.releases.get(*desk.caller, release)
    if info.release.state is ReleaseState.FINISHED:
        return desk.go(f"releases/{release}", desk.t("release.editor.finished"), "warning")
    return await _editor(desk, _of(info))


@post(f"{HERE}/releases", opt=needs("release.operate"), request_max_body_size=LARGEST_PLAN_FORM)
async def save_release(desk: TheDesk) -> Response[bytes]:
    """Make the draft of a release."""
    form = await desk.form()
    draft = _typed(form, None)
    values, draft.mistakes = steps_json(draft.steps)
    code = int(draft.code) if draft.code.isascii() and draft.code.isdigit() and len(draft.code) < 17 else 0
    if not code:
        draft.mistakes.insert(0, Mistake("code", "version"))
    if not draft.steps:
        draft.mistakes.append(Mistake("add-step", "no-steps"))
    try:
        if draft.mistakes:
            await _check(desk, draft, values)
        else:
            info = await desk.service.releases.create(*desk.caller, draft.program, code, {"steps": values}, draft.notes)
            return desk.go(f"releases/{info.release.id}", desk.t("release.editor.made"))
    except Problem as problem:
        if not _at_fields(problem, draft):
            draft.alert = desk.told(problem)
    return await _editor(desk, draft, status=422)


@post(f"{HERE}/releases/{{release:str}}/plan", opt=needs("release.operate"), request_max_body_size=LARGEST_PLAN_FORM)
async def save_plan(desk: TheDesk, release: FromPath[str]) -> Response[bytes]:
    """Change the steps that are still to come."""
    form = await desk.form()
    info = await desk.service.releases.get(*desk.caller, release)
    draft = _typed(form, info)
    values, draft.mistakes = steps_json(draft.steps, len(draft.begun))
    plan = {"steps": [*plan_to_json(info.release.plan)["steps"][: len(draft.begun)], *values]}
    status = 422
    try:
        if draft.mistakes:
            await _check(desk, draft, values)
        else:
            await desk.service.releases.change_plan(
                *desk.caller, release, plan, revision=form.number("revision"), reason=draft.reason
            )
            return desk.go(f"releases/{release}", desk.t("release.editor.saved"))
    except Problem as problem:
        if problem.code == "release-changed":
            # as it is by now: the form goes on from there
            info = await desk.service.releases.get(*desk.caller, release)
            status, draft = 409, _typed(form, info)
            draft.alert = desk.t("release.editor.changed", state=desk.t(f"release.state.{info.release.state}"))
        elif not _at_fields(problem, draft):
            draft.alert = desk.told(problem)
    return await _editor(desk, draft, status=status)


@post(f"{HERE}/releases/edit", opt=needs("release.operate"), status_code=200, request_max_body_size=LARGEST_PLAN_FORM)
async def change_form(desk: TheDesk) -> Response[bytes]:
    """The form with a step or a condition more or less; nothing is saved."""
    form = await desk.form()
    draft = _typed(form, await _release_of(desk, form))
    edit = Edit(draft.steps, len(draft.begun), desk.t)
    edit.do(form.one("do"))
    draft.mistakes, draft.focus = edit.mistakes, edit.focus
    answer = await _editor(desk, draft, block="fields")
    # the preview follows what buttons change, too
    answer.set_header("HX-Trigger-After-Settle", "plan-changed")
    return answer


@post(
    f"{HERE}/releases/preview", opt=needs("release.operate"), status_code=200, request_max_body_size=LARGEST_PLAN_FORM
)
async def show_preview(desk: TheDesk, release_previews: Service[Previews]) -> Response[bytes]:
    """Who gets this, of a form that may be half written."""
    form = await desk.form()
    info = await _release_of(desk, form)
    draft = _typed(form, info)
    values, _ = steps_json(draft.steps, len(draft.begun))
    names = await desk.list_names()
    salt = None if info is None else info.release.salt
    preview = await release_previews.look(*desk.caller, draft.begun, values, names, salt, desk.t, desk.locale)
    return desk.page("release/release-preview.html", block="preview", preview=preview)


# parts


async def _release_of(desk: Desk, form: Form) -> ReleaseInfo | None:
    """The release whose plan is edited; None for a new one. Problem `not-found`."""
    release_id = form.one("release")
    return await desk.service.releases.get(*desk.caller, release_id) if release_id else None


def _begun(info: ReleaseInfo) -> Sequence[Step]:
    release = info.release
    return () if release.state is ReleaseState.DRAFT else release.plan.steps[: release.step + 1]


def _of(info: ReleaseInfo) -> Draft:
    begun = _begun(info)
    steps = plan_forms(info.release.plan)[len(begun) :]
    return Draft(info, begun, steps, info.program_key, str(info.version_code), info.notes)


def _typed(form: Form, info: ReleaseInfo | None) -> Draft:
    """What was filled in. Steps that have begun since then are those of the release."""
    begun = () if info is None else _begun(info)
    first = max(0, form.number("first"))
    steps = read_steps(_shifted(form, first))[max(0, len(begun) - first) :]
    if info is not None:
        return Draft(info, begun, steps, info.program_key, str(info.version_code), info.notes, form.one("reason"))
    return Draft(None, (), steps, form.one("program")[:64], form.one("code")[:20], form.one("notes"))


def _shifted(form: Form, first: int) -> Form:
    """The form with its steps counted from 0; in the page they have their place in the plan."""
    if not first:
        return form
    values = {}
    for name, found in form.values.items():
        word, _, rest = name.partition("-")
        index, _, rest = rest.partition("-")
        if word == "step" and index.isascii() and index.isdigit() and len(index) < 4:
            name = f"step-{int(index) - first}-{rest}"
        values[name] = found
    return Form(values)


async def _check(desk: Desk, draft: Draft, values: Sequence[Mapping[str, Any]]) -> None:
    """All that is wrong besides, so that everything is told at once. Problem `invalid`."""
    begun = plan_to_json(draft.info.release.plan)["steps"][: len(draft.begun)] if draft.info else []

    def work(connection: Connection) -> None:
        read_plan(connection, desk.caller.workspace_id, {"steps": [*begun, *values]})

    if values:
        await desk.service.core.database.read(work)


def _at_fields(problem: Problem, draft: Draft) -> bool:
    """Put a plan's problems at their fields; whether that was possible."""
    if problem.code != "invalid" or not problem.errors:
        return False
    known = {mistake.field for mistake in draft.mistakes}
    for path, sentence in problem.errors:
        if path == "notes":
            mistake = Mistake("notes", "notes", sentence)
        else:
            mistake = place_problem(path, sentence, draft.steps, len(draft.begun))
        if mistake.field not in known:
            known.add(mistake.field)
            draft.mistakes.append(mistake)
    return True


async def _editor(desk: Desk, draft: Draft, *, status: int = 200, block: str | None = None) -> Response[bytes]:
    t, locale = desk.t, desk.locale
    lists = await desk.lists()
    names = {each.id: each.name for each in lists}
    versions: list[tuple[str, str]] = []
    if draft.info is None:
        found = await desk.service.versions.page(*desk.caller, draft.program, limit=_VERSIONS)
        versions = [(str(each.code), f"{each.name} ({each.code})") for each in found if each.state not in _GONE]
        if not draft.code and versions:
            draft.code = versions[0][0]
        if draft.code and draft.code not in dict(versions):
            # an older one, or one that is not there: saving tells
            versions.append((draft.code, draft.code))
    errors: dict[str, str] = {}
    for mistake in draft.mistakes:
        said = mistake.sentence if mistake.sentence and locale == "en" else t(f"release.error.{mistake.kind}")
        errors.setdefault(mistake.field, said)
    begun = [
        {
            "name": step.name,
            "words": plan_words(t, locale, draft.info.release.plan, index, names),
            "notes": step_notes(t, locale, step, lambda at: formats.time_element(at, locale)),
        }
        for index, step in enumerate(draft.begun)
        if draft.info is not None
    ]
    words = words_for(locale)
    shown = desk.at(draft.path) if desk.request.method == "POST" else desk
    return shown.page(
        "release/release-editor.html",
        block=block,
        status=status,
        info=draft.info,
        draft=draft,
        begun=begun,
        first=len(begun),
        most=MAX_STEPS,
        versions=versions,
        lists=[(each.id, each.name, t("release.editor.list-size", count=each.size)) for each in lists],
        attributes=[(name, words.attributes[name]) for name in ATTRIBUTES],
        bounds=[(each, t(f"release.bounds.{index}")) for index, each in enumerate(BOUNDS)],
        errors=errors,
        mistakes=list(errors.items()),
    )


HANDLERS: tuple[Any, ...] = (new_release, edit_plan, save_release, save_plan, change_form, show_preview)
