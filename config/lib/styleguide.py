"""The style page: every part of the design with its states, in the words and figures of a county that does not exist."""

import math
from datetime import datetime, timedelta
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from config.lib import clock
from config.lib.access import allow
from config.lib.weeks import Week, last_weeks

_CROPS = [
    ("", "请选择"),
    ("apple", "苹果"),
    ("wheat", "小麦玉米轮作"),
    ("vegetable", "大棚蔬菜"),
    ("noodle", "粉丝加工"),
]
_VILLAGES = ["前花园村", "后花园村", "西沟村", "大吴家村", "沟上村", "城子村", "官道村", "南院庄村", "石棚村", "朱范村"]


class SampleForm(forms.Form):
    """A field of every kind."""

    head = forms.CharField(label="户主姓名", max_length=20)
    crop = forms.ChoiceField(label="主要经营", choices=_CROPS, help_text="一户多业时选收入最高的一项")
    house = forms.DecimalField(label="房屋估值")
    income = forms.DecimalField(label="经营毛收入")
    cost = forms.DecimalField(label="经营成本")
    area = forms.DecimalField(label="承包面积", required=False)
    grade = forms.ChoiceField(
        label="综合评价", choices=[("AAA", "AAA"), ("AA", "AA"), ("A", "A"), ("none", "不评")], widget=forms.RadioSelect
    )
    needs = forms.MultipleChoiceField(
        label="需求",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("loan", "贷款"), ("deposit", "存款"), ("card", "社保卡"), ("pay", "收款码"), ("none", "暂无")],
    )
    agreed = forms.BooleanField(label="已向客户出示并说明个人信息告知书，客户同意")
    note = forms.CharField(label="备注", required=False, widget=forms.Textarea(attrs={"rows": 2}))


def _wave(at: int, base: int, swing: int) -> int:
    return base + round(swing * math.sin(at / 2.1)) + at * swing // 9


def _charts(week: Week) -> dict[str, Any]:
    labels = [f"{one.number}" for one in last_weeks(12, week)]
    return {
        "trend": {
            "kind": "trend",
            "title": "近 12 周，每周新增",
            "format": "count",
            "unit": "户",
            "labels": labels,
            "series": [
                {"name": "走访", "values": [_wave(at, 210, 60) for at in range(12)], "urls": ["#trend"] * 12},
                {"name": "建档", "values": [_wave(at, 160, 48) for at in range(12)]},
                {"name": "授信", "values": [None, None, *[_wave(at, 40, 35) for at in range(10)]]},
            ],
        },
        "waterfall": {
            "kind": "waterfall",
            "title": "额度怎么来的",
            "format": "wan",
            "unit": "万元",
            "labels": ["净资产部分", "纯收入部分", "扣除他行负债", "模型额度", "产品上限", "村评议", "最终额度"],
            "series": [{"name": "金额", "values": ["98000", "126000", "-15000", "209000", "200000", "80000", "80000"]}],
            "kinds": ["add", "add", "sub", "total", "cap", "cap", "total"],
        },
        "bars": {
            "kind": "bars",
            "title": "各网格本周走访",
            "format": "count",
            "unit": "户",
            "horizontal": True,
            "labels": _VILLAGES[:7],
            "series": [{"name": "走访", "values": [41, 37, 33, 21, 18, 9, 0]}],
        },
        "histogram": {
            "kind": "histogram",
            "title": "额度分布，调整前后",
            "format": "count",
            "unit": "户",
            "labels": ["0", "0–2", "2–4", "4–6", "6–8", "8–10", "10–15", "15–20"],
            "series": [
                {"name": "调整前", "values": [31, 62, 118, 96, 61, 28, 12, 4]},
                {"name": "调整后", "values": [31, 48, 104, 109, 72, 35, 16, 6]},
            ],
        },
    }


def _map() -> dict[str, Any]:
    shapes = []
    for at, name in enumerate(_VILLAGES * 3):
        row, column = divmod(at, 6)
        west, south = 120.30 + column * 0.024, 37.30 + row * 0.02
        bend = 0.004 * math.sin(at)
        ring = [
            [west, south],
            [west + 0.022, south + bend],
            [west + 0.022 + bend, south + 0.018],
            [west - bend, south + 0.018],
            [west, south],
        ]
        values = {"visited": None if at == 11 else str(round(0.2 + 0.028 * at, 4)), "granted": str(at * 132_000)}
        shapes.append(
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "properties": {
                    "label": f"{name}{at // 10 + 1} 组",
                    "note": "王建国 · 324 户",
                    "url": "#map",
                    "values": values,
                },
            }
        )
    figures = [
        {"key": "visited", "label": "走访率（全部户数）", "format": "ratio", "unit": ""},
        {"key": "granted", "label": "授信余额", "format": "wan", "unit": "万元"},
    ]
    return {"geojson": {"type": "FeatureCollection", "features": shapes}, "figures": figures}


def _parts(now: datetime) -> dict[str, Any]:
    run = {"label": "计算额度 · 前花园村等 60 个网格", "unit": "户", "started_at": now, "by": "李敏"}
    steps = ["告知同意", "家庭", "资产负债", "收入支出", "需求产品", "照片完成"]
    return {
        "stats": [
            {
                "label": "本周走访",
                "value": "1,284",
                "unit": "户",
                "url": "#stats",
                "change": 96,
                "change_label": "比上周",
            },
            {"label": "走访率", "value": "72.10 %", "url": "#stats", "note": "全部户数 20,318"},
            {
                "label": "本周授信",
                "value": "1,206.50",
                "unit": "万元",
                "url": "#stats",
                "change": -38,
                "change_label": "比上周",
            },
            {
                "label": "待复核",
                "value": "47",
                "unit": "户",
                "url": "#stats",
                "note": "最久 6 天",
                "warn": "有 3 户超过 5 天",
            },
        ],
        "funnel": [
            {"label": "在册", "value": 20318, "url": "#funnel", "increment": 0},
            {"label": "已走访", "value": 14650, "url": "#funnel", "increment": 1284, "of": "全部户数", "whole": 20318},
            {"label": "已建档", "value": 12407, "url": "#funnel", "increment": 1102, "of": "全部户数", "whole": 20318},
            {"label": "已复核", "value": 11890, "url": "#funnel", "increment": 974, "of": "已建档户数", "whole": 12407},
            {"label": "已评议", "value": 9022, "url": "#funnel", "increment": 610, "of": "可评议户数", "whole": 19266},
            {"label": "已授信", "value": 6713, "url": "#funnel", "increment": 402, "of": "可评议户数", "whole": 19266},
            {"label": "已签约", "value": 3120, "url": "#funnel", "increment": 188, "of": "已授信户数", "whole": 6713},
            {"label": "已用信", "value": 1985, "url": "#funnel", "increment": 73, "of": "已授信户数", "whole": 6713},
        ],
        "runs": [
            {
                **run,
                "id": "a",
                "state": "running",
                "done": 8412,
                "total": 20318,
                "remaining": "约 2 分钟",
                "cancel_url": "#",
                "poll_url": "?part=run",
            },
            {
                **run,
                "id": "b",
                "state": "failed",
                "done": 6120,
                "total": 20318,
                "error": "计算服务中断在第 31 批。已完成的部分保留，重新开始会接着算。",
            },
            {**run, "id": "c", "state": "done", "done": 20318, "total": 20318, "result_url": "#progress"},
        ],
        "steps": [
            {"label": label, "state": "done" if at < 2 else "now" if at == 2 else "todo"}
            for at, label in enumerate(steps)
        ],
        "compare": [
            {
                "title": "家庭与资产",
                "rows": [
                    {"label": "家庭人口", "before": "4 人", "after": "4 人"},
                    {"label": "劳动力", "before": "3 人", "after": "2 人", "changed": True},
                    {
                        "label": "房屋估值",
                        "before": "180,000 元",
                        "after": "220,000 元",
                        "changed": True,
                        "change": 40000,
                    },
                ],
            },
            {
                "title": "收入与负债",
                "rows": [
                    {
                        "label": "苹果 8 亩，毛收入",
                        "before": "64,000 元",
                        "after": "71,500 元",
                        "changed": True,
                        "change": 7500,
                    },
                    {"label": "他行贷款", "before": "30,000 元", "after": None, "changed": True},
                ],
            },
        ],
        "timeline": [
            {
                "title": "复核通过",
                "at": now - timedelta(hours=5),
                "by": "赵丽（AB角）",
                "text": "与第 2 版相比 4 处变化，全部有依据",
                "icon": "check",
                "url": "#timeline",
            },
            {
                "title": "走访并更新档案（第 3 版）",
                "at": now - timedelta(days=2),
                "by": "王建国、孙浩",
                "text": "本人在家，定位误差 12 米，照片 3 张",
                "icon": "walk",
            },
            {
                "title": "列入关注",
                "at": now - timedelta(days=40),
                "by": "李敏",
                "text": "为外村亲属担保 10 万元",
                "icon": "flag",
                "badge": "黄色预警",
                "tone": "yellow",
            },
        ],
        "stages": [
            {"label": "准备", "state": "done", "note": "11-02 完成，用 3 天"},
            {"label": "定名单", "state": "done", "note": "可评议 405 户，不宜评议 22 户"},
            {
                "label": "背靠背评议",
                "state": "now",
                "note": "3 份评议表，已封 2 份；截止 11-24 周二",
                "url": "#stages",
                "action": "看评议表进度",
            },
            {"label": "开封合并", "state": "todo"},
            {"label": "审查审批", "state": "todo"},
            {"label": "公示", "state": "todo"},
            {"label": "签约", "state": "todo"},
        ],
        "board": [
            {
                "name": "评议中",
                "cards": [("前花园村", "第 6 天", "已封 2 / 3", ""), ("西沟村", "第 2 天", "已封 0 / 3", "")],
            },
            {"name": "待审批", "cards": [("大吴家村", "第 9 天", "398 户 · 1,640.00 万元", "超期 4 天")]},
            {"name": "公示中", "cards": [("官道村", "第 3 天", "异议 1 件", ""), ("石棚村", "第 5 天", "无异议", "")]},
            {"name": "签约中", "cards": [("城子村", "第 21 天", "已签 188 / 301", "")]},
        ],
        "people": [
            {
                "lead": "1",
                "title": "王桂兰",
                "aside": "0112 户 · 3 组",
                "note": "上次走访 94 天前 · 苹果 8 亩",
                "end": "320 米",
            },
            {
                "lead": "2",
                "title": "孙玉田",
                "aside": "0087 户 · 2 组",
                "note": "被退回：收入缺少卖货单据",
                "end": "510 米",
                "badge": "退回",
                "tone": "wait",
            },
            {"lead": "3", "title": "李秀英", "aside": "0241 户 · 5 组", "note": "从未走访", "end": "1.2 公里"},
        ],
        "hits": [
            {"url": "#search", "who": "王桂兰", "tie": "户主", "number": "0112", "place": "前花园村 · 3 组"},
            {
                "url": "#search",
                "who": "王桂兰",
                "tie": "户主 孙玉田 的配偶",
                "number": "0034",
                "place": "西沟村 · 1 组 · 手机尾号 5678",
            },
        ],
        "sheet": [
            {"id": 1, "head": "孙玉田", "number": "0087 户", "group": "2 组", "value": "50000"},
            {"id": 2, "head": "李秀英", "number": "0241 户", "group": "5 组", "value": ""},
        ],
        "amounts": [("10000", "1"), ("20000", "2"), ("30000", "3"), ("50000", "5"), ("80000", "8"), ("100000", "10")],
        "asides": [("unknown", "不了解"), ("recused", "亲属回避"), ("refuse", "不宜授信")],
        "league": [
            SimpleNamespace(
                rank=at + 1,
                name=name,
                roster=1200 - at * 60,
                visited=1010 - at * 130,
                week=96 - at * 14,
                money=3_860_000 - at * 410_000,
                rise=[1, -1, 0, 2][at],
                own=at == 1,
            )
            for at, name in enumerate(["王建国", "孙浩", "赵丽", "刘志强"])
        ],
        "filters": [
            {
                "name": "village",
                "label": "网格",
                "kind": "select",
                "main": True,
                "options": [(str(at), name) for at, name in enumerate(_VILLAGES)],
            },
            {
                "name": "state",
                "label": "状态",
                "kind": "select",
                "main": True,
                "options": [("visited", "已走访"), ("new", "未走访")],
            },
            {"name": "q", "label": "姓名或户号", "kind": "search", "main": True},
            {"name": "since", "label": "走访日期不早于", "kind": "date"},
            {"name": "late", "label": "只看超期", "kind": "check"},
        ],
    }


@allow("administrator", "parameter_manager")
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show every part of the design with its states; answers the htmx examples of the page itself."""
    part = request.GET.get("part")
    if part == "run":
        return render(request, "components/progress.html", {"run": _parts(clock.now())["runs"][0]})
    if part == "broken":
        return HttpResponse(status=500)
    if part == "key":
        return JsonResponse({"key": "c2FtcGxlIGtleSBvZiB0aGUgc3R5bGUgcGFnZSAzMmI="})
    now, week = clock.now(), Week.containing(clock.today())
    context = {
        **_parts(now),
        **_charts(week),
        "map": _map(),
        "now": now,
        "sample_week": week,
        "completion": Fraction(292, 405),
        "form": SampleForm(request.POST or None, initial={"grade": "AA"}),
        "bad": SampleForm({"head": "", "income": "三万"}, auto_id="bad_%s"),
        "page": Paginator(range(734), 20).get_page(request.GET.get("page") or 4),
        "where": [{"label": "招远农商银行", "url": "#"}, {"label": "城关支行", "url": "#"}, {"label": "前花园村"}],
    }
    return render(request, "styleguide.html", context)
