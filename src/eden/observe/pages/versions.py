"""Versions side by side: how people take them up, and whether one is better than the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import QueryParameter

from eden.base.api.access import needs
from eden.base.catalogue import VersionInfo
from eden.console.plots import Mark
from eden.observe.pages.addresses import page_filters, read_versions, when
from eden.observe.pages.asking import asked_page
from eden.observe.pages.desk import Desk, TheDesk
from eden.observe.pages.drawing_versions import interval_words, measured_value, measured_words
from eden.observe.pages.kit import APP
from eden.observe.questions import interfaces as ask
from eden.observe.questions import results

KINDS = ("version", "app_version", "release")
#: of a comparison's verdicts: tone and icon
_VERDICTS = {
    "better": ("good", "check"),
    "worse": ("bad", "alert"),
    "same": ("neutral", "equal"),
    "few": ("neutral", "clock"),
}
#: versions that can be chosen, and releases that are marked in the plot
_VERSIONS, _MARKS = 50, 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

CodeNumber = Annotated[int, QueryParameter(name="code", ge=0, le=2**53 - 1)]


@get(f"{APP}/versions", opt=needs("observe.read"))
async def show_versions(desk: TheDesk, code: CodeNumber = 0) -> Response[bytes]:
    """All versions, and one compared with the others: the newest, if the address names none and somebody has it."""
    question = read_versions(desk.asked, desk.period)
    versions = await _versions(desk)
    compared, statements = None, []
    if wanted := code or (versions[0].code if versions else 0):
        answered = await desk.ask(ask.Release(period=when(desk.period), filters=page_filters(desk.asked), code=wanted))
        compared, statements = _compared(desk, answered.result), answered.statements
        if not code and not compared["candidate"].persons:
            compared, statements = None, []
    return await asked_page(
        desk,
        "versions",
        "observe/analysis-versions.html",
        question,
        name=desk.t("observe.draw.adoption"),
        kinds=KINDS,
        kind=question.by,
        versions=[(str(version.code), f"{version.name} ({version.code})") for version in versions[:_VERSIONS]],
        marks=[
            Mark(release.started_at, release.version)
            for release in desk.releases
            if release.started_at is not None and desk.period.since <= release.started_at < desk.period.until
        ][:_MARKS],
        code=wanted,
        version=next((version.name for version in versions if version.code == wanted), str(wanted)),
        compared=compared,
        compared_statements=statements,
    )


@get(f"{APP}/panels/release", opt=needs("observe.read"))
async def show_release_panel(desk: TheDesk, code: CodeNumber) -> Response[bytes]:
    """For the page of a release: its version against the others, since it began. Nothing while nobody has it."""
    versions = await _versions(desk)
    begun = [release.started_at for release in desk.releases if release.code == code and release.started_at is not None]
    since = _EPOCH + timedelta(microseconds=begun[0]) if begun else None
    period = when(desk.period) if since is None else ask.Period(since=since, zone=desk.period.zone.key)
    compared, statements = None, []
    if desk.observe.insight.is_installed:
        answered = await desk.ask(ask.Release(period=period, code=code))
        compared, statements = _compared(desk, answered.result), answered.statements
        if not compared["candidate"].persons:
            compared = None
    return desk.page(
        "observe/analysis-release.html",
        block="panel",
        compared=compared,
        code=code,
        version=next((version.name for version in versions if version.code == code), str(code)),
        statements=statements,
    )


async def _versions(desk: Desk) -> Sequence[VersionInfo]:
    """The app's versions, the newest first."""
    ground, workspace_id, key = desk.observe.ground, desk.caller.workspace_id, desk.app.key
    return await ground.database.read(lambda connection: ground.catalogue.versions(connection, workspace_id, key))


def _compared(desk: Desk, result: results.Result) -> dict[str, Any]:
    assert isinstance(result, results.ReleaseResult)
    return {
        "candidate": result.candidate,
        "control": result.control,
        "measures": [
            {
                "name": measured_words(desk, measure),
                "candidate": measured_value(desk, measure, measure.candidate),
                "candidate_interval": interval_words(desk, measure, measure.candidate_interval),
                "control": measured_value(desk, measure, measure.control),
                "control_interval": interval_words(desk, measure, measure.control_interval),
                "verdict": measure.verdict,
                "tone": _VERDICTS[measure.verdict][0],
                "icon": _VERDICTS[measure.verdict][1],
            }
            for measure in result.measures
        ],
        "share": result.adoption[-1] if result.adoption else None,
    }


HANDLERS: tuple[Any, ...] = (show_versions, show_release_panel)
