"""The parameters of credit: models, county bases, rules of a round, reasons for refusing, points, what is told to customers,
signing, snapshots, public notices and village reports."""

from credit.parameter_kinds import (  # noqa: F401  each registers its kinds
    applications,
    laboratory,
    models_and_rounds,
    notices,
    preparing,
    score_form,
    served,
    signing,
    snapshots,
)
