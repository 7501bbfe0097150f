"""妇联: the women's federation recruits love parents (爱心家长) and finds one for every child in poverty."""

from hongzhu.agency import Agency
from hongzhu.figures import Figure
from hongzhu.hooks import hook
from hongzhu.i18n import Text
from hongzhu.matching import pair
from hongzhu.messages import TaskDue, TaskOverdue
from hongzhu.programme import All, Programme, SchoolWeeks, Standing, Step, where
from hongzhu.registry_client import RegistryClient

LOVE_PARENT = "womens_federation.love_parent"
RECRUITING = "womens_federation.recruiting"
SWALLOW_PLAN = "《永安市开展贫困留守儿童“雏燕”关爱行动工作方案》"
ACTION = Text(zh="雏燕", en="Young Swallows")


@hook
def agency() -> Agency:
    """Be the women's federation."""
    return Agency(
        name="womens_federation",
        title=Text(zh="市妇联", en="Women's Federation"),
        also=("妇联", "市妇女联合会", "永安市妇联"),
    )


@hook
def programmes() -> list[Programme]:
    """Promise love parents: as many as are needed, and one for every child in poverty."""
    return [
        Programme(
            code=RECRUITING,
            name=Text(zh="招募爱心家长", en="Love parents recruited and vetted"),
            purpose=Text(
                zh="爱心家长的名额少于等待结对的孩子时，招募并审核新的爱心家长，不需要任何儿童的信息。",
                en="While fewer places are offered than children wait, love parents are recruited and vetted; nothing about any "
                "child is needed.",
            ),
            subject="agency",
            eligible=where("places_short", True),
            trigger=Standing(due_after=SchoolWeeks(school_weeks=4)),
            assignee="agency",
            resolved_by="places",
            figures=(
                Figure(
                    name="supporters",
                    title=Text(zh="审核通过的爱心家长", en="Vetted love parents"),
                    unit=Text(zh="人", en=" love parents"),
                    of="supporters",
                    kind="love_parent",
                    own=True,
                    where={"vetted": True},
                ),
            ),
            sentence=Text(
                zh="市妇联招募“爱心家长”，审核通过{supporters}。",
                en="The Women's Federation recruited and vetted {supporters}.",
            ),
            section="places",
            order=3,
            basis=(SWALLOW_PLAN,),
            action=ACTION,
            escalation=(Step(after=10, to="bureau"),),
        ),
        Programme(
            code=LOVE_PARENT,
            name=Text(zh="爱心家长结对", en="Love-parent pairing"),
            purpose=Text(
                zh="为每名贫困留守儿童结对一位已审核的爱心家长，就近安排，只需要知道孩子在哪所学校。",
                en="Every child in poverty is paired with a vetted love parent near by; only the child's school is needed.",
            ),
            subject="child",
            eligible=All(all=(where("in_poverty", True), where("has_love_parent", False))),
            trigger=Standing(due_after=10),
            assignee="agency",
            resolved_by="love_parent",
            figures=(
                Figure(
                    name="children",
                    title=Text(zh="有爱心家长结对的贫困儿童", en="Children in poverty with a love parent"),
                    unit=Text(zh="人", en=" children"),
                    of="pairings",
                    kind="love_parent",
                    distinct="child",
                ),
            ),
            sentence=Text(
                zh="爱心家长结对帮扶贫困留守儿童{children}。", en="Love parents stand by {children} in poverty."
            ),
            section="places",
            order=4,
            basis=(SWALLOW_PLAN,),
            action=ACTION,
            escalation=(Step(after=5, to="agency"), Step(after=10, to="bureau")),
        ),
    ]


@hook
def task_due(message: TaskDue, registry: RegistryClient) -> None:
    """Find a love parent for each child that is owed one."""
    if message.programme == LOVE_PARENT:
        pair(message, registry, "love_parent")


@hook
def task_overdue(message: TaskOverdue, registry: RegistryClient) -> None:
    """Look once more for those for whom there was nobody."""
    if message.programme == LOVE_PARENT:
        pair(message, registry, "love_parent")
