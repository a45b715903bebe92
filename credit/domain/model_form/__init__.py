"""A model document as fields of a form, part by part, and the document back from what was typed. Framework-free.

The fields follow the shape that checks documents (``credit.domain.model.schema``): what the language learns appears here by
itself. Names of fields are places in the document (``scorecard.items.2.bands.rows.0.value``); a list says in fields of its own
name which places it holds, in their order. Nothing typed is lost: what cannot be right is kept as typed and named beside its
cell by the reader of models.
"""

from credit.domain.model_form.drawing import Drawn, said_of
from credit.domain.model_form.parts import part_of, parts
from credit.domain.model_form.typed import arranged, typed
from credit.domain.model_form.words import PART_NAMES

__all__ = ["PART_NAMES", "Drawn", "arranged", "part_of", "parts", "said_of", "typed"]
