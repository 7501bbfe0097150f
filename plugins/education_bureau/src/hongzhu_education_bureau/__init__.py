"""教育局: the education bureau is an agency like the others; here is what it promises every child."""

from typing import Literal

from pydantic import Field

from hongzhu.agency import Agency
from hongzhu.hooks import hook
from hongzhu.i18n import Text
from hongzhu.programme import EverySchoolWeek, Programme, RecordForm, where

PLAN = "《三明市“红烛暖心”贫困留守儿童关爱计划工作方案》（明教初〔2020〕64号）"


class Talk(RecordForm):
    """A talk with a child: what it was about, and what to remember."""

    topic: Literal[
        "想念父母|Missing the parents",
        "学习近况|How school is going",
        "身体健康|Health",
        "同学相处|Classmates",
        "生活习惯|Daily life",
        "其他|Something else",
    ] = Field(title="谈心主题|What the talk was about")
    note: str = Field("", title="要记住的事（可不填）|To remember (optional)", max_length=500)


@hook
def agency() -> Agency:
    """Be the education bureau."""
    return Agency(
        name="education_bureau",
        title=Text(zh="市教育局", en="Education Bureau"),
        also=("教育局", "永安市教育局"),
    )


@hook
def programmes() -> list[Programme]:
    """Promise every left-behind child a talk in every school week."""
    return [
        Programme(
            code="education_bureau.weekly_talk",
            name=Text(zh="每周谈心", en="Weekly talk"),
            purpose=Text(
                zh="班主任每周与留守儿童谈一次心，需要知道是哪些孩子、在哪个班。",
                en="The class teacher talks with each left-behind child once a week, and needs to know who and in which class.",
            ),
            subject="child",
            eligible=where("stage", "primary", "middle"),
            trigger=EverySchoolWeek(),
            assignee="class_teacher",
            resolved_by="talk",
            form=Talk.model_json_schema(),
            fields=frozenset({"grade", "class_name"}),
            basis=(PLAN,),
        )
    ]
