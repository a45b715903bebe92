"""The steps of merging, bounds and decisions as plain sentences in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from config.lib.money import format_yuan, round_places
from credit.domain.trace import Step

_AMOUNTS = frozenset(
    [
        "amount",
        "cap",
        "counted",
        "exact",
        "exposure",
        "high",
        "highest",
        "limit",
        "low",
        "lowest",
        "median",
        "own",
        "proposed",
        "spread",
        "step",
        "tolerance",
    ]
)

WORDS: dict[str, tuple[str, str]] = {
    # values that are codes
    "policy.any": ("有一份即不予授信", "one refusal is enough"),
    "policy.two": ("两份及以上不予授信", "two refusals are needed"),
    "policy.majority": ("过半数不予授信", "more than half must refuse"),
    "rounding.down": ("向下取整", "rounded down"),
    "rounding.half_up": ("四舍五入", "rounded half up"),
    "kind.own_outstanding": ("本行贷款余额", "outstanding loans here"),
    "kind.own_undrawn": ("本行未用授信", "undrawn lines here"),
    "kind.other_banks": ("他行借款", "loans of other banks"),
    "kind.private": ("民间借款", "private debt"),
    "kind.guarantees": ("对外担保", "guarantees given"),
    "binding.merged": ("评议额度", "the village figure"),
    "binding.model": ("模型额度", "the model line"),
    "binding.product_cap": ("产品上限", "the product cap"),
    "binding.combined_cap": ("线上线下合计余量", "what the combined cap leaves"),
    "binding.headroom": ("家庭授信余量", "the household's headroom"),
    "outcome.refused": ("评议不予授信", "refused by the assessment"),
    "outcome.supplement": ("待补评议", "waiting for more opinions"),
    "outcome.divergent": ("意见分歧", "opinions too far apart"),
}

SENTENCES: dict[str, tuple[str, str]] = {
    # merging
    "opinions_counted": (
        "收到意见 {opinions} 份：给出额度 {amounts} 份，不宜授信 {refusals} 份，不了解 {unknown} 份，回避 {recused} 份。",
        "Opinions received: {opinions}; with an amount {amounts}, refusals {refusals}, household unknown {unknown}, "
        "stepped aside {recused}.",
    ),
    "scores_turned": (
        "其中 {count} 份按打分表折成额度：{scores}。",
        "Of these, given by points and turned into amounts by the table: {count} ({scores}).",
    ),
    "quorum_missed": (
        "有效意见 {valid} 份，不足 {quorum} 份，转待补评议。",
        "Valid opinions: {valid}, fewer than the {quorum} required; more opinions are needed.",
    ),
    "quorum_met": ("有效意见 {valid} 份，已达到 {quorum} 份。", "Valid opinions: {valid}, of {quorum} required."),
    "refused": (
        "{refusals} 份意见认为不宜授信（规则：{policy}），评议不予授信。",
        "Refusals: {refusals} (rule: {policy}); the assessment grants no line.",
    ),
    "refusals_dropped": (
        "{refusals} 份意见认为不宜授信，未达到规则（{policy}），合并时不计。",
        "Refusals: {refusals}, below the rule ({policy}); they are left out of the merge.",
    ),
    "too_few_amounts": (
        "给出额度的意见 {amounts} 份，不足 {needed} 份，转待补评议。",
        "Opinions with an amount: {amounts}, fewer than the {needed} required; more opinions are needed.",
    ),
    "spread_too_wide": (
        "最高 {highest}，最低 {lowest}，相差 {spread}，超过中位数 {median}的 {percent}%（{limit}），列为分歧。",
        "Highest {highest}, lowest {lowest}, {spread} apart: more than {percent} % of the median {median} ({limit}). "
        "The opinions diverge.",
    ),
    "spread_accepted": (
        "最高 {highest}，最低 {lowest}，相差 {spread}，未超过中位数 {median}的 {percent}%（{limit}）。",
        "Highest {highest}, lowest {lowest}, {spread} apart: within {percent} % of the median {median} ({limit}).",
    ),
    "amounts_close": (
        "相差不超过 {tolerance}，取全部额度的平均数 {exact}。",
        "The amounts lie within {tolerance}; their mean is {exact}.",
    ),
    "nearest_pair": (
        "相差超过 {tolerance}，取最接近的两个额度 {low}和 {high}的平均数 {exact}。",
        "The amounts lie more than {tolerance} apart; the two closest, {low} and {high}, have the mean {exact}.",
    ),
    "mean_taken": ("取全部额度的平均数 {exact}。", "The mean of all amounts is {exact}."),
    "median_taken": ("取中位数 {exact}。", "The median is {exact}."),
    "minimum_taken": ("取最低额度 {exact}。", "The lowest amount is {exact}."),
    "trimmed_mean_taken": (
        "去掉一个最高额度 {highest}和一个最低额度 {lowest}，其余平均数为 {exact}。",
        "Without the highest {highest} and the lowest {lowest}, the mean is {exact}.",
    ),
    "rounded": (
        "按 {step}{rounding}，评议合并额度为 {amount}。",
        "In steps of {step}, {rounding}, the village figure is {amount}.",
    ),
    # bounds
    "outside_rounds": ("本户不经村级评议。", "The household is decided outside a village round."),
    "village_without_figure": (
        "评议结果：{outcome}，不产生额度。",
        "The assessment ended: {outcome}; there is no amount.",
    ),
    "bound_merged": ("评议合并额度 {amount}。", "Village figure: {amount}."),
    "bound_group": ("评议小组决定额度 {amount}。", "Figure decided by the group: {amount}."),
    "model_line_missing": (
        "没有可用的模型额度，转待建档。",
        "There is no model line; the household file has to be completed first.",
    ),
    "model_line_skipped": (
        "没有可用的模型额度，本批次不要求，不作限制。",
        "There is no model line; this round does not require one, so it sets no limit.",
    ),
    "bound_model": ("模型额度 {amount}。", "Model line: {amount}."),
    "bound_product_cap": ("产品上限 {amount}。", "Product cap: {amount}."),
    "bound_mode_cap": ("“{mode_zh}”的产品上限 {amount}。", "Product cap of “{mode_en}”: {amount}."),
    "bound_combined_cap": (
        "线上线下合计上限 {cap}，减去本行已有贷款和未用授信 {own}，余 {amount}。",
        "Combined cap {cap}, online and offline, less loans and undrawn lines here {own} leaves {amount}.",
    ),
    "exposure_from_core": (
        "负债取自 {as_of} 核心系统数据。",
        "Debts are taken from the core system as of {as_of}.",
    ),
    "exposure_filled": (
        "核心系统没有{kind}，取自 {as_of} 经复核的采集表。",
        "The core system does not hold {kind}; taken from the checked household file of {as_of}.",
    ),
    "exposure_core_alone": (
        "没有经复核的采集表，核心系统以外的负债不明，按没有计。",
        "There is no checked household file: debts outside the core system are unknown and taken as none.",
    ),
    "exposure_from_profile": (
        "负债取自 {as_of} 经复核的采集表（尚无核心系统数据）。",
        "Debts are taken from the checked household file of {as_of} (no core-system data yet).",
    ),
    "exposure_unknown": (
        "{as_of} 还没有经复核的采集表，负债不明，按没有计。",
        "No checked household file on {as_of}: debts are unknown and taken as none.",
    ),
    "exposure_line": (
        "{kind} {amount}，按 {weight} 计入 {counted}。",
        "{kind}: {amount}, counted at {weight}: {counted}.",
    ),
    "replaced_line_left_out": (
        "被替换的原授信 {amount}不计入。",
        "The line being replaced, {amount}, is left out.",
    ),
    "exposure_total": ("家庭已有授信合计 {amount}。", "The household's exposure is {amount}."),
    "bound_headroom": (
        "家庭上限 {cap}，减去已有授信 {exposure}，余量 {amount}。",
        "Household cap {cap} less exposure {exposure} leaves {amount}.",
    ),
    "smallest_bound": ("取其中最小：{binding}，{amount}。", "The smallest holds: {binding}, {amount}."),
    "floored": ("按 {step}向下取整，建议额度 {amount}。", "Rounded down to {step}: the proposed line is {amount}."),
    # decisions
    "officer_lowered": ("客户经理意见：降为 {amount}。", "The officer lowers it to {amount}."),
    "officer_agreed": ("客户经理同意 {amount}。", "The officer agrees to {amount}."),
    "approver_override": (
        "审批人由 {proposed}上调至 {amount}，已说明理由。",
        "The approver raises it from {proposed} to {amount}, with a reason.",
    ),
    "approver_lowered": ("审批人由 {proposed}降为 {amount}。", "The approver lowers it from {proposed} to {amount}."),
    "approver_agreed": ("审批人同意 {amount}。", "The approver agrees to {amount}."),
}


def explain_step(entry: Step, language: str = "zh-hans") -> str:
    """One step as a sentence. Amounts show fen at most; the stored step keeps them exact."""
    index = 1 if language == "en" else 0
    shown = {}
    for key, value in entry.values.items():
        if key in _AMOUNTS:
            shown[key] = format_yuan(round_places(_exact(value), 2), language)
        elif key in ("policy", "rounding", "kind", "outcome", "binding"):
            words = [WORDS[f"{key}.{code}"][index] for code in value.split(",")]
            shown[key] = (" and " if index else "、").join(words)
        else:
            shown[key] = value
    sentence = SENTENCES[entry.code][index].format_map(shown)
    return sentence[0].upper() + sentence[1:] if index else sentence


def bound_name(code: str, trace: Iterable[Step], language: str = "zh-hans") -> str:
    """A bound by name; the product cap with the way in whose cap it is."""
    index = 1 if language == "en" else 0
    name = WORDS[f"binding.{code}"][index].removeprefix("the ")
    ways = [entry.values for entry in trace if entry.code == "bound_mode_cap"] if code == "product_cap" else []
    name = name[:1].upper() + name[1:]
    return name + (f" ({ways[0]['mode_en']})" if index else f"（{ways[0]['mode_zh']}）") if ways else name


def explain_steps(trace: Iterable[Step], language: str = "zh-hans") -> list[str]:
    """A trace as sentences, one a step, in order."""
    return [explain_step(entry, language) for entry in trace]


def _exact(text: str) -> Fraction:
    return Fraction(text) if "/" in text else Fraction(Decimal(text))
