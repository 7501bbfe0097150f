"""志愿律师团: the volunteer lawyers give every school a law counsellor (法制辅导员)."""

from collections.abc import Mapping, Sequence
from typing import Any

from hongzhu.agency import Agency
from hongzhu.errors import ConflictError
from hongzhu.hooks import hook
from hongzhu.i18n import Text
from hongzhu.messages import TaskDue
from hongzhu.programme import Not, Programme, Standing, where
from hongzhu.registry_client import RegistryClient

Row = Mapping[str, Any]

COUNSELLOR = "legal_aid.counsellor"
PLAN = "《三明市开展贫困留守儿童“雏燕”关爱行动工作方案》（明政办〔2020〕20号）"


@hook
def agency() -> Agency:
    """Be the volunteer lawyers."""
    return Agency(
        name="legal_aid",
        title=Text(zh="志愿律师团", en="Volunteer lawyers"),
        also=("市留守儿童志愿律师团", "司法局", "市司法局"),
    )


@hook
def programmes() -> list[Programme]:
    """Promise every school a law counsellor."""
    return [
        Programme(
            code=COUNSELLOR,
            name=Text(zh="学校法制辅导员", en="A law counsellor for each school"),
            purpose=Text(
                zh="为每所中小学配备一名律师法制辅导员，只需要学校所在乡镇，不需要任何儿童的信息。",
                en="Each school gets a lawyer as its law counsellor; only the school's town is needed, nothing about any child.",
            ),
            subject="school",
            eligible=Not(rule=where("has_law_counsellor", True)),
            trigger=Standing(due_after=10),
            assignee="agency",
            resolved_by="law_counsellor",
            basis=(PLAN,),
        )
    ]


@hook
def task_due(message: TaskDue, registry: RegistryClient) -> None:
    """Assign a free counsellor to each school that has none: from its own town where there is one."""
    if message.programme != COUNSELLOR:
        return
    owed = frozenset(message.subjects)
    schools = [each for each in registry.items("/schools") if each["id"] in owed]
    free = [each for each in registry.items("/supporters", kind="law_counsellor", vetted=True) if _places(each) > 0]
    for counsellor, school in match(free, schools):
        pairing = {"kind": "law_counsellor", "supporter_id": counsellor["id"], "school_id": school["id"]}
        try:
            registry.post("/pairings", pairing)
        except ConflictError:
            # Somebody was quicker: the school has one, or the counsellor was just taken. The ledger knows who is still owed.
            continue


def match(counsellors: Sequence[Row], schools: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Give each school a counsellor: those of its town first, and to nobody more schools than places."""
    places = [each for each in counsellors for _ in range(_places(each))]
    matched: list[tuple[Row, Row]] = []
    unserved = list(schools)
    for near in (True, False):
        left = []
        for school in unserved:
            found = next((each for each in places if not near or each["town"] == school["town"]), None)
            if found is None:
                left.append(school)
            else:
                places.remove(found)
                matched.append((found, school))
        unserved = left
    return matched


def _places(counsellor: Row) -> int:
    return int(counsellor["capacity"] or 1) - int(counsellor["paired"])
