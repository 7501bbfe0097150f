"""民政局: civil affairs verifies that a child is poor, so that help goes where it is needed."""

from typing import Literal

from pydantic import Field

from hongzhu.agency import Agency
from hongzhu.figures import Figure
from hongzhu.hooks import hook
from hongzhu.i18n import Text
from hongzhu.programme import OncePer, OnEvent, Programme, RecordForm, Several, Step, where


class Verification(RecordForm):
    """What was found out about a family's hardship."""

    result: Literal["属实|It is so", "已脱贫|It is over", "需复核|It needs another look"] = Field(
        title="核实结果|What was found"
    )
    source: Literal["建档立卡|The poverty register", "低保名册|The welfare roll", "入户调查|A visit"] = Field(
        title="核实依据|By what"
    )
    note: str = Field("", title="说明（可不填）|Remarks (optional)", max_length=200)


@hook
def agency() -> Agency:
    """Be civil affairs."""
    return Agency(
        name="civil_affairs",
        title=Text(zh="市民政局", en="Civil Affairs"),
        also=("民政", "民政局", "永安市民政局"),
    )


@hook
def programmes() -> list[Programme]:
    """Promise that the hardship of every child in poverty is verified."""
    return [
        Programme(
            code="civil_affairs.verification",
            name=Text(zh="贫困核实", en="Hardship verified"),
            purpose=Text(
                zh="每学年以及困难情况变化时核实一次，需要姓名、性别和出生日期，以便与困难名册核对。",
                en="Once a school year, and when it changes, a child's hardship is verified; its name, sex and birth date are needed "
                "to find it on the welfare rolls.",
            ),
            subject="child",
            eligible=where("in_poverty", True),
            trigger=Several(
                of=(OncePer(period="school_year", grace=None), OnEvent(event="hardship_change", due_after=20))
            ),
            assignee="agency",
            resolved_by="verification",
            figures=(
                Figure(
                    name="children",
                    title=Text(zh="已核实困难情况的儿童", en="Children whose hardship was verified"),
                    unit=Text(zh="人", en=" children"),
                    of="records",
                    kind="verification",
                    distinct="child",
                ),
            ),
            sentence=Text(
                zh="市民政局核实贫困留守儿童家庭困难情况，已核实{children}。",
                en="Civil Affairs verified the hardship of {children}.",
            ),
            form=Verification.model_json_schema(),
            fields=frozenset({"name", "sex", "born_on", "in_poverty"}),
            basis=("《永安市开展贫困留守儿童“雏燕”关爱行动工作方案》",),
            action=Text(zh="雏燕", en="Young Swallows"),
            escalation=(Step(after=10, to="bureau"),),
        )
    ]
