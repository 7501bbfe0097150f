"""总工会: the trade union counsels children who are referred to it, and holds a summer class."""

from hongzhu.agency import Agency
from hongzhu.figures import Figure
from hongzhu.hooks import hook
from hongzhu.i18n import Text
from hongzhu.programme import HolidayOffer, OnEvent, Programme, Step

SWALLOW_PLAN = "《永安市开展贫困留守儿童“雏燕”关爱行动工作方案》"
ACTION = Text(zh="雏燕", en="Young Swallows")
ASKED = frozenset({"name", "sex", "grade", "class_name"})


@hook
def agency() -> Agency:
    """Be the trade union."""
    return Agency(
        name="trade_union",
        title=Text(zh="市总工会", en="Trade Union"),
        also=("总工会", "永安市总工会"),
    )


@hook
def programmes() -> list[Programme]:
    """Promise an answer and counselling to whoever is referred, and a class in summer."""
    return [
        Programme(
            code="trade_union.referral",
            name=Text(zh="答复转介", en="Referral answered"),
            purpose=Text(
                zh="学校转介的孩子，两个上课日内答复接收或说明为何不能接收，需要知道是谁、在哪个班。",
                en="When a school refers a child, the union answers within two school days whether it takes the child on; it needs to "
                "know who it is and in which class.",
            ),
            subject="child",
            trigger=OnEvent(event="referral", due_after=2),
            assignee="agency",
            resolved_by="referral_answered",
            figures=(
                Figure(
                    name="children",
                    title=Text(zh="收到转介的儿童", en="Children referred"),
                    unit=Text(zh="人", en=" children"),
                    of="referrals",
                    own=True,
                    distinct="child",
                ),
            ),
            fields=ASKED,
            basis=(SWALLOW_PLAN,),
            action=ACTION,
            urgent=True,
            escalation=(Step(after=1, to="bureau"),),
        ),
        Programme(
            code="trade_union.counselling",
            name=Text(zh="心理健康辅导", en="Counselling"),
            purpose=Text(
                zh="接收后十个上课日内由心理辅导志愿者辅导，需要知道是谁、在哪个班，以便联系学校。",
                en="A child that was taken on is counselled within ten school days; the counsellor needs to know who it is and which "
                "class to ask for.",
            ),
            subject="child",
            trigger=OnEvent(event="referral_accepted", due_after=10),
            assignee="agency",
            resolved_by="counselling",
            figures=(
                Figure(
                    name="children",
                    title=Text(zh="接受心理健康辅导的儿童", en="Children counselled"),
                    unit=Text(zh="人", en=" children"),
                    of="referrals",
                    own=True,
                    where={"state": "done"},
                    distinct="child",
                ),
            ),
            sentence=Text(
                zh="市总工会为留守儿童进行心理健康辅导，共{children}。", en="The Trade Union counselled {children}."
            ),
            fields=ASKED,
            basis=(SWALLOW_PLAN,),
            action=ACTION,
            escalation=(Step(after=3, to="bureau"),),
        ),
        Programme(
            code="trade_union.summer_class",
            name=Text(zh="职工子女暑托班", en="Summer care class"),
            purpose=Text(
                zh="每年暑假举办四周暑托班，名额有限；报名由家长自愿，这里不需要任何儿童的信息。",
                en="Each summer there is a class of four weeks with limited places; parents apply, and nothing about any child is "
                "needed here.",
            ),
            subject="agency",
            trigger=HolidayOffer(season="summer", weeks=4, places=50),
            assignee="agency",
            resolved_by="summer_class",
            figures=(
                Figure(
                    name="weeks",
                    title=Text(zh="暑托班周数", en="Weeks of the summer class"),
                    unit=Text(zh="周", en=" weeks"),
                    of="activities",
                    kind="summer_class",
                    own=True,
                    sum="weeks",
                ),
                Figure(
                    name="attendance",
                    title=Text(zh="参加暑托班的儿童", en="Children at the summer class"),
                    unit=Text(zh="人", en=" children"),
                    of="activities",
                    kind="summer_class",
                    own=True,
                    sum="attendance",
                ),
            ),
            sentence=Text(
                zh="市总工会举办为期{weeks}的职工子女暑托班，参加儿童{attendance}。",
                en="The Trade Union held a summer care class of {weeks}, {attendance} came.",
            ),
            basis=(SWALLOW_PLAN,),
            action=ACTION,
        ),
    ]
