"""Papers handed to people, as PDF: typst templates, fonts shipped with the product, data as JSON.

A template sees nothing but its data: text typed by people stays text, no file or network is within reach, and the same
data gives the same bytes on any machine. What each template expects is stated at the head of its file in `typst/`.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import typst

TEMPLATES = Path(__file__).parent / "typst"
FONTS = frozenset({"Noto Sans SC", "Noto Serif SC"})
PAPERS = frozenset(
    {
        "weekly",
        "line",
        "assessment",
        "decision",
        "conclusion",
        "form",
        "application",
        "refusal",
        "card",
        "notice",
        "village",
        "summary",
    }
)
# Reading order for screen readers costs 300 bytes a cell: papers about one household or round carry it, the weekly
# report with its tens of thousands of cells (4 MB instead of 0.2) leaves it to its page; forms and sheets for writing on hold little to be read.
UNTAGGED = frozenset({"weekly", "form", "assessment"})


def render(template_name: str, data: Mapping[str, Any], language: str) -> bytes:
    """Return one of `PAPERS` as PDF, in Chinese ("zh...") or English.

    `data` holds texts already written for the reader (see `config.lib.tables.paper`); nothing is computed on paper.
    A missing entry stops the rendering with its name: a paper is complete or it is not handed out.
    """
    if template_name not in PAPERS:
        raise ValueError(f"no paper is called {template_name!r}")
    compiler = typst.Compiler(
        str(TEMPLATES / f"{template_name}.typ"),
        root=str(TEMPLATES),
        font_paths=_fonts(),
        sys_inputs={
            "data": json.dumps(data, ensure_ascii=False, allow_nan=False),
            "language": "zh" if language.startswith("zh") else "en",
        },
    )
    drawn = compiler.compile(format="pdf", pdf_tags=template_name not in UNTAGGED)
    if not isinstance(drawn, bytes):
        raise TypeError(f"{template_name} was drawn as {type(drawn).__name__}, not as one file")
    return drawn


def missing_fonts() -> list[str]:
    """Return the fonts of the papers that are not installed."""
    try:
        _fonts()
    except (FileNotFoundError, ImportError) as error:
        return [str(error)]
    return []


@cache
def _fonts() -> typst.Fonts:
    """Load the shipped fonts once; fonts of the machine are never used, or papers would differ from place to place."""
    folder = pylopdf_fonts_zh_cn.sans_path().parent
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])
    missing = FONTS - set(fonts.families())
    if missing:
        raise FileNotFoundError(f"fonts missing in {folder.name}: {', '.join(sorted(missing))}")
    return fonts
