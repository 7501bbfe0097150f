"""志愿律师团: the volunteer lawyers give every school a law counsellor (法制辅导员) and the first lesson of term."""

from hongzhu.agency import Agency
from hongzhu.figures import Figure
from hongzhu.hooks import hook
from hongzhu.i18n import Text
from hongzhu.matching import pair
from hongzhu.messages import TaskDue, TaskOverdue
from hongzhu.programme import Not, OncePer, Programme, SchoolWeeks, Standing, Step, where
from hongzhu.registry_client import RegistryClient

COUNSELLOR = "legal_aid.counsellor"
SWALLOW_PLAN = "《永安市开展贫困留守儿童“雏燕”关爱行动工作方案》"
ACTION = Text(zh="雏燕", en="Young Swallows")


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
    """Promise every school a law counsellor, and a first lesson of term on the law."""
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
            figures=(
                Figure(
                    name="schools",
                    title=Text(zh="配备法制辅导员的学校", en="Schools with a law counsellor"),
                    unit=Text(zh="所", en=" schools"),
                    of="pairings",
                    kind="law_counsellor",
                    distinct="school",
                ),
            ),
            sentence=Text(
                zh="市留守儿童志愿律师团为中小学各配备一名律师法制辅导员，覆盖{schools}学校。",
                en="The volunteer lawyers gave a law counsellor to each of {schools}.",
            ),
            basis=(SWALLOW_PLAN,),
            action=ACTION,
            escalation=(Step(after=5, to="agency"), Step(after=10, to="bureau")),
        ),
        Programme(
            code="legal_aid.first_lesson",
            name=Text(zh="开学第一课，法治伴我成长", en="The first lesson of term"),
            purpose=Text(
                zh="每学期开学两周内到校上一堂法治课，不需要任何儿童的信息。",
                en="In the first two weeks of term a lawyer gives each school a lesson; nothing about any child is needed.",
            ),
            subject="school",
            trigger=OncePer(period="term", due=SchoolWeeks(school_weeks=2), grace=None),
            assignee="agency",
            resolved_by="first_lesson",
            figures=(
                Figure(
                    name="schools",
                    title=Text(zh="开展“开学第一课”的学校", en="Schools with a first lesson"),
                    unit=Text(zh="所", en=" schools"),
                    of="activities",
                    kind="first_lesson",
                    own=True,
                    distinct="school",
                ),
                Figure(
                    name="sessions",
                    title=Text(zh="“开学第一课”场次", en="First lessons held"),
                    unit=Text(zh="场", en=" lessons"),
                    of="activities",
                    kind="first_lesson",
                    own=True,
                ),
            ),
            sentence=Text(
                zh="志愿律师期初深入学校开展“开学第一课，法治伴我成长”活动{sessions}，覆盖{schools}学校。",
                en="At the start of term the lawyers gave {sessions} in {schools}.",
            ),
            basis=(SWALLOW_PLAN,),
            action=ACTION,
            escalation=(Step(after=5, to="agency"), Step(after=10, to="bureau")),
        ),
    ]


@hook
def task_due(message: TaskDue, registry: RegistryClient) -> None:
    """Assign a free counsellor to each school that has none: from its own town where there is one."""
    if message.programme == COUNSELLOR:
        pair(message, registry, "law_counsellor")


@hook
def task_overdue(message: TaskOverdue, registry: RegistryClient) -> None:
    """Look once more for the schools for which there was nobody."""
    if message.programme == COUNSELLOR:
        pair(message, registry, "law_counsellor")
