"""An audit's entries say in words what was done."""

import pytest
from starlette.routing import Route

from hongzhu_registry import rest
from hongzhu_registry.app import API, DESKS, PAGES
from hongzhu_registry.audit.words import spoken


def actions() -> list[str]:
    routes = [
        (prefix, route)
        for prefix, desks in ((rest.API, API), ("", DESKS), ("", PAGES))
        for desk in desks
        for route in desk.routes
    ]
    return [
        f"{method} {prefix}{route.path}"
        for prefix, route in routes
        if isinstance(route, Route)
        for method in route.methods
    ]


def test_whatever_may_be_done_has_words() -> None:
    assert [each for each in actions() if spoken(each) == each] == []


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("GET /api/v1/children/{child_id}", "查看：儿童档案"),
        ("GET /children/{child_id}/leave", "查看：儿童档案"),
        ("POST /children/{child_id}/leave", "办理离开：儿童档案"),
        ("DELETE /api/v1/children/{child_id}/pauses/{pause_id}", "撤回：请假"),
        ("POST /reports/{report_id}/sign", "签发：落实情况报告"),
        ("PATCH /api/v1/records/{record_id}", "更正：台账记录"),
        ("GET /home", "查看：首页"),
        ("POST /w/{token}/account", "登记：本人账号"),
        ("import roster", "导入表格"),
    ],
)
def test_the_act_and_what_it_is_about_are_said(action: str, said: str) -> None:
    assert spoken(action) == said
