"""What the education bureau promises: to schools, to every child, to those in need of more."""

from typing import Any

from hongzhu.i18n import Text
from hongzhu.programme import (
    All,
    AnyOf,
    Days,
    EverySchoolWeek,
    OncePer,
    OnEvent,
    Programme,
    SchoolWeeks,
    Several,
    Standing,
    Step,
    where,
)
from hongzhu_education_bureau.figures import REPORT
from hongzhu_education_bureau.forms import Call, HomeTeaching, Plan, RosterConfirmed, Talk, Tutoring, Visit

CARE_PLAN = "《三明市“红烛暖心”贫困留守儿童关爱计划工作方案》（明教初〔2020〕64号）"
SWALLOW_PLAN = "《三明市开展贫困留守儿童“雏燕”关爱行动工作方案》（明政办〔2020〕20号）"
HOME_TEACHING_NOTICE = "《市教育局等六部门关于进一步加强重度残疾儿童少年“送教上门”工作的通知》"
ACTION = Text(zh="红烛暖心", en="Red Candle, Warm Heart")
LEADERS = Text(
    zh="组长：分管副局长；成员：各相关科室负责人",
    en="Led by the deputy director in charge; members are the heads of the offices concerned",
)
MENTORS = Text(
    zh="学校行政领导、班主任教师、党员教师，同班或同年级优秀同学",
    en="The school's leaders, class teachers and Party members among the teachers, and good classmates",
)

AT_SCHOOL = where("stage", "primary", "middle")
IN_POVERTY = where("in_poverty", True)
CONCERN = where("academic_concern", True)
CLASS = frozenset({"grade", "class_name"})
UP = (
    Step(after=SchoolWeeks(school_weeks=1), to="school_coordinator"),
    Step(after=SchoolWeeks(school_weeks=2), to="bureau"),
)
TO_BUREAU = (Step(after=SchoolWeeks(school_weeks=2), to="bureau"),)


def _programme(short: str, /, **said: Any) -> Programme:
    return Programme(
        code=f"education_bureau.{short}", action=ACTION, **({"basis": (CARE_PLAN,)} | REPORT.get(short, {}) | said)
    )


def of_schools() -> list[Programme]:
    """Promise what a school as a whole owes."""
    return [
        _programme(
            "city_leading_group",
            name=Text(zh="市级领导小组", en="The city's leading group"),
            purpose=Text(
                zh="全市关爱工作有人统筹、责任到人，不需要任何儿童的信息。",
                en="Somebody answers for the care of the whole city, down to a person; nothing about any child is needed.",
            ),
            subject="city",
            eligible=where("has_leading_group", False),
            trigger=Standing(due_after=SchoolWeeks(school_weeks=2)),
            assignee="agency",
            resolved_by="leading_group",
            basis=(SWALLOW_PLAN, CARE_PLAN),
            responsible=LEADERS,
        ),
        _programme(
            "leading_group",
            name=Text(zh="学校领导小组", en="The school's leading group"),
            purpose=Text(
                zh="每学年初各校成立关爱留守儿童领导小组，分工到人，不需要任何儿童的信息。",
                en="At the start of each school year every school names who answers for what; nothing about any child is needed.",
            ),
            subject="school",
            trigger=OncePer(period="school_year", due=SchoolWeeks(school_weeks=4), grace=None),
            assignee="school_coordinator",
            resolved_by="leading_group",
            basis=(SWALLOW_PLAN, CARE_PLAN),
            escalation=TO_BUREAU,
        ),
        _programme(
            "roster",
            name=Text(zh="摸排建档", en="Roster verified"),
            purpose=Text(
                zh="每学期初、名册变动后一周内核对留守儿童名册，确保不漏一人、不错一人。",
                en="At the start of each term, and within a week of a change, the roster is checked, so that no child is missed.",
            ),
            subject="school",
            trigger=Several(
                of=(
                    OncePer(period="term", due=SchoolWeeks(school_weeks=4), grace=None),
                    OnEvent(event="roster_change", due_after=Days(days=7)),
                )
            ),
            assignee="school_coordinator",
            resolved_by="roster_confirmed",
            form=RosterConfirmed.model_json_schema(),
            escalation=TO_BUREAU,
        ),
        _programme(
            "birthday",
            name=Text(zh="集体生日", en="Collective birthday"),
            purpose=Text(
                zh="学校每年为留守儿童过一个集体生日，需要知道有哪些孩子参加。",
                en="Once a year the school celebrates the children's birthday together, and notes who came.",
            ),
            subject="school",
            trigger=OncePer(period="school_year"),
            assignee="school_coordinator",
            resolved_by="birthday",
        ),
        _programme(
            "mental_health",
            name=Text(zh="心理健康活动", en="Mental-health lecture or game"),
            purpose=Text(
                zh="每学期开展一次心理健康讲座或拓展游戏，并告知市、校两级辅导站和咨询热线；不需要任何儿童的信息。",
                en="Once a term the school holds a lecture or a game, and says where help is found: the city's and the school's "
                "counselling stations, their hotline and volunteers. Nothing about any child is needed.",
            ),
            subject="school",
            trigger=OncePer(period="term"),
            assignee="school_coordinator",
            resolved_by="mental_health",
        ),
        _programme(
            "report",
            name=Text(zh="落实情况报告", en="Implementation report"),
            purpose=Text(
                zh="每学期向上级报告关爱活动落实情况，只报数字，不报姓名。",
                en="Once a term the bureau reports what was done: figures, and no names.",
            ),
            subject="agency",
            trigger=OncePer(period="term", opens=SchoolWeeks(school_weeks=-6), grace=None),
            assignee="bureau",
            resolved_by="report",
        ),
    ]


def of_every_child() -> list[Programme]:
    """Promise what every left-behind child is owed: the three ones (三个“一”) and a proxy parent."""
    return [
        _programme(
            "proxy_parent",
            name=Text(zh="代理家长", en="A proxy parent"),
            purpose=Text(
                zh="为每名留守儿童安排一名代理家长，需要知道哪个孩子还没有、在哪个班。",
                en="Every child has a proxy parent; the school needs to know which child has none yet, and in which class.",
            ),
            subject="child",
            eligible=where("has_proxy_parent", False),
            trigger=Standing(due_after=10),
            assignee="school_coordinator",
            resolved_by="proxy_parent",
            fields=CLASS,
            escalation=TO_BUREAU,
        ),
        _programme(
            "weekly_talk",
            name=Text(zh="每周谈心", en="Weekly talk"),
            purpose=Text(
                zh="班主任每周与留守儿童谈一次心，需要知道是哪些孩子、在哪个班。",
                en="The class teacher talks with each left-behind child once a week, and needs to know who and in which class.",
            ),
            subject="child",
            eligible=AT_SCHOOL,
            trigger=EverySchoolWeek(),
            assignee="class_teacher",
            resolved_by="talk",
            form=Talk.model_json_schema(),
            fields=CLASS,
            escalation=UP,
        ),
        _programme(
            "weekly_tutoring",
            name=Text(zh="每周辅导", en="Weekly tutoring"),
            purpose=Text(
                zh="老师每周为留守儿童辅导一次作业，学困生按个体帮扶计划进行，需要知道是哪些孩子、在哪个班、是否学困。",
                en="Once a week a teacher helps each child with its school work, by its own plan where it has one, and needs to "
                "know who, in which class, and for whom school is hard.",
            ),
            subject="child",
            eligible=AT_SCHOOL,
            trigger=EverySchoolWeek(),
            assignee="class_teacher",
            resolved_by="tutoring",
            form=Tutoring.model_json_schema(),
            fields=CLASS | {"academic_concern"},
            escalation=UP,
        ),
        _programme(
            "home_visit",
            name=Text(zh="每年慰问", en="Yearly home visit"),
            purpose=Text(
                zh="老师每学年深入每名留守儿童家庭慰问一次，需要知道是哪些孩子、在哪个班。",
                en="Once a school year a teacher visits each child's family, and needs to know who and in which class.",
            ),
            subject="child",
            trigger=OncePer(period="school_year"),
            assignee="class_teacher",
            resolved_by="visit",
            form=Visit.model_json_schema(),
            fields=CLASS,
            escalation=TO_BUREAU,
        ),
        _programme(
            "family_call",
            name=Text(zh="亲情通话", en="Weekly family call"),
            purpose=Text(
                zh="住校的留守儿童每周在亲情室与家长通话，贫困儿童优先，需要知道是哪些孩子、在哪个班、谁优先。",
                en="Boarding children call their parents from the school's call room every week, the poor ones first; the teacher "
                "needs to know who, in which class, and who comes first.",
            ),
            subject="child",
            eligible=All(all=(where("boarding", True), where("school.has_call_room", True))),
            trigger=EverySchoolWeek(),
            assignee="class_teacher",
            resolved_by="call",
            form=Call.model_json_schema(),
            fields=CLASS | {"boarding", "in_poverty"},
            escalation=UP,
        ),
    ]


def of_children_in_need() -> list[Programme]:
    """Promise what children are owed who are poor, fall behind at school, or cannot come."""
    return [
        *(
            _programme(
                kind,
                name=name,
                purpose=purpose,
                subject="child",
                eligible=All(all=(AnyOf(any=(IN_POVERTY, CONCERN)), where(f"has_{kind}", False))),
                trigger=Standing(due_after=10),
                assignee="school_coordinator",
                resolved_by=kind,
                fields=CLASS | {"in_poverty", "academic_concern"},
                responsible=MENTORS,
                escalation=TO_BUREAU,
            )
            for kind, name, purpose in (
                (
                    "mentor",
                    Text(zh="“1+N”师生帮扶", en="A teacher as mentor (1+N)"),
                    Text(
                        zh="为贫困或学困的留守儿童安排一名帮扶教师，需要知道是哪些孩子、为什么需要。",
                        en="A teacher stands by each child that is poor or falls behind; the school needs to know who and why.",
                    ),
                ),
                (
                    "peer",
                    Text(zh="“1+1”同伴帮扶", en="A classmate at the child's side (1+1)"),
                    Text(
                        zh="为贫困或学困的留守儿童安排一名结对同伴，需要知道是哪些孩子、为什么需要。",
                        en="A classmate stands by each child that is poor or falls behind; the school needs to know who and why.",
                    ),
                ),
            )
        ),
        _programme(
            "plan",
            name=Text(zh="个体帮扶计划", en="A plan of the child's own"),
            purpose=Text(
                zh="为学困的留守儿童制定个体帮扶计划，每学期检查，需要知道是哪些孩子。",
                en="A child that falls behind at school gets a plan of its own, looked at again each term.",
            ),
            subject="child",
            eligible=CONCERN,
            trigger=Several(
                of=(Standing(due_after=10), OncePer(period="term", due=SchoolWeeks(school_weeks=4), grace=None))
            ),
            assignee="class_teacher",
            resolved_by="plan",
            form=Plan.model_json_schema(),
            fields=CLASS | {"academic_concern"},
            escalation=TO_BUREAU,
        ),
        _programme(
            "drop_talk",
            name=Text(zh="成绩波动谈心", en="Talk after a drop in marks"),
            purpose=Text(
                zh="检测成绩比上次下降15分以上的孩子，三个上课日内谈一次心，需要知道是哪些孩子。",
                en="A child whose mark falls by fifteen points or more is talked with within three school days.",
            ),
            subject="child",
            trigger=OnEvent(event="assessment_drop", at_least=15, due_after=3),
            assignee="class_teacher",
            resolved_by="talk",
            form=Talk.model_json_schema(),
            fields=CLASS,
            escalation=UP,
        ),
        _programme(
            "home_teaching",
            name=Text(zh="送教上门", en="Teaching at home"),
            purpose=Text(
                zh="为因残疾不能到校的孩子每两周送教上门一次，需要知道孩子的残疾情况；教师交通、伙食补贴据此发放。",
                en="A child that cannot come to school because of a disability is taught at home every two weeks; the teacher's "
                "transport and meals are paid by this record.",
            ),
            subject="child",
            eligible=where("cannot_attend", True),
            trigger=EverySchoolWeek(every=2),
            assignee="school_coordinator",
            resolved_by="home_teaching",
            form=HomeTeaching.model_json_schema(),
            fields=CLASS | {"disability"},
            basis=(HOME_TEACHING_NOTICE, CARE_PLAN),
            escalation=TO_BUREAU,
        ),
        _programme(
            "after_school",
            name=Text(zh="课后服务", en="A place after school"),
            purpose=Text(
                zh="在开展课后服务的学校，贫困留守儿童优先、免费参加，需要知道是哪些孩子。",
                en="Where a school offers after-school care, children in poverty get a place first and free.",
            ),
            subject="child",
            eligible=All(all=(IN_POVERTY, where("school.after_school", True))),
            trigger=Standing(due_after=10),
            assignee="school_coordinator",
            resolved_by="after_school",
            fields=CLASS | {"in_poverty"},
            escalation=TO_BUREAU,
        ),
    ]
