"""What does not fit a record's form is told with what would."""

from typing import Any

import pytest
from county import FORM, TALK, County, promise

FIELDS = {"books": {"type": "integer", "title": "册数|Books", "minimum": 0, "maximum": 500}}
FIELDS["note"] = {"type": "string", "title": "备注|Note", "maxLength": 5}
WIDER = FORM | {"properties": FORM["properties"] | FIELDS, "required": []}  # type: ignore[operator]  # a schema


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"topic": "天气|Weather"}, "data.topic只能是：学习|Learning; 生活|Life。"),
        ({"books": 501}, "data.books要在0到500之间。"),
        ({"note": "六个字的备注"}, "data.note最多5个字。"),
        ({"boks": 1}, "表单没有这一项，表单有：topic, note, books。"),
        ({"books": "many"}, "data.books 不符合表单要求（规则：type）。"),
    ],
)
def test_what_the_form_wants_is_said_and_never_what_was_sent(county: County, data: dict[str, Any], told: str) -> None:
    body = promise(form=WIDER).model_dump(mode="json", by_alias=True)
    assert county.ask("carers", "PUT", f"/programmes/{TALK}", body).status_code == 200
    assert county.ask("bureau", "POST", f"/programmes/{TALK}/approve", {}).status_code == 200
    record = {"kind": "talk", "occurred_on": "2020-11-23", "data": data, "child_ids": ["child-own"]}
    answer = county.ask("school", "POST", "/records", record)
    assert (answer.status_code, answer.json()["detail"]) == (422, told)
