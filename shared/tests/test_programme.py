"""A programme is data: checked where it is written, the same after it has travelled."""

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hongzhu.programme import (
    All,
    AnyOf,
    Days,
    EveryMonth,
    EverySchoolWeek,
    HolidayOffer,
    Not,
    OncePer,
    OnEvent,
    Programme,
    RecordForm,
    Rule,
    SchoolWeeks,
    Several,
    Standing,
    Where,
    holds,
    leaves,
    where,
)
from hongzhu.testing.examples import child, programme, school

VALUES: dict[str, Any] = {
    "boarding": st.booleans(),
    "grade": st.integers(1, 9),
    "stage": st.sampled_from(["primary", "middle"]),
}
VALUES |= {"school.urban": st.booleans()}


@st.composite
def wheres(draw: st.DrawFn) -> Where:
    fact = draw(st.sampled_from(sorted(VALUES)))
    return where(fact, *draw(st.lists(VALUES[fact], min_size=1, max_size=3)))


rules: st.SearchStrategy[Rule] = st.recursive(
    wheres(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda found: All(all=tuple(found))),
        st.lists(inner, max_size=3).map(lambda found: AnyOf(any=tuple(found))),
        inner.map(lambda rule: Not(rule=rule)),
    ),
    max_leaves=6,
)
children = st.builds(
    lambda boarding, grade, stage: child("c", boarding=boarding, grade=grade, stage=stage),
    st.one_of(st.none(), st.booleans()),
    st.one_of(st.none(), st.integers(1, 9)),
    st.sampled_from([None, "primary", "middle"]),
)
schools = st.one_of(st.none(), st.sampled_from([None, True, False]).map(lambda urban: school("s", urban=urban)))


class Talk(RecordForm):
    topic: Literal["学习|Learning"]
    note: str = ""


def test_a_fact_that_is_not_known_never_matches() -> None:
    nobody_knows = child("c")
    assert not holds(where("boarding", True, False), nobody_knows)
    assert holds(Not(rule=where("boarding", True, False)), nobody_knows)
    assert not holds(where("school.urban", True, False), nobody_knows)
    assert not holds(where("school.urban", True), nobody_knows, school("s"))
    assert holds(where("school.urban", True), nobody_knows, school("s", urban=True))


def test_no_rule_is_for_everybody_and_no_choice_is_for_nobody() -> None:
    assert holds(All(), child("c"))
    assert not holds(AnyOf(any=()), child("c"))


@given(rules, rules, children, schools)
def test_rules_are_logic(one: Any, other: Any, subject: Any, of: Any) -> None:
    a, b = holds(one, subject, of), holds(other, subject, of)
    assert holds(Not(rule=one), subject, of) == (not a)
    assert holds(All(all=(one, other)), subject, of) == (a and b)
    assert holds(AnyOf(any=(one, other)), subject, of) == (a or b)


@given(rules, children, schools)
def test_a_rule_says_the_same_after_it_has_travelled(rule: Any, subject: Any, of: Any) -> None:
    made = programme(
        eligible=rule, form=Talk.model_json_schema(), fields={"grade", "sex"}, trigger=Standing(due_after=3)
    )
    arrived = Programme.model_validate_json(made.model_dump_json(by_alias=True))
    assert arrived == made
    assert arrived.model_dump_json(by_alias=True) == made.model_dump_json(by_alias=True)
    assert holds(arrived.eligible, subject, of) == holds(rule, subject, of)
    assert list(leaves(arrived.eligible)) == list(leaves(rule))


TRIGGERS = [
    EverySchoolWeek(),
    EverySchoolWeek(every=2, opens=1, due=SchoolWeeks(school_weeks=-1), grace=Days(days=3)),
    OncePer(period="term", due=SchoolWeeks(school_weeks=2)),
    OncePer(period="school_year", opens=-10, grace=None),
    EveryMonth(),
    HolidayOffer(season="summer", weeks=4, places=40),
    Standing(due_after=0),
    OnEvent(event="assessment_drop", at_least=15, due_after=3),
    Several(of=(Standing(), OncePer(period="term"))),
]


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda each: str(each.kind))
def test_a_trigger_is_the_same_after_it_has_travelled(trigger: Any) -> None:
    made = programme(trigger=trigger)
    assert Programme.model_validate_json(made.model_dump_json(by_alias=True)).trigger == trigger


def test_a_programme_belongs_to_the_agency_before_the_dot() -> None:
    assert programme("legal_aid.counsellor").agency == "legal_aid"


@pytest.mark.parametrize(
    "change",
    [
        {"code": "talk"},
        {"code": "Bureau.talk"},
        {"code": "bureau.talk.more"},
        {"code": "bureau." + "x" * 100},
        {"subject": "teacher"},
        {"assignee": "everybody"},
        {"trigger": {"kind": "every_full_moon"}},
        {"trigger": {"kind": "standing", "due_after": -1}},
        {"trigger": {"kind": "standing", "due_after": {"days": -1}}},
        {"trigger": {"kind": "every_school_week", "every": 0}},
        {"trigger": {"kind": "every_school_week", "grace": -1}},
        {"trigger": {"kind": "once_per", "period": "decade"}},
        {"trigger": {"kind": "once_per", "period": "term", "due": True}},
        {"trigger": {"kind": "rota", "times": 6}},
        {"trigger": {"kind": "on_event", "event": "A drop"}},
        {"trigger": {"kind": "several", "of": []}},
        {"resolved_by": "A talk"},
        {"resolved_by": "x" * 31},
        {"eligible": where("name", "张三")},
        {"eligible": where("school.name", "东门小学")},
        {"eligible": where("boarding", 1)},
        {"eligible": where("boarding", "true")},
        {"eligible": where("grade", "3")},
        {"eligible": where("grade", True)},
        {"eligible": where("stage", "university")},
        {"eligible": Not(rule=AnyOf(any=(where("entered_on", "2020-09-01"),)))},
        {"eligible": {"fact": "boarding", "in": []}},
        {"subject": "school", "eligible": where("in_poverty", True)},
        {"colour": "red"},
    ],
    ids=str,
)
def test_what_is_no_programme_is_refused_where_it_is_written(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        programme(**{"code": "bureau.talk"} | change)


def test_a_programme_is_never_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        programme().code = "other.talk"  # type: ignore[misc]
