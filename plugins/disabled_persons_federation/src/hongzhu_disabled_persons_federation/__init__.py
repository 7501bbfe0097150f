"""残联: the disabled persons' federation gives a child in poverty with a disability a partner, and a gift once a year."""

from typing import Literal

from pydantic import Field

from hongzhu.agency import Agency
from hongzhu.figures import Figure
from hongzhu.hooks import hook
from hongzhu.i18n import Text
from hongzhu.matching import pair
from hongzhu.messages import TaskDue, TaskOverdue
from hongzhu.programme import All, OncePer, Programme, RecordForm, Standing, Step, where
from hongzhu.registry_client import RegistryClient

PAIRING = "disabled_persons_federation.pairing"
SWALLOW_PLAN = "《永安市开展贫困留守儿童“雏燕”关爱行动工作方案》"
ACTION = Text(zh="雏燕", en="Young Swallows")
POOR_AND_DISABLED = (where("in_poverty", True), where("disabled", True))


class Gift(RecordForm):
    """A gift that was brought to a child."""

    content: Literal[
        "爱心大礼包|A gift pack", "学习用品|School things", "辅助器具|An aid", "生活用品|Things for daily life"
    ] = Field(title="送了什么|What was brought")
    note: str = Field("", title="要记住的事（可不填）|To remember (optional)", max_length=200)


@hook
def agency() -> Agency:
    """Be the disabled persons' federation."""
    return Agency(
        name="disabled_persons_federation",
        title=Text(zh="市残联", en="Disabled Persons' Federation"),
        also=("残联", "市残疾人联合会", "永安市残联"),
    )


@hook
def programmes() -> list[Programme]:
    """Promise a partner and a gift."""
    return [
        Programme(
            code=PAIRING,
            name=Text(zh="一对一助残结对", en="A partner for a disabled child"),
            purpose=Text(
                zh="为每名贫困残疾留守儿童结对一位助残伙伴，需要知道是谁、有什么残疾。",
                en="Each child in poverty with a disability is paired with a partner, who needs to know who it is and with what "
                "disability.",
            ),
            subject="child",
            eligible=All(all=(*POOR_AND_DISABLED, where("has_disability_partner", False))),
            trigger=Standing(due_after=10),
            assignee="agency",
            resolved_by="disability_partner",
            figures=(
                Figure(
                    name="children",
                    title=Text(zh="结对帮扶的残疾儿童", en="Disabled children with a partner"),
                    unit=Text(zh="人", en=" children"),
                    of="pairings",
                    kind="disability_partner",
                    distinct="child",
                ),
                Figure(
                    name="gifts",
                    title=Text(zh="送出的爱心礼包", en="Gift packs brought"),
                    unit=Text(zh="份", en=" gift packs"),
                    of="activities",
                    kind="gift",
                    own=True,
                    sum="gifts",
                ),
            ),
            sentence=Text(
                zh="市残联关心贫困残疾留守儿童，送去爱心大礼包{gifts}，开展一对一结对子帮扶{children}。",
                en="The Disabled Persons' Federation stands by disabled children in poverty, {gifts} were brought, {children} had a "
                "partner.",
            ),
            fields=frozenset({"name", "disability"}),
            basis=(SWALLOW_PLAN,),
            action=ACTION,
            escalation=(Step(after=5, to="agency"), Step(after=10, to="bureau")),
        ),
        Programme(
            code="disabled_persons_federation.gift",
            name=Text(zh="爱心大礼包", en="A gift once a year"),
            purpose=Text(
                zh="每学年为贫困残疾留守儿童送一次爱心礼包，需要知道是谁、有什么残疾，以便选合适的礼物。",
                en="Once a school year each of them is brought a gift; who and with what disability is needed to choose it.",
            ),
            subject="child",
            eligible=All(all=POOR_AND_DISABLED),
            trigger=OncePer(period="school_year"),
            assignee="agency",
            resolved_by="gift",
            figures=(
                Figure(
                    name="children",
                    title=Text(zh="逐人登记送礼的儿童", en="Children with a gift on record"),
                    unit=Text(zh="人", en=" children"),
                    of="records",
                    kind="gift",
                    distinct="child",
                ),
            ),
            sentence=Text(
                zh="市残联逐人登记爱心礼包的发放，已登记{children}。",
                en="By the records, gifts reached {children} in poverty with a disability.",
            ),
            form=Gift.model_json_schema(),
            fields=frozenset({"name", "disability"}),
            basis=(SWALLOW_PLAN,),
            action=ACTION,
            escalation=(Step(after=10, to="bureau"),),
        ),
    ]


@hook
def task_due(message: TaskDue, registry: RegistryClient) -> None:
    """Find a partner for each child that is owed one."""
    if message.programme == PAIRING:
        pair(message, registry, "disability_partner")


@hook
def task_overdue(message: TaskOverdue, registry: RegistryClient) -> None:
    """Look once more for those for whom there was nobody."""
    if message.programme == PAIRING:
        pair(message, registry, "disability_partner")
