"""On what basis a dossier is held, and what happens when consent is taken back."""

from datetime import date
from typing import Any

import pytest
from county import County
from sqlalchemy import update

from hongzhu.testing.examples import MONDAY
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.retention.ticks import anonymise_due

PATH = "/children/child-own/consent"
CONSENT = {"basis": "guardian_consent", "text_version": 2, "given_on": "2020-11-01", "given_by": "母亲"}


def give(county: County, **changes: Any) -> Any:
    return county.ask("school", "POST", PATH, CONSENT | changes)


def child(county: County) -> Any:
    return county.get("bureau", "/children/child-own")


def test_a_dossier_of_which_nothing_was_recorded_rests_on_a_duty_in_law(sqlite_county: County) -> None:
    (held,) = sqlite_county.get("school", PATH)["items"]
    assert (held["basis"], held["text_version"], held["withdrawn_on"]) == ("statutory_duty", 1, None)
    assert child(sqlite_county)["basis"] == "statutory_duty"
    assert sqlite_county.ask("school", "POST", f"{PATH}/withdraw", {}).status_code == 409


def test_consent_has_its_wording_its_day_and_who_gave_it_and_its_withdrawal_starts_the_clock(county: County) -> None:
    assert give(county).status_code == 201
    assert (child(county)["basis"], child(county)["retention_ends"]) == ("guardian_consent", None)
    assert county.ask("bureau", "POST", f"{PATH}/withdraw", {"withdrawn_on": "2020-10-31"}).status_code == 422
    assert county.ask("bureau", "POST", f"{PATH}/withdraw", {"withdrawn_on": "2020-11-20"}).status_code == 201
    assert (child(county)["basis"], child(county)["retention_ends"]) == ("withdrawn", "2023-11-23")
    assert county.ask("bureau", "POST", f"{PATH}/withdraw", {}).status_code == 409
    (held,) = county.get("school", PATH)["items"]  # that it was given stays on record
    assert {name: held[name] for name in CONSENT} == CONSENT
    assert held["withdrawn_on"] == "2020-11-20"
    assert give(county, basis="statutory_duty", given_by=None).status_code == 201
    assert (child(county)["basis"], child(county)["retention_ends"]) == ("statutory_duty", None)
    assert len(county.get("school", PATH)["items"]) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"given_by": None}, "given_by"),
        ({"basis": "statutory_duty"}, "given_by"),
        ({"given_on": "2020-11-24"}, "given_on"),
        ({"given_on": "2020-08-31"}, "given_on"),  # the dossier was opened a day later
        ({"basis": "none"}, "basis"),
        ({"text_version": 0}, "text_version"),
    ],
)
def test_a_basis_that_cannot_be_is_refused(sqlite_county: County, changes: dict[str, Any], field: str) -> None:
    answer = give(sqlite_county, **changes)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_once_consent_is_taken_back_an_agency_sees_no_field_but_the_id_and_the_school(county: County) -> None:
    seen = county.get("carers", "/children/child-own")
    assert (seen["grade"], seen["class_name"]) == (3, "1班")
    give(county)
    assert county.get("carers", "/children/child-own")["grade"] == 3
    assert county.ask("school", "POST", f"{PATH}/withdraw", {}).status_code == 201
    seen = {name: value for name, value in county.get("carers", "/children/child-own").items() if value is not None}
    assert seen.keys() == {"id", "school_id", "version"}
    assert [each["id"] for each in county.get("carers", "/children?grade=3")["items"]] == ["child-mate"]
    assert county.get("school", "/children/child-own")["grade"] == 3
    assert give(county, given_on=str(MONDAY)).status_code == 201
    assert county.get("carers", "/children/child-own")["grade"] == 3


def test_leaving_and_taking_back_consent_count_from_whichever_ends_first(county: County) -> None:
    give(county)
    county.ask("school", "POST", "/children/child-own/leave", {"reason": "other", "on": "2020-11-10"})
    assert child(county)["retention_ends"] == "2024-02-08"  # 90 days of watch, and three years
    county.ask("school", "POST", f"{PATH}/withdraw", {"withdrawn_on": "2020-11-20"})
    assert child(county)["retention_ends"] == "2023-11-23"
    county.ask("school", "POST", "/children/child-own/return", {})
    assert child(county)["retention_ends"] == "2023-11-23"  # back, but the consent is not


def test_what_was_taken_back_long_before_it_was_recorded_is_kept_from_the_day_on_which_it_was_recorded(
    county: County,
) -> None:
    """Or else a year that was mistyped would end a dossier at once."""
    with database.transaction() as session:
        session.execute(update(Child).where(Child.id == "child-own").values(entered_on=date(2010, 9, 1)))
    assert give(county, given_on="2011-01-01").status_code == 201
    assert county.ask("school", "POST", f"{PATH}/withdraw", {"withdrawn_on": "2011-02-01"}).status_code == 201
    assert child(county)["retention_ends"] == "2023-11-23"
    left = {"reason": "other", "on": "2011-03-01"}
    assert county.ask("school", "POST", "/children/child-own/leave", left).status_code == 201
    assert (child(county)["watch_until"], child(county)["retention_ends"]) == ("2020-11-23", "2023-11-23")
    assert anonymise_due() == 0
