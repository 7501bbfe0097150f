"""The form of a teacher's page: what it asks, what it refuses, and what filing it does, once."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from county import BUREAU, FORM, TALK, County, of_task, promise
from fastapi.testclient import TestClient
from teachers_page import (
    ENGLISH,
    OWN,
    TOPIC,
    TUESDAY,
    WEDNESDAY,
    a_form,
    file,
    filed,
    join,
    offered,
    page,
    path_of,
    pupil,
    send,
    ticked,
)

from hongzhu import clock
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.database import database
from hongzhu_registry.programmes import service as programmes

pytestmark = pytest.mark.usefixtures("wednesday")


def test_filing_resolves_the_tasks_of_every_ticked_child_at_once(county: County) -> None:
    answer = file(county, OWN, data_note="想妈妈\r\n下周再谈")
    assert [each.status_code for each in answer.history] == [303]
    assert "Recorded for 2" in answer.text
    assert "All done this week" in answer.text
    assert answer.text.count("Tuesday, Nov 24") == 3, "in the confirmation, and beside each child that is done"
    ((record, children),) = filed()
    assert children == set(OWN)
    assert record.occurred_on == TUESDAY
    assert record.data == {"topic": TOPIC, "note": "想妈妈\n下周再谈"}
    assert record.filed_by == "teacher-own"
    for each in OWN:
        task = county.get("school", f"/tasks/{of_task(TALK, each)}")
        assert (task["state"], task["done_on"], task["evidence_id"]) == ("done", str(TUESDAY), record.id)
    assert [topic for topic, _ in county.said()].count("evidence.filed.v1") == 1


def test_what_is_left_empty_is_left_out_and_one_child_may_be_filed_alone(county: County) -> None:
    answer = file(county, ["child-own"])
    assert filed()[0][0].data == {"topic": TOPIC}
    assert filed()[0][1] == {"child-own"}
    assert "Recorded for 1" in answer.text
    assert "Still to do: 1" in answer.text
    assert offered(answer.text) == ["child-mate"]


def test_sending_the_same_form_twice_files_it_once(county: County) -> None:
    form = a_form(page(county), OWN)
    first, again = send(county, form), send(county, form)
    assert len(filed()) == 1
    assert first.url.query == again.url.query, "whoever sends it twice is told the same"
    assert "Recorded for 2" in again.text


def test_the_last_that_was_overdue_is_confirmed_though_nothing_is_left_and_once_when_it_is_sent_twice(
    county: County,
) -> None:
    clock.stand_on(MONDAY + timedelta(days=8))
    form = a_form(page(county), OWN)
    for _ in range(2):
        answer = send(county, form)
        assert answer.status_code == 200, answer.text
        assert "Recorded for 2" in answer.text
        assert "All done this week" in answer.text
        assert offered(answer.text) == []
    assert len(filed()) == 1
    assert "Nothing is waiting for you this week." in page(county), "and it is listed no more"


def test_sending_the_same_form_from_many_taps_at_once_files_it_once(county: County) -> None:
    answers = at_once(county, [("teacher-own", a_form(page(county), OWN))] * 6)
    assert {each.status_code for each in answers} == {200}
    assert len(filed()) == 1


def test_two_who_file_for_the_same_child_at_once_leave_one_record(county: County) -> None:
    forms = [(who, a_form(page(county, path_of(who)), ["child-own"])) for who in ("teacher-own", "coordinator-own")]
    answers = at_once(county, forms * 2)
    assert {each.status_code for each in answers} == {200}
    assert [children for _, children in filed()] == [{"child-own"}]


def at_once(county: County, forms: list[tuple[str, dict[str, Any]]]) -> list[httpx.Response]:
    def tap(who: str, form: dict[str, Any]) -> httpx.Response:
        with TestClient(county.http.app, raise_server_exceptions=False) as browser:
            return browser.post(f"{path_of(who)}/{TALK}", data=form, headers=ENGLISH)

    with ThreadPoolExecutor(len(forms)) as pool:
        return list(pool.map(lambda each: tap(*each), forms))


def test_going_back_and_ticking_other_children_is_another_record_not_a_lost_one(county: County) -> None:
    form = a_form(page(county), ["child-own"])
    send(county, form)
    answer = send(county, form | {"child": ["child-mate"]})
    assert "Recorded for 1" in answer.text
    assert [children for _, children in filed()] == [{"child-own"}, {"child-mate"}]


@pytest.mark.parametrize(
    ("changes", "beside", "said"),
    [
        ({"child": []}, "children", "Tick at least one child."),
        ({"occurred_on": ""}, "day", "Please give a day"),
        ({"occurred_on": "yesterday"}, "day", "Please give a day"),
        ({"occurred_on": str(WEDNESDAY + timedelta(days=1))}, "day", "The day is in the future"),
        ({"occurred_on": str(MONDAY - timedelta(days=1))}, "day", "Only days since Monday, Nov 23 count here."),
        ({"data.topic": ""}, "f-topic", "Choose one."),
        ({"data.topic": "天气|Weather"}, "f-topic", "Choose one."),
        ({"data.note": "字" * 1001}, "f-note", "At most 1000 characters; these are 1001."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(
    sqlite_county: County, changes: dict[str, Any], beside: str, said: str
) -> None:
    form = a_form(page(sqlite_county), ["child-own"], data_note="她想妈妈 & 爸爸") | changes
    answer = send(sqlite_county, form)
    assert answer.status_code == 422
    assert not answer.history
    assert filed() == []
    assert re.search(rf'<p class="wrong" id="{beside}-wrong">{re.escape(said)}', answer.text)
    assert f'aria-describedby="{beside}-wrong"' in answer.text
    assert f'<a href="#{beside}">' in answer.text, "the summary above leads to it"
    assert answer.text.count('<p class="wrong"') == 1
    assert ticked(answer.text) == form["child"]
    assert f'value="{form["occurred_on"]}"' in answer.text
    assert form["data.note"].replace("&", "&amp;") in answer.text
    assert (f'value="{TOPIC}" required checked' in answer.text) == (form["data.topic"] == TOPIC)
    assert f'name="key" value="{form["key"]}"' in answer.text
    assert send(sqlite_county, form | a_form(answer.text, ["child-own"])).history, "mended, it goes in"


def test_all_mistakes_are_told_at_once(sqlite_county: County) -> None:
    for day in ("", WEDNESDAY + timedelta(days=1)):
        answer = file(sqlite_county, [], occurred_on=str(day), data_topic="")
        assert answer.text.count('<p class="wrong"') == 3


def test_what_only_the_desk_refuses_is_said_on_the_page_too(sqlite_county: County) -> None:
    with database.transaction() as session:
        note = {"type": "string", "title": "备注|Note", "pattern": "^[a-z]*$"}
        strict = FORM | {"properties": FORM["properties"] | {"note": note}}  # type: ignore[operator]  # a schema
        programmes.declare(session, promise(form=strict))
        session.flush()
        programmes.approve(session, BUREAU, TALK, MONDAY)
    answer = file(sqlite_county, ["child-own"], data_note="NO")
    assert answer.status_code == 422
    assert 'id="f-note-wrong"' in answer.text
    assert filed() == []


@pytest.mark.parametrize("stranger", ["child-other", "pupil-1", "nobody", "<b>"])
def test_nobody_files_for_a_child_that_is_not_his_and_all_strangers_look_alike(county: County, stranger: str) -> None:
    join(pupil(1, class_name="2班"))
    answer = file(county, ["child-own", stranger])
    assert answer.status_code == 422
    assert "A child is not on your list any more." in answer.text
    assert ticked(answer.text) == ["child-own"]
    assert stranger not in answer.text
    assert filed() == []


def test_a_form_that_is_sent_again_with_a_photo_is_not_taken_for_the_one_without(county: County) -> None:
    form = a_form(page(county), OWN)
    assert "Recorded for 2" in send(county, form).text
    again = send(county, form | {"photo": "a photo"})
    assert "Recorded for" not in again.text
    assert "Already recorded by someone, so not again: 2" in again.text


def test_a_child_done_by_someone_else_meanwhile_is_not_filed_twice(county: County) -> None:
    form = a_form(page(county), OWN)
    file(county, ["child-own"], "coordinator-own")
    answer = send(county, form)
    assert "Recorded for 1" in answer.text
    assert "Already recorded by someone, so not again: 1" in answer.text
    assert [children for _, children in filed()] == [{"child-own"}, {"child-mate"}]
    everybody = send(county, a_form('name="key" value="another"', OWN))
    assert "Recorded for" not in everybody.text
    assert "Already recorded by someone, so not again: 2" in everybody.text
    assert len(filed()) == 2


def test_a_form_is_not_even_read_before_the_link_has_opened(sqlite_county: County) -> None:
    answer = sqlite_county.http.post(f"/w/forged/{TALK}", data={f"x{number}": "1" for number in range(3000)})
    assert answer.status_code == 404


def test_a_file_in_the_place_of_a_field_is_no_answer(sqlite_county: County) -> None:
    form = a_form(page(sqlite_county), ["child-own"])
    answer = sqlite_county.http.post(
        f"{path_of()}/{TALK}", data=form, files={"data.topic": ("topic.txt", b"x")}, headers=ENGLISH
    )
    assert answer.status_code in (400, 422)
    assert filed() == []


def test_nobody_is_shown_the_record_of_another(sqlite_county: County) -> None:
    file(sqlite_county, OWN)
    (record, _) = filed()[0]
    address = f"{path_of('coordinator-own')}/{TALK}?filed={record.id}"
    assert "Recorded for" not in page(sqlite_county, address)
    assert "Recorded for" in page(sqlite_county, f"{path_of()}/{TALK}?filed={record.id}")


def test_an_address_after_filing_holds_no_name(sqlite_county: County) -> None:
    answer = file(sqlite_county, OWN, data_note="秘密")
    assert re.fullmatch(r"filed=[0-9a-f-]{36}", answer.url.query.decode())
