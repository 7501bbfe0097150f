from datetime import date
from typing import Literal

import pytest
from pydantic import Field as Of

from hongzhu.errors import InvalidError
from hongzhu.i18n import CHINESE, ENGLISH, language
from hongzhu.programme import RecordForm
from hongzhu_registry.pages import spoken_class
from hongzhu_registry.weeks.forms import Choice, Field, day_in, fields_of


class Lesson(RecordForm):
    subject: Literal["语文|Chinese", "数学|Maths"] = Of(title="科目|Subject")
    minutes: int | None = Of(None, title="分钟|Minutes", ge=5, le=240)
    room: str = Of("", title="地点|Place", max_length=20)
    note: str = Of("", title="要记住的事|To remember", max_length=500)
    again_on: date | None = Of(None, title="下次|Next time")
    parents_told: bool = Of(default=False, title="已告知家长|Parents told")


FIELDS = {each.name: each for each in fields_of(Lesson.model_json_schema())}


def test_a_plugin_s_model_becomes_fields_in_its_own_order_and_words() -> None:
    assert [(each.name, each.title, each.kind) for each in FIELDS.values()] == [
        ("subject", "科目", "choice"),
        ("minutes", "分钟", "number"),
        ("room", "地点", "line"),
        ("note", "要记住的事", "long"),
        ("again_on", "下次", "date"),
        ("parents_told", "已告知家长", "yes"),
    ]
    assert FIELDS["subject"].choices == (Choice("语文|Chinese", "语文"), Choice("数学|Maths", "数学"))
    assert [name for name, each in FIELDS.items() if each.required] == ["subject"]


def test_an_english_reader_gets_english_words_and_the_same_values() -> None:
    token = language.set(ENGLISH)
    subject = fields_of(Lesson.model_json_schema())[0]
    language.reset(token)
    assert subject.title == "Subject"
    assert subject.choices[0] == Choice("语文|Chinese", "Chinese")


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("subject", "数学|Maths", "数学|Maths"),
        ("minutes", "40", 40),
        ("minutes", "", None),
        ("note", "想妈妈\n下周再谈", "想妈妈\n下周再谈"),
        ("note", "字" * 500, "字" * 500),
        ("again_on", "2020-11-30", "2020-11-30"),
        ("parents_told", "1", True),
        ("parents_told", "", False),
    ],
)
def test_what_is_typed_is_kept_as_the_schema_wants_it(name: str, typed: str, kept: object) -> None:
    assert FIELDS[name].read(typed) == kept
    if kept is not None:
        Lesson.model_validate({"subject": "语文|Chinese", name: kept})


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("subject", ""),
        ("subject", "体育"),
        ("minutes", "四十"),
        ("minutes", "4"),
        ("minutes", "241"),
        ("minutes", "9" * 5000),
        ("note", "字" * 501),
        ("again_on", "明天"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_desk_sees_it(name: str, typed: str) -> None:
    with pytest.raises(InvalidError):
        FIELDS[name].read(typed)


def test_a_text_without_a_limit_still_has_one() -> None:
    with pytest.raises(InvalidError):
        fields_of({"properties": {"note": {"type": "string"}}})[0].read("字" * 1001)


def test_an_empty_optional_field_is_nothing_and_an_empty_required_one_is_refused() -> None:
    assert Field("note", "note").read("") is None
    with pytest.raises(InvalidError):
        Field("note", "note", required=True).read("")


def test_a_day_is_read_as_a_date_field_sends_it() -> None:
    assert day_in("2020-11-23") == date(2020, 11, 23)
    for typed in ("", "23.11.2020", "2020-02-30"):
        with pytest.raises(InvalidError):
            day_in(typed)


@pytest.mark.parametrize(
    ("grade", "class_name", "zh", "en"),
    [
        (3, "2班", "三年级2班", "Grade 3 Class 2"),
        (9, "10班", "九年级10班", "Grade 9 Class 10"),
        (11, "1班", "11年级1班", "Grade 11 Class 1"),
        (1, "启智班", "一年级启智班", "Grade 1 启智班"),
        (4, None, "四年级", "Grade 4"),
        (None, "2班", "2班", "Class 2"),
    ],
)
def test_a_class_is_called_what_people_call_it(grade: int | None, class_name: str | None, zh: str, en: str) -> None:
    for reader, said in ((CHINESE, zh), (ENGLISH, en)):
        token = language.set(reader)
        assert spoken_class(grade, class_name) == said
        language.reset(token)
