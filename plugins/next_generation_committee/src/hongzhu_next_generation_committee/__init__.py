"""关工委: the committee's five elders (五老) speak in schools in turn, on the law and on mental health."""

from hongzhu.agency import Agency
from hongzhu.figures import Figure
from hongzhu.hooks import hook
from hongzhu.i18n import Text
from hongzhu.programme import Programme, Rota, Step

SWALLOW_PLAN = "《永安市开展贫困留守儿童“雏燕”关爱行动工作方案》"
ACTION = Text(zh="雏燕", en="Young Swallows")
ELDERS = Text(zh="“五老”报告团", en="The five elders: veteran cadres, soldiers, experts, teachers and model workers")


@hook
def agency() -> Agency:
    """Be the committee for the next generation."""
    return Agency(
        name="next_generation_committee",
        title=Text(zh="市关工委", en="Committee for the Next Generation"),
        also=("关工委", "市关心下一代工作委员会"),
    )


@hook
def programmes() -> list[Programme]:
    """Promise lectures to schools in turn."""
    return [
        Programme(
            code="next_generation_committee.lecture",
            name=Text(zh="“五老”法制讲座", en="Five elders' lecture on the law"),
            purpose=Text(
                zh="“五老”报告团每学年轮流到四所学校作法制教育讲座，不需要任何儿童的信息。",
                en="Four schools a year in turn hear the five elders on the law; nothing about any child is needed.",
            ),
            subject="school",
            trigger=Rota(times=4, grace=None),
            assignee="agency",
            resolved_by="law_lecture",
            figures=(
                Figure(
                    name="sessions",
                    title=Text(zh="“五老”法制讲座场次", en="Five elders' lectures on the law"),
                    unit=Text(zh="场", en=" lectures"),
                    of="activities",
                    kind="law_lecture",
                    own=True,
                ),
            ),
            sentence=Text(
                zh="市关工委“五老”报告团深入学校开展法制教育讲座{sessions}。",
                en="The five elders held {sessions} on the law in schools.",
            ),
            basis=(SWALLOW_PLAN,),
            action=ACTION,
            responsible=ELDERS,
            escalation=(Step(after=10, to="bureau"),),
        ),
        Programme(
            code="next_generation_committee.mental_lecture",
            name=Text(zh="“五老”心理讲座", en="Five elders' lecture on mental health"),
            purpose=Text(
                zh="“五老”报告团每学年轮流到四所学校作心理讲座，不需要任何儿童的信息。",
                en="Four schools a year in turn hear the five elders on mental health; nothing about any child is needed.",
            ),
            subject="school",
            trigger=Rota(times=4, grace=None),
            assignee="agency",
            resolved_by="mental_health",
            figures=(
                Figure(
                    name="sessions",
                    title=Text(zh="“五老”心理讲座场次", en="Five elders' lectures on mental health"),
                    unit=Text(zh="场", en=" lectures"),
                    of="activities",
                    kind="mental_health",
                    own=True,
                ),
            ),
            sentence=Text(
                zh="市关工委“五老”报告团开展心理讲座{sessions}。",
                en="The five elders held {sessions} on mental health.",
            ),
            basis=(SWALLOW_PLAN,),
            action=ACTION,
            responsible=ELDERS,
            escalation=(Step(after=10, to="bureau"),),
        ),
    ]
