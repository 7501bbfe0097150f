"""What the police's plugin promises."""

from hongzhu.trigger import OnEvent, Rota
from hongzhu_police import programmes

BY_CODE = {each.code: each for each in programmes()}


def test_six_lectures_a_year_go_round_the_schools_and_three_events_are_the_city_s() -> None:
    turns = {
        code: (each.subject, each.trigger.times, each.trigger.period)
        for code, each in BY_CODE.items()
        if isinstance(each.trigger, Rota)
    }
    assert turns["police.traffic_lecture"] == ("school", 6, "school_year")
    assert turns["police.anti_drug"] == ("city", 3, "school_year")


def test_a_report_of_suspected_harm_is_answered_at_once() -> None:
    report = BY_CODE["police.mandatory_report"]
    assert isinstance(report.trigger, OnEvent)
    assert (report.trigger.event, report.resolved_by) == ("mandatory_report", "mandatory_report_answered")
    assert report.urgent


def test_no_field_of_any_child_is_asked_for() -> None:
    assert not any(each.fields for each in programmes())
