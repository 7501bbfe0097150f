"""Entries of columns with a fixed set of entries: each meaning, and the writings of it, the usual one first."""

AREAS = {
    "town": "城区 城市 城镇 县城 城 镇区",
    "country": "农村 乡村 乡 村 乡镇 镇 农",
}
STAGES = {
    "primary": "小学 完全小学 教学点",
    "junior": "初中 初级中学 中学",
    "nine_year": "九年一贯制 九年一贯制学校",
    "senior": "高中 高级中学",
    "secondary": "完全中学",
    "special": "特殊教育 特殊教育学校 特教",
    "kindergarten": "幼儿园",
}
LEFT_BEHIND = {
    "双亲留守": "双亲留守 双亲 双留守 双亲外出 双亲均外出 双方 双方外出 父母双方 父母双方外出 父母双方外出务工 父母均外出 "
    "父母均外出务工 父母都外出 父母都外出务工 父母外出 父母双外出 夫妻双方外出 "
    "双亲留守儿童 双亲外出务工 父母双方务工 双方均外出 父母均务工",
    "单亲留守": "单亲留守 单亲 单留守 单亲外出 单方 单方外出 单方外出务工 父母一方 父母一方外出 父母一方外出务工 一方外出 "
    "父亲外出 父亲外出务工 母亲外出 母亲外出务工 父亲单方外出 母亲单方外出 父外出 母外出 仅父亲外出 仅母亲外出 "
    "单亲留守儿童 父亲务工 母亲务工 一方务工",
}
CALENDAR_KINDS = {
    "term": "学期",
    "holiday": "放假 假期 节假日 法定节假日 寒假 暑假",
    "makeup": "调休上课 调休 补班 补课 上课",
    "exception": "学校例外 例外 停课",
}
VETTING = {
    "vetted": "已审核 通过 审核通过 合格",
    "applied": "待审核 未审核 审核中",
    "refused": "未通过 不通过 不合格",
}
BUILT = {
    "built": "已建立 已建成 已建 建成 已投入使用 已启用",
    "selected": "已选址 选址 在建 建设中",
    "planned": "计划 拟建 规划中 待建",
    "closed": "已关闭 停用",
}
PAID = {
    "paid": "已发放 已发 已支付 已付",
    "owed": "待发放 未发放 未发 未支付 待支付 未付 发放中",
}
LEVELS = {
    "city": "市级 县级 区级 市 县 区 教育局",
    "town": "乡镇 镇级 乡级",
    "school": "学校 校级 校",
}
RECORD_KINDS = {
    "talk": "谈心 谈话 谈心谈话 每周谈心",
    "tutoring": "学业辅导 辅导 每周辅导",
    "call": "亲情通话 通话",
    "visit": "家访慰问 家访 慰问 走访 走访慰问",
    "home_teaching": "送教上门 送教",
}
