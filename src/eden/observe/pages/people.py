"""People: who did something, or did not; finding somebody, what they did, and forgetting them when they ask for it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal, get_args

import msgspec
from litestar import Response, get, post
from litestar.params import QueryParameter

from eden.base.api.access import needs
from eden.base.problems import Problem
from eden.console import formats
from eden.observe.interfaces import AUTOMATIC
from eden.observe.pages.addresses import DAYS, read_cohort, when
from eden.observe.pages.asking import chips, kept, picking, property_choices, rebuilt, saved_values
from eden.observe.pages.conditions import form_events, write_filter
from eden.observe.pages.desk import Desk, Elsewhere, TheDesk
from eden.observe.pages.drawing_lists import cohort_stats
from eden.observe.pages.kit import APP, LARGEST_FORM
from eden.observe.pages.words import event_words, events_words, micros
from eden.observe.questions import interfaces as ask
from eden.observe.questions import results

EntryKind = Literal["event", "error", "log"]
KINDS: tuple[EntryKind, ...] = get_args(EntryKind)
_LONGEST = 256
_ENTRIES = 100
#: properties of an entry that a line has room for
_PROPERTIES = 6

CursorText = Annotated[str, QueryParameter(name="after", max_length=400)]
SearchText = Annotated[str, QueryParameter(name="q", max_length=_LONGEST)]
PersonText = Annotated[str, QueryParameter(name="person", max_length=_LONGEST)]
DeviceText = Annotated[str, QueryParameter(name="device", max_length=_LONGEST)]


@get(f"{APP}/people", opt=needs("observe.read"))
async def show_people(desk: TheDesk, q: SearchText = "", after: CursorText = "") -> Response[bytes]:
    """Those who did something lately: anything, unless the address says what. A search leads to one of them."""
    text = "".join(character for character in q if character.isprintable()).strip()
    if text:
        return desk.went_to(desk.keeping("people/one", person=text))
    if "do" in desk.asked.values:
        raise _built(desk)
    question = read_cohort(desk.asked, desk.period)
    answered, events, properties, boards = await asyncio.gather(
        desk.ask(msgspec.structs.replace(question, after=after)),
        desk.event_names(),
        property_choices(desk),
        desk.boards(),
    )
    result = answered.result
    assert isinstance(result, results.CohortResult)
    if not result.of:
        await desk.check_reports("people")
    condition = question.condition
    did = condition.condition if isinstance(condition, ask.Not) else condition
    assert isinstance(did, ask.Did)
    words = events_words(desk, did.events)
    lead = "not" if did is not condition else "did"
    return desk.page(
        "observe/analysis-people.html",
        tab="people",
        timed=False,
        members=[
            (
                member,
                desk.keeping("people/one", person=member.person),
                micros(member.first_seen),
                micros(member.last_seen),
            )
            for member in result.members
        ],
        stats=cohort_stats(desk, result),
        did=did,
        others=did is not condition,
        lead=desk.t(f"observe.people.{lead}", events=words, least=did.at_least, days=did.days),
        days=DAYS,
        statements=answered.statements,
        next=desk.varied(after=result.next) if result.next else "",
        first=desk.varied(after="") if after else "",
        chips=chips(desk),
        properties=properties,
        kept=kept(question),
        name=f"{desk.t('observe.tab.people')} · {words}",
        boards=boards,
        **picking(desk, events, did.events.names),
        **await saved_values(desk, question, boards),
    )


def _built(desk: Desk) -> Elsewhere:
    """The address of the people that the form means."""
    events = form_events(desk.asked, "event")
    where = [write_filter(each) for each in events.filters if isinstance(each, ask.Filter)]
    return rebuilt(desk, event=events.names, where=where, after="")


@get(f"{APP}/people/one", opt=needs("observe.read"))
async def show_person(
    desk: TheDesk, person: PersonText = "", device: DeviceText = "", after: CursorText = ""
) -> Response[bytes]:
    """What somebody did and met, the newest first."""
    if not (person.strip() or device.strip()):
        return desk.went_to(desk.keeping("people"))
    kinds = tuple(kind for kind in KINDS if kind in desk.asked.all("kind")) or KINDS
    question = ask.Trail(
        period=when(desk.period),
        person=person.strip(),
        device="" if person.strip() else device.strip(),
        kinds=kinds,
        after=after,
        limit=_ENTRIES,
    )
    answered = await desk.ask(question)
    result = answered.result
    assert isinstance(result, results.TrailResult)
    found_by_device = False
    if person and not result.entries and not after:
        # an id that is nobody's name may be a phone's
        by_device = await desk.ask(
            ask.Trail(period=question.period, device=person.strip(), kinds=kinds, limit=_ENTRIES)
        )
        assert isinstance(by_device.result, results.TrailResult)
        if by_device.result.entries:
            answered, result, found_by_device = by_device, by_device.result, True
    who = {"device": person.strip()} if found_by_device else {"person": person.strip(), "device": device.strip()}
    return desk.page(
        "observe/analysis-person.html",
        tab="people",
        who=person.strip() or device.strip(),
        is_device=found_by_device or not person.strip(),
        groups=_by_session(desk, result),
        sessions={session.id: _session(session) for session in result.sessions},
        count=len(result.entries),
        kinds=[(kind, kind in kinds) for kind in KINDS],
        statements=answered.statements,
        next=desk.varied(**{**who, "after": result.next}) if result.next else "",
        first=desk.varied(**{**who, "after": ""}) if after else "",
    )


@post(f"{APP}/people/erase", opt=needs("observe.erase"), request_max_body_size=LARGEST_FORM)
async def erase_person(desk: TheDesk) -> Response[bytes]:
    """Forget somebody, for good. The form repeats the id, so that nobody is forgotten by a slip."""
    form = await desk.form()
    person, again = form.one("person"), form.one("again")
    if not person or person != again:
        return desk.went_to(desk.here("people/one", person=person), desk.t("observe.person.not-the-same"), "bad")
    try:
        await desk.observe.erase(*desk.caller, person)
    except Problem as problem:
        if problem.code not in ("invalid", "insight-unavailable"):
            raise
        return desk.went_to(desk.here("people/one", person=person), desk.told(problem), "bad")
    return desk.went("people", desk.t("observe.person.erased"))


def _by_session(desk: Desk, result: results.TrailResult) -> list[tuple[str, list[dict[str, Any]]]]:
    """Entries one below the other, with a heading where another session begins."""
    groups: list[tuple[str, list[dict[str, Any]]]] = []
    for entry in result.entries:
        if not groups or groups[-1][0] != entry.session:
            groups.append((entry.session, []))
        groups[-1][1].append(_entry(desk, entry))
    return groups


def _entry(desk: Desk, entry: results.TrailEntry) -> dict[str, Any]:
    tones = {"event": "neutral", "log": "neutral", "error": "bad" if entry.fatal else "warning"}
    props = [(name, _short(value)) for name, value in entry.props.items() if not isinstance(value, dict | list | None)]
    value = ""
    if entry.value is not None:
        write = formats.milliseconds if entry.title in AUTOMATIC else formats.number
        value = write(entry.value, desk.locale)
    return {
        "at": micros(entry.at),
        "kind": entry.kind,
        "tone": tones[entry.kind],
        "title": event_words(desk, entry.title) if entry.kind == "event" else entry.title,
        "page": entry.page,
        "value": value,
        "props": [(name, text) for name, text in props if text][:_PROPERTIES],
        "address": desk.here(f"crashes/{entry.group}") if entry.kind == "error" and entry.group else "",
    }


def _session(session: results.TrailSession) -> dict[str, Any]:
    return {**msgspec.structs.asdict(session), "began": micros(session.began)}


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else f"{text[:79]}…"


HANDLERS: tuple[Any, ...] = (show_people, show_person, erase_person)
