"""A sentence with figures says what there is to say, and no clause of it speaks of nothing."""

import pytest

from hongzhu.figures import said

ZH = "市残联关心贫困残疾留守儿童，送去爱心大礼包{gifts}，开展一对一结对子帮扶{children}。"
EN = "The federation stands by them, {gifts} were brought, {children} have a partner."
QUOTED = "志愿律师开展“开学第一课，法治伴我成长”活动{gifts}，覆盖{children}学校。"


@pytest.mark.parametrize(
    ("sentence", "nothing", "text"),
    [
        (ZH, set(), "市残联关心贫困残疾留守儿童，送去爱心大礼包3份，开展一对一结对子帮扶2人。"),
        (ZH, {"gifts"}, "市残联关心贫困残疾留守儿童，开展一对一结对子帮扶2人。"),
        (ZH, {"children"}, "市残联关心贫困残疾留守儿童，送去爱心大礼包3份。"),
        (ZH, {"gifts", "children"}, ""),
        (EN, {"children"}, "The federation stands by them, 3份 were brought."),
        (QUOTED, {"children"}, "志愿律师开展“开学第一课，法治伴我成长”活动3份。"),
        ("男童{gifts}女童{children}。", {"gifts"}, "男童3份女童2人。"),
    ],
)
def test_a_clause_whose_figures_are_all_nothing_is_left_out(sentence: str, nothing: set[str], text: str) -> None:
    assert said(sentence, {"gifts": "3份", "children": "2人"}, nothing) == text
