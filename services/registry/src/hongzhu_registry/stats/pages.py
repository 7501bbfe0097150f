"""``/overview``: how the city stands, each figure opening the rows it counts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from hongzhu.clock import today
from hongzhu.i18n import _, written
from hongzhu.period import monday
from hongzhu_registry.agencies.queries import names_of_all as agency_names
from hongzhu_registry.calendar.service import term_start
from hongzhu_registry.children.queries import names_in_sight
from hongzhu_registry.programmes.queries import definitions
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.referrals.queries import unsettled
from hongzhu_registry.rest import InTransaction, Paging
from hongzhu_registry.schools.queries import names
from hongzhu_registry.signed_in import Pages, Reading, show, with_query
from hongzhu_registry.stats import queries, service
from hongzhu_registry.tallies.service import catch_up

router = Pages()

Chart = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]
HERE = {"status": "present"}
MOST = 40
"""Schools, or towns, that one chart shows: those with the most children, or furthest behind."""


@router.get("/overview")
def show_overview(request: Request, session: InTransaction, reader: Reading) -> HTMLResponse:
    """Show the children, what waits for a decision, and what was owed and done since the school year began."""
    reader.must_be("bureau")
    catch_up(session)
    span = service.so_far()
    children, care = queries.children(session), queries.coverage(session, reader, "week", span.first, span.last)
    promised = definitions(session)
    every_child = {each.code: str(each.name) for each in service.of_every_child(promised)}
    called = {each.code: str(each.name) for each in promised}
    return show(
        request,
        "overview.html",
        children=children,
        places=queries.places(session),
        most=MOST,
        waiting=queries.waiting(session),
        care=service.now_and_over_the_term(care, every_child, monday(term_start(session, today()))),
        programmes=every_child,
        agencies=service.by_agency(care),
        titles=agency_names(session),
        span=span,
        charts={
            "town": _by_town(queries.children_by_town(session, MOST)),
            "school": _by_school(queries.children_by_school(session, MOST)),
            "weeks": _weekly(care, every_child),
            "overdue": _overdue(queries.overdue(session, MOST), called, names(session)),
        },
    )


@router.get("/overview/referrals")
def list_unsettled(request: Request, session: InTransaction, reader: Reading, page: Paging) -> HTMLResponse:
    """Show the referrals that nobody has brought to an end."""
    reader.must_be("bureau")
    found = page.of(session, unsettled(), Referral.__table__.c.id)
    children = names_in_sight(session, reader, [each["child_id"] for each in found["items"]])
    return show(request, "overview-referrals.html", found=found, children=children, schools=names(session))


def _by_town(towns: Rows) -> Chart:
    return _of_children(
        [each["town"] or _("No town") for each in towns],
        towns,
        [with_query("/children", {"town": each["town"], **HERE}) if each["town"] else "" for each in towns],
    )


def _by_school(schools: Rows) -> Chart:
    return _of_children(
        [each["name"] for each in schools],
        schools,
        [with_query("/children", {"school_id": each["school_id"], **HERE}) for each in schools],
    )


def _of_children(labels: list[str], rows: Rows, hrefs: list[str]) -> Chart:
    series = [
        {"name": _("Children"), "values": [each["children"] for each in rows]},
        {"name": _("In registered poverty"), "values": [each["in_poverty"] for each in rows]},
    ]
    return {"kind": "bars", "labels": labels, "series": series, "hrefs": hrefs}


def _weekly(care: Rows, programmes: Mapping[str, str]) -> Chart | None:
    """Draw, of what is owed every week, which share was done week by week."""
    shares: dict[str, dict[Any, float | None]] = defaultdict(dict)
    for each in care:
        if each["programme"] in programmes and each["begins_on"] < monday(today()):  # a week that goes on says little
            shares[each["programme"]][each["begins_on"]] = each["share"]
    shares = {code: of_weeks for code, of_weeks in shares.items() if len(of_weeks) > 1}
    weeks = sorted({week for of_weeks in shares.values() for week in of_weeks})
    if not weeks:
        return None
    series = [
        {"name": programmes[code], "values": [_percent(of_weeks.get(week)) for week in weeks]}
        for code, of_weeks in shares.items()
    ]
    hrefs = [with_query("/tasks", {"begins_after": week, "begins_before": week}) for week in weeks]
    return {
        "kind": "line",
        "unit": "%",
        "labels": [written(week, "M月d日", "MMM d") for week in weeks],
        "series": series,
        "hrefs": hrefs,
    }


def _overdue(rows: Rows, called: Mapping[str, str], at: Mapping[str, str]) -> Chart | None:
    """Draw which school is behind with what."""
    if not rows:
        return None
    counted = {(each["school_id"], each["programme"]): each["overdue"] for each in rows}
    behind: dict[str, int] = defaultdict(int)
    for each in rows:
        behind[each["school_id"]] += each["overdue"]
    schools = sorted(behind, key=lambda school: (-behind[school], school))
    programmes = sorted({each["programme"] for each in rows})
    return {
        "labels": [called.get(each, each) for each in programmes],
        "series": [
            {
                "name": at.get(school, _("The whole city")),
                "values": [counted.get((school, programme)) for programme in programmes],
            }
            for school in schools
        ],
        "hrefs": [
            [
                with_query("/tasks", {"state": "overdue", "school_id": school, "programme": programme})
                for programme in programmes
            ]
            for school in schools
        ],
    }


def _percent(share: float | None) -> int | None:
    return None if share is None else round(share * 100)
