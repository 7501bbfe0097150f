"""团市委: the youth league builds swallow homes (雏燕之家) and brings them to life."""

from hongzhu.agency import Agency
from hongzhu.figures import Figure
from hongzhu.hooks import hook
from hongzhu.i18n import Text
from hongzhu.programme import All, EveryMonth, Programme, SchoolWeeks, Standing, Step, where

SWALLOW_PLAN = "《永安市开展贫困留守儿童“雏燕”关爱行动工作方案》"
ACTION = Text(zh="青春护雏", en="Youth for Young Swallows")


@hook
def agency() -> Agency:
    """Be the youth league."""
    return Agency(
        name="youth_league",
        title=Text(zh="团市委", en="Youth League"),
        also=("共青团", "共青团永安市委", "团委"),
    )


@hook
def programmes() -> list[Programme]:
    """Promise the swallow homes that were planned, and an activity a month in each."""
    return [
        Programme(
            code="youth_league.swallow_home",
            name=Text(zh="“雏燕之家”建设", en="Swallow homes"),
            purpose=Text(
                zh="选定的“雏燕之家”建成之前一直在办，不需要任何儿童的信息。",
                en="It stays open until every home that was planned is built; nothing about any child is needed.",
            ),
            subject="city",
            eligible=where("sites_missing", True),
            trigger=Standing(due_after=SchoolWeeks(school_weeks=20)),
            assignee="agency",
            resolved_by="sites",
            figures=(
                Figure(
                    name="selected",
                    title=Text(zh="“雏燕之家”试点选址", en="Swallow homes selected"),
                    unit=Text(zh="个", en=" sites"),
                    of="facilities",
                    kind="swallow_home",
                    own=True,
                    where={"status": ("selected", "planned", "built")},
                ),
                Figure(
                    name="built",
                    title=Text(zh="已建立的“雏燕之家”", en="Swallow homes built"),
                    unit=Text(zh="个", en=" sites"),
                    of="facilities",
                    kind="swallow_home",
                    own=True,
                    where={"status": "built"},
                ),
            ),
            sentence=Text(
                zh="“青春护雏”计划完成“雏燕之家”试点选址{selected}，已经建立“雏燕之家”服务阵地{built}。",
                en="The Youth League selected {selected} for swallow homes, {built} had been built.",
            ),
            section="places",
            order=1,
            basis=(SWALLOW_PLAN,),
            action=ACTION,
            escalation=(Step(after=10, to="bureau"),),
        ),
        Programme(
            code="youth_league.care_activity",
            name=Text(zh="“青春护雏”关爱活动", en="Care activity in a swallow home"),
            purpose=Text(
                zh="每个已建成的“雏燕之家”在学期中每月办一场关爱活动，由家长自愿报名，这里不需要任何儿童的信息。",
                en="Each swallow home that is built holds an activity in every month of term; nothing about any child is needed "
                "here.",
            ),
            subject="facility",
            eligible=All(all=(where("kind", "swallow_home"), where("built", True))),
            trigger=EveryMonth(),
            assignee="agency",
            resolved_by="care_activity",
            figures=(
                Figure(
                    name="sessions",
                    title=Text(zh="“青春护雏”关爱活动场次", en="Care activities in swallow homes"),
                    unit=Text(zh="场", en=" activities"),
                    of="activities",
                    kind="care_activity",
                    own=True,
                ),
            ),
            sentence=Text(
                zh="团市委开展“青春护雏”关爱活动{sessions}。", en="The Youth League held {sessions} in swallow homes."
            ),
            section="places",
            order=2,
            basis=(SWALLOW_PLAN,),
            action=ACTION,
            escalation=(Step(after=10, to="bureau"),),
        ),
    ]
