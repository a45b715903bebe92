"""The stages of a round, the steps between them, and the pages they are worked on (Design, 5). Nothing here knows the database."""

PREPARE, LIST, ASSESS, OPENING, DECIDE, NOTICE, SIGN, CLOSED = STAGES = (
    "prepare",
    "list",
    "assess",
    "opening",
    "decide",
    "notice",
    "sign",
    "closed",
)

MOVES = frozenset(
    {
        (PREPARE, LIST),
        (LIST, ASSESS),
        (ASSESS, OPENING),
        (OPENING, DECIDE),
        (OPENING, ASSESS),
        (DECIDE, NOTICE),
        (DECIDE, SIGN),
        (NOTICE, SIGN),
        (SIGN, CLOSED),
        (PREPARE, CLOSED),
        (LIST, CLOSED),
        (DECIDE, CLOSED),
    }
)
"""Every step a round can take; ``lib.keep_round`` holds the same list."""

BY_HAND = MOVES - {(ASSESS, OPENING), (OPENING, DECIDE), (OPENING, ASSESS)}
"""Steps the project's people take; into and out of the opening two people and the opener lead."""

BEFORE_ASSESSMENT = (PREPARE, LIST)
DECIDABLE = (DECIDE, NOTICE, SIGN)
"""Stages in which decisions may still be taken: one that was returned or computed anew does not wait for another round."""

PAGES = ("prepare", "list", "assess", "opening", "merge", "review", "notice", "sign", "closed")
"""The pages of a round. Merging and reviewing are two work lists of one stage, "decide"."""


def stage_of(page: str) -> str:
    """Return the stage a page belongs to."""
    return DECIDE if page in ("merge", "review") else page


def page_of(stage: str) -> str:
    """Return the page a round is first shown on in a stage."""
    return "review" if stage == DECIDE else stage


def has_come(stage: str, page: str) -> bool:
    """Whether a round in ``stage`` has reached the stage of a page."""
    return STAGES.index(stage) >= STAGES.index(stage_of(page))
