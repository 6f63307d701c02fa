"""Pages of alerts: the list with open incidents, one alert with the course of its number, the form."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, QueryParameter
from eden.base.problems import Problem
from eden.console.formats import figure
from eden.console.forms import Form
from eden.console.messages import LOCALES, Locale
from eden.console.plots import Plot, Series
from eden.console.view import LOCALE_NAMES
from eden.observe.alerts.channels import where
from eden.observe.alerts.interfaces import (
    AlertRule,
    AlertState,
    Change,
    Compared,
    Sequential,
    SqlNumber,
    Threshold,
    Webhook,
)
from eden.observe.alerts.judging import subject_word
from eden.observe.alerts.rows import Alert
from eden.observe.api_alerts import alerts_of, try_channel, word
from eden.observe.pages.alert_form import (
    AGAIN,
    ALPHAS,
    COMPARISONS,
    EVERY,
    NUMBERS,
    OFS,
    PERIODS,
    Of,
    fields,
    read_channels,
    read_rule,
)
from eden.observe.pages.desk import Desk, TheDesk
from eden.observe.pages.kit import APP, LARGEST_FORM
from eden.observe.pages.words import events_words, measure_words
from eden.observe.questions.interfaces import Percentiles, Trend

#: state → tone and icon of its pill
TONES = {"ok": ("good", "check"), "firing": ("bad", "alert"), "no-data": ("warning", "minus"),
         "muted": ("neutral", "pause"), "off": ("neutral", "circle"), "new": ("neutral", "clock")}  # fmt: skip
#: seconds for which an alert can be muted; 0: until somebody wants it again
MUTES = (3600, 86_400, 7 * 86_400, 0)
_INCIDENTS = 20
_SECOND = 1_000_000
_FOR_EVER = 20 * 365 * 86_400
#: fields of the form by those of a rule
_FIELDS = {"subject.sql": "sql", "subject.question": "number", "subject.new": "new", "subject.baseline": "baseline",
           "subject.over": "compared", "condition.value": "value", "condition.percent": "value",
           "condition.alpha": "alpha"}  # fmt: skip

#: fields whose mistakes have a sentence in both languages
_WRONG = frozenset(
    ("name", "number", "sql", "compared", "new", "control", "baseline", "value", "alpha", "looks", "condition",
     "address", "sender", "to")
)  # fmt: skip

OfKey = Annotated[Of, QueryParameter(name="of")]


@get(f"{APP}/alerts", opt=needs("observe.read"))
async def show_alerts(desk: TheDesk) -> Response[bytes]:
    """All alerts, the troubled ones first, and what is going on."""
    service = alerts_of(desk.observe)
    found = await service.page(*desk.caller, desk.app.key)
    order = {"firing": 0, "no-data": 1}
    found.sort(key=lambda alert: order.get(state_of(alert, desk.view.now), 2))
    names = {alert.id: alert.name for alert in found}
    incidents = await service.incidents(*desk.caller, desk.app.key, limit=_INCIDENTS)
    return desk.page(
        "observe/analysis-alerts.html",
        tab="alerts",
        timed=False,
        alerts=[(alert, state_of(alert, desk.view.now), _condition(desk, alert.rule), _number(desk, alert))
                for alert in found],
        incidents=[(one, names.get(one.alert_id, "")) for one in incidents],
        firing=sum(alert.state is AlertState.FIRING for alert in found),
        tones=TONES,
    )  # fmt: skip


@get(f"{APP}/alerts/new", opt=needs("observe.write"))
async def show_new_alert(desk: TheDesk, of: OfKey = "question") -> Response[bytes]:
    """The form of an alert."""
    return _form(desk, of, None, None, [])


@post(f"{APP}/alerts", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def create_alert(desk: TheDesk) -> Response[bytes]:
    """Make an alert."""
    form = await desk.form()
    of = _of(form)
    try:
        rule = read_rule(form, of, None)
        channels: Any = read_channels(form, None)
        made = await alerts_of(desk.observe).create(
            *desk.caller, desk.app.key, form.one("name"), rule, channels, _language(form)
        )
    except Problem as problem:
        return _mend(desk, "alerts/new", of, None, form, problem)
    return desk.went(f"alerts/{made.id}", desk.t("observe.alerts.made", name=made.name))


@get(f"{APP}/alerts/{{alert_id:str}}", opt=needs("observe.read"))
async def show_alert(desk: TheDesk, alert_id: FromPath[str]) -> Response[bytes]:
    """One alert: its number over the last looks, its incidents, whom it tells."""
    service = alerts_of(desk.observe)
    alert = await service.get(*desk.caller, desk.app.key, alert_id)
    incidents = await service.incidents(*desk.caller, desk.app.key, alert_id, limit=_INCIDENTS)
    channels = {channel.id: (word(channel), where(channel)) for channel in alert.channels}
    return desk.page(
        "observe/analysis-alert.html",
        tab="alerts",
        timed=False,
        alert=alert,
        state=state_of(alert, desk.view.now),
        tones=TONES,
        number_now=_number(desk, alert),
        figure=lambda value: figure(value, desk.locale),
        condition=_condition(desk, alert.rule),
        subject=_subject(desk, alert.rule),
        period_words=_period(desk, alert.rule),
        plot=_plot(desk, alert),
        incidents=incidents,
        channels=[(channel, *channels[channel.id]) for channel in alert.channels],
        secrets={channel.id: channel.secret for channel in alert.channels
                 if isinstance(channel, Webhook)} if desk.view.may("observe.write") else {},
        words=channels,
        mutes=MUTES,
        path=f"alerts/{alert.id}",
    )  # fmt: skip


@get(f"{APP}/alerts/{{alert_id:str}}/edit", opt=needs("observe.write"))
async def show_alert_form(desk: TheDesk, alert_id: FromPath[str]) -> Response[bytes]:
    """The form of an alert that is there."""
    alert = await alerts_of(desk.observe).get(*desk.caller, desk.app.key, alert_id)
    return _form(desk, subject_word(alert.rule), alert, None, [])


@post(f"{APP}/alerts/{{alert_id:str}}", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def change_alert(desk: TheDesk, alert_id: FromPath[str]) -> Response[bytes]:
    """Change an alert."""
    form = await desk.form()
    service = alerts_of(desk.observe)
    alert = await service.get(*desk.caller, desk.app.key, alert_id)
    of = _of(form)
    try:
        rule = read_rule(form, of, alert.rule)
        changed = await service.change(
            *desk.caller,
            desk.app.key,
            alert_id,
            name=form.one("name"),
            rule=rule,
            channels=read_channels(form, alert),
            language=_language(form),
            revision=form.number("revision"),
        )
    except Problem as problem:
        return _mend(desk, f"alerts/{alert_id}/edit", of, alert, form, problem)
    return desk.went(f"alerts/{alert_id}", desk.t("observe.alerts.changed", name=changed.name))


@post(f"{APP}/alerts/{{alert_id:str}}/mute", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def mute_alert(desk: TheDesk, alert_id: FromPath[str]) -> Response[bytes]:
    """Tell nobody for so many seconds; 0: until somebody wants it again; nothing: from now on."""
    seconds = (await desk.form()).one("seconds")
    until = None
    if seconds.isascii() and seconds.isdigit() and len(seconds) < 9:
        until = desk.view.now + (int(seconds) or _FOR_EVER) * _SECOND
    muted = await alerts_of(desk.observe).mute(*desk.caller, desk.app.key, alert_id, until)
    words = desk.t("observe.alerts.muted" if until else "observe.alerts.unmuted", name=muted.name)
    return desk.went(f"alerts/{alert_id}", words)


@post(f"{APP}/alerts/{{alert_id:str}}/switch", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def switch_alert(desk: TheDesk, alert_id: FromPath[str]) -> Response[bytes]:
    """Off, or on again."""
    on = (await desk.form()).one("on") == "yes"
    found = await alerts_of(desk.observe).change(*desk.caller, desk.app.key, alert_id, enabled=on)
    words = desk.t("observe.alerts.switched-on" if on else "observe.alerts.switched-off", name=found.name)
    return desk.went(f"alerts/{alert_id}", words)


@post(f"{APP}/alerts/{{alert_id:str}}/remove", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def remove_alert(desk: TheDesk, alert_id: FromPath[str]) -> Response[bytes]:
    """Remove an alert."""
    service = alerts_of(desk.observe)
    alert = await service.get(*desk.caller, desk.app.key, alert_id)
    await service.remove(*desk.caller, desk.app.key, alert_id)
    return desk.went("alerts", desk.t("observe.alerts.removed", name=alert.name))


@post(f"{APP}/alerts/{{alert_id:str}}/test", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def test_alert(desk: TheDesk, alert_id: FromPath[str]) -> Response[bytes]:
    """Tell one channel that this is a test."""
    channel = (await desk.form()).one("channel")
    trouble = await try_channel(desk.observe, desk.caller, desk.app.key, alert_id, channel)
    if trouble:
        return desk.went(f"alerts/{alert_id}", desk.t("observe.alerts.not-told", reason=trouble), "bad")
    return desk.went(f"alerts/{alert_id}", desk.t("observe.alerts.told"))


def state_of(alert: Alert, now: int) -> str:
    """What people see: switched off, muted, not looked at yet, or the state."""
    if not alert.enabled:
        return "off"
    if alert.muted_until is not None and alert.muted_until > now:
        return "muted"
    return "new" if alert.looked_at is None else alert.state.value


def _of(form: Form) -> Of:
    return next((of for of in OFS if of == form.one("of")), "question")


def _language(form: Form) -> Locale | None:
    return next((locale for locale in LOCALES if locale == form.one("language")), None)


def _form(
    desk: Desk, of: Of, alert: Alert | None, form: Form | None, errors: list[tuple[str, str]], status: int = 200
) -> Response[bytes]:
    usual = fields(None) | (fields(alert.rule) if alert is not None and subject_word(alert.rule) == of else {})
    return desk.page(
        "observe/analysis-alert-form.html",
        status=status,
        tab="alerts",
        timed=False,
        alert=alert,
        of=of,
        ofs=[of] if alert is not None else [one for one in OFS if one != "sql" or desk.view.may("observe.sql")],
        usual=usual,
        filled=form,
        errors=errors,
        wrong=dict(reversed(errors)),
        numbers=[*NUMBERS],
        periods=PERIODS,
        comparisons=[*COMPARISONS],
        alphas=ALPHAS,
        every=EVERY,
        again=AGAIN,
        languages=[(locale, LOCALE_NAMES[locale]) for locale in LOCALES],
        language=desk.locale if alert is None else alert.language,
        channels=[] if alert is None else [(one.id, word(one), where(one)) for one in alert.channels],
        action=desk.here("alerts" if alert is None else f"alerts/{alert.id}"),
        cancel=desk.here("alerts" if alert is None else f"alerts/{alert.id}"),
    )


def _mend(desk: Desk, path: str, of: Of, alert: Alert | None, form: Form, problem: Problem) -> Response[bytes]:
    if problem.code not in ("invalid", "conflict"):
        raise problem
    errors = [_said(desk, name, text) for name, text in problem.errors]
    return _form(desk.at(path), of, alert, form, errors or [("", desk.told(problem))], 422)


def _said(desk: Desk, name: str, sentence: str) -> tuple[str, str]:
    """A mistake by the form's field, in the reader's language; exactly what, in English."""
    field = _FIELDS.get(name, name.partition("[")[0].rpartition(".")[2])
    if name.startswith("channels["):
        field = "address"
    if desk.locale == "en" or field not in _WRONG:
        return field, sentence
    return field, f"{desk.t(f'observe.alert-wrong.{field}')}（{sentence}）"


def _number(desk: Desk, alert: Alert) -> str:
    value = alert.memory.last.value
    return "" if value is None else figure(value, desk.locale)


def _condition(desk: Desk, rule: AlertRule) -> str:
    condition = rule.condition
    if isinstance(condition, Threshold):
        return desk.t(f"observe.alert-when.{condition.direction}", value=figure(condition.value, desk.locale))
    if isinstance(condition, Change):
        return desk.t(
            f"observe.alert-when.change-{condition.direction}", percent=figure(condition.percent, desk.locale)
        )
    assert isinstance(condition, Sequential)
    return desk.t(
        f"observe.alert-when.sequential-{condition.direction}", percent=figure(condition.alpha * 100, desk.locale)
    )


def _subject(desk: Desk, rule: AlertRule) -> str:
    found, subject = fields(rule), rule.subject
    if isinstance(subject, Compared):
        key = found["compared"]
        return desk.t(f"observe.alert-compared.{key or 'own'}")
    if isinstance(subject, SqlNumber):
        return subject.sql
    if found["number"]:
        return desk.t(f"observe.alert-number.{found['number']}")
    question = subject.question
    if isinstance(question, Trend):
        return f"{measure_words(desk, question.measure)} · {events_words(desk, question.events)}"
    if isinstance(question, Percentiles):
        return f"p{question.percentiles[0]:g} · {events_words(desk, question.events)}"
    return desk.t("observe.alert-number.own")


def _period(desk: Desk, rule: AlertRule) -> str:
    """The time that a number is of, where the alert's form has a word for it."""
    last = fields(rule).get("period", "")
    return desk.t(f"observe.alert-period.{last}") if last in PERIODS else last


def _plot(desk: Desk, alert: Alert) -> Plot | None:
    course = alert.memory.course
    if not any(value is not None for _, value, _ in course):
        return None
    last = alert.memory.last
    summary = "" if last.value is None else desk.t("observe.alerts.summary", value=figure(last.value, desk.locale))
    return Plot(
        id="course",
        title=desk.t("observe.alerts.course"),
        x=[at * _SECOND for at, _, _ in course],
        x_title=desk.t("observe.alerts.at"),
        series=[
            Series(desk.t("observe.alerts.number"), [value for _, value, _ in course]),
            Series(desk.t("observe.alerts.limit"), [limit for _, _, limit in course], kind="step"),
        ],
        summary=summary,
    )


HANDLERS: tuple[Any, ...] = (
    show_alerts,
    show_new_alert,
    create_alert,
    show_alert,
    show_alert_form,
    change_alert,
    mute_alert,
    switch_alert,
    remove_alert,
    test_alert,
)
