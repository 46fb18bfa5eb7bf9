"""A run file is checked as a whole: every problem at once, each with its field, what was found, and how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
import yaml

from prisyn.runfile import Run, read_run
from prisyn.template import run_file
from prisyn_base import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a sound run file's files: texts, a database, cells."""
    (tmp_path / "abstract.txt").write_text("SPI1 activates LYZ in monocytes.")
    (tmp_path / "trrust.tsv").write_text("SPI1\tLYZ\tActivation\t10779327\n")
    write_cells(tmp_path / "cells.h5ad")
    return tmp_path


def write_cells(path: Path, *, change: Any = None) -> None:
    """300 cells x 12 genes of counts with types and donors; `change` gets the AnnData before it is written."""
    rng = np.random.default_rng(3)
    counts = rng.poisson(2.0, size=(300, 12)).astype(np.float32)
    obs = pd.DataFrame(
        {"kind": ["B", "T", "NK"] * 100, "donor": [f"d{i % 30}" for i in range(300)]},
        index=[f"cell{i}" for i in range(300)],
    )
    genes = ["SPI1", "LYZ", "GATA1", "HBB", "CD19", "CD3E", "NKG7", "IL2", "FOS", "JUN", "MYC", "TP53"]
    adata = anndata.AnnData(counts, obs=obs, var=pd.DataFrame(index=genes))
    if change is not None:
        change(adata)
    adata.write_h5ad(path)


def sound() -> dict[str, Any]:
    return {
        "out": "out",
        "seed": 1,
        "extract": {
            "corpus": ["abstract.txt"],
            "reader": "cooccurrence",
            "databases": [{"name": "trrust", "file": "trrust.tsv", "species": "human"}],
        },
        "graph": {"min_belief": 0.5},
        "cohort": {"file": "cells.h5ad", "label": "kind", "types": ["B", "T", "NK"]},
        "generate": {"method": "grn_subspace", "epsilon": 5.0, "delta": 1e-5},
        "audit": {"attacks": "all", "metrics": ["mmd"]},
    }


def changed(path: str, value: Any) -> dict[str, Any]:
    """The sound settings with the field at a dotted path set, or taken out when `value` is `...`."""
    settings = sound()
    *sections, field = path.split(".")
    part = settings
    for section in sections:
        part = part[section]
    if value is ...:
        del part[field]
    else:
        part[field] = value
    return settings


def read(folder: Path, settings: Any) -> Run:
    path = folder / "run.yaml"
    path.write_text(settings if isinstance(settings, str) else yaml.safe_dump(settings), encoding="utf-8")
    return read_run(path)


def problems(folder: Path, settings: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(folder, settings)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_a_sound_run_file_is_read(folder: Path) -> None:
    run = read(folder, sound())
    assert run.settings.generate.epsilon == 5
    assert run.out == folder / "out"
    assert run.corpus_paths() == (folder / "abstract.txt",)


def test_the_file_that_init_writes_is_sound(tmp_path: Path) -> None:
    run = read(tmp_path, run_file(name="run.yaml", out="out"))
    assert run.settings.generate.noise_seed is None
    assert run.settings.generate.delta == 1e-5
    assert len(run.settings.cohort.types or ()) == 10


@pytest.mark.parametrize("name", ["no", "1e5", 'quo"ted', "with space", "ümlaut 🧬", "a#b", "a: b", "-x"])
def test_a_folder_of_any_name_survives_the_template(name: str) -> None:
    text = run_file(name="run.yaml", out=name, public=f"/{name}.h5ad", noise_seed=5)
    data = yaml.safe_load(text)
    assert (data["out"], data["cohort"]["public"]) == (name, f"/{name}.h5ad")
    assert data["generate"]["noise_seed"] == 5


BAD = [
    ("seed", "1", "seed", "'1'", "take the quotes away"),
    ("seed", 1.5, "seed", "1.5", "a whole number"),
    ("seed", -1, "seed", "-1", "0 or more"),
    ("seed", True, "seed", "True", "a whole number"),
    ("oot", "x", "oot", "an unknown key", "write `out` instead"),
    ("epsilon", 5, "epsilon", "an unknown key", "move it to the section `generate`"),
    ("extract", "text", "extract", "'text'", "a section"),
    ("extract", ..., "extract", "nothing", "add `extract:`"),
    ("extract.corpus", [], "extract.corpus", "[]", "1 or more entries"),
    ("extract.corpus", "abstract.txt", "extract.corpus", "'abstract.txt'", "'example'"),
    ("extract.corpus", ["gone.txt"], "extract.corpus[0]", "'gone.txt', which is not there", "check the path"),
    ("extract.reader", "embeded", "extract.reader", "'embeded'", "write embedded instead"),
    ("extract.databases", [{"name": "trust", "file": "trrust.tsv"}], "extract.databases[0].name", "'trust'", "trrust"),
    (
        "extract.databases",
        [{"name": "trrust", "file": "gone"}],
        "extract.databases[0].file",
        "'gone'",
        "check the path",
    ),
    ("extract.databases", [{"name": "trrust", "fiel": "x"}], "extract.databases[0].fiel", "an unknown key", "`file`"),
    (
        "extract.databases",
        [{"name": "trrust", "file": "trrust.tsv", "species": "rat"}],
        "extract.databases[0].species",
        "'rat'",
        "human, mouse",
    ),
    ("extract.databases", ["trrust"], "extract.databases[0]", "'trrust'", "a section"),
    ("graph.min_belief", 1.5, "graph.min_belief", "1.5", "at most 1"),
    ("graph.min_belief", "half", "graph.min_belief", "'half'", "a number"),
    ("cohort.file", ..., "cohort.file", "nothing", "add `file:`"),
    ("cohort.file", "gone.h5ad", "cohort.file", "'gone.h5ad', which is not there", "check the path"),
    ("cohort.label", "typ", "cohort.file", "no such column", "kind"),
    ("cohort.donor", "patient", "cohort.file", "no such column", "name another donor"),
    ("cohort.public", "gone.h5ad", "cohort.public", "'gone.h5ad'", "check the path"),
    ("cohort.fractions", [0.5, 0.5], "cohort.fractions", "[0.5, 0.5]", "3 or more entries"),
    ("cohort.fractions", [0.5, 0.2, 0.2], "cohort.fractions", "a sum of 0.9", "sum to 1"),
    ("cohort.fractions", [0.5, "a", 0.2], "cohort.fractions[1]", "'a'", "a number"),
    ("cohort.types", [], "cohort.types", "[]", "1 or more entries"),
    ("generate.method", "grn_subspcae", "generate.method", "'grn_subspcae'", "write grn_subspace instead"),
    ("generate.epsilon", 0, "generate.epsilon", "0", "more than 0"),
    ("generate.epsilon", -5.0, "generate.epsilon", "-5.0", "more than 0"),
    ("generate.epsilon", float("inf"), "generate.epsilon", "inf", "finite"),
    ("generate.epsilon", float("nan"), "generate.epsilon", "nan", ""),
    ("generate.epsilon", "5", "generate.epsilon", "'5'", "take the quotes away"),
    ("generate.delta", 0, "generate.delta", "0", "more than 0"),
    ("generate.delta", 1, "generate.delta", "1", "less than 1"),
    ("generate.delta", 0.01, "generate", "0.01", ""),
    ("generate.n", 0, "generate.n", "0", "more than 0"),
    ("generate.unit", "patient", "generate.unit", "'patient'", "'cell' or 'donor'"),
    ("generate.unit", "donor", "cohort.donor", "nothing", "name it"),
    ("generate.noise_seed", -1, "generate.noise_seed", "-1", "0 or more"),
    ("audit.attacks", ["domais"], "audit.attacks[0]", "'domais'", "write domias instead"),
    ("audit.metrics", "some", "audit.metrics", "'some'", "'all'"),
]


@pytest.mark.parametrize(("path", "value", "field", "found", "mend"), BAD, ids=[f"{b[0]}={b[1]!r}" for b in BAD])
def test_a_problem_names_field_finding_and_mend(
    folder: Path, path: str, value: Any, field: str, found: str, mend: str
) -> None:
    said = problems(folder, changed(path, value))
    assert any(text.startswith(f"run.yaml: {field}: ") and found in text and mend in text for text in said), said


def test_a_single_slip_is_a_single_problem(folder: Path) -> None:
    for path, value in (("seed", "1"), ("extract.corpus", 5), ("audit.metrics", [1]), ("generate.epsilon", -1)):
        assert len(problems(folder, changed(path, value))) == 1


def test_all_problems_come_at_once(folder: Path) -> None:
    settings = sound()
    settings["seed"] = "one"
    settings["extract"]["corpus"] = ["gone.txt"]
    settings["extract"]["reeder"] = "x"
    settings["cohort"]["label"] = "typ"
    settings["generate"] = {"method": "magic", "epsilon": float("inf"), "delta": 1e-5}
    settings["audit"]["attacks"] = ["domais"]
    said = "\n".join(problems(folder, settings))
    fields = ("seed", "extract.corpus[0]", "extract.reeder", "cohort.file", "generate.method", "generate.epsilon")
    for field in (*fields, "audit.attacks[0]"):
        assert f"run.yaml: {field}: " in said


def _nan(adata: anndata.AnnData) -> None:
    adata.X[0, 0] = np.nan


def _negative(adata: anndata.AnnData) -> None:
    adata.X[0, 0] = -1


def _fraction(adata: anndata.AnnData) -> None:
    adata.X[0, 0] = 0.5


def _one_type(adata: anndata.AnnData) -> None:
    adata.obs["kind"] = "B"


def _twice(adata: anndata.AnnData) -> None:
    adata.var_names = ["SPI1", "SPI1", *adata.var_names[2:]]


def _mouse(adata: anndata.AnnData) -> None:
    adata.var_names = [name.capitalize() for name in adata.var_names]


def _same_cell(adata: anndata.AnnData) -> None:
    adata.obs_names = ["cell0", "cell0", *adata.obs_names[2:]]


@pytest.mark.filterwarnings("ignore:.*names are not unique")
@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_nan, "NaN"),
        (_negative, "below zero"),
        (_fraction, "not whole numbers"),
        (_one_type, "one value only"),
        (_twice, "repeated: SPI1"),
        (_same_cell, "repeated: cell0"),
    ],
)
def test_what_is_wrong_with_the_cells_is_told_with_the_run_file(folder: Path, change: Any, found: str) -> None:
    write_cells(folder / "cells.h5ad", change=change)
    said = problems(folder, sound())
    assert any(text.startswith("run.yaml: cohort.file: ") and found in text for text in said), said


def test_mouse_symbols_with_a_human_graph_are_told_before_anything_runs(folder: Path) -> None:
    rows = "".join(f"SPI1\t{gene}\tActivation\t1\n" for gene in ("LYZ", "GATA1", "HBB", "IL2", "MYC"))
    (folder / "trrust.tsv").write_text(rows)
    write_cells(folder / "cells.h5ad", change=_mouse)
    said = problems(folder, sound())
    assert any("spelling" in text and "human" in text for text in said), said


def test_a_table_of_another_layout_is_told(folder: Path) -> None:
    (folder / "trrust.tsv").write_text("source,target,weight\nSPI1,LYZ,1\n")
    said = problems(folder, sound())
    assert any(text.startswith("run.yaml: extract.databases[0]: found trrust.tsv") for text in said), said


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("cells.csv", b"gene,cell\n", "a .csv file"),
        ("cells.h5ad", b"", "an empty file"),
        ("cells.h5ad", b"\x89HDF\r\n\x1a\n" + b"\x00" * 64, "cannot be read"),
        ("cells.h5ad", b"not hdf5 at all", "not HDF5"),
    ],
)
def test_a_cohort_that_is_no_h5ad_is_told(folder: Path, name: str, content: bytes, found: str) -> None:
    (folder / name).write_bytes(content)
    said = problems(folder, changed("cohort.file", name))
    assert any(found in text for text in said), said


def test_a_truncated_cohort_is_told(folder: Path) -> None:
    whole = (folder / "cells.h5ad").read_bytes()
    (folder / "cells.h5ad").write_bytes(whole[: len(whole) // 2])
    assert any("cannot be read" in text for text in problems(folder, sound()))


def test_a_type_nobody_can_protect_is_told(folder: Path) -> None:
    def rare(adata: anndata.AnnData) -> None:
        adata.obs["kind"] = ["B", "B", *["T", "NK"] * 149]

    write_cells(folder / "cells.h5ad", change=rare)
    assert any("B" in text and text.startswith("run.yaml: ") for text in problems(folder, sound()))


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        ("seed: 1\nseed: 2\n", "line 2, column 1", "the key 'seed' twice"),
        ("seed: [1\nout: x\n", "line 2, column", ""),
        ("\tseed: 1\n", "line 1, column 1", "tab"),
        ("seed: !!python/object/apply:os.system [ls]\n", "line 1, column 7", "constructor"),
        ("- a\n- b\n", "run.yaml", "['a', 'b']"),
        ("", "run.yaml", "nothing"),
        ("? [a, b]\n: 1\n", "line 1, column 3", "a key that is no plain word"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(tmp_path: Path, text: str, where: str, found: str) -> None:
    (said,) = problems(tmp_path, text)
    assert where in said
    assert found in said or found == "tab"


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_run(tmp_path / "gone.yaml")
    with pytest.raises(InputError, match="a folder"):
        read_run(tmp_path)
    (tmp_path / "run.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_run(tmp_path / "run.yaml")


def test_delta_may_be_written_as_people_write_it(folder: Path) -> None:
    text = yaml.safe_dump(sound()).replace("delta: 1.0e-05", "delta: 1e-5")
    assert "delta: 1e-5" in text
    assert read(folder, text).settings.generate.delta == 1e-5
