"""What counties' offices write above their columns and in their cells, and that each of it is understood."""

import datetime as dt

import pytest
from clerks import BORN, ROSTER, line, one

from hongzhu_registry.workbooks import headers, sandbox

# kind: one county's header after the other.
HEADERS = {
    "child": [
        "学校名称 年级及班级 姓名 性别 族别 公民身份号码 家庭详细住址 留守类型 委托照料人姓名 委托照料人与儿童关系 委托照料人联系方式",
        "现就读学校 班级 学生姓名 身份证件号码 住宿方式 家庭困难类型 家长姓名 与孩子的关系 家长电话 包联教师 联系同学 情况说明",
        "年级(班) 姓名 身份证 现居住地 户籍地 外出情况 父亲姓名 务工地点 外出时间 母亲姓名 务工地点 外出时间 看护人 看护人电话",
        "学校 年级 姓名 二代身份证号 性别 父亲务工省市 母亲务工省市 在家照顾人 照顾人电话 残疾级别 防返贫监测对象",
    ],
    "staff": [
        "学校 教职工姓名 性别 现任职务 任教年级 是否班主任 政治面貌 联系电话 电子信箱",
        "单位名称 姓名 职务/职称 担任班主任班级 本人手机 党员否 QQ邮箱",
    ],
    "calendar": ["类别 节日名称 放假开始 放假结束", "日程类型 日程 起 止 适用学校", "节假日 放假日期 收假日期 类别"],
    "score": [
        "学校 年级 班级 姓名 考试科目 考试分数 考试时间",
        "学生姓名 身份证号 测试日期 语文(100分) 数学成绩 信息科技 劳动 综合实践",
        "姓名 证件号 检测学科 卷面分 检测日期",
    ],
    "record": [
        "学校 谈心时间 谈心对象 身份证号 谈心教师 谈心主要内容",
        "家访时间 家访对象姓名 班级 家访人员 家访形式 家访情况",
        "走访慰问日期 被访学生 身份证号 走访人员 慰问物品",
        "视频时间 学生姓名 身份证号 视频方式",
        "辅导日期 辅导对象 身份证号 辅导科目 辅导老师 辅导情况",
        "送教时间 送教教师 送教学生 身份证号 送教内容 送教课时数",
        "入户日期 学生姓名 身份证号 入户教师 入户方式 入户情况",
    ],
    "activity": [
        "学校 活动名称 举办时间 举行地点 举办单位 参加师生人数",
        "讲座题目 讲座时间 讲座地点 主办部门 听讲人数 宣传手册",
        "宣讲主题 宣讲时间 宣讲地点 宣讲单位 受益学生数 发放礼品数",
    ],
    "attendance": ["活动名称 参加学生 身份证号 实到", "讲座题目 承办学校 姓名 证件号 出勤情况"],
    "supporter": [
        "推荐单位 志愿者类型 志愿者姓名 性别 联系电话 现工作单位 所在镇街 可结对儿童数 审核意见",
        "派出单位 服务类别 五老姓名 原工作单位 固定电话 帮扶名额 资格审查",
    ],
    "facility": ["主管部门 站点类型 站点名称 所在街道 建设进度", "建设单位 场所类别 场所名称 镇乡 使用情况"],
    "subsidy": [
        "领取人 送教日期 送教学生 身份证号 交通补贴金额 伙食补贴金额 是否发放",
        "学校 教职工 日期 残疾学生姓名 身份证号 车补 误餐费 兑付情况",
    ],
    "referral": [
        "移交日期 转介对象 身份证号 移交原因 转介去向 接案时间 首次咨询时间",
        "学校 姓名 身份证号 上报日期 问题表现 受理部门 受理时间 心理咨询日期",
    ],
    "enrolment": ["学校 姓名 身份证号 报名时间 是否减免费用", "姓名 身份证号 托管开始日期 收费情况"],
    "leadership": ["级别 领导小组职务 成员 现任职务 具体职责", "组内职务 姓名 单位职务 主要分工 文件日期"],
    "school": [
        "单位代码 单位名称 学校办学类型 所属街道 学校驻地城乡类型 寄宿制 课后延时服务 亲情视频聊天室 心理辅导中心",
    ],
    "document": ["制度名称 文件文号 制定部门 年度"],
}


@pytest.mark.parametrize(("kind", "header"), [(kind, each) for kind, several in HEADERS.items() for each in several])
def test_every_column_of_a_countys_header_is_understood(kind, header):
    titles = header.split()
    found = headers.find(sandbox.Grid("Sheet1", False, [], [list(titles), ["x"] * len(titles)]))
    assert found is not None
    assert (found.kind.name, found.unknown) == (kind, ())


def test_where_a_parent_went_stands_beside_the_parent_who_was_named_last(desk):
    head = [
        *ROSTER,
        "父亲姓名",
        "父亲身份证号",
        "务工地点",
        "外出时间",
        "母亲姓名",
        "务工地点",
        "监护人姓名",
        "务工地点",
    ]
    told = ["张父", "", "福州市", "2018.06", "李母", "在家", "老张", "不详"]
    child = one(desk.hand_in([head, [*line(desk), *told]]))
    assert (child.father.place, child.father.since, child.mother.place) == ("福州市", "2018-06", "在家")


def test_a_tick_makes_a_class_teacher_and_is_nobodys_name(desk):
    head = ["姓名", "职务", "是否班主任", "任教班级", "联系电话"]
    rows = [["李老", "教师", "是", "三(2)班", "13812345678"], ["王老", "德育主任", "否", "", "13812345679"]]
    staff = desk.hand_in([head, *rows]).sheets[0].rows
    assert [(each.duty, each.grade, each.phone) for each in staff] == [
        ("班主任、教师", 3, "13812345678"),
        ("德育主任", None, "13812345679"),
    ]
    child = one(desk.hand_in([[*ROSTER, "有无代理家长"], [*line(desk), "有"]]))
    assert child.proxy_parent_name == ""


def test_the_offices_of_a_leading_group_are_those_in_the_group(desk):
    rows = [["姓名", "现任职务", "组内职务", "成立日期"], ["李局", "局长", "组长", "2020-09-01"]]
    assert one(desk.hand_in([["市级领导小组"], *rows])).duty == "组长"


def test_the_day_of_a_visit_makes_nobody_enrolled(desk):
    visits = [["姓名", "身份证号", "慰问日期"], ["张文", desk.id_number(BORN, 121), "2020-10-12"]]
    book = desk.hand_in(visits, [ROSTER, line(desk)])
    assert [sheet.kind for sheet in book.sheets] == [None, "child"]


@pytest.mark.parametrize(
    ("header", "cell", "field", "value"),
    [
        ("家庭困难类型", "防返贫监测对象", "in_poverty", True),
        ("家庭经济情况", "良好", "in_poverty", False),
        ("住宿方式", "住读", "boarding", True),
        ("留守类型", "双外出", "left_behind_type", "双亲留守"),
        ("外出情况", "父亲一方外出", "left_behind_type", "单亲留守"),
    ],
)
def test_every_entry_of_a_countys_roster_is_understood(desk, header, cell, field, value):
    book = desk.hand_in([[*ROSTER, header], [*line(desk), cell]])
    assert (getattr(one(book), field), book.warnings) == (value, [])


def test_entries_of_other_lists_are_understood(desk):
    number = desk.id_number(BORN, 121)
    sheets = {
        "paid": [["教师", "日期", "姓名", "身份证号", "车补", "餐补", "是否发放"], ["李老", "2020-09-01", "张文", number, 3, 4, "是"]],
        "vetted": [["单位", "类别", "姓名", "审核意见"], ["市妇联", "爱心家长", "陈妈", "同意"]],
        "built": [["单位", "类别", "名称", "运行情况"], ["市妇联", "儿童之家", "阳光之家", "正常运行"]],
    }  # fmt: skip
    for status, rows in sheets.items():
        assert one(desk.hand_in(rows)).status == status
    term = one(desk.hand_in([["类别", "名称", "起", "止"], ["第一学期", "秋季", "2020-09-01", "2021-01-20"]]))
    assert (term.kind, term.ends_on) == ("term", dt.date(2021, 1, 20))
