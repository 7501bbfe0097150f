"""What teachers and coordinators note of what was done; each form is filled in on a phone within a minute."""

from typing import Literal

from pydantic import Field

from hongzhu.programme import RecordForm

NOTE = "要记住的事（可不填）|To remember (optional)"


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
    note: str = Field("", title=NOTE, max_length=500)


class Tutoring(RecordForm):
    """An hour of tutoring: in which subject, and whether the child's own plan was followed."""

    subject: Literal[
        "语文|Chinese", "数学|Mathematics", "英语|English", "科学|Science", "作业|Homework", "其他|Something else"
    ] = Field(title="辅导内容|What was worked on")
    by_plan: bool = Field(default=False, title="按个体帮扶计划进行（学困生）|By the child's own plan")
    note: str = Field("", title=NOTE, max_length=500)


class Visit(RecordForm):
    """A visit to the child's family."""

    form: Literal["入户|At home", "电话|By telephone", "视频|By video"] = Field(
        title="慰问形式|How the family was reached"
    )
    need: Literal["无|None", "生活困难|Hardship", "监护问题|Guardianship", "健康问题|Health", "其他|Something else"] = (
        Field(title="家庭需要的帮助|What the family needs")
    )
    note: str = Field("", title=NOTE, max_length=500)


class Call(RecordForm):
    """A call between a child and its parents."""

    channel: Literal["电话|Telephone", "视频|Video"] = Field(title="通话方式|How they talked")
    reached: bool = Field(default=True, title="联系上家长|A parent was reached")


class Plan(RecordForm):
    """A child's own plan of help."""

    subjects: str = Field(title="薄弱学科|Weak subjects", max_length=50)
    measures: str = Field(title="帮扶措施|What will be done", max_length=500)
    review_on: str | None = Field(None, title="下次检查日期|Next review", json_schema_extra={"format": "date"})


class HomeTeaching(RecordForm):
    """A lesson at the home of a child that cannot attend, with what it cost the teacher."""

    teacher: Literal["普通学校教师|Of the school", "特殊教育学校教师|Of a special school", "志愿者|A volunteer"] = (
        Field(title="由谁送教|Who taught")
    )
    hours: int = Field(title="课时|Hours", ge=1, le=8)
    transport: int = Field(0, title="交通补贴（元）|Transport, in yuan", ge=0, le=1000)
    meals: int = Field(0, title="伙食补贴（元）|Meals, in yuan", ge=0, le=1000)


class RosterConfirmed(RecordForm):
    """The coordinator's word that the roster says who is at the school."""

    result: Literal["名册无误|It is right", "已更正|It was put right"] = Field(title="核对结果|What the check found")
    note: str = Field("", title="说明（可不填）|Remarks (optional)", max_length=200)
