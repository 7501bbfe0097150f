"""What the disabled persons' federation's plugin promises."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hongzhu.facts import ChildFacts
from hongzhu.programme import holds
from hongzhu_disabled_persons_federation import programmes

pairing, gift = programmes()
POOR = {"in_poverty": True, "disabled": True}


@pytest.mark.parametrize(
    ("facts", "partner", "present"),
    [
        (POOR | {"has_disability_partner": False}, True, True),
        (POOR | {"has_disability_partner": True}, False, True),
        ({"in_poverty": True, "disabled": False, "has_disability_partner": False}, False, False),
        ({"in_poverty": False, "disabled": True, "has_disability_partner": False}, False, False),
    ],
    ids=str,
)
def test_a_child_in_poverty_with_a_disability_is_owed_a_partner_and_each_year_a_gift(
    facts: dict[str, Any], partner: bool, present: bool
) -> None:
    common = {"id": "c", "version": 1, "school_id": "s", "entered_on": "2020-09-01", "present": True}
    child = ChildFacts.model_validate(common | facts)
    assert (holds(pairing.eligible, child), holds(gift.eligible, child)) == (partner, present)


def test_a_gift_says_what_was_brought() -> None:
    form = Draft202012Validator(gift.form or {})
    assert form.is_valid({"content": "爱心大礼包|A gift pack"})
    assert not form.is_valid({})
