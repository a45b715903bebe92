"""The stage of an application follows every step taken on it or on its decision, in the same transaction."""

from datetime import datetime

from django.utils.translation import gettext as _

from config.lib.weeks import business_day, working_day_after
from config.lib.working_days import changes_of
from credit.domain import applications as domain
from credit.domain.applications import ApplicationRules, Move, Stage
from credit.models import Application
from grids.selectors.colleagues import officers_of
from grids.services import Refused


def follow(application: Application, move: Move, *, at: datetime) -> Application:
    """Bring an application to the stage a move leads to, with its owner and its deadline; Refused where the move is none there."""
    try:
        stage = domain.after(Stage(application.stage), move)
    except domain.NotAMoveError as error:
        raise Refused(_("这笔申请现在不能这样办理")) from error
    settle(application, stage, at)
    application.save(update_fields=["stage", "stage_since", "due_on", "owner", "ended_at"])
    return application


def settle(application: Application, stage: Stage, at: datetime) -> None:
    """Set the fields that follow from a stage: who it waits for, until which working day, whether it ended. Saves nothing."""
    application.stage, application.stage_since = Application.Stage(stage.value), at
    if stage in domain.ENDED:
        application.due_on, application.owner, application.ended_at = None, None, application.ended_at or at
        return
    day = business_day(at)
    rules = ApplicationRules.from_document(application.rules.document)
    application.due_on = working_day_after(day, rules.days[stage], changes_of(application.institution_id))
    officers = officers_of(application.grid, day) if domain.OWNERS[stage] == "officer" else []
    # Who received it keeps it where he covers the village; branch and approval wait for whoever holds the post.
    mine = [officer for officer in officers if officer.pk == application.received_by_id]
    application.owner = next(iter(mine or officers), None)
