"""The file of a household in every order of steps: whatever comes, no illegal state, the history whole, and what feeds a line is the
last revision that was checked and trusted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.db import connection, transaction
from django.http import Http404
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from PIL import Image

from config.lib import clock
from customers import access
from customers.domain import economics
from customers.domain.guard import Revision, read, sudden_changes
from customers.domain.household_life import Change
from customers.domain.visits import SHEET
from customers.models import ChangeFlag, CheckTask, Household, Person, Profile, ProfileCheck, Visit
from customers.selectors.trusted import newest_trusted
from customers.services import consents, guard, life
from customers.services.checks import CheckConflictError, OwnWorkError, RemarkMissingError, check_profile
from customers.services.guard import ChangeRefusedError
from customers.services.life import LifeProblemsError, LifeRefusedError
from customers.services.visits import Photo, VisitRefusedError, submit_visit
from tests import world as world_module
from tests.conftest import acting_as
from tests.customers.builders import document, frozen_files, make_household, release_parameters, submission
from tests.customers.guarding import LIMITS, house, picture, release_guard

TOLD = (Http404, OwnWorkError, CheckConflictError, RemarkMissingError, ChangeRefusedError, VisitRefusedError)
FIGURES = ("assets", "liabilities", "net_income", "expenses")


@dataclass
class Told:
    """One revision as the steps said it."""

    pk: int
    hash: str
    at: Any
    amounts: dict[str, Decimal]
    makers: set[int]
    verdict: str = ""
    checked_at: Any = None
    flags: dict[str, str] = field(default_factory=dict)
    proved: set[str] = field(default_factory=set)

    @property
    def is_trusted(self) -> bool:
        return self.verdict == "accepted" and all(outcome == "confirmed" for outcome in self.flags.values())


class FileLife(RuleBasedStateMachine):
    """One household of Liu Village; Chen covers it, Deng and Gao check, paper is typed by any of the three."""

    def __init__(self) -> None:
        super().__init__()
        self.world = world_module.build()
        release_parameters(self.world)
        release_guard(self.world)
        self.home = make_household(self.world.liu)
        self.told: list[Told] = []
        self.consented = False
        self.sheet = BytesIO()
        Image.new("RGB", (8, 8), "white").save(self.sheet, "JPEG")

    def _attempt(self, who: str, work: Callable[[Any, Any], Any]) -> Any:
        """What a page would do; None where the person was told why not."""
        staff = getattr(self.world, who)
        try:
            with acting_as(staff) as post:
                return work(staff, post)
        except TOLD:
            return None

    # --- Submit, by each door ----------------------------------------------------------------------------------------

    @rule(
        door=st.sampled_from(["page", "api", "paper"]),
        typist=st.sampled_from(["chen", "gao"]),
        consent=st.sampled_from(["standing", "spoken"]),
        worth=st.sampled_from([100_000, 120_000, 150_000, 400_000]),
        spent=st.sampled_from([20_000, 24_000, 60_000]),
    )
    def submit(self, door: str, typist: str, consent: str, worth: int, spent: int) -> None:
        is_typed = door == "paper"
        who = typist if is_typed else "chen"
        # Who died or moved out is told by the file no more.
        present = [str(one.pk) for one in Person.objects.filter(household=self.home, left_on__isnull=True)]
        filled = document(self.home, assets=house(worth), expenses=[{"kind": "living", "amount": str(spent)}])
        filled["members"] = [one for one in filled["members"] if one["person"] in present]
        filled["borrower"] = present[0]
        more: dict[str, Any] = {}
        if is_typed:
            more = {"lead_id": self.world.chen.pk, "photos": (Photo(self.sheet.getvalue(), "a.jpg", SHEET),)}
            more["device_at"] = clock.now()
        sent = submission(self.home, entry=door, consent=consent, document=filled, **more)
        before = Visit.objects.count()

        def work(staff: Any, post: Any) -> Any:
            place = access.open_place(post, self.home.pk)
            return submit_visit(staff=staff, post_id=post.pk, place=place, submission=sent)

        stored = self._attempt(who, work)
        if stored is None:
            # Nothing at all is kept of a refused submit; the one reason is that no consent stands.
            assert consent == "standing"
            assert not self.consented
            assert Visit.objects.count() == before
            return
        assert consent == "spoken" or self.consented
        self.consented = True
        kept = Profile.objects.get(pk=stored.profile.pk)
        amounts = {name: kept.amount(name) for name in FIGURES}
        one = Told(
            kept.pk, kept.document_hash, kept.submitted_at, amounts, {self.world.chen.pk, getattr(self.world, who).pk}
        )
        trusted = [Revision(old.pk, old.at, old.amounts, frozenset(old.flags)) for old in self.told if old.is_trusted]
        found = sudden_changes(Revision(kept.pk, kept.submitted_at, amounts), trusted, read(LIMITS))
        one.flags = {change.figure: "" for change in found}
        self.told.append(one)

    # --- The second check --------------------------------------------------------------------------------------------

    @precondition(lambda self: self.told)
    @rule(
        who=st.sampled_from(["chen", "deng", "gao", "fang"]),
        verdict=st.sampled_from(["accepted", "returned"]),
        is_stale=st.booleans(),
    )
    def check(self, who: str, verdict: str, is_stale: bool) -> None:
        newest = self.told[-1]
        target = self.told[0] if is_stale else newest

        def work(staff: Any, post: Any) -> Any:
            opened = access.open_check(self.home.pk)
            profile = Profile.objects.select_related("visit").get(pk=target.pk) if is_stale else opened
            remarks = [{"path": "assets.0", "text": "请附照片"}] if verdict == "returned" else []
            return check_profile(staff=staff, post_id=post.pk, profile=profile, verdict=verdict, remarks=remarks)

        done = self._attempt(who, work)
        allowed = (
            target is newest
            and not newest.verdict
            and self.consented
            and who != "fang"
            and getattr(self.world, who).pk not in newest.makers
        )
        assert (done is not None) is allowed
        if done is not None:
            newest.verdict, newest.checked_at = verdict, done.checked_at

    # --- Sudden changes ----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.told and self.told[-1].flags)
    @rule(figures=st.sets(st.sampled_from(FIGURES), max_size=2))
    def prove(self, figures: set[str]) -> None:
        newest = self.told[-1]

        def work(staff: Any, post: Any) -> Any:
            profile = access.open_changes_to_prove(post, self.home.pk)
            return guard.add_proof(
                staff=staff, post_id=post.pk, profile=profile, figures=figures, content=picture(), name="a.jpg"
            )

        opened = {name for name, outcome in newest.flags.items() if not outcome and (not figures or name in figures)}
        done = self._attempt("chen", work)
        assert (done is not None) is bool(opened)
        if done is not None:
            newest.proved |= opened

    @precondition(lambda self: self.told and self.told[-1].flags)
    @rule(who=st.sampled_from(["chen", "deng", "gao"]), outcome=st.sampled_from(["confirmed", "refused"]))
    def settle(self, who: str, outcome: str) -> None:
        newest = self.told[-1]

        def work(staff: Any, post: Any) -> Any:
            profile = access.open_changes_to_settle(self.home.pk)
            return guard.settle(staff=staff, post_id=post.pk, profile=profile, outcome=outcome, answer="看过")

        waiting = {name for name, told in newest.flags.items() if not told}
        allowed = (
            bool(waiting)
            and self.consented
            and getattr(self.world, who).pk not in newest.makers
            and (outcome == "refused" or waiting <= newest.proved)
        )
        done = self._attempt(who, work)
        assert (done is not None) is allowed
        if done is None:
            return
        newest.flags |= dict.fromkeys(waiting, outcome)
        if outcome == "refused" and not newest.verdict:
            newest.verdict = "returned"

    # --- What happens to the household meanwhile ---------------------------------------------------------------------

    @precondition(lambda self: self.consented)
    @rule()
    def withdraw_consent(self) -> None:
        def work(staff: Any, post: Any) -> Any:
            place = access.open_place(post, self.home.pk)
            return consents.withdraw(staff=staff, post_id=post.pk, household=place, scopes=("collection",))

        assert self._attempt("chen", work) is not None
        self.consented = False

    @rule(step=st.sampled_from(["move", "death", "head", "borrower"]))
    def live_on(self, step: str) -> None:
        people = {one.relation: one for one in Person.objects.filter(household=self.home, left_on__isnull=True)}
        here = Household.objects.get(pk=self.home.pk)
        spare = next((one for one in people.values() if one.pk not in (here.head_id, here.borrower_id)), None)
        if spare is None or (step == "death" and len(people) < 3):
            return
        there = self.world.wang if here.grid_id == self.world.liu.pk else self.world.liu
        more: dict[str, Any] = {"to_grid": there.pk} if step == "move" else {"person": spare.pk}
        if step == "head":
            more["relations"] = {here.head_id: "other"}
        change = Change(kind=step, on=clock.today(), reason="户口簿", **more)

        def work(staff: Any, post: Any) -> Any:
            home = access.open_household(post, self.home.pk)
            return life.propose(staff=staff, post_id=post.pk, household=home, change=change, number="")

        try:
            event = self._attempt("chen", work)
        except (LifeRefusedError, LifeProblemsError):
            return
        if step == "move" and event is not None:

            def confirm(staff: Any, post: Any) -> Any:
                found = access.open_household_event(post, event.pk)
                return life.confirm(staff=staff, post_id=post.pk, event=found)

            self._attempt("gao", confirm)

    # --- What holds after every step ---------------------------------------------------------------------------------

    @invariant()
    def the_history_is_complete(self) -> None:
        kept = list(Profile.objects.filter(subject_id=self.home.pk).order_by("number").select_related("visit"))
        assert [(one.pk, one.document_hash) for one in kept] == [(one.pk, one.hash) for one in self.told]
        assert [one.number for one in kept] == list(range(1, len(kept) + 1))
        assert all(economics.digest(one.document) == one.document_hash for one in kept)

    @invariant()
    def verdicts_and_flags_are_those_that_were_given(self) -> None:
        checks = ProfileCheck.objects.filter(subject_id=self.home.pk).select_related("profile__visit")
        verdicts = {one.profile_id: one.verdict for one in checks}
        assert verdicts == {one.pk: one.verdict for one in self.told if one.verdict}
        for one in checks:
            visit = one.profile.visit
            assert one.checker_id not in (visit.lead_id, visit.partner_id, visit.typed_by_id, one.profile.collector_id)
        flags: dict[int, dict[str, str]] = {}
        for flag in ChangeFlag.objects.filter(subject_id=self.home.pk):
            flags.setdefault(flag.profile_id, {})[flag.figure] = flag.outcome
            assert flag.outcome != "confirmed" or flag.proofs.exists()
        assert flags == {one.pk: one.flags for one in self.told if one.flags}

    @invariant()
    def a_line_is_fed_by_the_last_checked_and_trusted_revision(self) -> None:
        trusted = [one.pk for one in self.told if one.is_trusted][-1:]
        assert [one.pk for one in newest_trusted([self.home.pk])] == trusted
        usable = trusted[0] if trusted and self.consented else None
        assert frozen_files(self.home.institution_id).get(self.home.pk) == usable

    @invariant()
    def one_file_waits_at_most_and_never_for_who_made_it(self) -> None:
        waits = bool(self.told) and not self.told[-1].verdict and self.consented
        for who in ("chen", "deng", "gao", "fang"):
            own = bool(self.told) and getattr(self.world, who).pk in self.told[-1].makers
            with acting_as(getattr(self.world, who)):
                assert access.check_queue() == ([self.home.pk] if waits and not own and who != "fang" else [])

    @invariant()
    def a_check_is_in_hand_of_somebody_who_may_and_only_while_it_waits(self) -> None:
        tasks = list(CheckTask.objects.filter(subject_id=self.home.pk, closed_at__isnull=True))
        waits = bool(self.told) and not self.told[-1].verdict
        # Deng alone may be given one: Chen collected it, and a manager takes what he wants.
        assert [(one.profile_id, one.checker_id) for one in tasks] == (
            [(self.told[-1].pk, self.world.deng.pk)] if waits else []
        )

    @invariant()
    def every_row_is_where_its_household_is(self) -> None:
        with connection.cursor() as cursor:
            for table in ("profile", "profilecheck", "changeflag", "visit", "checktask"):
                cursor.execute(
                    f"select count(*) from customers_{table} as fact join customers_subject as subject "
                    "on subject.id = fact.subject_id where fact.grid_id <> subject.grid_id"
                )
                assert cursor.fetchone()[0] == 0, table


class TestFileLife(TestCase):
    """Hypothesis against the database: each example in a transaction that is rolled back."""

    def test_no_order_of_steps_leads_to_an_illegal_state(self) -> None:
        class InTransaction(FileLife):
            def __init__(self) -> None:
                self.frame = transaction.atomic()
                self.frame.__enter__()
                super().__init__()

            def teardown(self) -> None:
                transaction.set_rollback(True)
                self.frame.__exit__(None, None, None)

        # Not shrunk: each step is some dozen statements, and the steps as drawn can be followed.
        run_state_machine_as_test(
            InTransaction,
            settings=settings(
                max_examples=8, stateful_step_count=22, deadline=None, database=None, phases=[Phase.generate]
            ),
        )
