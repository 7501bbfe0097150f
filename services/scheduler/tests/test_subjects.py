"""What is known of a child changes: what it is owed from then on, and what it costs to find out."""

from datetime import timedelta

from sqlalchemy import event

from hongzhu.clock import stand_on
from hongzhu.programme import where
from hongzhu.testing.examples import MONDAY, TERM, child, programme, standing

WEEK = timedelta(days=7)


def test_what_becomes_so_today_makes_nothing_owed_for_past_weeks(town):
    town.announce()
    town.approve(programme(eligible=where("boarding", True)), since=TERM.first)
    town.bring(child("c1", boarding=False))
    town.reach(MONDAY)
    town.bring(child("c1", version=2, boarding=True))
    assert town.periods("c1") == ["week:2020-11-23"]


def test_what_a_programme_does_not_ask_about_may_change_and_the_past_weeks_stay_owed(town):
    stand_on(MONDAY)
    town.announce()
    town.bring(child("a", version=1))
    town.bring(child("a", version=2, academic_concern=True))
    town.approve(
        programme(), programme("bureau.plan", eligible=where("academic_concern", True)), since=MONDAY - 2 * WEEK
    )
    town.reach(MONDAY)
    assert town.periods("a") == [f"week:{MONDAY - 2 * WEEK}", f"week:{MONDAY - WEEK}", f"week:{MONDAY}"]
    assert town.periods("a", "bureau.plan") == [f"week:{MONDAY}"]


def test_a_fact_that_changes_costs_nothing_for_the_programmes_that_do_not_ask_about_it(town):
    town.announce()
    town.approve(programme(eligible=where("boarding", True)), standing())
    town.bring(child("c1", has_proxy_parent=False, boarding=False))
    town.reach(MONDAY)

    def statements(version: int, boarding: bool) -> int:
        asked = 0

        def count(*_: object) -> None:
            nonlocal asked
            asked += 1

        event.listen(town.database.engine, "before_cursor_execute", count)
        town.bring(child("c1", version=version, has_proxy_parent=False, boarding=boarding))
        event.remove(town.database.engine, "before_cursor_execute", count)
        return asked

    statements(2, True)
    alone = statements(3, False), statements(4, True)
    assert town.periods("c1") == ["week:2020-11-23"]
    town.approve(*(programme(f"bureau.other{number}") for number in range(20)))
    town.reach(MONDAY)
    assert (statements(5, False), statements(6, True)) == alone


def test_an_older_version_of_a_child_changes_nothing(town):
    town.announce()
    town.approve(programme(eligible=where("boarding", True)))
    town.bring(child("c1", version=5, boarding=False), child("c1", version=4, boarding=True))
    town.reach(MONDAY)
    assert town.tasks() == {}


def test_a_child_that_left_gets_nothing_more(town):
    town.announce()
    town.approve(programme())
    town.bring(child("c1"))
    town.reach(MONDAY)
    town.bring(child("c1", version=2, present=False))
    town.reach(MONDAY + WEEK)
    assert town.periods("c1") == ["week:2020-11-23"]


def test_a_child_that_comes_back_is_owed_anew_from_that_day_and_nothing_for_the_time_between(town):
    town.announce()
    town.approve(programme())
    town.approve(standing("bureau.proxy"))
    town.bring(child("c1", has_proxy_parent=False))
    town.reach(MONDAY)
    town.file("c1", MONDAY, kind="pairing")
    town.bring(child("c1", version=2, has_proxy_parent=False, present=False))
    town.reach(MONDAY + 2 * WEEK)
    back = MONDAY + 3 * WEEK + timedelta(days=2)
    town.reach(back)
    town.bring(child("c1", version=3, has_proxy_parent=False, entered_on=back))
    town.reach(back)
    assert town.periods("c1") == ["week:2020-11-23", "week:2020-12-14"]
    assert town.periods("c1", "bureau.proxy") == ["since:2020-11-23", f"since:{back}"]
