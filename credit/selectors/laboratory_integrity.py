"""Rules of the laboratory: populations stay as they were frozen, trials can be read and computed again."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _

from config.lib.integrity import rule_by_sample, rule_by_sql, sampled
from credit.domain.model import BoundModel, ModelDocumentError, ParameterError, read_model
from credit.models import Trial

rule_by_sql(
    "credit.populations_are_as_frozen",
    _("冻结的试算总体与冻结时的摘要、户数一致，每块的数据齐全"),
    """
    select 'credit_population:' || population.id
    from credit_population as population
    join lib_jobrun as job on job.id = population.run_id
    left join lateral (
        select sum(households) as households, count(*) as blocks from credit_populationcolumn
        where population_id = population.id and name = 'persons') as held on true
    where (population.frozen_at is null) <> (job.state <> 'done')
       or population.frozen_at is not null
          and (population.households <> coalesce(held.households, 0)
               or population.digest is distinct from lib.digest_of_population(population.id))
    union all
    select 'credit_populationcolumn:' || min(held.id)
    from credit_populationcolumn as held
    join credit_population as population on population.id = held.population_id
    cross join lateral (select population.columns -> held.name as told) as described
    where population.frozen_at is not null
    group by population.id, held.block
    having bool_or(described.told is null or held.institution_id <> population.institution_id)
        or bool_or(not described.told ? 'events' and not described.told ? 'by'
                   and get_byte(held.packed, 0) * held.households <> octet_length(held.packed) - 1)
        or count(*) filter (where not described.told ? 'by')
           <> (select count(*) from jsonb_each(population.columns) as told where not told.value ? 'by')
        or count(distinct held.households) filter (where not described.told ? 'by') <> 1
    """,
)


@rule_by_sample(
    "credit.trials_can_be_read_again", _("试算所比的模型和参数都在，与所记的摘要一致，各组户数加起来等于总体")
)
def _unreadable_trials(sample: int) -> Iterator[int]:
    for trial in sampled(Trial.objects.select_related("population", "version"), sample):
        if not _is_whole(trial) or not (_is_readable(trial.before) and _is_readable(trial.after)):
            yield trial.pk


def _is_whole(trial: Trial) -> bool:
    whole, version = trial.figures["whole"], trial.version
    moves = ("up", "down", "same", "gained", "lost", "without")
    return (
        trial.digest == trial.after["digest"]
        and (version is None or (version.kind == "credit_model" and version.sha256 == trial.digest))
        and trial.population.frozen_at is not None
        and trial.population.institution_id == trial.institution_id
        and trial.population.households == int(whole["households"]) == sum(int(whole[move]) for move in moves)
    )


def _is_readable(side: dict[str, Any]) -> bool:
    try:
        model = read_model(side["document"])
        BoundModel(model, {name: Decimal(text) for name, text in side["parameters"].items()})
    except (ModelDocumentError, ParameterError, InvalidOperation):
        return False
    return model.digest == side["digest"]


rule_by_sql(
    "credit.directions_are_checked_on_everybody",
    _("方向核对完成后，看过的户数等于总体的户数"),
    """
    select looked.id
    from credit_directioncheck as looked
    join lib_jobrun as job on job.id = looked.run_id
    join credit_trial as trial on trial.id = looked.trial_id
    join credit_population as population on population.id = trial.population_id
    where looked.looked_at > population.households or job.state = 'done' and looked.looked_at <> population.households
    """,
)
