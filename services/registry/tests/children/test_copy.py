"""The guardian's copy: what is held, what for, who looked."""

import re
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from county import ADDRESS, IDENTITY_NUMBERS, TALKED, County
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select, update

from hongzhu_registry.access.policy import DOSSIER
from hongzhu_registry.audit.models import AuditEntry
from hongzhu_registry.children.models import Child
from hongzhu_registry.copies import links
from hongzhu_registry.database import database
from hongzhu_registry.retention.ticks import anonymise_due
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.weeks.links import link_to_week

PATH = "/children/child-own/export"


def link(county: County, who: str = "school") -> str:
    answer = county.ask(who, "POST", "/children/child-own/guardian-link")
    assert answer.status_code == 201, answer.text
    return "/g/" + str(answer.json()["url"]).rpartition("/g/")[2]


def test_the_copy_holds_every_field_of_the_dossier_with_what_it_is_kept_for(county: County) -> None:
    copy = county.get("school", PATH)
    told = {each["field"]: each for each in copy["fields"]}
    assert told.keys() == DOSSIER.keys() - {"family"}
    assert all(each["purpose"] == DOSSIER[each["field"]] for each in copy["fields"])
    assert (told["id_number"]["value"], told["address"]["value"]) == (IDENTITY_NUMBERS["child-own"], ADDRESS)
    assert {each["kind"] for each in copy["timeline"]} >= {"entered", "assessment", "subsidy", "referral"}
    assert copy["consent"][0]["basis"] == "statutory_duty"


def test_the_copy_says_who_looked_and_from_which_house_but_no_name(county: County) -> None:
    for who, path in (("school", ""), ("carers", ""), ("bureau", "/timeline"), ("lawyers", "")):
        county.ask(who, "GET", f"/children/child-own{path}")
    looked = [(each["role"], each["house"], each["action"]) for each in county.get("bureau", PATH)["seen_by"]]
    assert looked == [
        ("bureau", None, "GET /children/{child_id}/timeline"),
        ("agency", "关爱会", "GET /children/{child_id}"),
        ("school", "school-own小学", "GET /children/{child_id}"),
    ]  # the lawyers saw nothing


def test_what_is_written_about_the_child_alone_is_in_the_copy_and_what_names_others_is_not(county: County) -> None:
    for note, children in (("只说我", ["child-own"]), ("说我们俩", ["child-own", "child-mate"])):
        sent = {
            "kind": "talk",
            "occurred_on": "2020-11-23",
            "data": {"topic": "学习|Learning", "note": note},
            "child_ids": children,
        }
        assert county.ask("school", "POST", "/records", sent).status_code == 201
    copy = county.get("school", PATH)
    assert [each["words"]["note"] for each in copy["told"]] == ["只说我"]
    assert len([each for each in copy["timeline"] if each["kind"] == "record"]) == 2


def test_the_page_says_in_words_what_was_done_and_what_was_written(county: County) -> None:
    sent = {**TALKED, "data": {"topic": "学习|Learning", "note": "数学进步了"}}
    assert county.ask("school", "POST", "/records", sent).status_code == 201
    page = county.http.get(link(county)).text
    (said,) = re.findall(r"<strong>(.*)</strong> (.*数学进步了)", page)
    assert said == ("谈心", "主题：学习；备注：数学进步了")
    assert "topic" not in page


def test_looks_that_follow_one_another_and_are_alike_are_told_once(county: County) -> None:
    for path in ("", "/timeline", ""):
        county.get("bureau", f"/children/child-own{path}")
    county.get("carers", "/children/child-own")
    address = link(county)
    told = county.http.get(address, headers={"Accept-Language": "en"}).text.partition("Who looked")[2]
    looks = [" ".join(re.sub("<.*?>", "", each).split()[2:]) for each in re.findall(r"<li>(.*)</li>", told)]
    assert looks == [
        "School school-own小学 gave a link to the copy",
        "Agency carers read",
        "Education bureau read 3 times",
    ]


def test_a_class_is_one_line_of_the_copy(county: County) -> None:
    page = county.http.get(link(county)).text
    assert re.findall(r"<dt>(年级|班级)</dt><dd>(\S+)", page) == [("班级", "三年级1班")]


def test_no_cell_of_the_file_is_a_formula(county: County) -> None:
    sent = {"note": "=1+1", "family": {"father": {"name": "+张三丰", "place": "@外地"}}}
    assert county.ask("school", "PATCH", "/children/child-own", sent, If_Match="*").status_code == 200
    answer = county.ask("school", "GET", f"{PATH}?format=xlsx")
    assert answer.headers["content-type"].startswith("application/vnd.openxmlformats")
    book = openpyxl.load_workbook(BytesIO(answer.content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {"=1+1", "+张三丰", "@外地"} <= {cell.value for cell in cells}
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert len(book.sheetnames) == 5


def test_a_guardian_opens_the_copy_of_the_one_child_by_a_link_without_an_account_and_that_is_on_record(
    county: County,
) -> None:
    address = link(county)
    page = county.http.get(address)
    assert page.status_code == 200
    assert 'lang="zh-CN"' in page.text
    for said in (IDENTITY_NUMBERS["child-own"], ADDRESS, "帮助学习"):
        assert said in page.text
    assert "child-mate" not in page.text
    assert page.headers["cache-control"] == "no-store"
    file = county.http.get(f"{address}/dossier.xlsx")
    assert file.content.startswith(b"PK")
    with database.transaction() as session:
        written = session.execute(select(AuditEntry).where(AuditEntry.role == "guardian")).scalars().all()
    assert [(each.subject_id, each.outcome) for each in written] == [("child-own", "done")] * 2
    token = address.removeprefix("/g/")
    assert all(token not in f"{each.action}{each.account_id}" for each in written)


def test_a_link_to_a_week_a_forged_one_and_an_old_one_open_no_dossier(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = link(county).removeprefix("/g/")
    of_a_week = link_to_week("child-own").rpartition("/")[2]
    forged = URLSafeTimedSerializer("guessed", salt="guardians-copy").dumps("child-own")
    nobodys = URLSafeTimedSerializer(key_ring().link, salt="guardians-copy").dumps(
        ["nobody", "2020-11-23T08:00:00+00:00"]
    )
    for each in (of_a_week, forged, nobodys, token[:-1], ""):
        assert county.http.get(f"/g/{each}").status_code == 404
    monkeypatch.setattr(links, "LASTS", timedelta(seconds=-1))
    assert county.http.get(f"/g/{token}").status_code == 404


def test_a_link_opens_nothing_once_the_dossier_is_anonymous(county: County) -> None:
    address = link(county)
    with database.transaction() as session:
        values = {"left_on": date(2017, 9, 1), "retention_ends": date(2020, 11, 22)}
        session.execute(update(Child).where(Child.id == "child-own").values(values))
    assert county.http.get(address).status_code == 200
    assert anonymise_due() == 1
    assert county.http.get(address).status_code == 404


def test_links_that_are_called_back_open_nothing_and_one_that_is_given_afterwards_does(county: County) -> None:
    path = "/children/child-own/guardian-link"
    one, other = link(county), link(county, "bureau")
    assert county.ask("other_school", "DELETE", path).status_code == 404
    assert county.http.get(one).status_code == 200
    assert county.ask("school", "DELETE", path).status_code == 204
    for address in (one, other, f"{other}/dossier.xlsx"):
        assert county.http.get(address).status_code == 404
    assert county.http.get(link(county)).status_code == 200


def test_a_link_that_the_old_school_gave_opens_nothing_once_the_child_is_at_another(county: County) -> None:
    address = link(county)
    sent = {"school_id": "school-other"}
    assert county.ask("school", "POST", "/children/child-own/transfer", sent).status_code == 201
    assert county.http.get(address).status_code == 404
    assert county.http.get(link(county, "other_school")).status_code == 200


def test_the_page_has_no_script_and_nothing_from_elsewhere(sqlite_county: County) -> None:
    page: Any = sqlite_county.http.get(link(sqlite_county))
    assert "<script" not in page.text
    assert not re.search(r'(?:src|href)="(?!/)', page.text)
