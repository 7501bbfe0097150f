"""A sheet of places handed in again: a place without a first day stays evidence of the day on which it was filed."""

from datetime import timedelta

import pytest
from rosters import hand_in, id_number, line
from sqlalchemy import select

from hongzhu import clock
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.database import database
from hongzhu_registry.evidence.models import Evidence


@pytest.mark.usefixtures("county")
def test_the_same_places_handed_in_later_are_evidence_of_the_same_day() -> None:
    place = {
        "学校名称": "school-own小学",
        "姓名": "张文乙",
        "身份证号": id_number(1),
        "课后服务": "是",
        "是否免费": "是",
    }
    assert hand_in(a=[line(1)], b=[place]).accepted["enrolments"] == 1
    clock.stand_on(MONDAY + timedelta(days=40))
    assert hand_in(b=[place]).unchanged["enrolments"] == 1
    assert hand_in(b=[place | {"是否免费": "否"}]).changed["enrolments"] == 1
    with database.transaction() as session:
        days = session.scalars(select(Evidence.done_on).where(Evidence.kind == "after_school")).all()
    assert days == [MONDAY]
