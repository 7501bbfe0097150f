"""公安局: the police teach traffic safety in schools in turn, warn of drugs, and answer reports of suspected harm."""

from hongzhu.agency import Agency
from hongzhu.figures import Figure
from hongzhu.hooks import hook
from hongzhu.i18n import Text
from hongzhu.programme import Days, OnEvent, Programme, Rota, Step

SWALLOW_PLAN = "《永安市开展贫困留守儿童“雏燕”关爱行动工作方案》"
ACTION = Text(zh="雏燕", en="Young Swallows")


@hook
def agency() -> Agency:
    """Be the police."""
    return Agency(
        name="police",
        title=Text(zh="市公安局", en="Police"),
        also=("公安局", "永安市公安局"),
    )


@hook
def programmes() -> list[Programme]:
    """Promise lectures to schools in turn, events to the city, and an answer to every report."""
    return [
        Programme(
            code="police.traffic_lecture",
            name=Text(zh="交通安全讲座", en="Traffic-safety lecture"),
            purpose=Text(
                zh="每学年轮流到六所学校举办交通安全讲座并发放宣传册，不需要任何儿童的信息。",
                en="Six schools a year in turn get a lecture on traffic safety, with brochures; nothing about any child is needed.",
            ),
            subject="school",
            trigger=Rota(times=6, grace=None),
            assignee="agency",
            resolved_by="traffic_lecture",
            figures=(
                Figure(
                    name="sessions",
                    title=Text(zh="交通讲座场次", en="Traffic-safety lectures"),
                    unit=Text(zh="场", en=" lectures"),
                    of="activities",
                    kind="traffic_lecture",
                    own=True,
                ),
                Figure(
                    name="brochures",
                    title=Text(zh="发放的宣传册", en="Brochures handed out"),
                    unit=Text(zh="张", en=" brochures"),
                    of="activities",
                    kind="traffic_lecture",
                    own=True,
                    sum="brochures",
                ),
            ),
            sentence=Text(
                zh="市公安局举办交通讲座{sessions}，向学生发放宣传册{brochures}。",
                en="The police held {sessions} on traffic safety, {brochures} were handed out.",
            ),
            section="publicity",
            order=1,
            basis=(SWALLOW_PLAN,),
            action=ACTION,
            escalation=(Step(after=10, to="bureau"),),
        ),
        Programme(
            code="police.anti_drug",
            name=Text(zh="禁毒主题宣传", en="Event against drugs"),
            purpose=Text(
                zh="每学年举办三场禁毒主题宣传大型活动，不需要任何儿童的信息。",
                en="Three large events a year warn of drugs; nothing about any child is needed.",
            ),
            subject="city",
            trigger=Rota(times=3, grace=None),
            assignee="agency",
            resolved_by="anti_drug",
            figures=(
                Figure(
                    name="sessions",
                    title=Text(zh="禁毒主题宣传场次", en="Events against drugs"),
                    unit=Text(zh="场", en=" events"),
                    of="activities",
                    kind="anti_drug",
                    own=True,
                ),
                Figure(
                    name="attendance",
                    title=Text(zh="参与禁毒宣传的学生", en="Pupils at events against drugs"),
                    unit=Text(zh="人", en=" pupils"),
                    of="activities",
                    kind="anti_drug",
                    own=True,
                    sum="attendance",
                ),
            ),
            sentence=Text(
                zh="市公安局举办禁毒主题宣传大型活动{sessions}，参与学生{attendance}。",
                en="The police held {sessions} against drugs, {attendance} came.",
            ),
            section="publicity",
            order=2,
            basis=(SWALLOW_PLAN,),
            action=ACTION,
            escalation=(Step(after=10, to="bureau"),),
        ),
        Programme(
            code="police.mandatory_report",
            name=Text(zh="强制报告答复", en="Mandatory report answered"),
            purpose=Text(
                zh="收到疑似侵害未成年人的强制报告后一日内答复；任务本身不含任何儿童的信息，报告只有经办人能打开。",
                en="A report of suspected harm is answered within a day; the task itself says nothing of any child, and the report is "
                "opened by those whose office it is.",
            ),
            subject="agency",
            trigger=OnEvent(event="mandatory_report", due_after=Days(days=1)),
            assignee="agency",
            resolved_by="mandatory_report_answered",
            basis=("《中华人民共和国未成年人保护法》第十一条",),
            urgent=True,
        ),
    ]
