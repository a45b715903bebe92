"""Pages of the territory and its people."""

from django.urls import path

from grids.views import branches, grids, handover, me, seat_kinds, staff, staff_files, system

app_name = "grids"
urlpatterns = [
    path("grids/", grids.grid_list, name="grid_list"),
    path("grids/map.geojson", grids.map_data, name="map"),
    path("grids/new/", grids.grid_new, name="grid_new"),
    path("grids/hand-over/", handover.hand_over, name="hand_over"),
    path("grids/<int:pk>/", grids.grid, name="grid"),
    path("grids/<int:pk>/change/", grids.grid_change, name="grid_change"),
    path("grids/<int:pk>/seats/<int:kind>/", grids.assign_seat, name="assign_seat"),
    path("grids/seat-kinds/", seat_kinds.seat_kind_list, name="seat_kind_list"),
    path("grids/seat-kinds/new/", seat_kinds.seat_kind_new, name="seat_kind_new"),
    path("grids/seat-kinds/<int:pk>/", seat_kinds.seat_kind, name="seat_kind"),
    path("grids/seat-kinds/<int:pk>/move/", seat_kinds.move, name="seat_kind_move"),
    path("grids/seat-kinds/<int:pk>/close/", seat_kinds.close, name="seat_kind_close"),
    path("grids/seat-kinds/<int:pk>/reopen/", seat_kinds.reopen, name="seat_kind_reopen"),
    path("seats/<int:pk>/end/", grids.end_seat, name="end_seat"),
    path("branches/", branches.branch_list, name="branch_list"),
    path("branches/new/", branches.branch_new, name="branch_new"),
    path("branches/<int:pk>/", branches.branch, name="branch"),
    path("staff/", staff.staff_list, name="staff_list"),
    path("staff/new/", staff.staff_new, name="staff_new"),
    path("staff/files/", staff_files.file_list, name="staff_files"),
    path("staff/files/new/", staff_files.file_upload, name="staff_file_upload"),
    path("staff/files/<int:pk>/", staff_files.file, name="staff_file"),
    path("staff/files/<int:pk>/confirm/", staff_files.confirm, name="staff_file_confirm"),
    path("staff/files/<int:pk>/reject/", staff_files.reject, name="staff_file_reject"),
    path("staff/<int:pk>/", staff.person, name="staff"),
    path("staff/<int:pk>/change/", staff.change, name="staff_change"),
    path("staff/<int:pk>/posts/", staff.appoint, name="appoint"),
    path("staff/<int:pk>/stop/", staff.stop, name="staff_stop"),
    path("staff/<int:pk>/resume/", staff.resume, name="staff_resume"),
    path("staff/<int:pk>/password/", staff.reset_password, name="staff_password"),
    path("posts/<int:pk>/end/", staff.end_post, name="end_post"),
    path("me/", me.me, name="me"),
    path("me/password/", me.password, name="password"),
    path("me/tokens/", me.create_token, name="create_token"),
    path("me/tokens/<int:pk>/revoke/", me.revoke_token, name="revoke_token"),
    path("system/", system.system, name="system"),
    path("system/workers/", system.workers, name="system_workers"),
]
