"""A programme is declared by its agency, and runs when the bureau approves it."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from county import FORM, TALK, TALKED, County, of_task, promise

from hongzhu import clock
from hongzhu.i18n import Text
from hongzhu.programme import Programme
from hongzhu.testing.examples import CALENDAR, MONDAY
from hongzhu_registry.database import database
from hongzhu_registry.programmes import queries, service, tuning

DAY = timedelta(days=1)
NEW = "carers.visit"


def declare(county: County, programme: Programme) -> dict[str, Any]:
    body = programme.model_dump(mode="json", by_alias=True)
    answer = county.ask(programme.agency, "PUT", f"/programmes/{programme.code}", body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def decide(county: County, code: str, what: str, **body: Any) -> Any:
    answer = county.ask("bureau", "POST", f"/programmes/{code}/{what}", body)
    return answer.json() if answer.status_code == 200 else answer.status_code


def said(county: County) -> list[tuple[int, bool, str]]:
    payloads = [json.loads(payload) for topic, payload in county.said() if topic == "programme.changed.v1"]
    return [(each["version"], each["suspended"], each["effective_from"]) for each in payloads]


def test_nothing_runs_before_it_is_approved(county: County) -> None:
    assert declare(county, promise(NEW))["status"] == "proposed"
    assert said(county) == []
    assert decide(county, NEW, "approve")["status"] == "approved"
    assert said(county) == [(1, False, "2020-11-23")]


def test_declaring_the_same_again_changes_nothing(county: County) -> None:
    for _ in range(2):
        assert (declare(county, promise())["version"], declare(county, promise())["status"]) == (1, "approved")
    assert said(county) == []


def test_the_same_programme_is_the_same_json_in_every_process() -> None:
    program = (
        "from hongzhu.testing.examples import programme;"
        "print(programme(fields={'grade', 'class_name', 'sex', 'boarding', 'name'}).model_dump_json(by_alias=True))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3", "4")
    }
    assert len(told) == 1


def test_a_changed_one_waits_while_the_old_one_runs_on(county: County) -> None:
    changed = promise(fields={"grade", "class_name", "boarding"})
    assert [declare(county, changed)[name] for name in ("version", "status")] == [2, "proposed"]
    assert "boarding" not in county.get("carers", "/children/child-own")
    # Changed once more before anybody approved it: another version, though nothing was done under the one before.
    assert declare(county, promise(fields={"boarding"}))["version"] == 3
    assert decide(county, TALK, "approve")["version"] == 3
    assert county.get("carers", "/children/child-own")["boarding"] is True
    assert "grade" not in county.get("carers", "/children/child-own")
    assert said(county) == [(3, False, "2020-11-23")]


def test_what_is_approved_is_what_was_looked_at_though_its_agency_asks_for_more_meanwhile(county: County) -> None:
    looked_at = declare(county, promise(fields={"grade", "class_name", "boarding"}))["version"]
    declare(county, promise(fields={"grade", "class_name", "boarding", "id_number", "address"}))
    assert decide(county, TALK, "approve", version=looked_at) == 422
    assert "id_number" not in county.get("carers", "/children/child-own")


@pytest.mark.parametrize(
    "field",
    [{"$ref": "http://127.0.0.1:9/form.json"}, {"anyOf": [{"$dynamicRef": "file:///etc/passwd"}]}, {"$ref": "#"}],
)
def test_a_form_refers_to_nothing_that_would_have_to_be_fetched(sqlite_county: County, field: Any) -> None:
    form = FORM | {"properties": {"topic": {"title": "主题|Topic", **field}}}
    body = promise(form=form).model_dump(mode="json", by_alias=True)
    answer = sqlite_county.ask("carers", "PUT", f"/programmes/{TALK}", body)
    assert (answer.status_code, answer.json()["field"]) == (422, "form")


def test_approving_twice_is_a_conflict_and_approving_nothing_is_missing(county: County) -> None:
    assert decide(county, TALK, "approve") == 409
    assert decide(county, "carers.nothing", "approve") == 404
    assert decide(county, "carers.nothing", "suspend") == 404


def test_a_suspended_one_runs_on_from_the_day_it_is_approved_again(county: County) -> None:
    from datetime import date

    from hongzhu import clock

    assert decide(county, TALK, "suspend")["status"] == "suspended"
    assert decide(county, TALK, "suspend")["version"] == 2  # twice is once
    clock.stand_on(date(2020, 12, 7))
    assert decide(county, TALK, "approve")["status"] == "approved"
    # Every word of it to the bus has a version of its own, or the scheduler would think it had heard it.
    assert said(county) == [(2, True, "2020-11-23"), (3, False, "2020-12-07")]


def test_obligations_begin_on_the_day_the_bureau_says(county: County) -> None:
    declare(county, promise(NEW))
    assert decide(county, NEW, "approve", effective_from="2021-03-01")["effective_from"] == "2021-03-01"


def test_the_address_and_the_definition_name_the_same_programme(county: County) -> None:
    body = promise(NEW).model_dump(mode="json", by_alias=True)
    answer = county.ask("carers", "PUT", f"/programmes/{TALK}", body)
    assert (answer.status_code, answer.json()["field"]) == (422, "code")


@pytest.mark.parametrize(
    "eligible",
    [
        {"fact": "name", "in": ["张三"]},
        {"fact": "boarding", "in": ["yes"]},
        {"fact": "grade", "in": ["3"]},
        {"fact": "stage", "in": ["university"]},
        {"not": {"fact": "school.principal", "in": [True]}},
    ],
)
def test_a_rule_about_what_is_no_fact_is_refused_where_it_is_written(county: County, eligible: Any) -> None:
    body = promise(NEW).model_dump(mode="json", by_alias=True) | {"eligible": eligible}
    assert county.ask("carers", "PUT", f"/programmes/{NEW}", body).status_code == 422


@pytest.mark.postgres
def test_several_decisions_at_once_leave_one_version_running(postgres_county: County) -> None:
    together = Barrier(4)
    declare(postgres_county, promise(fields={"sex"}))

    def approve(_: int) -> Any:
        together.wait()
        return decide(postgres_county, TALK, "approve")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(approve, range(4)))
    assert sorted(str(each["status"]) if isinstance(each, dict) else str(each) for each in answers) == [
        "409",
        "409",
        "409",
        "approved",
    ]
    assert len(said(postgres_county)) == 1


@pytest.mark.postgres
def test_two_workers_of_one_agency_may_declare_at_once(postgres_county: County) -> None:
    together = Barrier(4)

    def put(_: int) -> int:
        together.wait()
        return int(declare(postgres_county, promise(NEW))["version"])

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(put, range(4))) == {1}


def tune(county: County, dry_run: bool = False, **trigger: Any) -> Any:
    return decide(county, TALK, "tune", trigger=trigger, dry_run=dry_run)


def test_tuning_is_a_version_of_its_own_that_rules_from_today(county: County) -> None:
    clock.stand_on(MONDAY + 9 * DAY)
    answer = tune(county, due=5, grace=2)
    assert (answer["version"], answer["status"], answer["effective_from"]) == (2, "approved", "2020-12-02")
    assert answer["definition"]["trigger"]["due"] == 5
    assert said(county) == [(2, False, "2020-12-02")]
    assert tune(county, due=5)["version"] == 2  # the same again


def test_a_dry_run_of_tuning_says_what_would_move_and_changes_nothing(county: County) -> None:
    clock.stand_on(MONDAY + 2 * DAY)
    answer = tune(county, dry_run=True, due=5)
    assert (answer["version"], answer["trigger"]["due"], said(county)) == (1, 5, [])
    first = answer["moves"][0]
    assert first == {  # the week that is under way stays as it is
        "period": "week:2020-11-30",
        "before": {"opens_on": "2020-11-30", "due_on": "2020-12-06", "grace_until": "2020-12-06"},
        "after": {"opens_on": "2020-11-30", "due_on": "2020-12-04", "grace_until": "2020-12-04"},
    }
    assert [each["period"] for each in answer["moves"]][-1] == "week:2021-01-18"
    rarer = tune(county, dry_run=True, every=2)["moves"]
    assert {each["after"] is None for each in rarer} == {True, False}


def test_wording_moves_nothing(county: County) -> None:
    words = Text(zh="聊一聊", en="a chat")
    declare(county, promise(name=words))
    before = Programme.model_validate(county.get("bureau", f"/programmes/{TALK}")["definition"])
    assert tuning.moves(promise().trigger, before.trigger, CALENDAR, MONDAY) == []


def test_what_the_bureau_tuned_stays_tuned_when_the_agency_declares_again(county: County) -> None:
    tune(county, due=5)
    assert declare(county, promise())["version"] == 2
    changed = declare(county, promise(fields={"grade"}))
    assert (changed["version"], changed["status"], changed["definition"]["trigger"]["due"]) == (3, "proposed", 5)
    assert tune(county, due=4) == 409  # something waits for a decision


@pytest.mark.parametrize(
    "trigger",
    [{"every": 0}, {"due": "Friday"}, {"kind": "standing"}, {"colour": "red"}, {"due": {"moons": 1}}, {"due": 1.5}],
)
def test_tuning_to_what_no_trigger_can_be_is_refused(county: County, trigger: dict[str, Any]) -> None:
    answer = county.ask("bureau", "POST", f"/programmes/{TALK}/tune", {"trigger": trigger})
    assert (answer.status_code, answer.json()["field"].split(".")[0]) == (422, "trigger")
    assert said(county) == []


def test_a_later_version_rules_only_what_falls_due_after_it(county: County) -> None:
    declare(county, promise(fields={"grade"}))
    clock.stand_on(MONDAY + 7 * DAY)
    assert decide(county, TALK, "approve")["effective_from"] == "2020-11-30"


def test_a_version_approved_for_a_later_day_leaves_the_days_before_to_the_former_one(county: County) -> None:
    declare(county, promise(fields={"boarding"}, form=FORM | {"required": ["topic", "note"]}))
    decide(county, TALK, "approve", effective_from="2020-11-30")
    assert county.ask("school", "POST", "/records", TALKED).status_code == 201
    assert "boarding" not in county.get("carers", "/children/child-own")
    clock.stand_on(MONDAY + 7 * DAY)
    assert county.ask("school", "POST", "/records", TALKED).status_code == 422
    assert county.get("carers", "/children/child-own")["boarding"] is True
    assert county.get("bureau", "/agencies/carers")["programmes"]["approved"].count(TALK) == 1


def test_a_former_versions_open_tasks_are_done_by_its_own_kind_and_form_as_long_as_there_are_any(
    county: County,
) -> None:
    declare(county, promise(resolved_by="chat"))
    decide(county, TALK, "approve", effective_from="2020-11-30")
    clock.stand_on(MONDAY + 8 * DAY)  # in the grace of last week's tasks
    talked = TALKED | {"occurred_on": "2020-12-01", "child_ids": ["child-own", "child-mate"]}
    assert county.ask("school", "POST", "/records", talked | {"data": {"topic": "?"}}).json()["field"] == "data.topic"
    assert county.ask("school", "POST", "/records", talked).status_code == 201
    assert county.get("bureau", f"/tasks/{of_task(TALK, 'child-own')}")["state"] == "late"
    assert county.ask("school", "POST", "/records", talked).json()["field"] == "kind"
    assert county.ask("school", "POST", "/records", talked | {"kind": "chat"}).status_code == 201


def test_a_former_versions_open_tasks_are_done_though_another_agency_asks_for_the_same_kind(county: County) -> None:
    declare(county, promise(resolved_by="chat"))
    decide(county, TALK, "approve", effective_from="2020-11-30")
    declare(county, promise("lawyers.talk"))
    decide(county, "lawyers.talk", "approve", effective_from="2020-11-30")
    clock.stand_on(MONDAY + 8 * DAY)
    talked = TALKED | {"occurred_on": "2020-12-01"}
    assert county.ask("carers", "POST", "/records", talked).status_code == 201


def test_tuning_what_is_approved_for_a_later_day_moves_nothing_before_that_day(county: County) -> None:
    declare(county, promise(fields={"boarding"}))
    decide(county, TALK, "approve", effective_from="2020-12-07")
    answer = county.ask("bureau", "POST", f"/programmes/{TALK}/tune", {"trigger": {"every": 2}})
    assert answer.status_code == 200, answer.text
    assert said(county) == [(2, False, "2020-12-07"), (3, False, "2020-12-07")]
    assert "boarding" not in county.get("carers", "/children/child-own")


def test_a_suspended_programme_stays_so_until_the_day_from_which_it_is_approved_again(county: County) -> None:
    decide(county, TALK, "suspend")
    decide(county, TALK, "approve", effective_from="2020-11-30")
    with database.transaction() as session:
        assert TALK not in queries.names(session)
        assert [
            (each.version, each.suspended) for each in service.announcements(session) if each.programme.code == TALK
        ] == [
            (2, True),
            (3, False),
        ]
    clock.stand_on(MONDAY + 7 * DAY)
    with database.transaction() as session:
        assert TALK in queries.names(session)


def test_what_its_plugin_no_longer_declares_when_it_begins_is_shown_and_runs_on(county: County) -> None:
    def begin(*declared: Programme) -> None:
        introduction = {"name": "carers", "title": {"zh": "爱心社", "en": "Carers"}}
        assert county.ask("carers", "PUT", "/agencies/carers", introduction).status_code == 200
        for each in declared:
            declare(county, each)

    def gone() -> list[str]:
        with database.transaction() as session:
            return queries.no_longer_declared(session)

    begin(promise(), promise(NEW))
    decide(county, NEW, "approve")
    assert gone() == [], "what the bureau's own people added, as it was never declared, is not told of"
    begin(promise(fields={"grade"}), promise(NEW))
    assert gone() == [], "the version that runs is declared though a newer one waits"
    begin(promise(fields={"grade"}))
    assert gone() == [NEW]
    assert county.get("bureau", f"/programmes/{NEW}")["status"] == "approved"
    decide(county, NEW, "suspend")
    assert gone() == []
