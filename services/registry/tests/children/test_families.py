"""Who is left behind, by which regime."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongzhu_registry.children.families import left_behind

DAY = date(2020, 11, 23)
AWAY, HOME = {"away": True, "away_since": "2019-03"}, {"away": False}

parents = st.fixed_dictionaries(
    {},
    optional={
        role: st.fixed_dictionaries(
            {
                "away": st.sampled_from([True, False, None]),
                "away_since": st.sampled_from([None, "2020-08", "2020-09", "2020-11", "2018"]),
                "able": st.sampled_from([True, False, None]),
            }
        )
        for role in ("father", "mother")
    },
)


@pytest.mark.parametrize(
    ("family", "school_record", "state_council"),
    [
        ({"father": AWAY, "mother": AWAY}, "both", True),
        ({"father": AWAY, "mother": HOME}, "one", None),
        ({"father": AWAY, "mother": HOME | {"able": False}}, "one", True),
        ({"father": AWAY, "mother": HOME | {"able": True}}, "one", False),
        ({"father": AWAY}, "one", None),
        ({"father": HOME, "mother": HOME}, "none", False),
        ({"father": {"away": True, "away_since": "2020-10"}, "mother": HOME}, "none", False),
        ({"father": {"away": True, "away_since": "2020-08"}, "mother": HOME | {"able": True}}, "one", False),
        ({}, None, None),
        ({"mother": HOME}, None, None),
    ],
)
def test_a_child_is_left_behind_by_each_regime_as_that_regime_says(
    family: dict[str, Any], school_record: str | None, state_council: bool | None
) -> None:
    assert left_behind(family, DAY) == {"school_record": school_record, "state_council": state_council}


@given(parents)
def test_whoever_counts_by_the_stricter_regime_counts_by_the_wider_one(family: dict[str, Any]) -> None:
    found = left_behind(family, DAY)
    if found["state_council"]:
        assert found["school_record"] in {"one", "both"}
    if found["school_record"] == "both":
        assert found["state_council"] is True
