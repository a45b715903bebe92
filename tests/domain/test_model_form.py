"""A model document as fields and back: nothing lost, errors beside their cells."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.domain.model import ModelDocumentError, read_model
from credit.domain.model_form import Drawn, arranged, parts, typed
from tests.domain.test_unseen_schemes import review, stepped, ticked

SCHEMES = sorted(Path("credit/schemes").glob("*.json"))
S1 = Path("credit/schemes/s1_hunan.json")


def sent_of(part: str, document: dict[str, Any]) -> dict[str, list[str]]:
    """What a browser sends of a part that nobody touched."""
    sent: dict[str, list[str]] = {}

    def add(name: str, value: str) -> None:
        sent.setdefault(name, []).append(value)

    def walk(node: dict[str, Any]) -> None:
        match node["is"]:
            case "cell":
                if node["control"] != "flag" or node["value"]:
                    add(node["name"], node["value"].replace("\n", "\r\n"))
            case "edge":
                add(f"{node['name']}.kind", node["kind"])
                add(node["name"], node["value"])
            case "rule":
                add(node["name"], node["chosen"])
                walk(node["body"])
            case "rows":
                for row in node["rows"]:
                    add(node["name"], str(row["place"]))
                    walk(row)
            case "pairs":
                for pair in node["pairs"]:
                    add(node["name"], str(pair["place"]))
                    add(f"{node['name']}.{pair['place']}.key", pair["key"])
                    if pair["is_fixed"]:
                        add(f"{node['name']}.{pair['place']}.fixed", "yes")
                    walk(pair["cell"])
            case _:
                if node.get("further"):
                    add(f"{node['name']}.further", node["further"])
                for member in node["members"]:
                    walk(member)
        if node.get("kept"):
            add("kept", node["name"])

    walk(Drawn(part, document, (), "zh-hans").tree)
    return sent


def through(document: dict[str, Any]) -> dict[str, Any]:
    """The document after every part went through its form once."""
    for part in parts():
        document = typed(part, sent_of(part, document), document)
    return document


@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.stem)
def test_document_to_form_to_document_is_the_identity(path: Path) -> None:
    document = json.loads(path.read_bytes())
    assert through(copy.deepcopy(document)) == document


@pytest.mark.parametrize("document", [review(), stepped(), ticked()], ids=lambda document: document["code"])
def test_schemes_with_every_section_come_back_whole(document: dict[str, Any]) -> None:
    assert through(copy.deepcopy(document)) == document


TEXTS = st.text(alphabet="abcdefgh_0123456789. *+/()'一二三", min_size=1, max_size=12).map(str.strip).filter(bool)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_typed_comes_back(data: st.DataObject) -> None:
    """Any cells changed to any texts: the form of the changed document sends that document again."""
    document = json.loads(data.draw(st.sampled_from(SCHEMES)).read_bytes())
    part = data.draw(st.sampled_from([*parts()]))
    sent = sent_of(part, document)
    names = [name for name in sent if Drawn(part, document, (), "en").places.get(name, {}).get("control") == "text"]
    for name in data.draw(st.lists(st.sampled_from(names), max_size=5)) if names else []:
        sent[name] = [data.draw(st.one_of(st.just(""), TEXTS))]
    changed = typed(part, sent, document)
    assert typed(part, sent_of(part, changed), changed) == changed


def test_every_fault_of_the_reader_stands_at_a_cell_of_its_part() -> None:
    document = json.loads(S1.read_bytes())
    items = document["scorecard"]["items"]
    items[0]["bands"]["rows"][1]["value"] = "eight"
    items[2]["bands"]["of"] = ""
    del items[3]["label"]["en"]
    with pytest.raises(ModelDocumentError) as error:
        read_model(document)
    drawn = Drawn("scorecard", document, error.value.problems, "zh-hans")
    assert not drawn.loose
    at = {name: node["errors"] for name, node in drawn.places.items() if node["errors"]}
    assert at == {
        "scorecard.items.0.bands.rows.1.value": ["“eight”写法不对；应为十进制数，小数不超过 8 位"],
        "scorecard.items.2.bands.of": ["请填写"],
        "scorecard.items.3.label.en": ["请填写"],
    }


def test_a_gap_between_bands_stands_at_the_table_and_names_the_interval() -> None:
    document = json.loads(S1.read_bytes())
    document["scorecard"]["items"][2]["bands"]["rows"].pop(1)
    with pytest.raises(ModelDocumentError) as error:
        read_model(document)
    drawn = Drawn("scorecard", document, error.value.problems, "zh-hans")
    assert drawn.places["scorecard.items.2.bands.rows"]["errors"] == [
        "没有区间覆盖 1.2 < x <= 1.5；请补一档或让相邻两档首尾相接"
    ]


def test_rows_are_added_moved_copied_and_removed() -> None:
    document = json.loads(S1.read_bytes())
    before = copy.deepcopy(document["scorecard"]["items"])
    arranged(document, "down:scorecard.items:0")
    assert [one["name"] for one in document["scorecard"]["items"]][:2] == [before[1]["name"], before[0]["name"]]
    arranged(document, "up:scorecard.items:1")
    assert document["scorecard"]["items"] == before
    arranged(document, "add:scorecard.items.0.bands.rows")
    assert document["scorecard"]["items"][0]["bands"]["rows"][-1] == {}
    arranged(document, f"remove:scorecard.items.0.bands.rows:{len(before[0]['bands']['rows'])}")
    assert document["scorecard"]["items"] == before
    arranged(document, "copy:scorecard.items:0")
    assert document["scorecard"]["items"][1] == before[0]
    untouched = copy.deepcopy(document)
    for step in ("remove:scorecard.items:99", "add:nothing.there", "up:scorecard.items:0", "nonsense"):
        assert arranged(document, step) == untouched


def test_what_the_language_does_not_know_is_kept_until_it_is_dropped() -> None:
    document = json.loads(S1.read_bytes())
    document["inputs"][0]["colour"] = {"deep": [1, 2]}
    assert through(copy.deepcopy(document)) == document
    assert "colour" not in arranged(document, "drop:inputs.0")["inputs"][0]
