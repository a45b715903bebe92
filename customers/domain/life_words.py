"""What is said when a change in the life of a household is refused, in Chinese and English: why, and what to do."""

from collections.abc import Mapping
from typing import Final

SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "kind": ("没有这种变动", "There is no such change"),
    "left": ("这户已离册，先办理返回", "The household has left the roster; record its return first"),
    "not_left": ("这户仍在册，不用办理返回", "The household is on the roster; there is nothing to return from"),
    "reason_missing": ("请写明原因", "Say why"),
    "on_missing": ("请填写日期", "Enter the date"),
    "future": ("日期不能晚于今天", "The date cannot lie in the future"),
    "before_birth": ("日期早于本人出生日期，请核对", "The date lies before the birth of the person; check both"),
    "before_beginning": (
        "日期早于这户分出来的日子，请核对",
        "The date lies before the household was founded; check both",
    ),
    "before_leaving": ("返回日期早于离开日期，请核对", "The day of return lies before the day of leaving; check both"),
    "people_missing": ("请选择分出去的成员", "Choose who founds the new household"),
    "head_stays": (
        "户主留在原户；户主也要分出去的，先更换户主",
        "The head stays; if he goes too, name a new head first",
    ),
    "new_head_missing": ("请选择新户主", "Choose the new head"),
    "person_missing": ("请选择一位成员", "Choose a person"),
    "person_elsewhere": (
        "成员情况已变（已离户或已到别户），请撤回后重新办理",
        "The people are no longer as proposed; withdraw and propose again",
    ),
    "last_member": (
        "这是最后一位成员：迁走请办并户或整户迁移，身故请办离册",
        "This is the last member: merge or move the household, or let it leave the roster",
    ),
    "relation_missing": ("请选择与户主的关系", "Choose the relation to the head"),
    "household_unknown": (
        "这个网格没有这个户号，请核对",
        "There is no household of this number in the grid; check both",
    ),
    "same_household": ("这就是本户，请填对方的户号", "This is the same household; enter the number of the other one"),
    "grid_missing": ("请选择迁往的网格", "Choose the grid it moves to"),
    "same_grid": ("这户就在这个网格", "The household is in this grid already"),
    "grid_kind": ("那个网格不收这一类客户，请选别的", "That grid does not take customers of this kind; choose another"),
    "has_head": ("对方户已有户主，请选别的关系", "The other household has a head; choose another relation"),
    "is_head": ("这位已是户主", "This person is the head already"),
    "is_borrower": ("借款人没有变", "The borrower is the same"),
    "why_missing": ("请选择为什么离册", "Choose why it leaves"),
    "no_return": (
        "只有迁出的可以返回；并户的请办分户，身故登记有误的请支行核实",
        "Only who moved away can return; after a merger use a split, and let the branch look into a wrong record of death",
    ),
    "target_left": ("对方已离册或网格已停用，请核对", "The other household has left, or the grid is closed; check it"),
    "nobody_left": (
        "这样原户就没有人了，请改办并户或离册",
        "Nobody would be left; merge the household or let it leave",
    ),
    "head_missing": (
        "户主须是在户成员，且只有一位，请先更换户主",
        "One present member must be the head; name a new head first",
    ),
    "borrower_absent": (
        "借款人须是在户成员，请先变更借款人",
        "The borrower must be a present member; change the borrower first",
    ),
    "people_lost": ("人数对不上，没有办理", "The people do not add up; nothing was changed"),
    "round": (
        "这户正在本轮评议中，等本轮开启后再办",
        "The household is being assessed; the change can be made once the round is opened",
    ),
    "decision": (
        "这户的授信还没有决定，决定后再办",
        "A decision on the household is still open; the change can be made once it is decided",
    ),
    "line": (
        "这户有生效的额度，先由审批撤回额度",
        "The household holds a line in force; let the approver withdraw it first",
    ),
    "white": (
        "名单会冲突：一户只有一位白名单，有黑灰名单的户没有白名单；先解除白名单",
        "The lists would contradict: a household has one white entry, a blocked one none; release the white entry first",
    ),
    "waiting": (
        "这户有一项变动在等确认，先等它办完或撤回",
        "A change of this household waits to be confirmed; let it be settled or withdraw it first",
    ),
    "settled": ("这项变动已经办过了", "This change is settled already"),
    "own": ("自己提出的须由另一位同事确认", "What you proposed yourself is confirmed by somebody else"),
    "confirmed": ("您这一侧已确认，等另一侧", "Your side has confirmed; the other side is waited for"),
    "unknown": ("这项变动不归您确认", "This change is not yours to confirm"),
    "answer": ("不同意时请写明理由", "Say why you refuse"),
    "events_wait": (
        "村里还有家庭变动在等确认，先办完",
        "Changes of households of the village still wait; let them be settled first",
    ),
    "same_village": ("请选两个不同的、同一类型的网格", "Choose two different grids of one kind"),
    "merger_waits": ("这个村的并村已在等确认", "A merger of this village waits already"),
    "nothing_changed": ("没有要更正的内容", "There is nothing to correct"),
    "name_wrong": ("姓名不对，请核对", "The name is not right; check it"),
    "phone_wrong": ("请填 11 位手机号", "Enter a mobile number of 11 digits"),
    "id_wrong": ("身份证号不对，请对照证件核对", "The ID number is not right; check it against the card"),
    "id_filed": (
        "这个身份证号已在别处登记，请支行核对",
        "The ID number is filed elsewhere; let the branch look into it",
    ),
    "born_wrong": ("出生日期不对，请核对", "The birth date is not right; check it"),
}


def sentence(code: str, language: str = "zh") -> str:
    """What a refusal means and what to do about it."""
    return SENTENCES[code][language.startswith("en")]
