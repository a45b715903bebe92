"""What the demo's rounds prepared: people, plan by day, village summary, checklist; and their lists, settled."""

from datetime import timedelta

from config.lib import clock
from credit.models import Round, SheetSubject
from credit.selectors.rounds import roster_count
from credit.services import listing, preparing
from grids.models import Post, Staff

SUMMARY = {
    "committee": "书记、主任分管授信，联络员在村部值班。",
    "population": "1260",
    "away": "310",
    "farmland": "2480",
    "industries": "苹果和花生为主，养殖户二十余户，合作社两家。",
    "income": "21600",
    "service": "村部设服务点，道路硬化到组，网络通到户。",
    "credit": "近三年没有逾期纠纷。",
    "needs": "春季农资、果园更新、冷库建设。",
}


def prepare(held: Round, manager: Staff, post: Post) -> None:
    """Plan the village with two teams and write down what is known of it."""
    households = roster_count(held).assessable
    first = clock.today() + timedelta(days=1)
    preparing.propose_plan(by=manager, post=post, round=held, first=first, teams=2, per_day=20, households=households)
    preparing.write_summary(by=manager, post=post, round=held, answers=SUMMARY)
    preparing.tick_village(by=manager, post=post, round=held, done=("notice_board", "informant", "service_point"))


def settle(held: Round, manager: Staff, post: Post) -> None:
    """Except the households nobody of age can borrow for, by name and reason."""
    for row in SheetSubject.objects.filter(round=held, is_assessable=True, borrower__isnull=True):
        listing.settle(
            by=manager,
            post=post,
            round=held,
            row=row,
            borrower_id=None,
            exception="no_adult",
            leave_out=False,
            note="户主不在册，借款人待本户商定",
        )
