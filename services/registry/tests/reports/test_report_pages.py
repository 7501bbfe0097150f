"""The report as pages: what a figure counts is listed by name, and two periods stand beside each other."""

import re

import pytest
from county import County, token_of

from hongzhu.i18n import ENGLISH, Text, speaking
from hongzhu_registry.reports.document import Figure
from hongzhu_registry.reports.figures import amount
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
        ("registry.talk_coverage", 'href="/tasks/'),
        ("education_bureau.city_leading_group.members", " · 成员"),
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


def test_a_closed_report_keeps_its_language_whoever_reads_it(desk: County) -> None:
    closed = desk.ask("bureau", "POST", "/reports", {"from": "2020-09-01", "to": "2020-11-23"}).json()["id"]
    page = desk.http.get(f"/reports/{closed}", headers={"Accept-Language": "en"}).text
    assert "Closed on Nov 23, 2020, data as of Nov 23, 2020" in page
    paper = page.partition("<article")[2].partition("</article>")[0]
    for said in (
        'lang="zh-CN"',
        "一、建章立制",
        "（一）强化组织领导",
        "2020年9月1日至11月23日",
        "永安市教育局<br>2020年11月23日",
    ):
        assert said in paper, said
    assert not re.search("。 ", paper)
    files = (
        desk.http.get(f"/reports/{closed}/download?format=md", headers={"Accept-Language": language}).content
        for language in ("zh", "en")
    )
    assert len(set(files)) == 1


@pytest.mark.parametrize(
    ("number", "unit", "said"),
    [
        (1058, " children", "1,058 children"),
        (1, " children", "1 child"),
        (1, " activities", "1 activity"),
        (1, " middle schools", "1 middle school"),
        (1, " yuan", "1 yuan"),
        (0, " schools", "0 schools"),
    ],
)
def test_a_number_is_written_with_its_unit_as_english_has_it(number: int, unit: str, said: str) -> None:
    with speaking(ENGLISH):
        assert amount(number, Text(zh="个", en=unit)) == said
    assert amount(number, Text(zh="个", en=unit)) == f"{number}个"


def test_two_periods_stand_beside_each_other(desk: County) -> None:
    page = desk.http.get("/reports/compare?from=2020-11-01&to=2020-11-23&with_from=2020-09-01&with_to=2020-09-30").text
    assert "2020年9月1日至9月30日" in page
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
