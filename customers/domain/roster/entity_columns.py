"""Which column of a list of businesses or units is which: header words in Chinese and English."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from customers.domain.roster.columns import COLUMNS, Column, Form

_PLACE: Final = (
    Column("village_code", "网格代码", "grid code", False, ("村代码", "区划代码", "行政区划代码", "gridcode")),
    Column(
        "village", "网格", "grid", False,
        ("所属网格", "所在网格", "网格名称", "市场", "市场名称", "专业市场", "街道", "沿街", "所在市场", "村", "村名", "行政村", "所在村",
         "社区", "园区", "片区", "grid", "gridname", "market", "street", "village"),
    ),
)  # fmt: skip
_CODE: Final = Column(
    "uscc", "统一社会信用代码", "credit code", False,
    ("社会信用代码", "信用代码", "统一信用代码", "纳税人识别号", "税号", "执照号", "营业执照号", "注册号", "uscc", "creditcode"),
)  # fmt: skip
_ADDRESS: Final = Column(
    "address", "地址", "address", False,
    ("经营地址", "经营场所", "经营场所地址", "住所", "注册地址", "门牌号", "摊位号", "详细地址", "单位地址", "businessaddress"),
)  # fmt: skip
_PHONE: Final = Column(
    "phone", "手机号", "mobile number", False,
    ("手机", "联系电话", "电话", "联系方式", "负责人电话", "经营者电话", "联系人电话", "phone", "mobile", "telephone"),
)  # fmt: skip
BUSINESS_COLUMNS: Final = (
    *_PLACE,
    Column(
        "name", "名称", "name", True,
        ("招牌名称", "商户名称", "店名", "店铺名称", "商铺名称", "字号", "字号名称", "主体名称", "市场主体名称", "企业名称", "纳税人名称",
         "经营主体", "businessname", "shopname"),
    ),
    _CODE,
    Column(
        "kind", "类别", "class", False,
        ("类型", "主体类型", "市场主体类型", "企业类型", "商户类型", "经营主体类型", "登记注册类型", "type", "kind", "businesstype"),
    ),
    Column(
        "principal", "负责人", "person in charge", False,
        ("经营者", "经营者姓名", "法定代表人", "法人", "法人代表", "业主", "店主", "老板", "负责人姓名", "姓名", "owner", "principal"),
    ),
    Column("id_number", "身份证号", "ID number", False, ("身份证", "身份证号码", "证件号", "证件号码", "负责人身份证号", "经营者身份证号", "idnumber")),
    _PHONE,
    _ADDRESS,
    Column("trade", "经营项目", "trade", False, ("经营范围", "主营", "主营业务", "行业", "经营内容", "businessscope")),
    Column("licence_name", "执照名称", "name on the licence", False, ("营业执照名称", "登记名称", "licencename")),
    Column("founded_on", "成立日期", "founded on", False, ("注册日期", "登记日期", "开业日期", "成立时间", "foundedon")),
)  # fmt: skip
UNIT_COLUMNS: Final = (
    *_PLACE,
    Column("name", "名称", "name", True, ("单位名称", "机构名称", "企业名称", "单位", "unitname")),
    _CODE,
    Column("kind", "类别", "class", False, ("类型", "单位类型", "单位性质", "性质", "机构类型", "type", "kind")),
    Column(
        "principal", "联系人", "contact", False, ("单位联系人", "负责人", "经办人", "法定代表人", "姓名", "contact")
    ),
    _PHONE,
    _ADDRESS,
)
FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "business": Form({column.field: column for column in BUSINESS_COLUMNS}, needs_place=False),
        "unit": Form({column.field: column for column in UNIT_COLUMNS}, needs_place=False),
    }
)
# For naming a column in a finding on a file whose header was not found.
ENTITY_COLUMNS: Final[Mapping[str, Column]] = MappingProxyType(
    {column.field: column for column in (*UNIT_COLUMNS, *BUSINESS_COLUMNS) if column.field not in COLUMNS}
)
