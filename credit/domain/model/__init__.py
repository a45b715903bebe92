"""Credit models as documents: reading, evaluating and explaining them (Design, section 6)."""

from credit.domain.model.document import Label, Model, ValueType
from credit.domain.model.evaluation import BoundModel, FactError, ParameterError, Reason, Result, Status, evaluate
from credit.domain.model.explanation import Explanation, explain, explain_result, in_words
from credit.domain.model.problems import ModelDocumentError, Problem
from credit.domain.model.reading import canonical, read_model

__all__ = [
    "BoundModel",
    "Explanation",
    "FactError",
    "Label",
    "Model",
    "ModelDocumentError",
    "ParameterError",
    "Problem",
    "Reason",
    "Result",
    "Status",
    "ValueType",
    "canonical",
    "evaluate",
    "explain",
    "explain_result",
    "in_words",
    "read_model",
]
