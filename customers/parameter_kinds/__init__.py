"""The parameters of customers, registered on import: what a file and a list go by, and what going out goes by."""

from customers.parameter_kinds import files_and_lists, visits  # noqa: F401  each registers its kinds
