"""The parameters of credit: models, county bases, rules of a round, reasons for refusing, points, notices, signing, snapshots."""

from credit.parameter_kinds import (  # noqa: F401  each registers its kinds
    applications,
    laboratory,
    models_and_rounds,
    preparing,
    score_form,
    served,
    signing,
    snapshots,
)
