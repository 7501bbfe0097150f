"""What the volunteer lawyers' plugin promises."""

import pytest

from hongzhu.facts import SchoolFacts
from hongzhu.programme import holds
from hongzhu_legal_aid import programmes

counsellor, first_lesson = programmes()


@pytest.mark.parametrize(("has_one", "owed"), [(True, False), (False, True)])
def test_a_school_is_owed_a_counsellor_until_it_has_one(has_one: bool, owed: bool) -> None:
    facts = SchoolFacts.model_validate(
        {
            "id": "s",
            "version": 1,
            "school_id": "s",
            "entered_on": "2020-09-01",
            "present": True,
            "has_law_counsellor": has_one,
        }
    )
    assert holds(counsellor.eligible, facts) is owed
    assert holds(first_lesson.eligible, facts)


def test_no_field_of_any_child_is_asked_for() -> None:
    assert all(each.subject == "school" and not each.fields for each in programmes())
