"""The compiled rule and `hongzhu.programme.holds` are of one mind, on random rules over random facts."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from hongzhu.facts import SUBJECTS
from hongzhu.programme import All, AnyOf, Not, Where, holds
from hongzhu.testing import examples
from hongzhu_scheduler.models import SUBJECT_TABLES, shard_of
from hongzhu_scheduler.obligation import Obligation

ASKED = {
    kind: [name for name in facts.model_fields if name not in {"id", "version", "entered_on"}]
    for kind, facts in SUBJECTS.items()
}
FLAGS = st.booleans()
VALUES = {
    "school_id": st.sampled_from(["s1", "s2", "", "小学"]),
    "stage": st.sampled_from(["primary", "middle"]),
    "sex": st.sampled_from(["male", "female"]),
    "grade": st.integers(-2, 9),
}


def rules(kind):
    names = [*ASKED[kind], *(f"school.{name}" for name in ASKED["school"] if kind == "child")]
    leaves = st.sampled_from(names).flatmap(
        lambda fact: st.lists(VALUES.get(fact.removeprefix("school."), FLAGS), min_size=1, max_size=3).map(
            lambda values: Where(fact=fact, is_one_of=tuple(values))
        )
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda each: All(all=tuple(each))),
            st.lists(inner, max_size=3).map(lambda each: AnyOf(any=tuple(each))),
            inner.map(lambda each: Not(rule=each)),
        ),
        max_leaves=6,
    )


UNKNOWN_OR = {
    "stage": st.sampled_from([None, "primary", "middle"]),
    "sex": st.sampled_from([None, "male", "female"]),
    "grade": st.sampled_from([None, 0, 1, 3, 9]),
}


def facts(kind, ids, schools):
    def made(number, school_id, present, values):
        of_school = {"id": school_id, "school_id": school_id} if kind == "school" else {}
        base = {"id": f"{kind}{number}", "version": 1, "school_id": school_id, "entered_on": date(2020, 9, 1)}
        return SUBJECTS[kind].model_validate(base | of_school | {"present": present} | values)

    free = [name for name in ASKED[kind] if name not in {"school_id", "present"}]
    values = st.fixed_dictionaries({name: UNKNOWN_OR.get(name, st.sampled_from([None, True, False])) for name in free})
    return st.builds(made, ids, schools, st.booleans(), values)


POPULATION = st.tuples(
    st.lists(facts("school", st.just(0), st.sampled_from(["s1", "s2", "s3"])), unique_by=lambda each: each.id),
    st.lists(
        facts("child", st.integers(0, 50), st.sampled_from(["s1", "s2", "s3"])),
        unique_by=lambda each: each.id,
        max_size=12,
    ),
)


@pytest.mark.parametrize("kind", ["child", "school"])
def test_sql_and_the_pure_rule_choose_the_same_subjects(town, kind):
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(rules(kind), POPULATION)
    def agree(rule, population):
        schools, children = population
        owed = Obligation(examples.programme(subject=kind, eligible=rule), 1, date(2020, 9, 1))
        by_id = {each.id: each for each in schools}
        asks_school = kind == "child" and any("school." in str(leaf) for leaf in _leaves(rule))
        expected = {
            each.id
            for each in (children if kind == "child" else schools)
            if each.present
            and (not asks_school or each.school_id in by_id)  # a school not heard of yet: nothing can be said
            and holds(rule, each, by_id.get(each.school_id))
        }
        with town.database.transaction() as session:
            for name, subjects in (("school", schools), ("child", children)):
                rows = [
                    each.model_dump() | {"shard": shard_of(each.school_id), "held_since": each.entered_on}
                    for each in subjects
                ]
                if rows:
                    session.execute(insert(SUBJECT_TABLES[name]), rows)
            chosen = {row.id for row in session.execute(owed.subjects)}
            negated = Obligation(examples.programme(subject=kind, eligible=Not(rule=rule)), 1, date(2020, 9, 1))
            others = {row.id for row in session.execute(negated.subjects)}
            session.rollback()
        assert chosen == expected
        assert not chosen & others  # never NULL: a rule and its contrary share nobody

    agree()


def _leaves(rule):
    from hongzhu.programme import leaves

    return [leaf.fact for leaf in leaves(rule)]


def test_a_fact_that_is_not_known_never_matches_and_its_contrary_does(town):
    town.bring(examples.child("known", boarding=True), examples.child("unknown"))
    chosen = {}
    for name, rule in (
        ("is", Where(fact="boarding", is_one_of=(True,))),
        ("is not", Not(rule=Where(fact="boarding", is_one_of=(True,)))),
    ):
        owed = Obligation(examples.programme(eligible=rule), 1, date(2020, 9, 1))
        chosen[name] = town.ask(lambda session, owed=owed: {row.id for row in session.execute(owed.subjects)})
    assert chosen == {"is": {"known"}, "is not": {"unknown"}}
