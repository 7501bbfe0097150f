"""Why a row, a sheet or a workbook was not taken, and how to mend it: every sentence, in both languages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Language = Literal["zh", "en"]

# code: (reason 中文, reason English, mend 中文, mend English). A sentence may name a row, a sheet, a header, a school or
# a count, never what a cell holds of a person: these sentences are logged and shown to people who may not see the child.
SENTENCES: dict[str, tuple[str, str, str, str]] = {
    # rows
    "missing": ("必填项为空", "a required cell is blank", "请补填后重新导入", "fill it in and import again"),
    "school_unknown": (
        "没有这所学校：{school}",
        "there is no such school: {school}",
        "请先导入学校名单，或核对学校标识码",
        "import the list of schools first, or check the school's code",
    ),
    "school_ambiguous": (
        "有几所学校同名：{school}",
        "there are several schools of this name: {school}",
        "请填写学校标识码",
        "write the school's code",
    ),
    "school_differs": (
        "学校标识码与学校名称不是同一所学校",
        "the school's code and its name are those of two schools",
        "请核对两项，改正错误的一项",
        "compare the two and correct the wrong one",
    ),
    "child_unknown": (
        "学生档案中没有这名儿童",
        "no dossier matches this child",
        "请核对身份证号，或先导入其所在学校的花名册",
        "check the identity number, or import the child's roster first",
    ),
    "child_ambiguous": (
        "该校有几名儿童同名",
        "the school has several children of this name",
        "请填写身份证号",
        "write the identity number",
    ),
    "child_differs": (
        "身份证号属于另一姓名的儿童",
        "the identity number belongs to a child of another name",
        "请核对身份证号和姓名，改正错误的一项",
        "compare the number and the name, and correct the wrong one",
    ),
    "supporter_unvetted": (
        "此人审核未通过，不能结对",
        "this person was vetted and does not suit, and is paired with nobody",
        "请另选一人；如已重新审核，请由教育局在系统中改为通过",
        "name somebody else; if vetted anew, have the bureau say so in the system",
    ),
    "teacher_ambiguous": (
        "该校有同名教师，不能确定是哪一位",
        "the school has several teachers of this name, and nothing tells which one this is",
        "请填写职工号，或系统中已有的联系电话",
        "write the staff number (职工号), or the telephone that is known",
    ),
    "activity_unknown": (
        "没有这个编号或名称的活动",
        "there is no activity of this number or name",
        "请核对活动编号或名称，或一并导入活动台账",
        "check the number or the name, or import the list of activities as well",
    ),
    "activity_ambiguous": (
        "有几次活动同名",
        "there are several activities of this name",
        "请填写活动编号",
        "write the activity's number",
    ),
    "name_unclear": (
        "姓名不是有效的人名",
        "the name is not a person's name",
        "请填写真实姓名",
        "write the person's name",
    ),
    "id_lost_digits": (
        "身份证号被 Excel 存成了数字，末几位已丢失",
        "Excel stored the identity number as a number and lost its last digits",
        "请把该列设为“文本”格式后重新录入号码",
        "format the column as text and type the number again",
    ),
    "id_length": (
        "身份证号应为18位，现为{length}位",
        "an identity number has 18 characters, this one has {length}",
        "请对照户口簿核对号码",
        "check the number against the household register",
    ),
    "id_characters": (
        "身份证号含有不该有的字符",
        "the identity number holds characters that do not belong there",
        "号码只能是17位数字加1位数字或X",
        "it must be 17 digits and a digit or X",
    ),
    "id_checksum": (
        "身份证号校验码不符，号码有误",
        "the identity number's check digit is wrong",
        "请对照户口簿核对号码",
        "check the number against the household register",
    ),
    "id_birth": (
        "身份证号中的出生日期不存在",
        "the birth date inside the identity number does not exist",
        "请对照户口簿核对号码",
        "check the number against the household register",
    ),
    "id_birth_future": (
        "身份证号中的出生日期晚于今天",
        "the birth date inside the identity number lies in the future",
        "请对照户口簿核对号码",
        "check the number against the household register",
    ),
    "birth_differs": (
        "出生日期与身份证号不一致",
        "the birth date differs from the one in the identity number",
        "请核对两项，改正错误的一项",
        "compare the two and correct the wrong one",
    ),
    "sex_differs": (
        "性别与身份证号不一致",
        "the sex differs from the one in the identity number",
        "请核对两项，改正错误的一项",
        "compare the two and correct the wrong one",
    ),
    "sex_unclear": ("性别无法识别", "the sex cannot be read", "请填“男”或“女”", "write 男 or 女"),
    "date_unclear": (
        "日期无法识别",
        "the date cannot be read",
        "请按“2020-09-01”的样式填写",
        "write it like 2020-09-01",
    ),
    "date_future": ("日期晚于今天", "the date lies in the future", "请核对日期", "check the date"),
    "dates_reversed": (
        "结束日期早于开始日期",
        "the end lies before the start",
        "请核对两个日期",
        "check the two dates",
    ),
    "calendar_unsound": (
        "校历中有超过一年或年份不对的日期，或者两个学期重叠；整份校历未导入",
        "a stretch of days is longer than a year or of no year of ours, or two terms overlap; none of the calendar was taken",
        "请核对各行的开始和结束日期",
        "check where each row begins and ends",
    ),
    "twice": (
        "同一身份证号在本文件中已出现（工作表“{sheet}”第{row}行）",
        "the same identity number is already in this file (sheet “{sheet}”, row {row})",
        "请只保留一行",
        "keep only one of the rows",
    ),
    "told_twice": (
        "与工作表“{sheet}”第{row}行完全相同，只算一次",
        "the very same as row {row} of sheet “{sheet}”; counted once",
        "可删去其中一行",
        "one of the two may be deleted",
    ),
    "told_otherwise": (
        "本表第{row}行已说明同一项，内容与本行不同",
        "row {row} of this sheet says something else of the same",
        "请合并为一行，或只保留正确的一行",
        "make one row of the two, or keep only the right one",
    ),
    "told_otherwise_elsewhere": (
        "“{file}”工作表“{sheet}”第{row}行已说明同一项，内容与本行不同",
        "row {row} of sheet “{sheet}” in {file} says something else of the same",
        "请核对两处，改成一致，或只保留正确的一处",
        "compare the two and make them say the same, or keep only the right one",
    ),
    "choice_unclear": (
        "内容不在可选范围内",
        "the entry is not one of the known choices",
        "可填：{choices}",
        "write one of: {choices}",
    ),
    "too_long": (
        "内容过长，最多{longest}个字",
        "the entry is too long; {longest} characters can be kept",
        "请缩短后重新导入该行",
        "shorten it and import the row again",
    ),
    "characters_unfit": (
        "含有无法保存的控制字符",
        "there are control characters in it, which cannot be kept",
        "请删去该格内容，手工重新录入",
        "empty the cell and type it anew",
    ),
    "cell_failed": (
        "单元格是 Excel 的错误值（{error}），不是内容",
        "the cell holds Excel's error {error} and no entry",
        "请改正公式，或直接填写内容",
        "correct its formula, or write the entry itself",
    ),
    # warnings: the row is taken, the cell is left blank
    "phone_unclear": (
        "电话号码无法识别，该格留空",
        "the telephone number cannot be read; left blank",
        "请填11位手机号或带区号的座机号",
        "write an 11-digit mobile number or a landline with its area code",
    ),
    "relative_unnamed": (
        "姓名为空，此人的电话、去向等未保存",
        "the name is blank; the telephone, the place and all else of this person are not kept",
        "请补填姓名",
        "write the name",
    ),
    "yes_no_unclear": (
        "是/否无法识别，按“否”处理",
        "neither yes nor no; taken as no",
        "请填“是”或“否”",
        "write 是 or 否",
    ),
    "grade_unclear": (
        "年级无法识别，该格留空",
        "the grade cannot be read; left blank",
        "请按“三年级”或“3”的样式填写",
        "write it like 三年级 or 3",
    ),
    "month_unclear": (
        "年月无法识别，该格留空",
        "the month cannot be read; left blank",
        "请按“2018.06”的样式填写，并设为文本格式",
        "write it like 2018.06, as text",
    ),
    "category_unclear": (
        "类别无法识别，按“其他”保存",
        "the category is not known; kept as “other”",
        "请写明其中之一：{choices}",
        "write one of these words in it: {choices}",
    ),
    "duty_unclear": (
        "职务无法识别，按普通教师保存",
        "the office is not known; kept as a teacher without one",
        "如是班主任或德育主任，请写明",
        "write 班主任 or 德育主任 if it is one of these",
    ),
    "duty_not_alone": (
        "同时写有班主任和德育职务，只按班主任保存",
        "both a class teacher and in charge of moral education; kept as a class teacher only",
        "如应按德育主任通知，请只写“德育主任”",
        "write only 德育主任 if that office is to be told",
    ),
    "number_unclear": ("数字无法识别", "the number cannot be read", "请只填数字", "write a number only"),
    "age_unlikely": (
        "按身份证号，此人已满18岁",
        "by the identity number this person is 18 or older",
        "请核对是否误填了家长的号码",
        "check whether a parent's number was written",
    ),
    # sheets
    "layout_unknown": (
        "没有找到可识别的表头，本工作表未导入",
        "no header row was recognised; this sheet was not imported",
        "如本表有数据，请使用 docs/workbooks.md 所列的表头",
        "if it holds data, use the headers listed in docs/workbooks.md",
    ),
    "header_missing": (
        "工作表中有身份证号，但没有可识别的表头，本工作表未导入",
        "there are identity numbers but no header row that is recognised; this sheet was not imported",
        "请在数据上方写上 docs/workbooks.md 所列的表头",
        "write the headers listed in docs/workbooks.md above them",
    ),
    "table_beside": (
        "右侧另有一列身份证号，该处的儿童未导入",
        "a second table stands beside the first; the child in it was not imported",
        "请把右侧的名单移到左侧名单之下",
        "move the list on the right below the one on the left",
    ),
    "record_kind_unknown": (
        "看不出这是哪一类台账，本工作表未导入",
        "the kind of record cannot be told; this sheet was not imported",
        "请加一列“记录类型”（谈心、学业辅导、亲情通话、家访慰问、送教上门）",
        "add a column 记录类型 (谈心, 学业辅导, 亲情通话, 家访慰问, 送教上门)",
    ),
    "activity_unnamed": (
        "签到表没有写明是哪一次活动，本工作表未导入",
        "the sheet says who came and not to which activity; it was not imported",
        "请加一列“活动名称”或“活动编号”，或在标题下写明“活动名称：”",
        "add a column 活动名称 or 活动编号, or write 活动名称: under the title",
    ),
    "attendance_unmarked": (
        "签到表没有“签到”列，看不出谁到场，本工作表未导入",
        "the sheet has no column that says who came; it was not imported",
        "请加一列“签到”，到场的打“√”；签名栏不作数",
        "add a column 签到 with a √ for whoever came; signatures do not count",
    ),
    "matrix_unread": (
        "本表按周或按日一列一列填写，读不出做了什么，未导入",
        "the sheet has a column for each week or day, of which nobody can tell what was done; it was not imported",
        "请改成每次一行，写明日期和记录类型",
        "write a row for each time, with its date and the kind of record",
    ),
    "test_date_missing": (
        "找不到检测日期，本工作表未导入",
        "the date of the test was not found; this sheet was not imported",
        "请在标题行写明“检测日期：2020年7月9日”",
        "write 检测日期:2020年7月9日 in the title",
    ),
    "sheet_hidden": (
        "工作表已隐藏，未导入",
        "the sheet is hidden; it was not imported",
        "如需导入，请先取消隐藏",
        "unhide it if it is to be imported",
    ),
    "columns_unknown": (
        "未识别的列已忽略：{columns}",
        "unknown columns were ignored: {columns}",
        "如需导入，请改用 docs/workbooks.md 所列的列名",
        "rename them as listed in docs/workbooks.md if they matter",
    ),
    "school_unnamed": (
        "表中没有写明学校",
        "the sheet does not say which school it belongs to",
        "请在标题下写明“学校标识码：”或增加该列",
        "write 学校标识码: under the title, or add that column",
    ),
    # workbooks
    "empty": ("文件是空的", "the file is empty", "请重新保存后上传", "save it again and send that"),
    "not_workbook": (
        "这不是 Excel 工作簿",
        "this is not an Excel workbook",
        "请另存为 .xlsx 后上传",
        "save it as .xlsx and send that",
    ),
    "other_format": (
        "这种格式的表格无法读取",
        "a table in this format cannot be read",
        "请用 Excel 或 WPS 另存为 .xlsx",
        "save it as .xlsx in Excel or WPS",
    ),
    "damaged": (
        "文件已损坏，无法打开",
        "the file is damaged and cannot be opened",
        "请用 Excel 或 WPS 打开并另存为 .xlsx",
        "open it in Excel or WPS and save it as .xlsx",
    ),
    "password": (
        "工作簿设有密码",
        "the workbook is protected by a password",
        "请取消密码后上传",
        "remove the password and send it again",
    ),
    "too_large": (
        "工作簿过大，超出可处理的范围",
        "the workbook is larger than can be handled",
        "请删去多余的行列和图片，或分成几个文件",
        "remove unused rows, columns and pictures, or split it",
    ),
    "too_slow": (
        "读取工作簿用时过长，已停止",
        "reading the workbook took too long and was stopped",
        "请删去多余的行列，或分成几个文件",
        "remove unused rows and columns, or split it",
    ),
    "too_busy": (
        "服务器太忙，未能在限定时间内读完工作簿，其中内容均未导入",
        "the machine was too busy to read the workbook in time; nothing of it was taken in",
        "请稍后重新导入这个文件",
        "import this file again later",
    ),
    "unknown_layout": (
        "没有一张工作表的表头可以识别",
        "no sheet has a header that is recognised",
        "请使用 docs/workbooks.md 所列的表头",
        "use the headers listed in docs/workbooks.md",
    ),
}


def say(name: str) -> str:
    """A header or a school as a sentence may say it: short, and not when it holds a person's number by mistake."""
    return "…" if re.search(r"\d{11}", name) else name if len(name) <= 40 else f"{name[:39]}…"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was not taken: a code and the harmless numbers that its sentence needs."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: Language = "zh") -> str:
        """Say what is wrong."""
        return SENTENCES[self.code][0 if language == "zh" else 1].format(**self.params)

    def mend(self, language: Language = "zh") -> str:
        """Say how to put it right."""
        return SENTENCES[self.code][2 if language == "zh" else 3].format(**self.params)


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason and the place it is about: a rejected row, a warning about a cell, or a note about a sheet."""

    file: str
    sheet: str
    row: int | None
    column: str
    reason: Reason


class UnreadableWorkbook(Exception):  # noqa: N818  # named for what it is about
    """A workbook from which nothing could be read; `reason` says why and how to mend it."""

    def __init__(self, code: str, **params: object) -> None:
        self.reason = Reason(code, params)
        super().__init__(self.reason.text("en"))

    @property
    def code(self) -> str:
        """The reason's code."""
        return self.reason.code

    def text(self, language: Language = "zh") -> str:
        """Say what is wrong."""
        return self.reason.text(language)

    def mend(self, language: Language = "zh") -> str:
        """Say how to put it right."""
        return self.reason.mend(language)
