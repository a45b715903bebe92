"""Collection forms (采集表) as released data: what a form asks, and how a filled one is read.

``definition`` reads a form document; ``reading`` reads what was filled in by it, for every way in alike: page, typing from paper,
API and file. The page, the paper and the columns of a file are drawn from the same definition.
"""

from customers.domain.form.definition import Field, Form, Option, Section, Step, read_form
from customers.domain.form.reading import incomplete, read, score

__all__ = ["Field", "Form", "Option", "Section", "Step", "incomplete", "read", "read_form", "score"]
