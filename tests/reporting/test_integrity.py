"""Every rule of integrity: it holds in a well-kept bank, and it finds the one violation planted against it."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from config.lib import integrity
from tests.credit import village
from tests.reporting import well_kept
from tests.world import World

ANY = "(select min(subject_id) from customers_profile)"
OFF = "alter table {} disable trigger user"
# rule: the statements that break it, run as the owner of the database
PLANTED: dict[str, tuple[str, ...]] = {
    "grids.branches_form_a_tree": ("update grids_branch set path = '/0/' where kind = 'branch'",),
    "grids.nothing_crosses_institutions": (
        "insert into grids_institution (name, short_name, county_code, county) values ('x', 'x', '1', 'x')",
        "update grids_grid set institution_id = (select max(id) from grids_institution) where name = '王家村'",
    ),
    "grids.seats_are_not_taken_twice": (
        "insert into grids_seat (grid_id, kind_id, staff_id, outside_name, from_on) "
        "select grid_id, kind_id, staff_id, '', '2026-03-01' from grids_seat limit 1",
    ),
    "grids.transfers_are_confirmed_by_two": (
        "update grids_seat set to_on = null where to_on is not null and staff_id in (select staff_id from grids_transfer)",
    ),
    "grids.deputies_are_there": (
        OFF.format("grids_absence"),
        "insert into grids_absence (institution_id, staff_id, deputy_id, from_on, to_on, reason, recorded_by_id) "
        "select institution_id, deputy_id, staff_id, from_on, to_on, 'x', recorded_by_id from grids_absence",
    ),
    "grids.devices_out_of_hand_reach_nothing": (
        "update grids_apitoken set revoked_at = null where device_id is not null",
    ),
    "grids.attendance_is_said_by_others": (
        OFF.format("grids_attendance"),
        "alter table grids_attendance drop constraint nobody_attends_by_his_own_word",
        "update grids_attendance set recorded_by_id = staff_id",
    ),
    "grids.digests_repeat_once_at_most": (
        OFF.format("grids_digest"),
        "alter table grids_digest drop constraint digest_repeated_once_at_most",
        "update grids_digest set unknown = 2",
    ),
    "grids.staff_files_are_confirmed_by_two": (
        OFF.format("grids_staffimport"),
        "update grids_staffimport set plan = '[]' where state = 'confirmed'",
    ),
    "lib.runs_end": (
        "update lib_jobrun set state = 'running', queued_at = now() - interval '25 hours' "
        "where id = (select min(id) from lib_jobrun)",
    ),
    "lib.chunks_add_up": ("update lib_jobchunk set is_done = false where id = (select min(id) from lib_jobchunk)",),
    "lib.releases_are_signed_by_two": (
        "alter table lib_release drop constraint release_needs_two_people",
        "update lib_release set released_by_id = drafted_by_id where kind = 'round_rules'",
    ),
    "lib.released_drafts_are_their_releases": (
        "update lib_parameterdraft set document = '{}' where state = 'released'",
    ),
    "lib.releases_are_what_was_signed": (
        "update lib_release set document = '{\"quorum\": 1}' where kind = 'round_rules'",
    ),
    "lib.files_are_what_was_stored": ("update lib_storedfile set size = size + 1 where kind = 'report'",),
    "customers.a_household_is_a_subject": (f"update customers_subject set kind = 'unit' where id = {ANY}",),
    "customers.head_and_borrower_are_members": (
        f"update customers_household set borrower_id = (select head_id from customers_household where subject_id <> {ANY} limit 1) "
        f"where subject_id = {ANY}",
    ),
    "customers.rows_follow_their_household": (
        "update customers_person set grid_id = (select max(id) from grids_grid) where id = (select min(id) from customers_person)",
    ),
    "customers.facts_follow_their_household": (
        "update customers_visit set grid_id = (select max(id) from grids_grid) where id = (select min(id) from customers_visit)",
    ),
    "customers.visits_are_counted_as_they_are": (
        "update customers_visittally set own_subjects = own_subjects + 1 where id = (select min(id) from customers_visittally)",
    ),
    "customers.what_waits_is_unchecked": (
        "delete from customers_waitingfile",
        "insert into customers_waitingfile (subject_id, institution_id, grid_id, profile_id, submitted_at) "
        "select subject_id, institution_id, grid_id, id, submitted_at from customers_profile order by id limit 1",
    ),
    "customers.every_name_can_be_found": (
        "delete from customers_persontoken where person_id = (select min(id) from customers_person)",
    ),
    "customers.the_erased_left_nothing": (
        "update customers_person set erased_at = now() where id = (select min(id) from customers_person)",
    ),
    "customers.an_entity_is_a_subject": ("delete from customers_unit",),
    "customers.home_grids_hold_their_subjects": ("update grids_grid set kind = 'market' where name = '刘家村'",),
    "customers.rows_follow_their_entity": (
        "update customers_principal set grid_id = (select max(id) from grids_grid) "
        "where subject_id = (select subject_id from customers_unit)",
    ),
    "customers.every_entity_can_be_found": (
        "delete from customers_subjecttoken where of_person and subject_id = (select subject_id from customers_unit)",
    ),
    "customers.feature_grids_show_and_hold_nobody": (
        OFF.format("customers_subjectgrid"),
        "insert into customers_subjectgrid (institution_id, grid_id, recorded_grid_id, subject_id, feature_id, from_on, added_by_id) "
        "select subject.institution_id, subject.grid_id, subject.grid_id, subject.id, subject.grid_id, current_date, "
        "(select min(id) from grids_staff) from customers_subject as subject where kind = 'business'",
    ),
    "customers.credit_codes_are_right": (
        "update customers_subject set uscc = '92370685M00000010Y' where kind = 'business'",
    ),
    "customers.members_change_with_a_visit": (
        "insert into customers_memberchange (institution_id, grid_id, recorded_grid_id, subject_id, visit_id, person_id, kind, reason, "
        '"on") '
        "select visit.institution_id, visit.grid_id, visit.recorded_grid_id, visit.subject_id, visit.id, person.id, 'left', 'moved', "
        "current_date from customers_visit as visit join customers_person as person on person.household_id = visit.subject_id limit 1",
    ),
    "customers.present_members_have_one_head": (
        "update customers_person set relation = 'head' where relation = 'son' and household_id in (select subject_id from "
        "customers_householdevent where kind = 'split')",
    ),
    "customers.changes_need_two": (
        "alter table customers_householdevent drop constraint household_event_needs_two",
        "update customers_householdevent set giving_by_id = proposed_by_id where kind = 'split'",
    ),
    "customers.changes_leave_their_mark": (
        "update customers_person set left_reason = 'moved' where left_reason = 'deceased'",
    ),
    "customers.contact_plans_follow_their_visit": ("update customers_contactplan set why = 'unreachable'",),
    "customers.plans_stand": ("update customers_plannedvisit set follows_id = null where follows_id is not null",),
    "customers.revisions_have_no_gap": (f"update customers_profile set number = 3 where subject_id = {ANY}",),
    "customers.totals_are_those_of_the_document": (
        "alter table customers_profile alter column net_assets drop expression",
        f"update customers_profile set net_assets = net_assets + 0.01 where subject_id = {ANY}",
    ),
    "customers.every_revision_has_its_facts": (
        "insert into customers_breachfact (institution_id, grid_id, subject_id, profile_id, place) "
        "select institution_id, grid_id, subject_id, profile_id, 0 from customers_householdfacts limit 1",
    ),
    "customers.facts_are_those_of_the_document": (
        "update customers_householdfacts set net_income = net_income + 1 "
        "where profile_id = (select min(profile_id) from customers_householdfacts)",
    ),
    "customers.a_file_is_checked_by_another": (
        "update customers_profilecheck set checker_id = (select lead_id from customers_visit limit 1)",
    ),
    "customers.lists_need_two": (
        "alter table customers_listentry drop constraint list_needs_two_people",
        "update customers_listentry set confirmed_by_id = proposed_by_id",
    ),
    "customers.merges_are_what_they_say": (
        "update customers_person set left_on = current_date, left_reason = 'duplicate' where id = (select min(id) from customers_person)",
    ),
    "customers.white_is_one_and_free": (
        "insert into customers_listentry (institution_id, grid_id, recorded_grid_id, subject_id, person_id, colour, reason, note, answer, "
        "proposed_by_id, confirmed_by_id, confirmed_at) "
        "select entry.institution_id, entry.grid_id, entry.recorded_grid_id, entry.subject_id, person.id, 'white', 'x', '', '', "
        "entry.proposed_by_id, entry.confirmed_by_id, now() from customers_listentry as entry "
        "join customers_person as person on person.household_id = entry.subject_id "
        "where entry.blocks and entry.confirmed_at is not null and entry.released_at is null limit 1",
    ),
    "customers.files_stand_on_consent": (
        "update customers_consent set given_at = given_at + interval '2 days' where visit_id = "
        "(select visit_id from customers_profile order by id limit 1)",
    ),
    "customers.signatures_are_sealed": (
        "update customers_consent set how = 'drawn' where id = (select min(id) from customers_consent)",
    ),
    "customers.reviews_move_the_date": (
        "insert into customers_listreview (institution_id, grid_id, recorded_grid_id, subject_id, entry_id, next_on, reason, reviewed_by_id) "
        "select institution_id, grid_id, recorded_grid_id, subject_id, id, '2030-01-01', 'x', proposed_by_id from customers_listentry limit 1",
    ),
    "customers.releases_need_two": (
        "update customers_listentry set released_at = now(), released_by_id = confirmed_by_id",
    ),
    "customers.visited_is_the_first_visit": (
        f"delete from reporting_countedmilestone where milestone_id in (select id from customers_milestone where subject_id = {ANY})",
        f"delete from customers_milestone where kind = 'visited' and subject_id = {ANY}",
    ),
    "customers.profiled_is_the_first_revision": (
        f"update customers_milestone set reached_at = reached_at - interval '1 day' where kind = 'profiled' and subject_id = {ANY}",
    ),
    "customers.checked_is_an_acceptance": (
        f"update customers_profilecheck set verdict = 'returned' where subject_id = {ANY}",
    ),
    "customers.checks_in_hand_wait": (
        "update customers_checktask set closed_at = null where id = (select min(id) from customers_checktask where subject_id not in "
        "(select subject_id from customers_checktask where closed_at is null))",
        "update customers_checktask set checker_id = (select lead_id from customers_visit join customers_profile as profile "
        "on profile.visit_id = customers_visit.id where profile.id = profile_id)",
    ),
    "customers.changes_are_what_was_found": ("update customers_changeflag set before = before + 1",),
    "customers.changes_are_proved_and_settled_by_another": (
        OFF.format("customers_changeproof"),
        "delete from customers_changeproof",
    ),
    "customers.rosters_add_up": (
        "update customers_rosterimport set summary = jsonb_set(summary, '{totals,people_new}', '4')",
    ),
    "customers.remarks_go_with_a_returned_roster": (
        OFF.format("customers_rosterremark"),
        "insert into customers_rosterremark (roster_id, row, column_name, text) "
        "select id, 2, 'name', 'x' from customers_rosterimport limit 1",
    ),
    "customers.confirmed_rosters_are_written": ("update customers_rosterimport set confirmed_by_id = null",),
    "credit.facts_follow_their_household": (
        "update credit_opinion set grid_id = (select max(id) from grids_grid) where id = (select min(id) from credit_opinion)",
    ),
    "credit.one_result_per_run": (
        "alter table credit_lineresult_shared drop constraint one_result_of_a_run",
        "insert into credit_lineresult (series, institution_id, grid_id, recorded_grid_id, run_id, subject_id, profile_id, line, "
        "inputs_hash, status, reason_bits) select series, institution_id, grid_id, recorded_grid_id, run_id, subject_id, profile_id, "
        "line, inputs_hash, status, reason_bits from credit_lineresult limit 1",
    ),
    "credit.runs_count_their_results": ("update credit_linerun set figures = jsonb_set(figures, '{filed}', '99')",),
    "credit.lines_reproduce": (
        "update credit_lineresult set line = line + 1 where id = (select min(id) from credit_lineresult)",
    ),
    "credit.lines_rest_on_trusted_files": (
        "insert into customers_changeflag (institution_id, grid_id, recorded_grid_id, subject_id, profile_id, figure, base_id, before, "
        "after, release_id, found, flagged_at, due_on) "
        "select result.institution_id, result.grid_id, result.grid_id, result.subject_id, result.profile_id, 'assets', "
        "(select max(id) from customers_profile where id <> result.profile_id), 1, 2, (select min(id) from lib_release), 'sweep', "
        "'2026-01-01', '2026-01-02' from credit_lineresult as result limit 1",
    ),
    "credit.results_refer_to_what_is_there": (
        "update credit_lineresult set entry_id = 0 where id = (select min(id) from credit_lineresult)",
    ),
    "credit.lines_are_published_by_another": (
        "alter table credit_linerun drop constraint lines_published_by_another",
        "update credit_linerun set published_by_id = asked_by_id",
    ),
    "credit.handed_over_after_publication": (
        OFF.format("credit_linehandover"),
        "update credit_linehandover set handed_at = '2026-01-01'",
    ),
    "credit.rounds_keep_their_roster": (
        OFF.format("credit_round"),
        "update credit_round set provenance = jsonb_build_object('households', 99999)",
    ),
    "credit.rounds_know_their_stage": (
        OFF.format("credit_roundstage"),
        "update credit_roundstage set left_at = now() where left_at is null",
    ),
    "credit.applications_follow_their_steps": (
        "update credit_application set stage = 'branch', due_on = '2026-01-01', ended_at = null where ended_at is not null",
    ),
    "credit.applications_keep_to_their_household": (
        OFF.format("credit_applicationdocument"),
        "update credit_applicationdocument set subject_id = (select max(id) from customers_subject where kind = 'household')",
    ),
    "credit.one_line_at_a_time": (
        OFF.format("credit_decisionstep"),
        OFF.format("credit_decision"),
        "insert into credit_decision (institution_id, grid_id, recorded_grid_id, subject_id, round_id, number, outcome, product_cap, "
        "headroom, binding, trace) select institution_id, grid_id, grid_id, subject_id, (select min(id) from credit_round), 1, "
        "'merged', 1, 1, '[]', '{}' from credit_decision where application_id is not null limit 1",
        "insert into credit_decisionstep (institution_id, grid_id, recorded_grid_id, subject_id, decision_id, number, verb, amount, "
        "reason, trace, staff_id, post_kind, taken_at) "
        "select step.institution_id, step.grid_id, step.grid_id, step.subject_id, (select max(id) from credit_decision), 1, 'approve', "
        "1, '', '{}', step.staff_id, 'approver', step.taken_at - (step.taken_at - mine.created_at) / 2 "
        "from credit_decisionstep as step join credit_decision as mine on mine.id = step.decision_id "
        "where mine.application_id is not null and step.verb = 'approve'",
    ),
    "credit.populations_are_as_frozen": (
        OFF.format("credit_populationcolumn"),
        "update credit_populationcolumn set packed = set_byte(packed, 1, (get_byte(packed, 1) + 1) % 256) "
        "where id = (select min(id) from credit_populationcolumn where name = 'net_income')",
    ),
    "credit.trials_can_be_read_again": (
        OFF.format("credit_trial"),
        "update credit_trial set after = jsonb_set(after, '{parameters}', '{}')",
    ),
    "credit.directions_are_checked_on_everybody": ("update credit_directioncheck set looked_at = looked_at - 1",),
    "credit.contracts_rest_on_grants": (
        OFF.format("credit_signing"),
        "update credit_signing set amount = amount + 1000 where outcome = 'signed'",
    ),
    "credit.cards_and_drawings_rest_on_contracts": (
        OFF.format("credit_card"),
        "update credit_card set signing_id = (select id from credit_signing where outcome = 'later')",
    ),
    "credit.call_lists_keep_their_order": (
        OFF.format("credit_calllist"),
        "insert into credit_calllist (institution_id, grid_id, round_id, number, mode, held_on, caller_id, seed, size, made_by_id) "
        "select institution_id, grid_id, id, 1, 'door', '2026-01-01', owner_id, 'x', 2, owner_id from credit_round limit 1",
    ),
    "credit.white_lists_are_settled_by_two": (
        OFF.format("credit_whitelist"),
        "insert into credit_whitelist (institution_id, grid_id, round_id, number, size, state, made_by_id, answer) "
        "select institution_id, grid_id, id, 1, 2, 'made', owner_id, '' from credit_round limit 1",
    ),
    "credit.signed_is_a_contract": (
        OFF.format("customers_milestone"),
        "update customers_milestone set reached_at = reached_at - interval '2 days' where kind = 'signed'",
    ),
    "credit.carded_is_a_card": (
        OFF.format("customers_milestone"),
        "update customers_milestone set reached_at = reached_at - interval '2 days' where kind = 'carded'",
    ),
    "credit.drawn_is_in_a_snapshot": (
        OFF.format("customers_milestone"),
        "update customers_milestone set reached_at = reached_at - interval '2 days' where kind = 'drawn'",
    ),
    "credit.openings_hold_the_sealed_sheets": (
        "update credit_sealedsheet set blob = set_byte(blob, 0, (get_byte(blob, 0) + 1) % 256) "
        "where sheet_id = (select min(sheet_id) from credit_sealedsheet)",
    ),
    "credit.only_the_opened_have_opinions": (
        "delete from credit_opinion where id = (select max(id) from credit_opinion)",
    ),
    "credit.opened_sheets_have_their_proof": (
        OFF.format("credit_sheetproof"),
        "delete from credit_sheetproof where sheet_id = (select min(sheet_id) from credit_sheetproof)",
    ),
    "credit.opinions_are_those_that_were_opened": (
        OFF.format("credit_sheetproof"),
        "update credit_sheetproof set sha256 = repeat('0', 64) where sheet_id = (select max(sheet_id) from credit_sheetproof)",
    ),
    "credit.assessors_type_no_sheet": (
        OFF.format("credit_sheet"),
        "update credit_sheet set typist_id = assessor_id where assessor_id is not null and state <> 'withdrawn'",
    ),
    "credit.points_give_their_amount": (
        OFF.format("credit_opinion"),
        "update credit_opinion set score = '9' where kind = 'amount'",
    ),
    "credit.supplements_know_nothing": (
        OFF.format("credit_round"),
        OFF.format("credit_sheet"),
        "insert into credit_round select (jsonb_populate_record(round, jsonb_build_object('id', 900001, 'parent_id', round.id, "
        "'stage', 'closed'))).* from credit_round as round where round.parent_id is null order by round.id limit 1",
        "insert into credit_sheet select (jsonb_populate_record(sheet, jsonb_build_object('id', 900002, 'uuid', gen_random_uuid(), "
        "'round_id', 900001, 'state', 'withdrawn'))).* from credit_sheet as sheet "
        "where sheet.round_id = (select parent_id from credit_round where id = 900001) order by sheet.id limit 1",
    ),
    "credit.openings_need_two": ("update credit_openingrequest set cancelled_at = now()",),
    "credit.stages_tell_the_truth": (
        OFF.format("credit_draftcell"),
        "insert into credit_draftcell (sheet_id, subject_id, value, version) select id, 1, '', 0 from credit_sheet limit 1",
    ),
    "credit.paper_is_sealed_with_its_sheet": (
        "insert into credit_sheetpage (id, institution_id, grid_id, sheet_id, place, kind, value) "
        "select gen_random_uuid(), institution_id, grid_id, id, 1, 'photo', '' from credit_sheet limit 1",
    ),
    "credit.every_household_is_decided_on": (
        OFF.format("credit_decisionstep"),
        "delete from credit_decisionstep where decision_id = (select max(id) from credit_decision where round_id is not null)",
        "delete from credit_decision where id = (select max(id) from credit_decision where round_id is not null)",
    ),
    "credit.steps_have_no_gap": ("update credit_decisionstep set number = 7 where verb = 'withdraw'",),
    "credit.maker_is_not_checker": (
        OFF.format("credit_decisionstep"),
        "update credit_decisionstep set staff_id = (select staff_id from credit_decisionstep where verb = 'propose' limit 1)",
    ),
    "credit.approved_within_the_bounds": (
        "update credit_decisionstep set amount = amount + 1000, reason = '' where verb = 'approve'",
    ),
    "credit.snapshots_need_two": (
        "alter table credit_coresnapshot drop constraint snapshot_needs_two_people",
        "update credit_coresnapshot set settled_by_id = uploaded_by_id",
    ),
    "credit.snapshots_hold_what_was_counted": (
        "update credit_corecredit set outstanding = outstanding + 0.01 where id = (select min(id) from credit_corecredit)",
    ),
    "credit.decisions_name_their_snapshot": (
        "update credit_decision set snapshot_id = null where id = (select min(id) from credit_decision)",
    ),
    "credit.notices_show_decisions_of_their_round": (
        OFF.format("credit_noticerow"),
        "update credit_noticerow set decision_id = (select max(id) from credit_decision where round_id is not null)",
    ),
    "credit.notices_hang_their_working_days": (
        OFF.format("credit_notice"),
        "update credit_notice set ends_on = ends_on + 1",
    ),
    "credit.objections_are_settled_by_another": (
        OFF.format("credit_objectionsource"),
        "delete from credit_objectionsource",
    ),
    "credit.rounds_leave_no_notice_behind": (
        OFF.format("credit_round"),
        "update credit_round set stage = 'sign' where stage = 'notice'",
    ),
    "credit.village_reports_never_move": (
        OFF.format("credit_villagereport"),
        "insert into credit_villagereport (institution_id, grid_id, round_id, document, sha256, made_by_id, made_at) "
        "select institution_id, grid_id, id, '{}', 'x', owner_id, now() from credit_round limit 1",
    ),
    "credit.assessed_is_an_opening": (
        "update credit_opinion set kind = 'unknown', amount = null where kind = 'amount'",
    ),
    "credit.granted_is_an_approval": (
        "delete from reporting_countedmilestone where milestone_id in (select id from customers_milestone where kind = 'granted')",
        "delete from customers_milestone where kind = 'granted'",
    ),
    "credit.withdrawn_is_a_withdrawal": (
        "update customers_milestone set reached_at = reached_at + interval '1 day' where kind = 'grant_withdrawn'",
    ),
    "reporting.facts_follow_their_household": (
        "update reporting_sampleunit set grid_id = (select max(id) from grids_grid) where id = (select min(id) from reporting_sampleunit)",
    ),
    "reporting.frozen_weeks_are_untouched": (
        "update reporting_reportrow set roster = roster + 1 where id = (select min(id) from reporting_reportrow)",
    ),
    "reporting.weeks_have_no_gap": (
        "update reporting_weeklyreport set starts_on = starts_on + 7 where id = (select max(id) from reporting_weeklyreport)",
    ),
    "reporting.weeks_hold_what_they_counted": (
        "delete from reporting_countedmilestone where milestone_id = (select min(milestone_id) from reporting_countedmilestone)",
    ),
    "reporting.draws_repeat": (OFF.format("reporting_sampleplan"), "update reporting_sampleplan set seed = 'another'"),
    "reporting.the_drawn_are_of_the_population": (
        "update reporting_sampleitem set stratum = 'x' where id = (select min(id) from reporting_sampleitem)",
    ),
    "reporting.kin_are_outside_the_population": (
        OFF.format("reporting_kindeclaration"),
        "update reporting_kindeclaration set is_late = false",
    ),
    "reporting.kin_are_declared_by_the_named": (
        OFF.format("reporting_kindeclaration"),
        "update reporting_kindeclaration set auditor_id = (select min(id) from grids_staff) where is_late",
    ),
    "reporting.nobody_inspects_his_kin": (
        OFF.format("reporting_kindeclaration"),
        "update reporting_kindeclaration set auditor_id = (select auditor_id from reporting_inspection join reporting_sampleitem as item "
        "on item.id = item_id where item.subject_id = reporting_kindeclaration.subject_id) where is_late",
    ),
    "reporting.the_targeted_are_apart": (
        "alter table reporting_sampleitem drop constraint subject_drawn_once",
        'update reporting_sampleitem set subject_id = (select subject_id from reporting_sampleitem where "order" = 1) where is_targeted',
    ),
    "reporting.conclusions_rest_on_the_random_part": (
        OFF.format("reporting_conclusion"),
        "update reporting_conclusion set found = found + 1",
    ),
}


@pytest.fixture
def bank(world: World, tmp_path: Path) -> Iterator[dict[str, Any]]:
    with village.opener_key(tmp_path):
        yield well_kept.build(world)


def broken() -> dict[str, integrity.Found]:
    return {rule.name: found for rule, found in integrity.examine(0) if not found.is_well}


class _Back(Exception):
    """Ends a savepoint without keeping what was planted in it."""


def test_every_rule_holds_and_finds_what_was_planted_against_it(bank: dict[str, Any], subtests: Any) -> None:
    assert broken() == {}
    assert set(PLANTED) == set(integrity.RULES), "a rule nobody has seen find anything proves nothing"
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
    for name, statements in PLANTED.items():
        with subtests.test(rule=name):
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    for statement in statements:
                        cursor.execute(statement)
                    found = integrity.RULES[name].find(0)
                    raise _Back
            except _Back:
                pass
            assert found.count >= 1
            assert len(found.ids) == min(found.count, integrity.SHOWN)
    assert broken() == {}


def test_a_token_without_a_person_is_found(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into customers_persontoken (person_id, institution_id, grid_id, token) values (99, %s, %s, 'liu')",
            [world.bank.pk, world.liu.pk],
        )
    assert broken() == {"customers.every_name_can_be_found": integrity.Found(1, ("customers_persontoken:99",))}


def test_a_lost_file_is_found(bank: dict[str, Any]) -> None:
    sealed = bank["roster"].file
    default_storage.delete(sealed.storage_key)
    assert broken() == {"lib.files_are_what_was_stored": integrity.Found(1, (str(sealed.pk),))}


def test_a_damaged_sealed_original_is_found(bank: dict[str, Any]) -> None:
    sealed = bank["roster"].file
    with default_storage.open(sealed.storage_key, "r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x00")
    assert set(broken()) == {"lib.files_are_what_was_stored"}


def _run(*arguments: str) -> tuple[int, dict[str, Any]]:
    out = StringIO()
    try:
        call_command("check_integrity", "--json", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_the_command_tells_what_broke_and_fails(world: World) -> None:
    status, told = _run()
    assert (status, told["ok"], told["broken"]) == (0, True, 0)
    assert told["rules"] == len(told["checks"]) == len(integrity.RULES)
    with connection.cursor() as cursor:
        cursor.execute("update grids_branch set path = '/0/' where id = %s", [world.east.pk])

    status, told = _run("--only", "grids.branches_form_a_tree")

    assert (status, told["ok"], told["broken"]) == (1, False, 1)
    check = told["checks"][0]
    assert (check["name"], check["count"], check["ids"]) == (
        "grids.branches_form_a_tree",
        1,
        [str(world.east.pk)],
    )
    assert check["meaning"]


def test_a_rule_that_cannot_be_examined_counts_as_broken(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("alter table grids_seat rename to seats_gone")
    status, told = _run("--only", "grids.seats_are_not_taken_twice")
    assert (status, told["checks"][0]["error"]) == (1, "ProgrammingError")


def test_an_unknown_rule_is_named(world: World) -> None:
    with pytest.raises(CommandError, match=r"no\.such"):
        call_command("check_integrity", "--only", "no.such", stdout=StringIO())
