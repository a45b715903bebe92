"""One complete set of data for every paper, in both languages: what the templates are drawn and tested with."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import segno
from django.utils import translation

from config.lib.ratios import Ratio
from config.lib.tables import Column, Role, Row, Shape, Table, Words, paper
from config.lib.weeks import SHANGHAI, Week
from credit.domain.notices import masked_name
from credit.domain.village_report import Village, document_of, stage_times
from credit.selectors import village_pages
from customers.selectors import papers
from customers.selectors.forms import Edition
from reporting.domain.figures import (
    AmountTally,
    FigureRow,
    Level,
    Progress,
    SubjectKind,
    Tally,
    laggards,
    places,
    summed,
    week_differences,
    what_changed,
)
from reporting.domain.sampling import METHOD, conclude, plan_size, sizing_words
from reporting.domain.weekly import collector_table, kinds_table, laggard_table, progress_table, report_paper
from tests.forms import FARM

BANK = "招远农村商业银行（示范）"
BRANCHES = [
    "罗峰",
    "泉山",
    "梦芝",
    "温泉",
    "大秦家",
    "玲珑",
    "张星",
    "蚕庄",
    "金岭",
    "毕郭",
    "阜山",
    "辛庄",
    "夏甸",
    "齐山",
]
PEOPLE = [
    "王海燕",
    "李建国",
    "张秀英",
    "刘志强",
    "陈晓红",
    "杨立新",
    "赵玉兰",
    "黄永刚",
    "周海波",
    "吴桂芝",
    "徐国庆",
    "孙淑芬",
    "马东升",
    "朱丽华",
]
CUT = datetime(2026, 11, 23, tzinfo=SHANGHAI)


def figure_rows(count: int = 14, level: Level = Level.BRANCH, *, weeks_back: int = 0) -> list[FigureRow]:
    """Return plausible rows, the same every time."""
    rows = []
    for place in range(count):
        roster = 900 + place * 137 % 800
        week = 0 if place == 5 else (place * 29 + weeks_back * 17) % 83 + 4
        visited = min(roster, 330 + place * 211 % 560 - (40 + place * 61 % 70) * weeks_back)
        granted = visited * 2 // 5
        households = Progress(
            roster=roster,
            blocked=roster // 40,
            visited=Tally(week=week, total=visited, withdrawn=2 if place == 3 else 0),
            profiled=Tally(week=week * 4 // 5, total=visited * 9 // 10),
            checked=Tally(week=week // 2, total=visited * 4 // 5),
            assessed=Tally(week=week // 3, total=visited * 3 // 5),
            granted=Tally(week=week // 4, total=granted),
            granted_amount=AmountTally(week=Decimal(35_000 * (week // 4)), total=Decimal(36_500 * granted)),
            dwell_seconds=week * (1_130 + place * 97 % 500),
            dwell_visits=week,
            late=place % 3,
            not_met=place % 5,
        )
        shops = Progress(roster=60 + place, visited=Tally(week=place % 4 if week else 0, total=20 + place))
        name = (
            f"{BRANCHES[place % 14]}支行" if level is Level.BRANCH else f"{BRANCHES[place % 14]}镇第 {place + 1} 网格"
        )
        rows.append(
            FigureRow(
                level=level,
                key=f"{level}-{place}",
                name=PEOPLE[place % 14] if level is Level.COLLECTOR else name,
                responsible=PEOPLE[place % 14],
                by_kind={SubjectKind.HOUSEHOLD: households, SubjectKind.BUSINESS: shops},
            )
        )
    return rows


def weekly(language: str, *, frozen: bool = True, grids: int = 60) -> dict:
    """Return a weekly report of fourteen branches and sixty grids."""
    this, last = figure_rows(), figure_rows(weeks_back=1)
    grid_rows = figure_rows(grids, Level.GRID)
    bank = summed(this, level=Level.BANK, key="bank", name=BANK)
    before = summed(last, level=Level.BANK, key="bank", name=BANK)
    earlier = {key: place.rank for key, place in places(last).items()}
    standing, differences = places(this, earlier), week_differences([*this, bank], [*last, before])
    behind = laggards(this, below=Fraction(2, 5), working_days_left=22, limit=6)
    return report_paper(
        bank=BANK,
        scope=Words("全行", "Whole bank").of(language),
        week=Week(2026, 47),
        cut_at=CUT,
        frozen_at=CUT.replace(hour=6) if frozen else None,
        total=bank,
        sentences=what_changed(bank=bank, bank_before=before, rows=this, standing=standing, language=language),
        tables=[
            progress_table(this, standing=standing, differences=differences, total=bank, language=language),
            kinds_table(this, total=bank, language=language),
            laggard_table(behind, language),
            progress_table(grid_rows, standing=places(grid_rows), differences={}, language=language),
            collector_table(figure_rows(14, Level.COLLECTOR), language),
        ],
        fingerprint="9f2c41d07be8" if frozen else "",
        language=language,
    )


def line(language: str) -> dict:
    """Return the second vector of scheme S1 (Domain, 4.1): grade one, 2.5125, held down by the village figure."""
    zh = language.startswith("zh")

    def t(chinese: str, english: str) -> str:
        return chinese if zh else english

    def step(name, note, text, start, end, role, *, is_binding=False):
        return {"name": name, "note": note, "text": text, "from": start, "to": end, "role": role, "is_binding": is_binding}  # fmt: skip

    score = Table(
        title=Words("评分表", "Score"),
        columns=[
            Column(key="item", name=Words("项目", "Item"), width=16),
            Column(key="value", name=Words("取值", "Value"), shape=Shape.TEXT, width=14),
            Column(key="band", name=Words("落在哪一档", "Band"), width=18),
            Column(key="points", name=Words("得分", "Points"), shape=Shape.COUNT, width=7),
            Column(key="most", name=Words("满分", "Of"), shape=Shape.COUNT, width=7),
        ],
        rows=[
            Row(cells=dict(zip(("item", "value", "band", "points", "most"), entry, strict=True)))
            for entry in [
                (t("人口", "Members"), t("3 人", "3"), t("3 人及以上", "3 and more"), 10, 10),
                (t("劳动力占比", "Labour share"), "0.6667", t("1/3 至 2/3", "1/3 to 2/3"), 8, 10),
                (t("财产总值 ÷ 县基数", "Assets / county base"), "1.5000", t("1.2 至 1.5", "1.2 to 1.5"), 11, 13),
                (t("净资产", "Net assets"), "0.9000", t("0.9 及以上", "0.9 and more"), 13, 13),
                (t("可处置变现资产", "Realisable assets"), "1.2500", t("1.2 至 1.5", "1.2 to 1.5"), 4, 5),
                (t("信用社股金", "Shares held"), t("0.50 万元", "0.50 万元"), t("0 至 1 万元", "0 to 1 万元"), 3, 4),
                (t("上年纯收入", "Net income"), "1.5000", t("1.2 至 1.5", "1.2 to 1.5"), 12, 15),
                (t("履约情况", "Performance"), t("正常", "Regular"), t("正常", "regular"), 10, 10),
                (t("综合评价", "Overall"), t("优秀", "Excellent"), t("优秀", "excellent"), 20, 20),
            ]
        ]
        + [
            Row(role=Role.TOTAL, cells={"item": t("合计", "Total"), "value": "", "band": "", "points": 91, "most": 100})
        ],
    )
    return {
        "bank": BANK,
        "stamp": t("计算于 2026-11-21 周六 10:32 · 模型 S1 第 3 版", "Computed 21 Nov 2026 (Sat) 10:32 · model S1 version 3"),
        "headline": {
            "name": t("最终额度", "Final line"),
            "amount": "2.00",
            "unit": "万元",
            "note": t("辛庄镇西良村　户号 370685103207-0042　户主 王桂香", "Xiliang village, household 370685103207-0042, head 王桂香"),
        },
        "since": [t("这次 20,000 元，上次 18,000 元，高 2,000 元。", "It is 20,000 yuan now and was 18,000 yuan: 2,000 yuan more.")],
        "parameters": [{"name": t("收入基数", "Income base"), "value": t("40,000 元", "40,000 yuan")}],
        "calculation": None,
        "notice": {"title": t("怎样要求人工复核", "How to ask for a review by people"), "paragraphs": [t("可以提出异议。", "You may object.")]},
        "signatures": [{"role": t("客户签收", "Received by"), "name": "", "at": ""}],
        "household": [
            {"name": t("借款人", "Borrower"), "value": "王桂香"},
            {"name": t("家庭", "Family"), "value": t("3 人，劳动力 2 人", "3 members, 2 of working ability")},
            {"name": t("客户经理", "Officer"), "value": "李建国"},
            {"name": t("档案", "File"), "value": t("第 2 版，2026-11-14 周六 复核", "revision 2, checked 14 Nov 2026 (Sat)")},
        ],
        "words": [
            t(
                "按 S1 评分 91 分，评为一级；小额信用最高为 2.51 万元。村评议合并额度 2.00 万元更低，因此最终额度为 2.00 万元。",
                "With 91 points the household is grade one and the model allows 2.51 万元. The merged village figure, 2.00 万元, is lower and so decides.",
            ),
            t("产品上限 20 万元和家庭余量 28.50 万元都没有起作用。", "Neither the product cap of 20 万元 nor the headroom of 28.50 万元 came into play."),
        ],
        "waterfall": [
            step(t("资产部分", "Assets"), t("(净资产 + 可处置) ÷ 2 × 0.7 × 0.05", "(net + realisable) / 2 x 0.7 x 0.05"), "+0.6125", 0, 0.6125, "part"),
            step(t("收入部分", "Income"), t("(纯收入 + 1.5 × 基数) ÷ 3 × 1.0 × 0.4", "(income + 1.5 x base) / 3 x 1.0 x 0.4"), "+1.6000", 0.6125, 2.2125, "part"),
            step(t("股金部分", "Shares"), t("股金 0.50 × 0.2", "shares 0.50 x 0.2"), "+0.1000", 2.2125, 2.3125, "part"),
            step(t("劳动力部分", "Labour"), t("2 人 × 0.1", "2 x 0.1"), "+0.2000", 2.3125, 2.5125, "part"),
            step(t("模型额度", "Model line"), t("小额信用最高", "small credit maximum"), "2.5125", 0, 2.5125, "sum"),
            step(t("村评议合并额度", "Merged village figure"), t("三份意见：1.5、2、2.5", "three opinions: 1.5, 2, 2.5"), "2.00", 2.5125, 2.0, "cap", is_binding=True),
            step(t("产品上限", "Product cap"), "", "20.00", 2.0, 2.0, "cap"),
            step(t("家庭余量", "Headroom"), t("30.00 − 已有 1.50", "30.00 less exposure 1.50"), "28.50", 2.0, 2.0, "cap"),
            step(t("最终额度", "Final line"), t("按 0.1 万元向下取整", "floored to 0.1 万元"), "2.00", 0, 2.0, "final"),
        ],
        "score": paper(score, language),
        "grade": {"name": t("等级", "Grade"), "text": t("一级", "One"), "note": t("90 分及以上为一级", "grade one from 90 points")},
        "reasons": [],
        "sources": [
            {"name": t("模型", "Model"), "value": t("S1 第 3 版，2026-09-01 起", "S1 version 3, from 1 Sep 2026")},
            {"name": t("县基数", "County bases"), "value": t("财产 20.00、收入 4.00 万元", "assets 20.00, income 4.00 万元")},
            {"name": t("负债取自", "Debts from"), "value": t("已复核采集表，2026-11-14", "checked file, 14 Nov 2026")},
            {"name": t("输入指纹", "Input hash"), "value": "5be1…c0d4"},
        ],
    }  # fmt: skip


def assessment(language: str, *, households: int = 38) -> dict:
    """Return the sheet of one assessor for one village group."""
    zh = language.startswith("zh")
    reasons = [("1", "游手好闲", "idle"), ("2", "欠债较多", "heavy debts"), ("3", "服刑", "in prison"), ("4", "长期外出", "long away"), ("5", "信用观念差", "poor credit morals"), ("6", "赌博、吸毒、放高利贷", "gambling, drugs, usury"), ("7", "年龄不符合", "age out of range"), ("8", "其他负面情况", "other")]  # fmt: skip
    return {
        "bank": BANK,
        "town": "辛庄镇" if zh else "Xinzhuang,",
        "village": "西良村" if zh else "Xiliang village",
        "round": "2026 年第 1 批" if zh else "Round 1 of 2026",
        "due": "2026-11-28 周六" if zh else "28 Nov 2026 (Sat)",
        "step": "0.1 万元",
        "sheets": [
            {
                "number": f"12-{place}",
                "check": "K7F2",
                "code": str(
                    segno.make(f"GEDANG 12-{place} K7F2", error="m", micro=False).svg_inline(border=0, scale=4)
                ),
                "households": [
                    {
                        "index": index + 1,
                        "number": f"0{index + 101}",
                        "head": f"{PEOPLE[index * 5 % 14]}",
                        "group": f"{index // 20 + 1} 组" if zh else f"group {index // 20 + 1}",
                        "note": ("同名，妻 李娜" if zh else "namesake; wife 李娜") if index % 13 == 6 else "",
                    }
                    for index in range(households)
                ],
            }
            for place in (3, 4)
        ],
        "reasons": [{"code": code, "text": chinese if zh else english} for code, chinese, english in reasons],
    }


def decision(language: str) -> dict:
    """Return the decisions of a small round."""
    zh = language.startswith("zh")
    amount = Shape.WAN
    opinions, bounds = Words("四方意见（万元）", "Opinions (万元)"), Words("边界（万元）", "Bounds (万元)")
    table = Table(
        title=Words("逐户决定", "Household by household"),
        columns=[
            Column(key="number", name=Words("户号", "Number"), shape=Shape.CODE, width=8),
            Column(key="name", name=Words("户主", "Head"), width=9),
            Column(key="borrower", name=Words("借款人", "Borrower"), width=9),
            Column(key="merged", name=Words("评议", "Village"), shape=amount, group=opinions, width=8),
            Column(key="officer", name=Words("客户经理", "Officer"), shape=amount, group=opinions, width=8),
            Column(key="model", name=Words("模型", "Model"), shape=amount, group=opinions, width=8),
            Column(key="approver", name=Words("审批", "Approver"), shape=amount, group=opinions, width=8),
            Column(key="cap", name=Words("产品上限", "Product"), shape=amount, group=bounds, width=8),
            Column(key="room", name=Words("家庭余量", "Headroom"), shape=amount, group=bounds, width=8),
            Column(key="final", name=Words("最终额度（万元）", "Final (万元)"), shape=amount, width=10),
            Column(key="why", name=Words("由谁决定", "Decided by"), width=18),
        ],
        rows=[
            Row(
                cells={
                    "number": f"0{101 + index}", "name": PEOPLE[index], "borrower": PEOPLE[index],
                    "merged": Decimal(20_000 + 5_000 * (index % 4)), "officer": Decimal(20_000 + 5_000 * (index % 3)),
                    "model": None if index == 4 else Decimal(25_125 + 3_100 * index), "approver": None,
                    "cap": Decimal(200_000), "room": Decimal(285_000 - 9_000 * index),
                    "final": Decimal(0) if index == 4 else Decimal(20_000 + 5_000 * min(index % 4, index % 3)),
                    "why": ("待建档：没有已复核的采集表" if zh else "awaits a checked file") if index == 4 else ("评议合并额度" if zh else "merged village figure"),
                }
            )
            for index in range(12)
        ]
        + [Row(role=Role.TOTAL, cells={"number": "", "name": "合计" if zh else "Total", "borrower": "", "merged": "", "officer": "", "model": "", "approver": "", "cap": "", "room": "", "final": Decimal(260_000), "why": ""})],
        notes=[Words("最终额度 = 存在的各项边界中的最小值，再按产品步长 1,000 元向下取整一次；人工提高需写明理由。", "Final = the least of the bounds that exist, floored once to the product's step of 1,000 yuan; raising needs a reason.")],
    )  # fmt: skip
    return {
        "bank": BANK,
        "village": "辛庄镇西良村" if zh else "Xiliang village, Xinzhuang",
        "round": "2026 年第 1 批" if zh else "Round 1 of 2026",
        "status": "已审批" if zh else "Approved",
        "stamp": "审批于 2026-11-21 周六 16:05" if zh else "Approved 21 Nov 2026 (Sat) 16:05",
        "facts": [
            {"name": "评议方式" if zh else "Merge", "value": "接近或折中，容差 1.00 万元" if zh else "close or compromise, 1.00 万元"},
            {"name": "法定有效份数" if zh else "Quorum", "value": "3"},
            {"name": "不予授信" if zh else "Refusals", "value": "两份即不予" if zh else "two refuse"},
            {"name": "授信率（可评议户数）" if zh else "Granted (of assessable)", "value": str(Ratio(292, 384))},
        ],
        "table": paper(table, language),
        "signatures": [
            {"role": "经办" if zh else "Prepared by", "name": "李建国 0213", "at": "2026-11-21 15:20"},
            {"role": "复核" if zh else "Checked by", "name": "王海燕 0107", "at": "2026-11-21 15:48"},
            {"role": "审批" if zh else "Approved by", "name": "", "at": ""},
        ],
    }  # fmt: skip


def conclusion(language: str, *, found: int = 1) -> dict:
    """Return the conclusion of a quarterly sample."""
    zh = language.startswith("zh")
    size = plan_size(500, confidence="0.95", tolerable="0.08", expected="0.01")
    outcome = conclude(size, found=found)
    strata = Table(
        title=Words("各层抽样与差错", "Strata and deviations"),
        columns=[
            Column(key="name", name=Words("支行", "Branch"), width=16),
            Column(key="size", name=Words("总体", "Population"), shape=Shape.COUNT),
            Column(key="drawn", name=Words("抽取", "Drawn"), shape=Shape.COUNT),
            Column(key="found", name=Words("差错", "Deviations"), shape=Shape.COUNT),
        ],
        rows=[
            Row(cells={"name": "罗峰支行", "size": 240, "drawn": 26, "found": found}),
            Row(cells={"name": "蚕庄支行", "size": 160, "drawn": 18, "found": 0}),
            Row(cells={"name": "玲珑支行", "size": 100, "drawn": 11, "found": 0}),
            Row(role=Role.TOTAL, cells={"name": "合计" if zh else "Total", "size": 500, "drawn": 55, "found": found}),
        ],
    )
    returned = Table(
        title=Words("退回整改", "Goes back"),
        columns=[
            Column(key="number", name=Words("户号", "Household"), shape=Shape.CODE, width=16),
            Column(key="what", name=Words("差错", "Deviation"), width=30),
            Column(key="name", name=Words("采集人", "Collector"), width=10),
            Column(key="due", name=Words("整改期限", "Due"), shape=Shape.DAY, width=11),
        ],
        rows=[
            Row(
                cells={
                    "number": f"370685101201-00{41 + place}",
                    "what": "年收入相差 35 %，超过 20 %" if zh else "income differs by 35 %, above 20 %",
                    "name": PEOPLE[place],
                    "due": "2026-12-11",
                }
            )
            for place in range(found)
        ],
    )
    return {
        "bank": BANK,
        "plan": "2026 年第 4 季度采集质量抽查" if zh else "Quality of files, 4th quarter of 2026",
        "period": "2026-10-01 至 2026-11-20" if zh else "1 Oct to 20 Nov 2026",
        "is_accepted": outcome.is_accepted,
        "sentence": outcome.sentence(language),
        "sizing": sizing_words(size, language),
        "facts": [
            {"name": "总体" if zh else "Population", "value": "500"},
            {"name": "样本" if zh else "Sample", "value": "55"},
            {"name": "可接受差错数" if zh else "Acceptance number", "value": "1"},
            {"name": "发现差错" if zh else "Deviations found", "value": str(found)},
        ],
        "proof": [
            {"name": "总体指纹" if zh else "Population sha256", "value": "c6f1a4a0d8fb6a3e2c5d9b7e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c"},
            {"name": "种子" if zh else "Seed", "value": "2026Q4-8f21d7a0"},
            {"name": "方法" if zh else "Method", "value": METHOD},
        ],
        "tables": [paper(strata, language), paper(returned, language)],
        "apart": "另按风险线索抽查 12 户，发现差错 5 户；不计入本结论。" if zh else "12 more were inspected on risk signals, 5 deviated; they do not enter this conclusion.",
        "signatures": [
            {"role": "审计" if zh else "Auditor", "name": "", "at": ""},
            {"role": "复核" if zh else "Second auditor", "name": "", "at": ""},
            {"role": "支行" if zh else "Branch", "name": "", "at": ""},
        ],
        "stamp": "结论作出于 2026-11-21 周六" if zh else "Concluded 21 Nov 2026 (Sat)",
    }  # fmt: skip


def form(language):
    """The farm form of one household with a child in it."""
    people = [
        {"name": "刘建国", "relation": "户主", "is_light": False},
        {"name": "刘小宝", "relation": "孙辈", "is_light": True},
    ]
    home = {
        "village": "刘家村",
        "town": "张星镇",
        "label": "户号" if language.startswith("zh") else "No.",
        "number": "0001",
        "group": "1组",
        "head": "刘建国",
        "members": people,
        "code": CODE,
    }
    whole = papers.paper_data([], Edition(1, "farm_household", 1, FARM), language, "https://bank.example")
    return whole | {"bank": "金穗农商行", "subjects": [home]}


def application(language):
    """The sheet of an application that was granted below what was asked."""
    zh = language.startswith("zh")
    return {
        "bank": BANK,
        "number": "2026-17",
        "place": "辛庄镇西良村" if zh else "Xiliang village",
        "status": "已授信" if zh else "Granted",
        "stamp": "打印于 2026-11-21 周六 10:32" if zh else "Printed 21 Nov 2026 (Sat) 10:32",
        "facts": [{"name": "客户" if zh else "Customer", "value": "王桂香"}],
        "opinions": [{"name": "村评" if zh else "Village", "value": "不经村评" if zh else "None"}],
        "bounds": [{"name": "模型额度" if zh else "Model line", "value": "2.01 万元", "is_binding": True}],
        "words": ["取其中最小。" if zh else "The smallest holds."],
        "refusal": "",
        "steps": [{"name": "批准" if zh else "Approved", "amount": "2.00 万元", "by": "江涛", "at": "2026-11-21", "text": "x"}],
        "documents": [{"name": "收入证明" if zh else "Proof of income", "value": "2026-11-20"}],
        "signatures": [{"role": "客户经理" if zh else "Officer", "name": "", "at": ""}],
    }  # fmt: skip


def refusal(language):
    """The letter on an application that was not granted."""
    zh = language.startswith("zh")
    return {
        "bank": BANK,
        "number": "2026-18",
        "place": "",
        "customer": "王桂香",
        "day": "2026-11-21",
        "reason": "现有负债较多" if zh else "Existing debts are too high",
        "stamp": "",
        "facts": [{"name": "申请金额" if zh else "Amount", "value": "5.00 万元"}],
        "notice_title": "怎样要求人工复核" if zh else "How to ask for a review",
        "notice": ["可以提出异议。" if zh else "You may object."],
    }


def card(language):
    """The card of a signed line."""
    zh = language.startswith("zh")
    names = ("签约合同", "发卡日期", "有效期至", "发卡机构") if zh else ("Contract", "Issued", "Valid until", "Branch")
    values = ("ZY2026-0001", "2026-11-21", "2028-11-21", "城东支行" if zh else "East branch")
    return {
        "bank": BANK,
        "title": "预授信卡" if zh else "Credit line card",
        "number": "2026 0000 0000 0019",
        "holder": "王桂香",
        "rows": [{"name": name, "value": value} for name, value in zip(names, values, strict=True)],
        "words": ["凭本卡和身份证用信。" if zh else "Draw with this card and your ID card."],
    }


CODE = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><path d="M0 0h5v5z"/></svg>'


def notice(language):
    """A notice of 70 households, half of them with an amount."""
    english = language == "en"
    return {
        "bank": BANK,
        "village": "罗峰街道刘家村",
        "round": "刘家村整村授信",
        "number": "Notice 1" if english else "第 1 号",
        "period": "2026-11-23 – 2026-12-02",
        "beside": "Grade" if english else "等级",
        "has_amounts": False,
        "rows": [
            {
                "place": place,
                "name": masked_name(PEOPLE[place % len(PEOPLE)]),
                "group": "三组",
                "grade": "二级",
                "amount": "—",
            }
            for place in range(1, 71)
        ],
        "paragraphs": ["公示期内对名单有异议的，可以向支行提出。"],
        "contact": [{"name": "受理异议", "value": "罗峰支行"}],
        "stamp": "2026-11-23 10:00",
    }


def village(language):
    """The report of a village with every part."""
    start = datetime(2026, 10, 12, 9, tzinfo=SHANGHAI)
    order = ("prepare", "list", "assess", "opening", "decide", "notice", "sign")
    times = [
        (stage, start + timedelta(days=place * 4), start + timedelta(days=place * 4 + 4))
        for place, stage in enumerate(order)
    ]
    document = document_of(
        Village(
            facts={
                "round": "刘家村整村授信",
                "village": "刘家村",
                "town": "罗峰街道",
                "branch": "罗峰支行",
                "owner": PEOPLE[0],
                "opened_at": start.isoformat(),
            },
            counts={
                "roster": 300,
                "blocked": 6,
                "assessable": 294,
                "assessed": 290,
                "granted": 3,
                "publicised": 2,
                "signed": 1,
            },
            blocked={"black": 2, "grey": 4},
            standings={"granted": 3, "needs_file": 2},
            granted=[Decimal(20_000), Decimal(50_000), Decimal(180_000)],
            bands=[Decimal(10_000), Decimal(50_000), Decimal(200_000)],
            amounts={1: [Decimal(20_000)] * 3, 2: [Decimal(30_000), Decimal(90_000), Decimal(40_000)]},
            spread_limit_percent=Decimal(100),
            stages=stage_times(times, {}),
            notices={"notices": 1, "objections": 2, "upheld": 1, "dismissed": 1},
            follow_up={"needs_file": [1, 2], "away": [3]},
        )
    )
    kept = SimpleNamespace(made_at=start + timedelta(days=30), sha256="0f" * 32)
    round = SimpleNamespace(grid=SimpleNamespace(institution=SimpleNamespace(name=BANK)))
    with translation.override(language):
        return village_pages.report_paper(village_pages.page_of(document, kept, language), round)


def summary(language):
    """The village summary of a round."""
    english = language == "en"
    return {
        "bank": BANK,
        "village": "罗峰街道 刘家村",
        "round": "刘家村整村授信",
        "stamp": f"Version 2 · {PEOPLE[0]} · 2026-11-21 09:30"
        if english
        else f"第 2 版 · {PEOPLE[0]} · 2026-11-21 09:30",
        "facts": [
            {"name": "Roster" if english else "名册", "value": "300"},
            {"name": "Owner" if english else "项目负责人", "value": PEOPLE[0]},
        ],
        "answers": [
            {"label": "Residents" if english else "常住人口", "text": "812"},
            {"label": "Village committee" if english else "村两委和联系人", "text": "刘主任、王会计"},
        ],
    }


PAPERS = {
    "summary": summary,
    "notice": notice,
    "village": village,
    "application": application,
    "card": card,
    "refusal": refusal,
    "form": form,
    "weekly": weekly,
    "line": line,
    "assessment": assessment,
    "decision": decision,
    "conclusion": conclusion,
}
