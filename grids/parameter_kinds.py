"""The parameters of the bank itself: the days it works, and whose work needs a commissioned device."""

from config.lib.parameters.kinds import Area, ParameterKind, register
from config.lib.parameters.shape import Chosen, Rows, Scalar, Value, document
from config.lib.tables import Words
from config.lib.working_days import KIND as CALENDAR
from grids.devices import RULE

# Administrators are left out: who hands out devices must be able to sign in without one.
POSTS = (
    ("officer", Words("客户经理", "officer")),
    ("branch_manager", Words("支行行长", "branch manager")),
    ("approver", Words("业务审批岗", "approver")),
    ("parameter_manager", Words("参数管理岗", "parameter manager")),
    ("checker", Words("贷后检查岗", "post-loan checker")),
    ("auditor", Words("审计", "auditor")),
    ("leader", Words("行领导", "leader")),
)

register(
    ParameterKind(
        code=RULE,
        title=Words("设备要求", "Rule of devices"),
        note=Words(
            "哪些岗位只能在已启用的设备上登录；不发布就不要求，改了从下次登录起算",
            "Which posts sign in on commissioned devices alone; without a release none, a change counts from the next sign-in",
        ),
        area=Area.RULES,
        shape=document(
            Chosen(
                name="posts",
                label=Words("只用已启用的设备", "Commissioned devices only"),
                choices=POSTS,
                note=Words("有其中一个岗位的人都要", "Asked of everybody who holds one of these posts"),
                is_optional=True,
            )
        ),
    )
)
register(
    ParameterKind(
        code=CALENDAR,
        title=Words("工作日历", "Working days"),
        note=Words(
            "本行与国家公布的节假日安排不同的日子；期限和剩余工作日按它算，已定的期限不变",
            "Days on which the bank differs from the published holidays; deadlines and working days left go by it, those set stay",
        ),
        area=Area.RULES,
        shape=document(
            Rows(
                name="days",
                label=Words("日子", "Day"),
                code="on",
                most=200,
                is_optional=True,
                members=(
                    Scalar(name="on", label=Words("日期", "Day"), value=Value.DAY),
                    Scalar(name="works", label=Words("这天上班", "The bank works"), value=Value.FLAG, is_optional=True),
                    Scalar(name="note", label=Words("为什么", "Why"), longest=60, is_optional=True),
                ),
            ),
        ),
    )
)
