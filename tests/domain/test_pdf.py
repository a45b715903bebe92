"""Papers as PDF: complete, repeatable, with Chinese text, and nothing typed by people taken for markup."""

import json
import re
import time

import pytest
import typst

from config.lib import pdf
from config.lib.pdf import PAPERS, TEMPLATES, render
from tests.domain import paper_samples

LANGUAGES = ("zh-hans", "en")


def test_every_paper_has_a_sample_and_a_template():
    assert set(paper_samples.PAPERS) == PAPERS
    assert {path.stem for path in TEMPLATES.glob("*.typ")} == PAPERS | {"paper"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(PAPERS))
def test_paper_is_drawn_in_both_languages_and_the_same_data_gives_the_same_bytes(name, language):
    data = paper_samples.PAPERS[name](language)

    first = render(name, data, language)

    assert first.startswith(b"%PDF-")
    assert first == render(name, json.loads(json.dumps(data)), language)
    assert b"NotoSansSC" in first
    assert not re.search(rb"/(CreationDate|ModDate)", first)


@pytest.mark.parametrize("name", sorted(PAPERS))
def test_a_missing_entry_stops_the_paper(name):
    data = paper_samples.PAPERS[name]("zh-hans")
    for entry in data:
        with pytest.raises(typst.TypstError, match=entry):
            render(name, {key: value for key, value in data.items() if key != entry}, "zh-hans")


HOSTILE = '#panic("x") $x$ *b* _i_ `r` @ref <label> \\ // /* [ ] { } #read("/etc/passwd") = 王'


def hostile(value):
    if isinstance(value, dict):
        keep = {"role", "key", "align", "shape", "kind", "code"}  # fixed words the templates choose by, and a picture
        return {key: item if key in keep else hostile(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item) for item in value]
    return HOSTILE if isinstance(value, str) else value


@pytest.mark.parametrize("name", sorted(PAPERS))
def test_typed_text_is_never_markup(name):
    assert render(name, hostile(paper_samples.PAPERS[name]("zh-hans")), "zh-hans").startswith(b"%PDF-")


def test_a_template_reaches_no_file_outside_its_folder(tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("secret")
    compiler = typst.Compiler(f'#read("{outside}")'.encode(), root=str(TEMPLATES), font_paths=pdf._fonts())
    with pytest.raises(typst.TypstError):
        compiler.compile(format="pdf")


def test_unknown_papers_and_numbers_that_are_none_are_refused():
    with pytest.raises(ValueError, match="no paper"):
        render("../weekly", {}, "en")
    with pytest.raises(ValueError, match="JSON compliant"):
        render("line", paper_samples.line("en") | {"stamp": float("nan")}, "en")


def test_missing_fonts_are_said_at_once(monkeypatch, tmp_path):
    monkeypatch.setattr(pdf.pylopdf_fonts_zh_cn, "sans_path", lambda: tmp_path / "font.otf")
    pdf._fonts.cache_clear()
    try:
        with pytest.raises(FileNotFoundError, match="Noto Sans SC"):
            render("line", paper_samples.line("en"), "en")
    finally:
        monkeypatch.undo()
        pdf._fonts.cache_clear()


def test_empty_papers_are_papers_too():
    weekly = paper_samples.weekly("zh-hans")
    weekly["tables"] = [table | {"rows": []} for table in weekly["tables"]]
    assert render("weekly", weekly, "zh-hans").startswith(b"%PDF-")
    assert render("assessment", paper_samples.assessment("en", households=0), "en").startswith(b"%PDF-")
    line = paper_samples.line("zh-hans") | {"score": None, "grade": None, "reasons": ["没有已复核的采集表"]}
    line["waterfall"] = [step | {"from": 0, "to": 0} for step in line["waterfall"]]
    assert render("line", line, "zh-hans").startswith(b"%PDF-")
    assert render("line", line | {"waterfall": []}, "zh-hans").startswith(b"%PDF-")


def test_a_preview_says_so_and_a_frozen_report_says_when():
    frozen, preview = paper_samples.weekly("zh-hans"), paper_samples.weekly("zh-hans", frozen=False)
    assert frozen["stamp"] == ["数据截止 2026-11-23 00:00", "冻结于 2026-11-23 06:00"]
    assert preview["stamp"] == ["数据截止 2026-11-23 00:00", "未冻结，数字还会变"]
    assert (frozen["is_frozen"], preview["is_frozen"]) == (True, False)
    assert render("weekly", frozen, "zh-hans") != render("weekly", preview, "zh-hans")


def test_drawing_is_quick():
    data = paper_samples.line("zh-hans") | {"stamp": "not drawn before"}
    render("line", paper_samples.line("en"), "en")
    started = time.perf_counter()
    render("line", data, "zh-hans")
    assert time.perf_counter() - started < 1
