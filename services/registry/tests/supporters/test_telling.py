"""An agency hears that its supporters changed, by whichever door, and hears it once."""

import json
from typing import Any

from county import County

from hongzhu_registry.supporters.ticks import tell_agencies


def told(county: County) -> list[str]:
    """Let the tick be; return the agencies that were told since the last one."""
    before = len(_said(county))
    tell_agencies()
    tell_agencies()  # what was told is not told again
    return _said(county)[before:]


def _said(county: County) -> list[str]:
    return [json.loads(payload)["agency"] for topic, payload in county.said() if topic == "supporter.changed.v1"]


def add(county: County, who: str, **more: Any) -> str:
    person = {"kind": "love_parent", "name": "苏巧云", **more}
    answer = county.ask(who, "POST", "/supporters", person)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def change(county: County, path: str, **changes: Any) -> None:
    answer = county.ask("bureau", "PATCH", path, changes, If_Match="*")
    assert answer.status_code == 200, answer.text


def test_an_agency_is_told_of_its_own_supporters_and_nobody_of_a_teacher(county: County) -> None:
    told(county)  # of those who are there
    assert told(county) == []
    new = add(county, "carers")
    assert told(county) == ["carers"]
    change(county, f"/supporters/{new}", status="vetted")
    assert told(county) == ["carers"]
    change(county, f"/supporters/{new}", capacity=2)
    assert told(county) == ["carers"]
    add(county, "school", kind="teacher")
    assert told(county) == []


def test_one_who_is_vetted_as_another_is_rejected_is_not_overlooked(county: County) -> None:
    first, second = add(county, "carers", status="vetted"), add(county, "carers")
    told(county)
    change(county, f"/supporters/{first}", status="rejected")
    change(county, f"/supporters/{second}", status="vetted")
    assert told(county) == ["carers"]


def test_a_place_that_becomes_free_is_told_and_one_that_is_taken_is_not(county: County) -> None:
    helper = add(county, "carers", status="vetted")
    told(county)
    pairing = {"kind": "love_parent", "supporter_id": helper, "child_id": "child-other"}
    made = county.ask("bureau", "POST", "/pairings", pairing)
    assert made.status_code == 201, made.text
    assert told(county) == []
    change(county, f"/pairings/{made.json()['id']}", ended_on="2020-11-23")
    assert told(county) == ["carers"]
