"""What civil affairs' plugin promises."""

import pytest
from jsonschema import Draft202012Validator

from hongzhu.facts import ChildFacts
from hongzhu.programme import holds
from hongzhu.trigger import parts
from hongzhu_civil_affairs import programmes

(verification,) = programmes()


@pytest.mark.parametrize("poor", [True, False, None])
def test_only_who_is_said_to_be_poor_is_looked_into(poor: bool | None) -> None:
    common = {"id": "c", "version": 1, "school_id": "s", "entered_on": "2020-09-01", "present": True}
    assert holds(verification.eligible, ChildFacts.model_validate(common | {"in_poverty": poor})) is (poor is True)


def test_hardship_is_verified_each_school_year_and_when_it_changes() -> None:
    assert [part.kind for part in parts(verification.trigger)] == ["once_per", "on_event"]


def test_a_verification_says_what_was_found_and_by_what() -> None:
    form = Draft202012Validator(verification.form or {})
    assert form.is_valid({"result": "属实|It is so", "source": "低保名册|The welfare roll"})
    assert not form.is_valid({"result": "属实|It is so"})
