"""What the education bureau's plugin promises."""

import pytest
from jsonschema import Draft202012Validator

from hongzhu.facts import ChildFacts
from hongzhu.programme import holds
from hongzhu_education_bureau import Talk, programmes

(weekly_talk,) = programmes()


@pytest.mark.parametrize(("stage", "owed"), [("primary", True), ("middle", True), (None, False)])
def test_every_child_at_school_is_owed_a_talk(stage: str | None, owed: bool) -> None:
    facts = ChildFacts.model_validate(
        {"id": "c", "version": 1, "school_id": "s", "entered_on": "2020-09-01", "present": True, "stage": stage}
    )
    assert holds(weekly_talk.eligible, facts) is owed


def test_a_talk_needs_its_topic_and_nothing_else() -> None:
    form = Draft202012Validator(weekly_talk.form or {})
    assert form.is_valid({"topic": "身体健康|Health"})
    assert not form.is_valid({})
    assert not form.is_valid({"topic": "身体健康|Health", "name": "…"})


def test_the_form_is_the_model_s() -> None:
    assert weekly_talk.form == Talk.model_json_schema()
