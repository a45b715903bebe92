"""The parameters of credit: models, county bases, the rules of a round, reasons for refusing, what is told to customers."""

from credit.parameter_kinds import models_and_rounds, served  # noqa: F401  each registers its kinds
