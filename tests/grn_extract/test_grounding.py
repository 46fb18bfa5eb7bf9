"""How right the names of genes are, measured on annotated texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grn_extract.grounding import evaluate_grounding
from prisyn.cli import app
from prisyn_base import InputError

TEXT = (
    ("GATA1", "2623", "right"),
    ("PU.1", "2624", "wrong"),
    ("STAT5", "6776,6777", "right"),
    ("AKT", "207", "family"),
    ("Nosuchgene", "2623", "silent"),
    ("Gata1", "14460", "mouse"),
)


def pubtator(folder: Path) -> Path:
    text = "Of " + ", ".join(name for name, _, _ in TEXT) + "."
    lines = ["7|t|Title.", f"7|a|{text}"]
    for name, numbers, _ in TEXT:
        start = f"Title.\n{text}".index(f" {name}") + 1
        lines.append(f"7\t{start}\t{start + len(name)}\t{name}\tGeneOrGeneProduct\t{numbers}")
    path = folder / "own.PubTator"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_each_mention_is_right_wrong_or_unanswered(tmp_path: Path) -> None:
    measured = evaluate_grounding(pubtator(tmp_path))
    given = measured.given
    assert (given.accuracy.right, given.accuracy.total) == (2, 5)
    assert (given.precision.right, given.precision.total) == (2, 4)
    assert (given.accuracy_by_family.right, given.families.right, given.families.total) == (3, 1, 1)
    assert {error.text for error in given.errors} == {"PU.1", "AKT", "Nosuchgene"}
    assert measured.found.spans.right == 4
    told = json.loads(json.dumps(measured.to_json()))["given"]["accuracy"]
    assert (told["value"], told["right"], told["total"], len(told["ci"])) == (0.4, 2, 5, 2)


def test_only_the_documents_that_were_read_are_judged(tmp_path: Path) -> None:
    measured = evaluate_grounding(pubtator(tmp_path), documents=["PMID:8"])
    assert (measured.documents, measured.given.accuracy.total) == (0, 0)


PROMISED = {"precision", "recall", "f1", "f1_ci", "sign_accuracy", "pairs", "documents", "seconds", "calls"}


def test_evaluate_tells_how_names_are_grounded_where_the_annotators_numbered_them(tmp_path: Path) -> None:
    def told(gold: str | Path) -> dict[str, object]:
        words = ["extract", "evaluate", "--gold", str(gold), "--reader", "cooccurrence", "--format", "json"]
        found: dict[str, object] = json.loads(CliRunner().invoke(app, words).stdout)
        assert set(found) >= PROMISED
        return found

    assert told(pubtator(tmp_path))["grounding"] == evaluate_grounding(tmp_path / "own.PubTator").to_json()
    assert told("example")["grounding"] is None


def test_a_file_that_is_not_pubtator_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "bad.PubTator").write_text("no bars here\n", encoding="utf-8")
    with pytest.raises(InputError):
        evaluate_grounding(tmp_path / "bad.PubTator")


@pytest.mark.slow
def test_most_human_genes_of_biored_train_are_grounded(shared_data: Path) -> None:
    given = evaluate_grounding(shared_data / "gold" / "biored" / "Train.PubTator").given
    assert given.accuracy_by_family.value > 0.80
    assert given.precision_by_family.value > 0.93
