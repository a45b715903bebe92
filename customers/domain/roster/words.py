"""Every finding on a roster in words, Chinese and English: where it is, what happened, what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from customers.domain.roster.columns import COLUMNS, Header, letter
from customers.domain.roster.entity_columns import ENTITY_COLUMNS
from customers.domain.roster.entity_words import ENTITY_WORDS
from customers.domain.roster.problems import Problem


@dataclass(frozen=True, slots=True)
class Sentence:
    """A finding as a person reads it; `where` is empty for a finding on the file as a whole."""

    where: str
    what: str
    remedy: str


_SAVE_AS_XLSX: Final = (
    "请用 Excel 或 WPS 打开，另存为 .xlsx 后重新上传",
    "Open it in Excel or WPS, save it as .xlsx and upload that",
)
_ASK_SOURCE: Final = ("请向提供方索取原始 Excel 或 CSV 文件", "Ask the source for the original Excel or CSV file")
_AS_TEXT: Final = (
    "请把该列设为文本格式，从原始资料重新填入",
    "Format the column as text and enter the value again from the source",
)
_CHECK_CARD: Final = ("请对照身份证或户口簿更正", "Correct it from the ID card or the household register")

# Code -> what happened (zh, en) and what to do (zh, en). {value} is the cell's value, {also} other rows or words.
WORDS: Final[Mapping[str, tuple[tuple[str, str], tuple[str, str]]]] = MappingProxyType(
    {
        # The file as a whole.
        "file_empty": (
            ("文件是空的", "The file is empty"),
            ("请检查是否选错了文件", "Check whether this is the right file"),
        ),
        "file_password": (
            ("文件有打开密码", "The file is protected by a password"),
            ("请取消密码，另存后重新上传", "Remove the password, save it and upload again"),
        ),
        "file_xls": (
            ("这是旧版 Excel 文件（.xls 或 .xlsb）", "This is an old Excel file (.xls or .xlsb)"),
            _SAVE_AS_XLSX,
        ),
        "file_ods": (("这是 ODS 表格文件", "This is an ODS spreadsheet"), _SAVE_AS_XLSX),
        "file_pdf": (("这是 PDF 文件，无法读出表格", "This is a PDF; no table can be read from it"), _ASK_SOURCE),
        "file_picture": (("这是图片，无法读出表格", "This is a picture; no table can be read from it"), _ASK_SOURCE),
        "file_document": (("这是文档，不是表格", "This is a document, not a spreadsheet"), _ASK_SOURCE),
        "file_archive": (
            ("这是压缩包", "This is an archive"),
            ("请解压后上传里面的表格文件", "Unpack it and upload the spreadsheet inside"),
        ),
        "file_html": (("这是网页，只是文件名像表格", "This is a web page named like a spreadsheet"), _SAVE_AS_XLSX),
        "file_xml": (("这是 XML 文件，不是 .xlsx 表格", "This is an XML file, not an .xlsx workbook"), _SAVE_AS_XLSX),
        "file_damaged": (
            ("文件已损坏，无法打开", "The file is damaged and cannot be opened"),
            (
                "请重新导出或用 Excel 打开修复后另存为 .xlsx",
                "Export it again, or repair it in Excel and save it as .xlsx",
            ),
        ),
        "file_swollen": (
            ("文件解压后过大，已停止读取", "The file unpacks to too much; reading was stopped"),
            (
                "请删去名册以外的内容，或另存为 CSV（UTF-8）",
                "Remove everything but the roster, or save it as CSV (UTF-8)",
            ),
        ),
        "not_text": (("文件内容不是文字，无法识别", "The file holds no text that can be read"), _SAVE_AS_XLSX),
        "text_unreadable": (("从这一行起无法读取", "From this row on the file cannot be read"), _SAVE_AS_XLSX),
        "encoding_broken": (
            ("文字编码（{value}）从这一行起出错", "The text encoding ({value}) breaks at this row"),
            ("请另存为 CSV（UTF-8）或 .xlsx 后重新上传", "Save it as CSV (UTF-8) or .xlsx and upload again"),
        ),
        "quote_open": (
            ("引号没有成对，后面的内容连成了一格", "A quotation mark is not closed; what follows ran into one cell"),
            ("请在这一行附近补上或删去多余的引号", "Close or remove the quotation mark near this row"),
        ),
        "header_not_found": (
            ("没有找到表头，读到的开头是“{value}”", "No header row was found; the file begins with “{value}”"),
            (
                "请先看名册种类选对了没有；前 20 行内须有一行列名，要有的列见上传页",
                "Check the kind of list first; one of the first 20 rows must name the columns, which the upload page lists",
            ),
        ),
        "column_missing": (
            ("缺少这一列", "This column is missing"),
            ("请加上这一列后重新上传", "Add the column and upload again"),
        ),
        "column_twice": (
            ("这一列出现了两次", "This column appears twice"),
            ("请只保留一列，或改掉另一列的列名", "Keep one of them, or rename the other"),
        ),
        "several_sheets": (
            ("有多张工作表是名册：{value}", "Several sheets hold a roster: {value}"),
            ("请合并到一张工作表，或分成几个文件上传", "Put them into one sheet, or upload them as separate files"),
        ),
        "no_rows": (
            ("表头下面没有数据", "There are no rows below the header"),
            ("请检查是否选错了文件", "Check whether this is the right file"),
        ),
        "too_many_rows": (
            ("超过 {also} 行", "There are more than {also} rows"),
            ("请另存为 CSV（UTF-8）上传，CSV 不限行数", "Save it as CSV (UTF-8) and upload that; CSV has no row limit"),
        ),
        "sheet_too_wide": (
            ("工作表过宽，右侧远处还有内容", "The sheet is too wide; there is content far to the right"),
            (
                "请删去名册以外的列，或另存为 CSV（UTF-8）",
                "Delete the columns that do not belong to the roster, or save it as CSV (UTF-8)",
            ),
        ),
        # Cells as a spreadsheet holds them.
        "text_broken": (
            ("“{value}”有乱码", "“{value}” holds broken characters"),
            ("请从原始资料重新填入", "Enter it again from the source"),
        ),
        "cell_error": (
            ("单元格是出错的公式（{value}）", "The cell is a formula in error ({value})"),
            ("请填入实际内容", "Enter the value itself"),
        ),
        "row_too_wide": (
            ("这一行有 {value} 格，表头只有 {also} 格", "This row has {value} cells, the header only {also}"),
            (
                "多半是住址里有逗号，请给住址加引号或删去逗号",
                "Most likely an address holds a comma: put it in quotes or remove the comma",
            ),
        ),
        "formula_cell": (
            ("单元格是公式，不是内容", "The cell is a formula, not a value"),
            ("请复制该列，选择性粘贴为“数值”后重新上传", "Copy the column, paste it as values and upload again"),
        ),
        "merged_cells": (
            (
                "单元格 {value} 被合并，不知道属于哪一行",
                "Cells {value} are merged; it is not clear which row they belong to",
            ),
            ("请取消合并，逐行填写", "Unmerge them and fill in every row"),
        ),
        "cell_is_date": (
            ("内容被表格改成了日期（{value}）", "The spreadsheet turned the value into a date ({value})"),
            _AS_TEXT,
        ),
        "number_rounded": (
            (
                "数字过长，表格已丢失末几位（{value}）",
                "The figure is too long; the spreadsheet lost its last digits ({value})",
            ),
            _AS_TEXT,
        ),
        "text_too_long": (
            ("内容超过 {also} 字", "The text is longer than {also} characters"),
            ("请缩短", "Shorten it"),
        ),
        "header_again": (
            ("这一行又是表头，已跳过", "This row is the header again; it was skipped"),
            ("可以不改", "Nothing needs to be done"),
        ),
        # Where the row belongs.
        "village_missing": (
            ("没有填村", "The village is missing"),
            ("请填 12 位村代码或村名", "Enter the 12-digit village code or the village name"),
        ),
        "village_unknown": (
            ("“{value}”不在可导入的村和社区之内", "“{value}” is not among the villages that you may import into"),
            (
                "请核对村代码或村名；不属于本支行的村请由所属支行导入",
                "Check code or name; villages of another branch are imported there",
            ),
        ),
        "village_ambiguous": (
            ("有不止一个村叫“{value}”", "More than one village is called “{value}”"),
            ("请填 12 位村代码，或在村名前写上乡镇", "Enter the 12-digit village code, or the town before the village"),
        ),
        "village_former_name": (
            ("“{value}”是旧名，按“{also}”导入", "“{value}” is a former name; the row goes to “{also}”"),
            ("请核对无误", "Check that this is right"),
        ),
        "village_name_differs": (
            (
                "村名“{value}”与村代码不符，按代码导入到“{also}”",
                "The name “{value}” does not fit the code; the row goes to “{also}”",
            ),
            ("请核对村代码", "Check the village code"),
        ),
        "household_number_missing": (
            ("没有户号", "The household number is missing"),
            ("请填写户号，同户的人户号相同", "Enter it; members share one number"),
        ),
        "household_number_too_long": (
            ("户号超过 32 位", "The household number is longer than 32 characters"),
            ("请核对", "Check it"),
        ),
        "group_differs": (
            ("组“{value}”与同户第一行不同", "Group “{value}” differs from the first row of the household"),
            ("请核对；按第一行导入", "Check it; the first row is used"),
        ),
        # Who it is.
        "name_missing": (("没有姓名", "The name is missing"), _CHECK_CARD),
        "name_too_long": (("姓名超过 50 字", "The name is longer than 50 characters"), _CHECK_CARD),
        "name_characters": (
            ("姓名“{value}”含有数字、括号或符号", "The name “{value}” holds digits, brackets or signs"),
            ("请只留姓名；备注写到别处", "Leave the name only; put remarks elsewhere"),
        ),
        "name_private_use": (
            ("姓名含有本机造字，别处无法显示", "The name holds a character that only the sender's computer can show"),
            ("请改用标准生僻字；没有的先用拼音", "Use the standard rare character, or pinyin until there is one"),
        ),
        "name_single": (("姓名只有一个字：{value}", "The name has one character only: {value}"), _CHECK_CARD),
        "relation_missing": (
            ("没有与户主关系", "The relation to the head is missing"),
            ("请填写，如户主、配偶、子、女", "Enter it: head, spouse, son, daughter ..."),
        ),
        "relation_unknown": (
            ("关系“{value}”无法识别", "The relation “{value}” is not known"),
            (
                "请改为户主、配偶、子、女、儿媳、女婿、父亲、母亲、孙子、兄弟姐妹或其他",
                "Use head, spouse, son, daughter, father, mother, grandchild, sibling or other",
            ),
        ),
        "relation_sex_differs": (
            ("关系“{value}”与身份证号的性别不符", "The relation “{value}” does not fit the sex in the ID number"),
            ("请核对关系和身份证号", "Check relation and ID number"),
        ),
        "head_missing": (
            ("户号 {value} 这一户没有户主", "Household {value} has no head"),
            (
                "请把其中一人的关系改为“户主”，同户各行的村和户号须一致",
                "Make one member the head; village and number must agree in all its rows",
            ),
        ),
        "head_twice": (
            ("这一户有两个以上户主", "The household has more than one head"),
            (
                "请只留一个户主；若是两户，请分开户号",
                "Leave one head; if they are two households, give them different numbers",
            ),
        ),
        "person_repeated": (
            ("与第 {also} 行是同一人，这一行不导入", "The same person as in row {also}; this row is left out"),
            ("可以不改，或删去这一行", "Nothing needs to be done, or delete the row"),
        ),
        "person_unclear": (
            (
                "与第 {also} 行同户、同名、同关系，又都没有身份证号",
                "Same household, name and relation as row {also}, both without ID number",
            ),
            ("请补上身份证号，或删去重复的一行", "Add the ID numbers, or delete the repeated row"),
        ),
        "id_missing": (
            ("没有身份证号", "The ID number is missing"),
            ("可以导入，走访时请补上", "The row goes in; ask for it at the next visit"),
        ),
        "id_length": (
            ("身份证号不是 18 位（或旧的 15 位）", "The ID number has not 18 (or, in old cards, 15) characters"),
            _CHECK_CARD,
        ),
        "id_characters": (
            ("身份证号含有数字和末位 X 以外的字符", "The ID number holds characters other than digits and a final X"),
            _CHECK_CARD,
        ),
        "id_check_character": (
            ("身份证号的校验位不对，至少有一位有误", "The check character is wrong: at least one digit is"),
            _CHECK_CARD,
        ),
        "id_rounded": (
            (
                "身份证号末三位变成了 000，像是被表格改过",
                "The ID number ends in 000, as if a spreadsheet had rounded it",
            ),
            _AS_TEXT,
        ),
        "id_as_number": (
            (
                "身份证号被存成了数字（{value}），末几位已丢失",
                "The ID number was stored as a figure ({value}); its last digits are lost",
            ),
            _AS_TEXT,
        ),
        "id_birth_impossible": (
            ("身份证号里的出生日期不存在", "The birth date in the ID number does not exist"),
            _CHECK_CARD,
        ),
        "id_birth_future": (
            ("身份证号里的出生日期晚于今天", "The birth date in the ID number lies in the future"),
            _CHECK_CARD,
        ),
        "id_too_old": (("按身份证号已超过 120 岁", "By the ID number the person is older than 120"), _CHECK_CARD),
        "id_region_unknown": (
            (
                "身份证号的地区代码在出生时不在代码表中",
                "The county code of the ID number is not in the list for that time",
            ),
            ("请核对；无误可以导入", "Check it; if it is right, the row goes in"),
        ),
        "id_residence_permit": (
            ("这是港澳台居民居住证号码", "This is a residence permit of Hong Kong, Macau or Taiwan"),
            ("请核对；无误可以导入", "Check it; if it is right, the row goes in"),
        ),
        "id_sex_differs": (
            ("性别“{value}”与身份证号不符，按身份证号导入", "Sex “{value}” does not fit the ID number, which is used"),
            _CHECK_CARD,
        ),
        "id_twice_in_household": (
            ("与第 {also} 行身份证号相同，但姓名不同", "Same ID number as row {also}, but another name"),
            _CHECK_CARD,
        ),
        "id_in_two_households": (
            ("与第 {also} 行身份证号相同，但不在同一户", "Same ID number as row {also}, in another household"),
            (
                "一人只能在一户，请删去一处；号码有误请更正",
                "A person belongs to one household: delete one, or correct the number",
            ),
        ),
        "sex_unknown": (
            ("性别“{value}”无法识别", "Sex “{value}” is not known"),
            ("请填男或女", "Enter male or female"),
        ),
        "birth_unreadable": (
            ("出生日期“{value}”无法识别", "Birth date “{value}” cannot be read"),
            ("请写成 1980-01-31 的样子", "Write it like 1980-01-31"),
        ),
        "birth_differs": (
            ("出生日期与身份证号不符，按身份证号导入", "The birth date does not fit the ID number, which is used"),
            _CHECK_CARD,
        ),
        "phone_invalid": (
            ("手机号 {value} 不是 11 位有效号码，未导入", "{value} is no valid mobile number; it was left out"),
            ("走访时请补上", "Ask for it at the next visit"),
        ),
        "phone_several": (
            ("一格里有几个号码，只取第一个", "There are several numbers in the cell; the first is used"),
            ("请核对", "Check it"),
        ),
        "phone_landline": (
            ("这是固定电话，未导入", "This is a landline number; it was left out"),
            ("走访时请补上手机号", "Ask for a mobile number at the next visit"),
        ),
        "phone_machine": (
            ("号段属于物联网卡，不像个人号码", "The number belongs to a series for machines, not people"),
            ("请核对", "Check it"),
        ),
        # Against what is filed already.
        "filed_in_another_household": (
            ("“{value}”已在另一户建档", "“{value}” is filed in another household"),
            (
                "不会自动迁户；导入后生成迁户申请，由支行行长处理",
                "Nobody is moved; the import asks for a move, which the branch manager decides",
            ),
        ),
        "person_has_left": (
            ("“{value}”已登记为离户", "“{value}” is filed as having left"),
            (
                "名册不会使其恢复；如已回来，请在户档案中办理",
                "A roster brings nobody back; do so in the household's file",
            ),
        ),
        "household_has_left": (
            ("户号“{value}”已登记为离册", "Household “{value}” is filed as having left"),
            (
                "名册不会使其恢复；如已回来，请在户档案中办理",
                "A roster brings nobody back; do so in the household's file",
            ),
        ),
        "id_number_changes": (
            (
                "“{value}”的身份证号与已建档的不同，将按名册更正",
                "“{value}” has another ID number on file; the roster's will replace it",
            ),
            _CHECK_CARD,
        ),
        **ENTITY_WORDS,
    }
)


def describe(problem: Problem, header: Header | None = None, language: str = "zh") -> Sentence:
    """A finding in words; with the header, columns are called as the file calls them and shown with their letter."""
    english = language.startswith("en")
    what, remedy = WORDS[problem.code]
    values = {"value": problem.value, "also": problem.also}
    return Sentence(
        _where(problem, header, english=english), what[english].format(**values), remedy[english].format(**values)
    )


def _where(problem: Problem, header: Header | None, *, english: bool) -> str:
    parts = []
    if problem.row:
        parts.append(f"row {problem.row}" if english else f"第 {problem.row} 行")
    if problem.column:
        parts.append(column(problem.column, header, "en" if english else "zh"))
    return (", " if english else "，").join(parts)


def column(field: str, header: Header | None, language: str = "zh") -> str:
    """A column as the file calls it, with its letter; without it in the header, as we do."""
    english = language.startswith("en")
    if header is None or field not in header.places:
        known = COLUMNS.get(field) or ENTITY_COLUMNS[field]
        return known.en if english else known.zh
    place = letter(header.places[field])
    return f"{header.titles[field]} ({place})" if english else f"{header.titles[field]}（{place} 列）"
