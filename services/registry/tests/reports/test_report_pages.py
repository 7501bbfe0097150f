"""The report as pages: what a figure counts is listed by name, and two periods stand beside each other."""

import re

import pytest
from county import County, token_of

from hongzhu_registry.reports.document import Figure
from hongzhu_registry.reports.reading import change
from hongzhu_registry.signed_in import SESSION

IN_2020 = "from=2020-01-01&to=2020-12-31"
NUMBER = re.compile(r"<code>[0-9a-f-]{36}</code>")


@pytest.fixture
def desk(yongan: County) -> County:
    yongan.http.cookies.set(SESSION, token_of("bureau"))
    return yongan


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("police.traffic_lecture.sessions", "交通"),
        ("youth_league.swallow_home.built", "雏燕之家"),
        ("education_bureau.weekly_talk.records", "每周谈心"),
        ("education_bureau.home_teaching.paid", 'href="/children/'),
        ("womens_federation.love_parent.children", 'href="/children/'),
        ("registry.largest_town_school", "东门小学"),
    ],
)
def test_the_rows_behind_a_figure_are_called_by_name(desk: County, key: str, shown: str) -> None:
    page = desk.http.get(f"/reports/figures/{key}/rows?{IN_2020}").text
    assert shown in page
    assert not NUMBER.search(page), "a number tells nobody anything"


def test_the_report_on_the_page_is_numbered_and_signed_like_the_document(desk: County) -> None:
    page = desk.http.get(f"/reports/preview?{IN_2020}").text
    for said in ("一、建章立制", "（一）强化组织领导", "六、下一步工作", "永安市教育局<br>2020年11月23日"):
        assert said in page, said


def test_two_periods_stand_beside_each_other(desk: County) -> None:
    page = desk.http.get("/reports/compare?from=2020-11-01&to=2020-11-23&with_from=2020-09-01&with_to=2020-09-30").text
    assert "2020-09-01 – 2020-09-30" in page
    assert "+6.1个百分点" in page


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (3, 5, "+2"),
        (5, 3, "-2"),
        (4, 4, "0"),
        ("70.0%", "72.5%", "+2.5个百分点"),
        (None, "72.5%", ""),
        ("东门小学", "东门小学", ""),
    ],
)
def test_a_change_is_a_number_or_points_and_nothing_of_names(
    before: int | str | None, after: int | str | None, said: str
) -> None:
    first, second = (Figure("key", "title", value, str(value), None) for value in (before, after))
    assert change(first, second) == said
