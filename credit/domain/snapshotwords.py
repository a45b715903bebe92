"""What a finding on a core-system file means and what to do about it, in both languages."""

from collections.abc import Mapping
from typing import Any, Final

from credit.domain.snapshotfile import COLUMNS

# code: what is wrong, what to do; each in Chinese and English
WORDS: Final[Mapping[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    "header": (("没有找到表头", "No header row was found"), ("前 10 行内须有一行列名：身份证号、合同号、业务种类、余额", "One of the first 10 rows must name the columns: ID number, contract number, kind, outstanding")),
    "column_missing": (("缺少这一列", "This column is missing"), ("请加上这一列后重新导出", "Add the column and export again")),
    "too_many": (("有 {value} 行，超过 300,000 行", "{value} rows, more than 300,000"), ("请告诉系统管理员", "Tell the administrator")),
    "who_missing": (("没有身份证号", "No ID number"), ("在核心系统补上后重新导出", "Fill it in in the core system and export again")),
    "id_as_number": (("身份证号被表格存成了数字，末几位已丢失", "The ID number was stored as a number; its last digits are lost"), ("导出时把这一列设为文本", "Export this column as text")),
    "id_invalid": (("身份证号不对", "The ID number is wrong"), ("在核心系统核对位数、日期和校验位", "Check its length, date and check digit in the core system")),
    "is_company": (("是统一社会信用代码，不是个人", "A credit code, not a person"), ("不计入农户，不必更正", "Left out of households; nothing to do")),
    "other_document": (("不是居民身份证", "Not a resident ID number"), ("不计入农户，不必更正", "Left out of households; nothing to do")),
    "person_unknown": (("没有登记过这个人", "Nobody with this ID number is on file"), ("不计入；建档以后，下一次快照会计入", "Not counted; once on file, the next snapshot counts it")),
    "kind_missing": (("没有写业务种类", "The kind is missing"), ("填：本行贷款、本行未用授信、他行借款、对外担保", "Use: own loan, undrawn commitment, other bank, guarantee")),
    "kind_unknown": (("不认识的业务种类“{value}”", "“{value}” is no kind"), ("填：本行贷款、本行未用授信、他行借款、对外担保", "Use: own loan, undrawn commitment, other bank, guarantee")),
    "contract_missing": (("没有合同号", "No contract number"), ("在核心系统补上后重新导出", "Fill it in in the core system and export again")),
    "contract_long": (("合同号超过 40 个字", "The contract number has more than 40 characters"), ("核对这一列是不是合同号", "Check that the column is the contract number")),
    "contract_as_number": (("合同号被表格存成了数字，末几位已丢失", "The contract number was stored as a number; its last digits are lost"), ("导出时把这一列设为文本", "Export this column as text")),
    "amount_missing": (("没有金额", "The amount is missing"), ("没有就填 0", "Enter 0 where there is none")),
    "amount_not_a_number": (("“{value}”不是金额", "“{value}” is no amount"), ("写成 35000.00，单位元", "Write 35000.00, in yuan")),
    "amount_negative": (("金额小于 0", "The amount is below 0"), ("核对余额的方向", "Check the sign of the balance")),
    "amount_too_large": (("金额太大", "The amount is too large"), ("核对单位是不是元", "Check that the unit is yuan")),
    "amount_places": (("金额超过两位小数", "More than two decimals"), ("单位是元，最多两位小数", "Amounts are yuan with at most two decimals")),
    "outstanding_of_commitment": (("未用授信的行写了余额", "A commitment row has an outstanding amount"), ("余额写在贷款的行，这一行只写未用额度", "The outstanding amount belongs in the loan's row")),
    "undrawn_not_counted": (("他行借款和对外担保的未用额度不计入", "Undrawn amounts of other banks and guarantees are not counted"), ("不必更正", "Nothing to do")),
    "above_granted": (("余额加未用额度大于授信金额", "Outstanding and undrawn exceed the granted amount"), ("核对这份合同", "Check this contract")),
    "days_wrong": (("“{value}”不是天数", "“{value}” is no number of days"), ("写整数天数，没有就空着", "Write whole days; leave empty where there are none")),
    "date_wrong": (("“{value}”不是日期", "“{value}” is no date"), ("写成 2027-03-31", "Write 2027-03-31")),
    "date_differs": (("数据日期与上传时填的 {also} 不同", "The data date is not {also}, as entered"), ("确认是哪一天的文件", "Make sure which day the file is of")),
    "category_missing": (("没有五级分类", "The five-class category is missing"), ("填：正常、关注、次级、可疑、损失", "Use: normal, special mention, substandard, doubtful, loss")),
    "category_unknown": (("不认识的五级分类“{value}”", "“{value}” is no category"), ("填：正常、关注、次级、可疑、损失", "Use: normal, special mention, substandard, doubtful, loss")),
    "category_overdue": (("逾期 {also} 天，分类仍是“{value}”", "{also} days overdue and still “{value}”"), ("核对五级分类", "Check the category")),
    "yes_no_wrong": (("“{value}”不是是或否", "“{value}” is neither yes nor no"), ("填：是、否", "Use: yes, no")),
    "village_line_elsewhere": (("他行借款和对外担保不会是整村授信", "A loan of another bank or a guarantee is no village line"), ("改为否", "Change it to no")),
    "two_village_lines": (("这个人在第 {also} 行还有一份整村授信", "Row {also} is another village line of this person"), ("一户只有一份，核对合同", "A household has one; check the contracts")),
    "twice": (("和第 {also} 行是同一笔", "The same credit as in row {also}"), ("删去一行", "Delete one of the rows")),
    "undrawn_twice": (("第 {also} 行已有这份合同的未用额度", "Row {also} already has the undrawn amount of this contract"), ("同一份合同的未用额度只写一次", "State the undrawn amount of a contract once")),
}  # fmt: skip
_FILE = (
    ("文件无法读取", "The file cannot be read"),
    ("请另存为 xlsx 或 UTF-8 的 csv 后重新上传", "Save it as xlsx or as csv in UTF-8 and upload again"),
)


def describe(code: str, column: str, value: str, also: str, language: str) -> dict[str, Any]:
    """Return a finding in words: column, what is wrong, what to do."""
    english = language.startswith("en")
    what, remedy = WORDS.get(code, _FILE)
    values = {"value": value, "also": also}
    return {
        "column": COLUMNS[column][english] if column in COLUMNS else "",
        "what": what[english].format(**values),
        "remedy": remedy[english].format(**values),
    }
