"""What headers mean: the one table of synonyms. To teach a header, add it to its word's line.

Headers are compared without blanks, colons, asterisks, brackets or a leading 是否 / 有无, so none of those is written
here. A person's columns are made of two parts (父亲 + 联系电话), and 儿童 / 学生 before a word is understood.
"""

import re

from .cells import label
from .sandbox import Cell

WORDS: dict[str, str] = {
    "school_code": "学校标识码 标识码 学校代码 学校编码 学校编号 学校识别码 学校机构代码 机构代码 机构标识码 单位代码 学校码",
    "school_name": "学校名称 学校 所在学校 就读学校 校名 学校全称 所属学校 在读学校 填报学校 学籍学校 任教学校 学校单位",
    "name": "姓名 名字 姓名全称 人员姓名 成员姓名",
    "child_name": "儿童 学生 留守儿童 未成年人姓名 孩子姓名 被帮扶人姓名 帮扶对象 服务对象 参加人 参加人员 参与儿童",
    "id_number": "身份证号 公民身份号码 身份证号码 证件号码 身份证 身份证件号 身份证件号码 公民身份证号码 公民身份证号 "
    "证件号 身份号码 居民身份证号 居民身份证号码 身份证编号 有效证件号码 户口簿身份证号",
    "sex": "性别",
    "ethnicity": "民族 民族成份 民族成分",
    "born_on": "出生日期 出生年月 出生年月日 生日 出生时间 出生日 出生年月日期",
    "address": "家庭住址 家庭地址 住址 现住址 居住地址 现居住地址 详细地址 地址 家庭详细地址 常住地址 家庭住所",
    "registered_address": "户籍地址 户籍所在地 户口所在地 户籍详细地址",
    "grade": "年级 所在年级 就读年级 年级名称 所读年级 现就读年级",
    "class_name": "班级 所在班级 就读班级 班级名称 班别 班 年级班级 年班 班次 现就读班级 所读班级",
    "boarding": "寄宿 寄宿生 住校 住校生 住宿 住宿生 在校住宿 在校寄宿 寄宿情况 住宿情况 就读方式 住校情况 走读寄宿 "
    "寄宿/走读 住宿/走读 住校/走读 走读/寄宿 走读/住宿 走读/住校",
    "in_poverty": "贫困户 建档立卡贫困户 建档立卡 贫困 贫困家庭 建档立卡户 贫困生 贫困学生 家庭经济困难 经济困难 "
    "困难家庭 建档立卡贫困家庭 建档立卡贫困学生 家庭类型 贫困情况 脱贫户 困难学生 家庭经济困难学生 贫困家庭学生 "
    "贫困儿童 低保 享受低保 低保户 低保家庭 农村低保 特困 特困户 特困家庭 特困供养 监测户",
    "health": "健康状况 身体状况 健康情况 身体健康状况 身心状况",
    "disability": "残疾类别及等级 残疾情况 残疾类别 残疾等级 残疾类型 残疾类别等级 残疾类型及等级 残疾 残疾状况 残疾种类",
    "left_behind_type": "留守类型 留守情况 留守类别 父母外出情况 父母务工情况 留守形式 留守儿童类型 留守儿童类别 "
    "外出务工类型 "
    "留守状况",
    "mentor_name": "帮扶教师 帮扶教师1+n 帮扶老师 结对教师 结对帮扶教师 包保教师 帮扶责任人 帮扶人 关爱教师 结对老师 "
    "责任教师 帮扶教师姓名 帮扶老师姓名 导师 成长导师 结对帮扶人 包保责任人",
    "peer_name": "结对同伴 结对同伴1+1 同伴 结对同学 帮扶同学 结对伙伴 伙伴 互助同伴 结对学生 同伴姓名 互助同学 "
    "手拉手同伴",
    "note": "备注 说明 备注说明 其他 附注 其它",
    "town": "乡镇街道 乡镇 街道 所在乡镇 所属乡镇 镇街 所在乡镇街道 乡镇/街道 乡 所属乡镇街道 区域 片区 所在区域",
    "area": "城乡 城乡类型 城乡类别 城乡分类 办学地域 所在地类型 城乡属性",
    "stage": "学段 办学类型 学校类型 学校类别 办学层次 学校学段 办学学段",
    "boarding_school": "寄宿制 寄宿制学校 寄宿学校 农村寄宿制学校",
    "after_school": "开展课后服务 课后服务 提供课后服务 开设课后服务 实施课后服务",
    "has_home": "留守儿童之家 建有留守儿童之家 建立留守儿童之家 设有留守儿童之家",
    "has_call_room": "亲情室 亲情聊天室 亲情电话室 亲情通话室 建有亲情室 亲情视频室 亲情屋",
    "has_counselling_station": "心理健康辅导站 心理辅导站 心理辅导室 心理咨询室 心理健康辅导室 建有心理辅导室",
    "duty": "职务 岗位 职务岗位 担任职务 职位 任职 行政职务 小组职务 组内职务",
    "teaching_grade": "任教年级 任课年级 所教年级 班主任年级 负责年级",
    "teaching_class": "任教班级 任课班级 所教班级 班主任班级 负责班级 所带班级 带班",
    "party_member": "党员 中共党员 政治面貌 党员教师",
    "phone": "联系电话 电话 手机 手机号 手机号码 电话号码 联系方式 联系号码 联系手机 移动电话 办公电话 本人电话",
    "email": "邮箱 电子邮箱 电子邮件 email e-mail 邮件 邮箱地址",
    "agency": "单位 部门 责任单位 牵头单位 主办单位 所属单位 组织单位 承办单位 实施单位 主管单位 单位名称 部门名称 "
    "选派单位 活动单位",
    "category": "类别 类型 种类 帮扶类别 帮扶类型 力量类别 阵地类别 阵地类型 日程类别 人员类别 志愿者类别 事项类别",
    "title": "名称 事项 日程名称 假期名称 阵地名称 场所名称 站点名称 节假日名称 事项名称",
    "starts_on": "开始日期 起始日期 开始时间 起始时间 起日期 参加日期 开始 加入日期 报名日期 自",
    "ends_on": "结束日期 终止日期 结束时间 截止日期 截止时间 止日期 终止时间 结束 至",
    "date": "日期 时间 起止日期 起止时间 活动日期 活动时间 谈心日期 谈心时间 辅导时间 通话日期 通话时间 家访日期 家访时间 慰问日期 "
    "走访日期 走访时间 送教日期 送教时间 记录日期 谈话日期 谈话时间 开展日期 开展时间 举办日期 举办时间 "
    "慰问时间 发生日期 上课日期 实施日期 授课日期",
    "workplace": "工作单位 所在单位 职业 单位及职务 从业情况 工作单位及职务 职业单位",
    "capacity": "可结对人数 结对名额 可帮扶人数 名额 可结对数 可结对名额 结对上限 可帮扶名额 拟结对人数",
    "vetting": "审核状态 审核情况 审核结果 审查状态 审核 审查结果 资格审核",
    "recorder": "记录人 谈心人 谈话人 谈心教师 辅导人 辅导教师 家访人 家访教师 走访人 慰问人 记录教师 谈话教师 "
    "辅导老师 "
    "填写人 责任人 送教教师 送教人 走访教师 通话组织人 组织教师 谈心老师 家访老师 执行人 经办人",
    "topic": "主题 谈心主题 谈心内容 谈话内容 谈话主题 交流内容 谈心话题 话题 交流主题 谈话记录 谈心记录",
    "subject": "学科 科目 辅导学科 辅导科目 辅导内容 辅导课程 课程",
    "channel": "方式 通话方式 通话形式 通话类型 通话渠道 联络方式 通讯方式 亲情通话方式",
    "form": "形式 家访形式 慰问形式 走访形式 家访方式 慰问方式 走访方式 家访慰问形式 慰问品 入户形式",
    "hours": "课时 送教课时 课时数 节数 送教节数 送教时长 学时",
    "record_kind": "记录类型 记录类别 台账类型 台账类别 记录种类 工作类型 服务类型",
    "referred_on": "转介日期 转介时间 转出日期 移送日期 转介登记日期",
    "cause": "事由 转介事由 转介原因 原因 主要问题 问题描述 转介理由 问题类型",
    "referred_to": "接收单位 转介单位 转入单位 接收机构 受理单位 转介机构 转介至 接收部门",
    "accepted_on": "接收日期 接收时间 受理日期 受理时间 接案日期",
    "counselled_on": "辅导日期 咨询日期 心理辅导日期 干预日期 辅导完成日期 首次辅导日期 咨询时间 心理辅导时间",
    "teacher": "教师 教师姓名 老师 老师姓名 领款人 受补助教师 补贴教师 送教教师姓名 任课教师",
    "transport": "交通补贴 交通费 交通补助 交通费补贴 交通补贴元 交通费补助",
    "meals": "伙食补贴 伙食费 伙食补助 餐费 餐补 误餐补贴 误餐费 餐费补贴 伙食补贴元 误餐补助",
    "status": "状态 发放状态 建设状态 发放情况 建设情况 进度 办理状态 进展 支付状态 现状",
    "free": "免费 减免 免收费用 免除费用 费用减免 免费参加",
    "activity_code": "活动编号 活动代码 活动号 活动序号 活动编码",
    "activity_name": "活动名称 活动主题 活动 活动项目 活动内容 活动标题 讲座名称 讲座主题",
    "place": "地点 活动地点 举办地点 活动场所 场地 地址地点 活动地址 开展地点",
    "attendance": "参与人数 参加人数 人数 活动人数 受益人数 出席人数 到场人数 参与学生数 参加学生数 受教育人数 "
    "覆盖人数",
    "brochures": "发放宣传册 宣传册 宣传册数 发放宣传册数 宣传资料 发放宣传资料 发放宣传单 宣传单 发放资料 宣传品 "
    "发放宣传材料 宣传材料",
    "gifts": "发放礼包 礼包 礼包数 发放礼包数 慰问品数 爱心礼包 发放爱心礼包 礼品 发放礼品 大礼包",
    "attended": "到场 参加 出席 签到 到会 出勤 参与 到场情况 出席情况 签到情况 参加情况 到场与否",
    "level": "级别 层级 层次 领导小组级别 小组级别",
    "responsibility": "分工 职责 职责分工 工作职责 分管工作 主要职责 负责工作 具体分工 工作分工 任务分工",
    "formed_on": "成立日期 成立时间 发文日期 组建日期 设立日期 组建时间",
    "document_number": "文号 发文字号 文件编号 发文号 文件字号 文件号",
    "document_title": "标题 文件名称 文件标题 文件名 文件题名 题名",
    "issuer": "发文单位 发文机关 制发单位 印发单位 发文部门 印发机关 制定单位",
    "year": "年份 年度 发文年份 印发年份 发布年份",
    "tested_on": "检测日期 检测时间 考试日期 考试时间 测试日期 测验日期 考试年月日 测试时间",
    "mark": "成绩 分数 得分 考试成绩 检测成绩 分值 成绩分数",
}

# Columns of the second row of a header, under a person: 父亲 + 联系电话.
PEOPLE: dict[str, str] = {
    "father": "父亲 父 爸爸 父亲务工 父亲外出 父亲外出务工 父方",
    "mother": "母亲 母 妈妈 母亲务工 母亲外出 母亲外出务工 母方",
    "guardian": "监护人 实际监护人 委托监护人 被委托监护人 受委托监护人 临时监护人 现监护人 委托照护人 被委托照护人 "
    "照护人 代监护人 实际照护人 家庭监护人 监护委托人",
    "proxy_parent": "代理家长 代管家长 爱心代理家长 校内代理家长 代理父母",
    "mentor": WORDS["mentor_name"],
    "peer": WORDS["peer_name"],
    "class_teacher": "班主任",
}
# Of these a telephone right of the name is their own; of the family it is the guardian's, whoever was named last.
OUTSIDE_FAMILY = ("proxy_parent", "mentor", "peer", "class_teacher")
PERSON_SUFFIXES = "情况 信息 基本情况 基本信息 资料 概况"
LEAVES: dict[str, str] = {
    "name": "姓名 名字",
    "place": "务工地点 务工地 外出地点 打工地点 工作地点 务工地址 现居地 去向 流向 外出务工地点 外出务工地 务工去向 "
    "务工所在地 地点 外出地 打工地 现住地 务工地区 务工城市 外出务工地址 外出去向 工作地 所在地",
    "phone": "联系电话 电话 手机 手机号 手机号码 电话号码 联系方式 联系号码 联系手机 移动电话",
    "since": "外出时间 外出务工时间 务工时间 外出日期 外出起始时间 外出年月 务工起始时间 开始外出时间 外出务工起始时间 "
    "时间 打工时间 外出务工日期 离家时间 外出始于",
    "relation": "与儿童关系 关系 与学生关系 与留守儿童关系 与其关系 与本人关系 与被监护人关系 与孩子关系 与儿童的关系 "
    "与学生的关系 与该生关系",
}
# A leaf that needs nobody's name before it.
ALONE: dict[str, str] = {
    "guardian_relation": "与儿童关系 关系 与学生关系 与留守儿童关系 与监护人关系 监护人关系 与监护人的关系 "
    "与其关系 与儿童的关系 "
    "与学生的关系 与本人关系 监护关系 与被监护人关系 与孩子关系 与该生关系",
}
CHILD_PREFIXES = "留守儿童 儿童 学生 孩子 受助学生 受助儿童 帮扶对象 未成年人 被监护人 本人 该生 幼儿"
SUBJECTS = (
    "语文 数学 英语 外语 物理 化学 生物 政治 历史 地理 科学 道德与法治 道法 思想品德 品德 "
    "品德与社会 社会 信息技术 音乐 美术 体育 综合"
)

# Over a group of these people's columns, a lower header that is not theirs is nobody's: never the child's.
_SOMEBODY = re.compile("[父母祖爷奶监护家长亲属]|教师|老师|导师|班主任|责任人|帮扶人|同伴|联系人")
_BRACKETED = re.compile(r"[(\[【〔{][^)\]】〕}]*[)\]】〕}]")
_BRACKETS = re.compile(r"[()\[\]【】〔〕{}]")


def _table() -> dict[str, str]:
    table: dict[str, str] = {}

    def teach(said: str, word: str) -> None:
        known = table.setdefault(said, word)
        if known != word:
            raise ValueError(f"{said} is taught as {known} and as {word}")

    for word, said in (*WORDS.items(), *ALONE.items()):
        for one in said.split():
            teach(label(one), word)
    for one in SUBJECTS.split():
        teach(one, f"mark.{one}")
        for suffix in ("成绩", "分数", "得分"):
            teach(one + suffix, f"mark.{one}")
    for person, said in PEOPLE.items():
        groups = [p + s for p in said.split() for s in ("", *PERSON_SUFFIXES.split())]
        for group in groups:
            teach(group, f"{person}_name")
            for leaf, leaves in LEAVES.items():
                for one in leaves.split():
                    teach(group + one, f"{person}_{leaf}")
                    teach(f"{group}的{one}", f"{person}_{leaf}")
    return table


_TABLE = _table()
_OR = re.compile("[/、或]")
_CHILD = re.compile(f"^(?:{'|'.join(CHILD_PREFIXES.split())})(?:的)?")


def word(header: Cell) -> str | None:
    """The word that a header means, or None when it means nothing known."""
    said = label(header)
    if not said or len(said) > 40:
        return None
    if found := _word(said):
        return found
    # 是否低保/建档立卡: two ways to say one thing; those of different things mean neither.
    several = {_word(part) for part in _OR.split(said)}
    return several.pop() if len(several) == 1 else None


def _word(said: str) -> str | None:
    for form in (_BRACKETS.sub("", said), _BRACKETED.sub("", said)):
        bare = re.sub("^(?:是否|有无|是不是)(?:为|是|属于|属)?", "", form)
        for one in (form, bare):
            if found := _TABLE.get(one):
                return found
        rest = _CHILD.sub("", bare)
        if rest != bare and (found := _TABLE.get(rest)):
            return "child_name" if found == "name" else found
    return None


def word_under(group: Cell, header: Cell) -> str | None:
    """The word that a header means below another one that spans it."""
    if not label(group) or label(group) == label(header):
        return word(header)
    if not label(header):
        return word(group)
    if found := word(f"{group}{header}"):
        return found
    alone = word(header)
    if _SOMEBODY.search(label(group)) and not (alone and alone.startswith(tuple(PEOPLE))):
        return None
    return alone
