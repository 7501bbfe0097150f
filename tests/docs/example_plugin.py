"""市图书馆: an invented agency, whole; docs/write-a-plugin.md shows it piece by piece."""

# excerpt imports
from typing import Literal

from pydantic import Field

from hongzhu.agency import Agency
from hongzhu.errors import ConflictError
from hongzhu.figures import Figure
from hongzhu.hooks import hook
from hongzhu.i18n import Text
from hongzhu.messages import TaskDue
from hongzhu.programme import EverySchoolWeek, Programme, RecordForm, Standing, where
from hongzhu.registry_client import RegistryClient

# end of excerpt


# excerpt agency
@hook
def agency() -> Agency:
    """Be the city library."""
    return Agency(name="city_library", title=Text(zh="市图书馆", en="City library"), also=("图书馆",))


# end of excerpt


# excerpt form
class ReadingHour(RecordForm):
    """What a teacher notes of a reading hour."""

    kind: Literal["绘本|A picture book", "故事|A story", "科普|Science"] = Field(title="读了什么|What was read")
    books: int = Field(0, title="借出几册|Books lent", ge=0, le=500)
    note: str = Field("", title="要记住的事（可不填）|To remember (optional)", max_length=200)


# end of excerpt


# excerpt figures
READ_WITH = Figure(
    name="children",
    title=Text(zh="陪读的儿童", en="Children read with"),
    unit=Text(zh="人", en=" children"),
    of="records",
    kind="reading_hour",
    distinct="child",
)
BOOKS_LENT = Figure(
    name="books",
    title=Text(zh="借出的图书", en="Books lent"),
    unit=Text(zh="册", en=" books"),
    of="records",
    kind="reading_hour",
    sum="books",
)
SAID = Text(
    zh="市图书馆陪{children}留守儿童读书，借出图书{books}。",
    en="The city library read with {children} and lent {books}.",
)


# end of excerpt


# excerpt programmes
@hook
def programmes() -> list[Programme]:
    """Promise boarding children a reading hour a week, and every school a reading friend."""
    return [
        Programme(
            code="city_library.reading_hour",
            name=Text(zh="每周阅读", en="Weekly reading hour"),
            purpose=Text(
                zh="老师每周陪住校的留守儿童读一小时书，需要知道是哪些孩子。",
                en="A teacher reads with the boarding children for an hour a week, and needs to know who they are.",
            ),
            subject="child",
            eligible=where("boarding", True),
            trigger=EverySchoolWeek(),
            assignee="class_teacher",
            resolved_by="reading_hour",
            form=ReadingHour.model_json_schema(),
            fields=frozenset({"grade", "class_name"}),
            figures=(READ_WITH, BOOKS_LENT),
            sentence=SAID,
        ),
        Programme(
            code="city_library.reading_friend",
            name=Text(zh="阅读伙伴", en="A reading friend for each school"),
            purpose=Text(zh="为每所学校联系一名阅读志愿者。", en="Each school gets a reading volunteer."),
            subject="school",
            trigger=Standing(due_after=10),
            assignee="agency",
            resolved_by="reading_friend",
        ),
    ]


# end of excerpt


# excerpt task_due
@hook
def task_due(message: TaskDue, registry: RegistryClient) -> None:
    """Give each school that is owed a reading friend a volunteer who is free."""
    if message.programme != "city_library.reading_friend":
        return
    volunteers = registry.items("/supporters", vetted=True)
    free = [each for each in volunteers if each["paired"] < (each["capacity"] or 1)]
    for school_id, volunteer in zip(message.subjects, free, strict=False):
        pairing = {"kind": "reading_friend", "supporter_id": volunteer["id"], "school_id": school_id}
        try:
            registry.post("/pairings", pairing)
        except ConflictError:
            continue  # the school has one already, or somebody was quicker


# end of excerpt
