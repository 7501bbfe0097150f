"""A programme's data as the bureau reads it: for whom, when, by whom, and what it asks to see."""

from collections.abc import Iterator, Mapping
from typing import Any

from hongzhu.i18n import _
from hongzhu.programme import All, AnyOf, Not, Programme, Rule, Where
from hongzhu.trigger import (
    Days,
    EveryMonth,
    EverySchoolWeek,
    HolidayOffer,
    OncePer,
    OneTrigger,
    OnEvent,
    Rota,
    SchoolWeeks,
    Span,
    Standing,
    length,
    parts,
)
from hongzhu_registry.access.policy import DOSSIER
from hongzhu_registry.copies import words


def statuses() -> Mapping[str, str]:
    """Say how a programme's version stands."""
    return {
        "proposed": _("Awaiting approval"),
        "approved": _("Running"),
        "suspended": _("Suspended"),
        "superseded": _("Replaced"),
    }


def subjects() -> Mapping[str, str]:
    """Name whom a programme is owed to."""
    return {
        "child": _("Every child"),
        "school": _("Every school"),
        "agency": _("The agency itself"),
        "city": _("The city"),
        "facility": _("Every facility"),
    }


def assignees() -> Mapping[str, str]:
    """Name who is told of a task."""
    return {
        "class_teacher": _("the class teacher"),
        "school_coordinator": _("the school's coordinator"),
        "agency": _("the agency"),
        "bureau": _("the education bureau"),
    }


def for_whom(programme: Programme) -> str:
    """Say in a line whom a programme is owed to."""
    whom, rule = subjects()[programme.subject], _rule(programme.eligible)
    return _("{whom}: {rule}", whom=whom, rule=rule) if rule else whom


def when(programme: Programme) -> str:
    """Say in a line when a programme falls due, and up to when it is on time."""
    return _("; ").join(_when(each) for each in parts(programme.trigger))


def asked_for(programme: Programme) -> list[tuple[str, str, str]]:
    """List the fields of the dossier that the agency would see: each with its title and what it is kept for."""
    titles, purposes = words.fields(), words.purposes()
    more = {"left_behind": _("Which parents are away"), "family": _("Family"), "school_id": _("School")}
    order = list(DOSSIER)
    return [
        (name, titles.get(name) or more.get(name, name), purposes[DOSSIER[name]])
        for name in sorted(programme.fields, key=order.index)
    ]


def spoken_span(span: Span) -> str:
    """Say a stretch of time."""
    count = abs(length(span))
    match span:
        case SchoolWeeks():
            return _("1 school week") if count == 1 else _("{count} school weeks", count=count)
        case Days():
            return _("1 day") if count == 1 else _("{count} days", count=count)
        case _:
            return _("1 school day") if count == 1 else _("{count} school days", count=count)


def _when(trigger: OneTrigger) -> str:
    match trigger:
        case Standing(due_after=due):
            return _("within {span} of becoming eligible", span=spoken_span(due))
        case OnEvent(event=event, due_after=due):
            said = _events().get(event, event)
            return _("when it happens: {event}, within {span}", event=said, span=spoken_span(due))
        case _:
            return _(", ").join([_how_often(trigger), *_within(trigger.opens, trigger.due)])


def _how_often(trigger: EverySchoolWeek | OncePer | EveryMonth | Rota | HolidayOffer) -> str:
    match trigger:
        case EverySchoolWeek(every=1):
            return _("every school week")
        case EverySchoolWeek(every=every):
            return _("once in {count} weeks", count=every)
        case OncePer(period="term"):
            return _("once a term")
        case OncePer():
            return _("once a school year")
        case EveryMonth():
            return _("every month of school")
        case Rota(times=times, period="term"):
            return _("{count} times a term, in turn", count=times)
        case Rota(times=times):
            return _("{count} times a school year, in turn", count=times)
        case HolidayOffer(season=season, weeks=weeks, places=places):
            holiday = _("the summer holiday") if season == "summer" else _("the winter holiday")
            return _("in {holiday}, {weeks} weeks with {places} places", holiday=holiday, weeks=weeks, places=places)


def _within(opens: Span | None, due: Span | None) -> Iterator[str]:
    if opens is not None and length(opens):
        yield (
            _("in its last {span}", span=spoken_span(opens))
            if length(opens) < 0
            else _("after its first {span}", span=spoken_span(opens))
        )
    if due is not None and length(due):
        yield (
            _("up to {span} before its end", span=spoken_span(due))
            if length(due) < 0
            else _("within its first {span}", span=spoken_span(due))
        )


def _events() -> Mapping[str, str]:
    return {
        "assessment_drop": _("a test score drops"),
        "hardship_change": _("a family falls into hardship, or comes out of it"),
        "mandatory_report": _("harm is reported"),
        "referral": _("a child is passed on for counselling"),
        "referral_accepted": _("a child that was passed on is taken"),
        "roster_change": _("a roster changed"),
    }


def _rule(rule: Rule) -> str:
    match rule:
        case Where():
            return _fact(rule)
        case All(all=rules):
            return _(", ").join(filter(None, map(_rule, rules)))
        case AnyOf(any=rules):
            return _(" or ").join(map(_rule, rules))
        case Not(rule=Where(fact=fact, is_one_of=(bool() as holds,))):
            return _fact(Where(fact=fact, is_one_of=(not holds,)))
        case Not(rule=inner):
            return _("not ({rule})", rule=_rule(inner))


def _fact(rule: Where) -> str:
    name = _facts().get(rule.fact.removeprefix("school."), rule.fact)
    if rule.is_one_of == (True,):
        return _("with {fact}", fact=name) if "has_" in rule.fact else name
    if rule.is_one_of == (False,):
        return _("still without {fact}", fact=name) if "has_" in rule.fact else _("not {fact}", fact=name)
    values = _values()
    said = _(" or ").join(values.get(str(each), str(each)) for each in rule.is_one_of)
    # A number needs to be told of what it is; a word tells it itself.
    return said if str(rule.is_one_of[0]) in values else _("{fact} {values}", fact=name, values=said)


def _facts() -> Mapping[str, str]:
    return {
        "grade": _("grade"),
        "built": _("built"),
        "urban": _("in the city"),
        "boarding": _("boarding"),
        "in_poverty": _("in registered poverty"),
        "disabled": _("with a disability"),
        "cannot_attend": _("taught at home"),
        "both_parents_away": _("both parents away"),
        "has_proxy_parent": _("a proxy parent"),
        "has_love_parent": _("a love parent"),
        "has_mentor": _("a mentor teacher"),
        "has_peer": _("a peer"),
        "has_disability_partner": _("a partner who knows disability"),
        "academic_concern": _("with an academic concern"),
        "after_school": _("with after-school care"),
        "has_home": _("a home for the children"),
        "has_call_room": _("a room for calls home"),
        "has_counselling_station": _("a counselling station"),
        "has_law_counsellor": _("a law counsellor"),
        "places_short": _("too few places"),
        "sites_missing": _("sites are missing"),
        "has_leading_group": _("a leading group"),
    }


def _values() -> Mapping[str, Any]:
    return {
        "primary": _("primary school"),
        "middle": _("middle school"),
        "male": _("boys"),
        "female": _("girls"),
        "swallow_home": _("swallows' home"),
        "home": _("home for the children"),
        "call_room": _("room for calls home"),
        "counselling_station": _("counselling station"),
    }
