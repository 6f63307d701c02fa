"""Pages of analysis over HTTP: the numbers that they show, in both languages, and to whom."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from eden.base.catalogue import ReleaseInfo, VersionInfo
from eden.base.problems import Problem
from eden.console.frame import Room
from eden.console.messages import LOCALES
from eden.observe import schema
from tests.console.rules import room_problems
from tests.console.test_frame import Outline
from tests.observe.pages.stand import DAY, NOW, PAGES, Stand, text

STEPS = "&".join(
    f"step={quote(step)}" for step in ("$launch", f"$page_view||page|is|{PAGES[1]}", "$page_view||page|is|" + PAGES[2])
)
ADDRESSES = {
    "overview": "/bank/overview?compare=yes",
    "events": "/bank/events?event=%24launch&measure=persons&by=platform&shape=area",
    "events of nothing": "/bank/events?event=nobody",
    "funnel": f"/bank/funnel?{STEPS}",
    "funnel in groups": f"/bank/funnel?{STEPS}&by=platform&compare=yes",
    "funnel to be built": "/bank/funnel?step=%24launch",
    "retention": "/bank/retention",
    "paths": "/bank/paths",
    "performance": "/bank/performance?compare=yes",
    "requests": "/bank/performance?what=request",
    "people": "/bank/people",
    "people who did not": "/bank/people?event=%24page_view&where=page|is|x&not=yes&least=2&days=7",
    "person": "/bank/people/one?person=p04",
    "nobody": "/bank/people/one?person=nobody",
    "versions": "/bank/versions?code=10100",
    "dashboards": "/bank/dashboards",
    "settings": "/bank/settings",
    "nothing yet": "/shop/overview",
    "apps": "",
}


def test_sentences_and_templates_follow_the_rules() -> None:
    assert room_problems(Room("observe", Path(schema.__file__).parent)) == []


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", ADDRESSES)
def test_every_page_is_sound(stand: Stand, name: str, locale: str) -> None:
    answer = stand.get(ADDRESSES[name], locale=locale)
    assert answer.status_code == 200, answer.text
    outline = Outline(answer.text)
    ids = outline.ids()
    assert len(ids) == len(set(ids))
    for tag, attributes in outline.elements:
        assert not [each for each in attributes if each == "style" or each.startswith("on")], attributes
        for attribute in ("for", "aria-labelledby", "aria-describedby", "data-dialog", "list"):
            for target in attributes.get(attribute, "").split():
                assert target in ids, f"{tag} {attribute}={target}"
    assert [tag for tag, _ in outline.elements].count("h1") == 1
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    # beside each chart its numbers, as a table with a row for each point
    figures = re.findall(r'<figure class="plot".*?</figure>', answer.text, flags=re.DOTALL)
    assert len(figures) == answer.text.count("data-plot=")
    for figure in figures:
        rows = figure.partition("<tbody>")[2].count("<tr>")
        plot = json.loads(html.unescape(re.findall(r'data-plot="([^"]*)"', figure)[0]))
        assert rows == len(plot["x"] if "x" in plot else plot["links"]) > 0
    # every sentence has words, and they are of the page's language
    said = text(answer.text)
    assert not re.search(r"\b(observe|console)\.[a-z-]+\.[a-z]", re.sub(r"FROM [^.]*", "", said))
    if locale == "en":
        assert not re.search(r"[一-鿿]", said.replace("中文", ""))


def test_the_numbers_of_an_overview(stand: Stand) -> None:
    page = stand.get("/bank/overview").text
    said = text(page)
    # twelve people in seven days; one of them met a crash
    assert "People 12" in said and "Launches 53" in said
    assert "Start, p50 800 ms" in said
    assert "Crash-free people 91.67 %" in said
    assert "Start, p95 800 ms" in said
    plots = [json.loads(html.unescape(found)) for found in re.findall(r'data-plot="([^"]*)"', page)]
    adoption = {series["name"]: series["values"][-1] for series in plots[1]["series"]}
    assert adoption == {"1.0.0": 0.5, "1.1.0": 0.5}
    assert f"{PAGES[0]}" in said and "TypeError crash of &lt;4&gt; · load in pages/home.js" in said


def test_a_time_is_compared_with_the_one_before(stand: Stand) -> None:
    """Three days against the three before: who is there on a day is known, and on none of the days before that."""
    days = "time=custom&since=2026-11-18&until=2026-11-20&compare=yes"
    # of the twelve people those come on so many days: 7 6 5 4 3 2 1 7 6 5 4 3
    now = sum(min(count, 3) for count in (7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3))
    before = sum(max(0, min(count, 6) - 3) for count in (7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3))
    change = f"+{(now / before - 1) * 100:.3g} % vs before"
    said = text(stand.get(f"/bank/events?event=%24launch&{days}").text)
    assert f"Events {now} {change}" in said, said
    assert f"Launches {now} {change}" in text(stand.get(f"/bank/overview?{days}").text)
    funnel = text(stand.get(f"/bank/funnel?{STEPS}&{days}").text)
    assert "vs before" in funnel
    assert "p50 800 ms 0 % vs before" in text(stand.get(f"/bank/performance?{days}").text)
    # the line of before is in the chart, and beside it
    page = stand.get(f"/bank/events?event=%24launch&{days}").text
    plot = json.loads(html.unescape(re.findall(r'data-plot="([^"]*)"', page)[0]))
    assert [series["name"] for series in plot["series"]] == ["Events", "Before"]
    assert sum(plot["series"][1]["values"]) == before
    # without it, none of that
    assert "vs before" not in stand.get(f"/bank/events?event=%24launch&{days.replace('yes', '')}").text


def test_who_is_here_now(stand: Stand) -> None:
    part = stand.get("/bank/overview/now", **{"HX-Request": "true"})
    assert part.status_code == 200 and "<html" not in part.text
    # those who came at this very hour
    assert "<strong>4</strong>" in part.text
    assert 'hx-trigger="every 3s"' in part.text


def test_a_funnel_counts_people_at_each_step(stand: Stand) -> None:
    said = text(stand.get(f"/bank/funnel?{STEPS}").text)
    assert "100 % 12 people" in said
    assert "50 % 6 people 50 % lost (6)" in said
    assert "16.7 % 2 people 66.7 % lost (4)" in said
    groups = text(stand.get(f"/bank/funnel?{STEPS}&by=platform").text)
    assert "ios 8 (100 %) 4 (50 %) 0 (0 %)" in groups
    assert "android 4 (100 %) 2 (50 %) 2 (50 %)" in groups


def test_a_funnel_is_built_without_script(stand: Stand) -> None:
    """Every button of the form leads to the address of the funnel as it is then."""
    form = (
        "step-0-name=a&step-0-property=&step-0-operator=is&step-0-value=&step-1-name=b&step-1-name=c"
        "&step-1-property=page&step-1-operator=is_not&step-1-value=x,y"
        "&step-1-property=value&step-1-operator=gt&step-1-value=5"
        "&step-1-property=&step-1-operator=is&step-1-value=&time=28d"
    )
    second = "b|c||page|is_not|x|y||value|gt|5"
    built = {
        "show": ["a", second],
        "add": ["a", second, "$page_view"],
        "up-1": [second, "a"],
        "down-0": [second, "a"],
        "remove-0": [second],
        "up-7": ["a", second],
    }
    for button, steps in built.items():
        answer = stand.get(f"/bank/funnel?{form}&do={button}")
        assert answer.status_code == 303
        path, _, query = answer.headers["location"].partition("?")
        assert path.endswith("/analysis/bank/funnel")
        assert query.split("&") == ["time=28d", *(f"step={quote(step, safe='')}" for step in steps)]
    page = stand.get(answer.headers["location"].partition("/analysis")[2]).text
    assert 'value="x, y"' in page and 'value="up-1"' in page
    assert "b or c" in text(page) and "Page is not x or y and value &gt; 5" in text(page)
    # one more condition can be written
    assert page.count('name="step-1-property"') == 3


def test_a_funnel_without_steps_begins_with_what_everybody_does(stand: Stand) -> None:
    """Its address says so; time and filters stay."""
    answer = stand.get("/bank/funnel?time=28d&filter=platform|is|ios")
    assert answer.status_code == 303
    there = answer.headers["location"].partition("/analysis")[2]
    asked = parse_qs(urlsplit(there).query)
    # nobody has tapped anything
    assert asked == {"time": ["28d"], "filter": ["platform|is|ios"], "step": ["$launch", "$page_view"]}
    said = text(stand.get(there).text)
    assert "100 % 8 people" in said and "Saved funnels" not in said
    # nothing has happened in this time: the form says what to do
    nothing = stand.get("/bank/funnel?time=custom&since=2026-10-01&until=2026-10-02")
    assert nothing.status_code == 200 and "Choose the steps of a way" in nothing.text


def test_a_funnel_without_steps_is_the_one_that_was_kept(stand: Stand) -> None:
    def keep(name: str, question: dict[str, Any]) -> str:
        body = {"name": name, "question": {"question": "funnel", **question}}
        made = stand.office.ask("owner", "POST", "/workspaces/test/observe/apps/bank/questions", json=body)
        return str(made.json()["id"])

    launch, view = {"events": {"names": ["$launch"]}}, {"events": {"names": ["$page_view"]}}
    only = [{"by": "property", "property": "platform", "values": ["android"]}]
    # no form has words for this one
    kept = [keep("0 within", {"steps": [launch, view | {"within": 60}]})]
    kept.append(
        keep("1 <first>", {"steps": [launch, view], "window": 1800, "filters": only, "period": {"last": "90d"}})
    )
    kept.append(keep("2 second", {"steps": [view, launch], "unit": "session"}))
    try:
        answer = stand.get("/bank/funnel?time=24h&filter=version|set")
        there = answer.headers["location"].partition("/analysis")[2]
        asked = parse_qs(urlsplit(there).query)
        filters = ["version|set", "platform|is|android"]
        wanted = {"time": ["24h"], "filter": filters, "step": ["$launch", "$page_view"], "window": ["1800"]}
        assert asked == wanted
        page = stand.get(there).text
        assert "100 % 4 people" in text(page)
        offered = page.partition('aria-labelledby="kept-label"')[2].partition("</nav>")[0]
        assert re.findall(r">([^<]*)</a>", offered) == ["1 &lt;first&gt;", "2 second"]
        current = re.findall(r'aria-current="true">([^<]*)<', offered)
        assert current == ["1 &lt;first&gt;"] and f'/questions/{kept[2]}"' in offered
        # opened as it was kept, it is the present one, too
        second = stand.get(f"/bank/questions/{kept[2]}").headers["location"].partition("/analysis")[2]
        offered = stand.get(second).text.partition('aria-labelledby="kept-label"')[2].partition("</nav>")[0]
        assert re.findall(r'aria-current="true">([^<]*)<', offered) == ["2 second"]
    finally:
        for each in kept:
            stand.post(f"/bank/questions/{each}/remove")


def test_steps_of_several_events_with_several_conditions(stand: Stand) -> None:
    """Any of the events, all of the conditions."""
    view, first, second = "$page_view", f"page|is|{PAGES[1]}", "platform|is|android"
    answer = stand.get(f"/bank/funnel?step=%24launch&step={quote(f'{view}|$request||{first}||{second}')}")
    # p00, p06 are even, and theirs are androids; so are p03 and p09, who do not go on
    assert "16.7 % 2 people" in text(answer.text)


def test_a_funnel_in_any_order(stand: Stand) -> None:
    """Nobody comes back to the first page; in the other order both pages were seen."""
    steps = "&".join(f"step={quote(f'$page_view||page|is|{page}')}" for page in (PAGES[1], PAGES[0]))
    said = text(stand.get(f"/bank/funnel?{steps}&window=1800").text)
    assert "100 % 6 people" in said and "0 % 0 people" in said
    said = text(stand.get(f"/bank/funnel?{steps}&window=1800&order=unordered").text)
    assert "1 of 2 steps 100 % 12 people" in said and "2 of 2 steps 50 % 6 people" in said


def test_events_of_a_trend_and_of_retention_have_conditions(stand: Stand) -> None:
    fields = "event-name=a&event-property=page&event-operator=is&event-value=x&over-name=c&over-property=&measure=ratio"
    trend = stand.get(f"/bank/events?{fields}&do=show&time=28d&by=version").headers["location"]
    asked = parse_qs(urlsplit(trend).query)
    assert asked == {
        "time": ["28d"], "by": ["version"], "measure": ["ratio"], "event": ["a"], "where": ["page|is|x"], "over": ["c"],
    }  # fmt: skip
    # starts of one version, of all starts
    cold = stand.get("/bank/events?event=%24launch&where=version|is|1.0.0&measure=ratio&over=%24launch").text
    assert "Share of events 50.94 %" in text(cold)
    back = stand.get("/bank/retention?do=show&start-name=%24launch&back-name=a&back-name=b&saved=x").headers["location"]
    assert parse_qs(urlsplit(back).query) == {"saved": ["x"], "start": ["$launch"], "back": ["a|b"]}
    anything = stand.get("/bank/retention?do=show&start-name=%24launch").headers["location"]
    assert parse_qs(urlsplit(anything).query)["back"] == ["*"]
    assert stand.get(anything.partition("/analysis")[2]).status_code == 200


def test_who_comes_back(stand: Stand) -> None:
    page = stand.get("/bank/retention?mode=recurring").text
    grid = page.partition('id="answer"')[2].partition("</table>")[0]
    # today's twelve have had no day to come back; of those of yesterday all came
    assert re.search(r"2026-11-20</th><td>12</td><td data-heat=\"10\">100 %", grid)
    assert re.search(r"2026-11-19</th><td>11</td><td data-heat=\"10\">100 %</td><td data-heat=\"10\">100 %", grid)


def test_ways_through_pages(stand: Stand) -> None:
    page = stand.get("/bank/paths").text
    flow = json.loads(html.unescape(re.findall(r'data-plot="([^"]*)"', page)[0]))
    assert flow["kind"] == "flow"
    labels = [node["label"] for node in flow["nodes"]]
    assert labels[:3] == list(PAGES)


def test_percentiles_by_version(stand: Stand) -> None:
    said = text(stand.get("/bank/performance").text)
    assert re.search(r"1\.0\.0 \d+ 800 ms 800 ms", said) and re.search(r"1\.1\.0 \d+ 400 ms 400 ms", said)
    assert "Begin the sandbox 400 ms 400 ms" in said
    # a phase that nobody reported is not there
    assert "Download" not in said
    requests = text(stand.get("/bank/performance?what=request").text)
    assert re.search(r"api · /a/\{id\} \d+ 0 6 [\d.]+ %", requests)


def test_one_person(stand: Stand) -> None:
    assert stand.get("/bank/people?q=p04").headers["location"].endswith("/analysis/bank/people/one?person=p04")
    said = text(stand.get("/bank/people/one?person=p04").text)
    assert "Person p04" in said and "Launch" in said and "400 ms" in said and "of &lt;4&gt;" in said
    # values as the program sent them, not as Python writes them
    assert "first true" in said and "first True" not in said
    assert "Device d04" in text(stand.get("/bank/people/one?person=d04").text)
    only = text(stand.get("/bank/people/one?person=p04&kind=error").text)
    assert "of &lt;4&gt;" in only and "400 ms" not in only
    people = text(stand.get("/bank/people").text)
    assert "People 12 Of all people 100 %" in people and "Person First seen Last seen" in people
    # nobody in particular: everybody
    assert stand.get("/bank/people/one?person=%20").headers["location"].endswith("/bank/people")


def test_people_by_what_they_did(stand: Stand) -> None:
    """Or did not; so often, of those for whom a condition holds. The form leads to the address of it."""

    def people(query: str) -> tuple[str, list[str]]:
        page = stand.get(f"/bank/people?{query}").text
        return text(page), re.findall(r"people/one\?[^\"]*person=(p\d\d)", page)

    third = f"event=%24page_view&where=page|is|{quote(PAGES[2], safe='')}"
    said, found = people(third)
    assert found == ["p00", "p06"] and "People 2 Of all people 16.7 %" in said
    assert "Whoever had Page view (Page is pages/done/done) 1 time or more in the last 30 days." in said
    said, found = people(f"{third}&not=yes")
    assert len(found) == 10 and "p06" not in found and "did not have" in said
    # p00 and p07 came on seven days, and nobody so often in one
    assert people("event=%24launch&least=7")[1] == ["p00", "p07"]
    assert people("event=%24launch&least=7&days=1")[1] == []
    assert people("event=%24launch&least=7&filter=version|is|1.0.0")[1] == ["p07"]
    form = "event-name=%24launch&event-property=page&event-operator=is&event-value=a&least=3&days=7&not=yes&do=show"
    there = stand.get(f"/bank/people?{form}&filter=platform|set").headers["location"]
    assert parse_qs(urlsplit(there).query) == {
        "event": ["$launch"], "where": ["page|is|a"], "least": ["3"], "days": ["7"], "not": ["yes"],
        "filter": ["platform|set"],
    }  # fmt: skip


def test_an_alert_says_what_is_looked_at(stand: Stand) -> None:
    """Also of a question that its form has no words for."""
    failed = {"names": ["$request"], "filters": [{"by": "property", "property": "props.status", "values": ["500"]}]}
    spent = {"question": "percentiles", "events": failed, "percentiles": [95], "period": {"last": "3d"}}
    paid = {"question": "trend", "events": {"names": ["pay"]}, "measure": {"kind": "persons"}, "period": {"last": "7d"}}
    usual = {"question": "trend", "measure": {"kind": "persons"}, "period": {"last": "60m"}}
    kept = {"question": "funnel", "steps": [{"events": failed}, {"events": failed}], "period": {"last": "24h"}}
    for question, words in (
        (spent, "p95 · Request (status is 500) Over the last 3d"),
        (paid, "People · pay Over the last 7 days"),
        (usual, "Active people Over the last hour"),
        (kept, "A question of one&#39;s own Over the last 24 hours"),
    ):
        above = {"when": "threshold", "direction": "above", "value": 1}
        rule = {"subject": {"of": "question", "question": question}, "condition": above}
        body = {"name": "told", "rule": rule}
        made = stand.office.ask("owner", "POST", "/workspaces/test/observe/apps/bank/alerts", json=body)
        assert made.status_code == 201, made.text
        assert f"What is looked at {words}" in text(stand.get(f"/bank/alerts/{made.json()['id']}").text)
        assert stand.get(f"/bank/alerts/{made.json()['id']}", locale="zh").status_code == 200


def test_versions_side_by_side(stand: Stand) -> None:
    said = text(stand.get("/bank/versions?code=10100").text)
    assert re.search(r"1\.1\.0 6 50 % 83\.33 %", said)
    assert "10100: 6 people; others: 6." in said


def test_the_newest_version_is_compared_at_once(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = [VersionInfo(10100, "1.1.0", 0), VersionInfo(10000, "1.0.0", 0)]
    found = lambda *_: newest  # noqa: E731
    monkeypatch.setattr(type(stand.observe.ground.catalogue), "versions", found)
    page = stand.get("/bank/versions").text
    assert "1.1.0: 6 people; others: 6." in text(page) and "People without a crash" in page
    # nobody has it yet: the form alone
    newest.insert(0, VersionInfo(10200, "1.2.0", 0))
    page = stand.get("/bank/versions").text
    assert "People without a crash" not in page and 'value="10200" selected' in page


def test_events_in_groups(stand: Stand) -> None:
    said = text(stand.get("/bank/events?event=%24launch&measure=persons&by=platform").text)
    assert "ios 8" in said and "android 4" in said
    filtered = text(stand.get("/bank/events?event=%24launch&measure=persons&filter=platform%7Cis%7Cios").text)
    assert "People 8" in filtered and "Platform is ios" in filtered


def test_numbers_have_the_sql_behind_them(stand: Stand) -> None:
    """What can be asked again on the page of SQL leads there, and is answered there."""
    followed = 0
    for path in (
        "/bank/events?event=%24launch&measure=average&filter=platform%7Cis%7Cios",
        "/bank/paths",
        "/bank/people",
    ):
        page = stand.get(path).text
        assert "SELECT" in page
        for address in re.findall(r'href="[^"]*/analysis(/bank/sql\?q=[^"]*)"', page):
            answer = stand.get(html.unescape(address))
            assert 'id="rows' in answer.text, text(answer.text)
            followed += 1
    assert followed >= 3
    assert "/bank/sql?q=" not in stand.get("/bank/paths", who="auditor").text


def test_the_page_of_sql_begins_with_an_example(stand: Stand) -> None:
    page = stand.get("/bank/sql").text
    assert "SELECT toDate(at) AS day" in page and ">7 rows<" in page and ">2026-11-20<" in page
    # whoever has emptied the editor finds it empty
    empty = stand.get("/bank/sql?q=").text
    assert "SELECT toDate(at) AS day" not in empty.partition("</textarea>")[0] and 'id="rows"' not in empty


def test_days_begin_when_the_readers_do(stand: Stand) -> None:
    """At noon in UTC it is the evening of the same day in Shanghai, whose days begin eight hours earlier."""
    for zone, hour in (("", 0), ("Asia/Shanghai", 16), ("nowhere", 0)):
        cookies = stand.office.sign_in("owner")["Cookie"] + f"; eden_zone={zone}"
        page = stand.get("/bank/events", Cookie=cookies).text
        plot = json.loads(html.unescape(re.findall(r'data-plot="([^"]*)"', page)[0]))
        assert {x // 3_600_000 % 24 for x in plot["x"]} == {hour}, zone


def test_a_filter_that_was_chosen_in_a_form(stand: Stand) -> None:
    chosen = "filter-property=platform&filter-operator=is&filter-value=ios,%20android&time=28d"
    answer = stand.get(f"/bank/events?event=a&{chosen}&filter=version%7Cset")
    assert answer.status_code == 303
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    filters = ["version|set", "platform|is|ios|android"]
    assert asked == {"event": ["a"], "time": ["28d"], "filter": filters}
    values = stand.get("/bank/values?filter-property=platform", **{"HX-Request": "true"}).text
    assert values == '<option value="ios"><option value="android">'


def test_what_cannot_be_meant_is_left_out(stand: Stand) -> None:
    strange = "measure=<b>&filter=x&filter=a|is&filter=a|gt|b&time=9y&shape=cube&interval=aeon&mode=z&of=a;b&compare=no"
    assert stand.get(f"/bank/events?{strange}").status_code == 200
    assert stand.get("/bank/events?time=custom&since=2026-13-01&until=x").status_code == 200


def test_a_property_that_is_none_is_refused(stand: Stand) -> None:
    assert stand.get("/bank/events?by=nothing").status_code == 400
    strange = stand.get("/bank/events?by=no%20such;%20thing")
    assert strange.status_code == 400 and "A property is a column" in strange.text


def test_nothing_was_reported_yet(stand: Stand) -> None:
    for path in ("overview", "events", "funnel", "retention", "paths", "performance", "people", "versions", "sql"):
        page = stand.get(f"/shop/{path}").text
        assert "Nothing has been reported yet" in page and 'href="/app/test/"' in page, path
        # the page looks again by itself
        assert re.search(rf'hx-get="/console/test/analysis/shop/{path}" hx-trigger="every 3s"', page)


def test_what_is_empty_says_what_to_do(stand: Stand) -> None:
    """Where somebody has made nothing yet, and where nothing is found."""
    says = {
        "/shop/dashboards": ("No question is saved", "Ask one on a page of analysis, then choose Save."),
        "/shop/alerts": ("No alert yet", "An alert looks at a number every minute"),
        "/shop/logs/pulls": ("No phone was asked yet", "write its device id"),
        "/bank/people?event=nothing": ("Nothing in this time", "take a filter away"),
        "/bank/events?event=nothing": ("Nothing in this time", "Choose a longer time"),
        "/bank/funnel?step=a&step=b": ("Nothing in this time", "Choose a longer time"),
        "/bank/retention?start=nothing": ("Nothing in this time", "Choose a longer time"),
        "/bank/paths?start=nothing": ("Nothing in this time", "Choose a longer time"),
        "/bank/performance?filter=page|is|x": ("Nothing in this time", "take a filter away"),
        "/bank/versions?filter=page|is|x": ("Nothing in this time", "take a filter away"),
        "/bank/people/one?person=nobody": ("Nothing is known of this id", "Look at the spelling"),
        "/bank/sql?q=SELECT+1+FROM+logs+WHERE+0": ("No rows", "found nothing"),
    }
    for path, (what, todo) in says.items():
        said = text(stand.get(path).text)
        assert what in said and todo in said, path


def test_the_store_is_missing_or_away(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    insight = stand.observe.insight

    async def no_answer(*_: object, **__: object) -> None:
        raise Problem("insight-unavailable", "The events store is starting.")

    monkeypatch.setattr(insight, "ask", no_answer)
    away = stand.get("/bank/overview").text
    assert "The events store does not answer yet" in away and 'hx-trigger="every 3s"' in away
    # a part asks again by itself, too; suggestions are just none
    for path in ("overview/now", "panels/release?code=10100"):
        part = stand.get(f"/bank/{path}", **{"HX-Request": "true"}).text
        assert "does not answer yet" in part and "<html" not in part
        address = html.unescape(re.findall(r'hx-get="([^"]*)" hx-trigger="load delay:3s"', part)[0])
        assert address.endswith(f"/analysis/bank/{path}")
        assert "does not answer yet" in stand.get(f"/bank/{path}").text
    assert stand.get("/bank/values?filter-property=version", **{"HX-Request": "true"}).text == ""
    monkeypatch.setattr(type(insight), "is_installed", False)
    page = stand.get("/bank/overview").text
    assert "pip install" in html.unescape(page) and "The events store is not installed" in page
    # what needs no store is there
    assert "Sentry DSN" in stand.get("/bank/settings").text


def test_a_limit_is_said_where_less_can_be_asked(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    async def too_much(*_: object, **__: object) -> None:
        raise Problem("insight-limit", "The question took longer than 10 s.", "Ask about a shorter time.")

    monkeypatch.setattr(stand.observe.insight, "ask", too_much)
    for path in ("overview", "events?time=90d", "people", "performance", "versions?code=10100"):
        answer = stand.get(f"/bank/{path}")
        said = text(answer.text)
        assert answer.status_code == 422 and "too much at once The question took longer than 10 s. Ask about" in said
        assert "24 hours" in said and "every 3s" not in answer.text, path
    assert "一次查询的内容过多" in stand.get("/bank/overview", locale="zh").text


def test_another_workspace_sees_nothing(stand: Stand) -> None:
    for path in ADDRESSES.values():
        assert stand.get(path, who="stranger").status_code == 404, path


def test_who_may_only_look(stand: Stand) -> None:
    page = stand.get("/bank/events", who="auditor").text
    assert 'id="save"' not in page and "/analysis/bank/sql" not in page
    person = stand.get("/bank/people/one?person=p04", who="developer").text
    assert "Forget this person" not in person
    assert stand.post("/bank/people/erase", who="developer", person="p04", again="p04").status_code == 403
    for path in ("settings", "keys", "dashboards", "questions"):
        assert stand.post(f"/bank/{path}", who="auditor", name="x", label="x").status_code == 403


def test_a_person_is_forgotten_by_writing_the_id_again(stand: Stand) -> None:
    assert "p11" in stand.get("/bank/people").text
    slip = stand.post("/bank/people/erase", person="p11", again="p1")
    assert slip.status_code == 303 and "people/one?person=p11" in slip.headers["location"]
    assert "p11" in stand.get("/bank/people").text
    assert stand.post("/bank/people/erase", person="p11", again="p11").headers["location"].endswith("/bank/people")
    assert "p11" not in stand.get("/bank/people").text


def test_the_page_of_a_release_shows_what_its_version_does(stand: Stand) -> None:
    part = stand.get("/bank/panels/release?code=10100", **{"HX-Request": "true"})
    assert part.status_code == 200 and "<html" not in part.text
    said = text(part.text)
    assert "What 10100 does to its users" in said and "People without a crash 83.33 %" in said
    # nobody has it
    assert stand.get("/bank/panels/release?code=7", **{"HX-Request": "true"}).text.strip() == ""


def test_the_only_app_is_shown_at_once(stand: Stand) -> None:
    page = stand.get("").text
    assert 'href="/console/test/analysis/bank/overview"' in page
    assert re.search(r"Bank bank 1[12] ", text(page)) and "Shop shop 0 " in text(page)
    assert stand.get("/bank").headers["location"].endswith("/analysis/bank/overview")
    assert stand.get("/nothing/overview").status_code == 404


def test_releases_are_marked_where_versions_are_taken_up(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = [
        ReleaseInfo("r1", 10100, "1.1.0", "live", (NOW - 2 * DAY) * 1_000_000, None),
        ReleaseInfo("r0", 10000, "1.0.0", "finished", (NOW - 90 * DAY) * 1_000_000, None),
    ]
    monkeypatch.setattr(type(stand.observe.ground.catalogue), "releases", lambda *_: begun)
    page = stand.get("/bank/versions").text
    plot = json.loads(html.unescape(re.findall(r'data-plot="([^"]*)"', page)[0]))
    assert plot["marks"] == [{"at": (NOW - 2 * DAY) * 1000, "label": "1.1.0"}]
    # releases are called by their version and time wherever they are named, not by their ids
    by_release = html.unescape(text(stand.get("/bank/versions?kind=release&filter=release|is|r1").text))
    assert "Release is 1.1.0 · 2026-11-18 12:00" in by_release
    groups = text(stand.get("/bank/events?by=release").text)
    assert "1.1.0 · 2026-11-18 12:00 " in groups and "1.0.0 · 2026-08-22 12:00 " in groups
