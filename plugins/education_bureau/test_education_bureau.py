"""What the education bureau's plugin promises."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hongzhu.facts import ChildFacts, SchoolFacts
from hongzhu.programme import holds
from hongzhu.trigger import parts
from hongzhu_education_bureau import programmes

CATALOGUE = {each.code.removeprefix("education_bureau."): each for each in programmes()}
COMMON = {"version": 1, "school_id": "s", "entered_on": "2020-09-01", "present": True}


def owed_to(**facts: Any) -> set[str]:
    """Returns the programmes that are for a child with these facts; those of its school begin with ``school_``."""
    of_school = {name.removeprefix("school_"): facts.pop(name) for name in list(facts) if name.startswith("school_")}
    child = ChildFacts.model_validate({"id": "c", **COMMON, **facts})
    school = SchoolFacts.model_validate({"id": "s", **COMMON, **of_school})
    return {code for code, each in CATALOGUE.items() if each.subject == "child" and holds(each.eligible, child, school)}


EVERYBODY = {"weekly_talk", "weekly_tutoring", "home_visit", "drop_talk"}
HELPED = {"stage": "primary", "has_proxy_parent": True, "has_mentor": True, "has_peer": True}


def test_every_child_at_school_is_owed_the_three_ones() -> None:
    assert owed_to(**HELPED) == EVERYBODY
    assert owed_to() == EVERYBODY - {"weekly_talk", "weekly_tutoring"}


@pytest.mark.parametrize(
    ("facts", "more"),
    [
        ({"has_proxy_parent": False}, "proxy_parent"),
        ({"in_poverty": True}, ""),
        ({"in_poverty": True, "has_mentor": False, "has_peer": False}, "mentor peer"),
        ({"academic_concern": True, "has_peer": False}, "plan peer"),
        ({"academic_concern": True}, "plan"),
        ({"has_mentor": False, "has_peer": False}, ""),
        ({"boarding": True, "school_has_call_room": True}, "family_call"),
        ({"boarding": True, "school_has_call_room": False}, ""),
        ({"boarding": False, "school_has_call_room": True}, ""),
        ({"cannot_attend": True}, "home_teaching"),
        ({"in_poverty": True, "school_after_school": True}, "after_school"),
        ({"in_poverty": False, "school_after_school": True}, ""),
    ],
    ids=str,
)
def test_who_is_in_need_of_more_is_owed_more(facts: dict[str, Any], more: str) -> None:
    assert owed_to(**HELPED | facts) == EVERYBODY | set(more.split())


def test_a_programme_falls_due_as_the_plan_says() -> None:
    kinds = {code: [part.kind for part in parts(each.trigger)] for code, each in CATALOGUE.items()}
    assert kinds == {
        "city_leading_group": ["standing"],
        "leading_group": ["once_per"],
        "roster": ["once_per", "on_event"],
        "birthday": ["once_per"],
        "mental_health": ["once_per"],
        "report": ["once_per"],
        "proxy_parent": ["standing"],
        "weekly_talk": ["every_school_week"],
        "weekly_tutoring": ["every_school_week"],
        "home_visit": ["once_per"],
        "family_call": ["every_school_week"],
        "mentor": ["standing"],
        "peer": ["standing"],
        "plan": ["standing", "once_per"],
        "drop_talk": ["on_event"],
        "home_teaching": ["every_school_week"],
        "after_school": ["standing"],
    }


def test_a_talk_needs_its_topic_and_nothing_else() -> None:
    form = Draft202012Validator(CATALOGUE["weekly_talk"].form or {})
    assert form.is_valid({"topic": "身体健康|Health"})
    assert not form.is_valid({})
    assert not form.is_valid({"topic": "身体健康|Health", "name": "…"})


def test_a_talk_after_a_drop_is_a_talk_like_any_other() -> None:
    weekly, after_drop = CATALOGUE["weekly_talk"], CATALOGUE["drop_talk"]
    assert (weekly.resolved_by, weekly.form) == (after_drop.resolved_by, after_drop.form)


def test_every_programme_says_what_it_rests_on() -> None:
    assert all(each.basis for each in programmes())


def test_what_a_school_does_not_do_in_time_is_told_further_up() -> None:
    silent = {code for code, each in CATALOGUE.items() if not each.escalation}
    assert silent == {"city_leading_group", "birthday", "mental_health", "report"}
