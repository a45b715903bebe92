"""Rules of the territory: branches form a tree, and everything of an institution stays inside it."""

from django.utils.translation import gettext_lazy as _

from config.lib.integrity import rule_by_sql

rule_by_sql(
    "grids.branches_form_a_tree",
    _("机构的路径由上级路径和自己的编号组成"),
    """
    select branch.id
    from grids_branch as branch left join grids_branch as parent on parent.id = branch.parent_id
    where branch.path is distinct from coalesce(parent.path, '/') || branch.id || '/'
       or parent.institution_id <> branch.institution_id
    """,
)
rule_by_sql(
    "grids.nothing_crosses_institutions",
    _("网格、席位、岗位都在同一家法人行之内"),
    """
    select 'grids_grid:' || grid.id from grids_grid as grid join grids_branch as branch on branch.id = grid.branch_id
    where branch.institution_id <> grid.institution_id
    union all
    select 'grids_seat:' || seat.id from grids_seat as seat
    join grids_grid as grid on grid.id = seat.grid_id join grids_seatkind as kind on kind.id = seat.kind_id
    left join grids_staff as staff on staff.id = seat.staff_id
    where kind.institution_id <> grid.institution_id or staff.institution_id <> grid.institution_id
    union all
    select 'grids_post:' || post.id from grids_post as post
    join grids_staff as staff on staff.id = post.staff_id join grids_branch as branch on branch.id = post.branch_id
    where branch.institution_id <> staff.institution_id
    """,
)
rule_by_sql(
    "grids.seats_are_not_taken_twice",
    _("同一人在同一席位的任期不重叠"),
    """
    select seat.id from grids_seat as seat join grids_seat as other
        on other.grid_id = seat.grid_id and other.kind_id = seat.kind_id and other.staff_id = seat.staff_id and other.id < seat.id
    where daterange(seat.from_on, seat.to_on) && daterange(other.from_on, other.to_on)
    """,
)
rule_by_sql(
    "grids.staff_files_are_confirmed_by_two",
    _("人员文件由上传人以外的管理员确认，预览和写入的行数一致"),
    """
    select file.id from grids_staffimport as file
    where (file.state in ('confirmed', 'rejected') and (file.settled_by_id is null or file.settled_by_id = file.uploaded_by_id))
       or (file.state = 'confirmed' and jsonb_array_length(file.plan) <> jsonb_array_length(file.rows))
    """,
)
rule_by_sql(
    "grids.transfers_are_confirmed_by_two",
    _("执行的调动由提出人以外的人为双方确认，交出的网格不再由本人负责"),
    """
    select transfer.id from grids_transfer as transfer
    where transfer.state = 'done'
      and (transfer.giving_by_id is null or transfer.receiving_by_id is null
           or transfer.proposed_by_id in (transfer.giving_by_id, transfer.receiving_by_id, transfer.staff_id)
           or transfer.staff_id in (transfer.giving_by_id, transfer.receiving_by_id)
           or exists (select from grids_transfergrid as given join grids_seat as seat on seat.grid_id = given.grid_id
                      join grids_seatkind as kind on kind.id = seat.kind_id and kind.covers
                      where given.transfer_id = transfer.id and seat.staff_id = transfer.staff_id
                        and seat.from_on < transfer."on"
                        and (seat.to_on is null or seat.to_on > (transfer.done_at at time zone 'Asia/Shanghai')::date)))
    """,
)
rule_by_sql(
    "grids.deputies_are_there",
    _("同一人的离岗不重叠，离岗的人同时不代别人"),
    """
    select absence.id from grids_absence as absence join grids_absence as other
        on other.id <> absence.id and absence.staff_id in (other.staff_id, other.deputy_id)
    where daterange(absence.from_on, absence.to_on) && daterange(other.from_on, other.to_on)
    """,
)

rule_by_sql(
    "grids.devices_out_of_hand_reach_nothing",
    _("交回、报失、注销的设备没有有效的令牌和设备凭据，使用中的设备由领用人本人启用"),
    """
    select issue.id from grids_deviceissue as issue
    where (issue.state not in ('issued', 'commissioned')
           and (issue.secret_sha256 <> '' or issue.code_sha256 <> '' or issue.ended_at is null
                or exists (select from grids_apitoken as token where token.device_id = issue.id and token.revoked_at is null)))
       or (issue.state = 'commissioned' and (issue.commissioned_at is null or issue.commissioned_at < issue.issued_at))
       or issue.staff_id = issue.issued_by_id
    """,
)
rule_by_sql(
    "grids.digests_repeat_once_at_most",
    _("待办邮件一人一天一种最多一封，结果不明的最多重发一次"),
    """
    select digest.id from grids_digest as digest
    where digest.unknown > 1 or (digest.state = 'sent' and digest.settled_at is null)
       or exists (select from grids_digest as other where other.id <> digest.id
                  and (other.staff_id, other."on", other.kind) = (digest.staff_id, digest."on", digest.kind))
    """,
)

rule_by_sql(
    "grids.attendance_is_said_by_others",
    _("培训出勤逐条编号、不由本人登记，缺席和更正都有原因，不早于培训当天"),
    """
    select said.id from grids_attendance as said join grids_training as session on session.id = said.training_id
    where said.recorded_by_id = said.staff_id or (said.state = 'absent' and said.reason = '')
       or (said.passed is not null and (said.state <> 'attended' or not session.has_test))
       or (said.state <> 'invited' and (said.recorded_at at time zone 'Asia/Shanghai')::date < session."on")
       or (said.state <> 'invited' and session.cancelled_at is not null and said.state = 'attended')
       or (said.number > 1 and not exists (
           select from grids_attendance as last where last.training_id = said.training_id and last.staff_id = said.staff_id
             and last.number = said.number - 1 and (last.state = 'invited' or said.reason <> '')))
    """,
)
