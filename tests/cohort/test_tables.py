"""Tables of records: described by a schema, read, checked, encoded and written."""

from __future__ import annotations

import gzip
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

from audit.records import make_records
from cohort import (
    Column,
    TableSchema,
    check_table,
    infer_schema,
    make_table,
    propose_schema,
    read_schema,
    read_table,
    split_cohort,
    write_schema,
    write_table,
)
from prisyn_base import InputError

PATIENTS = pd.DataFrame(
    {
        "id": [f"p{row}" for row in range(8)],
        "age": [31, 45, 62, 70, 45, 58, 81, 39],
        "sex": ["F", "M", "F", "F", "M", "M", "F", "M"],
        "stage": ["I", "II", "II", "III", "I", "II", "III", "I"],
        "weight": [60.5, 82.0, 71.0, 66.5, 90.0, 77.5, 58.0, 80.5],
        "height": [165.0, 180.0, 170.0, 160.0, 186.0, 178.0, 155.0, 181.0],
        "smoker": ["yes", "no", None, "no", "yes", None, "no", "no"],
        "birth": [
            "1960-05-01",
            "1950-01-01",
            "1940-07-09",
            "1930-02-28",
            "1951-03-03",
            "1944-12-31",
            "1921-01-01",
            "1961-06-15",
        ],
        "death": ["2010-01-01", None, "2015-02-03", None, None, "2001-09-09", "2004-04-04", None],
    }
)
PATIENTS["bmi"] = (PATIENTS.weight / (PATIENTS.height / 100) ** 2).round(1)
SCHEMA = """\
schema: 1
columns:
  age: {kind: integer, range: [0, 110], unit: years}
  sex: {kind: categorical, categories: [F, M]}
  stage: {kind: ordinal, categories: [I, II, III]}
  weight: {kind: numeric, range: [30, 200], unit: kg}
  height: {kind: numeric, range: [120, 220], unit: cm}
  smoker: {kind: categorical, categories: [no, yes], nullable: true}
  birth: {kind: date, range: [1900-01-01, 2020-12-31]}
  death: {kind: date, range: [1950-01-01, 2025-12-31], nullable: true}
  bmi: {kind: numeric, range: [10, 80]}
constraints:
  - bmi = weight / (height / 100)^2
  - death >= birth
"""


@pytest.fixture
def schema(tmp_path) -> TableSchema:
    (tmp_path / "schema.yaml").write_text(SCHEMA)
    return read_schema(tmp_path / "schema.yaml")


@pytest.fixture
def table(schema):
    return make_table(PATIENTS, schema, label="sex")


def told(work) -> str:
    with pytest.raises(InputError) as caught:
        work()
    return str(caught.value)


def test_a_schema_a_person_wrote_says_what_each_column_is(schema):
    assert schema.names == tuple(PATIENTS.columns[1:])
    assert schema["smoker"].categories == ("no", "yes")
    assert schema["smoker"].nullable
    assert (schema["age"].low, schema["age"].high, schema["age"].unit) == (0, 110, "years")
    assert [rule.column for rule in schema.derived] == ["bmi"]
    assert schema.peeked == ()


@pytest.mark.parametrize("name", ["again.yaml", "again.json"])
def test_what_is_written_is_read_back(schema, table, tmp_path, name):
    write_schema(schema, tmp_path / name)
    assert read_schema(tmp_path / name) == schema
    write_table(table, tmp_path / "t.csv.gz")
    again = read_table(tmp_path / "t.csv.gz", schema=schema, label="sex")
    pd.testing.assert_frame_equal(again.frame, table.frame)
    assert gzip.decompress((tmp_path / "t.csv.gz").read_bytes()).startswith(b"age,sex,stage")


def test_a_vector_gives_the_record_back_and_no_column_weighs_more_than_one(table):
    features = table.features
    assert "sex" not in features
    assert "bmi" not in features
    back = features.decode(table.values)
    pd.testing.assert_frame_equal(back, table.frame[list(features.names)].reset_index(drop=True))
    for place in features.places.values():
        assert np.linalg.norm(table.values[:, place], axis=1).max() <= 1 + 1e-12


def test_values_outside_the_range_weigh_no_more_than_those_inside():
    column = Column("x", "numeric", 0.0, 1.0, nullable=True)
    rows = column.encode(np.array([-1e300, 1e300, np.inf, np.nan, 0.25]))
    assert np.linalg.norm(rows, axis=1).max() <= 1
    assert rows.tolist() == [[-1, 0], [1, 0], [1, 0], [0, 1], [-0.5, 0]]


@pytest.mark.parametrize("kind", ["integer", "date"])
def test_each_whole_number_has_a_cell_of_its_own(kind):
    column = Column("x", kind, -2.0, 3.0)
    codes = np.arange(-2.0, 4.0)
    assert np.array_equal(column.codes(column.shares(codes)), codes)
    drawn = column.codes(np.random.default_rng(0).random(6000))
    assert np.unique(drawn, return_counts=True)[1].min() > 850  # five standard deviations below 1,000


def test_expected_coordinates_are_drawn_by_their_probabilities():
    column = Column.of_categories("x", ("a", "b", "c"), nullable=True)
    rows = np.tile([0.1, 0.3, 0.4, 0.2], (20_000, 1))
    codes = column.decode(rows, np.random.default_rng(0))
    shares = [np.mean(codes == code) for code in range(3)] + [np.mean(np.isnan(codes))]
    assert shares == pytest.approx([0.1, 0.3, 0.4, 0.2], abs=0.02)


def test_a_proposal_marks_everything_it_read_off_the_records(tmp_path):
    PATIENTS.to_csv(tmp_path / "p.csv", index=False)
    proposed, left_out = propose_schema(tmp_path / "p.csv", tmp_path / "p.yaml")
    assert set(proposed.peeked) == set(proposed.names)
    kinds = {column.name: column.kind for column in proposed.columns}
    assert kinds["birth"] == "date"
    assert kinds["sex"] == "categorical"
    assert kinds["weight"] == "numeric"
    assert proposed["death"].nullable
    assert (proposed["weight"].low, proposed["weight"].high) == (58.0, 90.0)
    assert left_out == ()
    assert read_schema(tmp_path / "p.yaml") == proposed


def test_columns_that_name_records_or_say_nothing_are_not_proposed():
    many = pd.DataFrame({"id": range(100), "word": [f"w{i}" for i in range(100)], "one": 1, "x": np.arange(100) / 7})
    assert infer_schema(many).names == ("x",)


def test_real_tables_are_described_and_come_back_from_their_vectors():
    for bunch, label in ((load_breast_cancer(as_frame=True), "target"), (load_diabetes(as_frame=True), None)):
        table = make_table(bunch.frame, infer_schema(bunch.frame), label=label)
        back = table.features.codes(table.features.decode(table.values))
        assert np.allclose(back, table.features.codes(table.frame), rtol=0, atol=1e-9 * np.abs(back).max())
        assert check_table(table) == ()


def test_hospital_records_with_gaps_and_sites_are_read(shared_data):
    heart = read_table(shared_data / "cohorts" / "ehr_heart_uci_920.csv.gz", label="num", donor="dataset")
    assert len(np.unique(heart.donors)) == 4
    assert heart.types == ("0", "1", "2", "3", "4")
    assert "dataset" not in heart.features
    assert "id" not in heart.schema
    assert heart.schema["thal"].nullable
    gaps = heart.frame["thal"].isna().to_numpy()
    assert np.array_equal(heart.values[:, heart.features.places["thal"]][:, -1] == 1, gaps)


def test_an_audit_takes_tables_as_they_are(table):
    records = make_records(table)
    assert (records.kind, len(records), records.types) == ("table", 8, ("F", "M"))
    assert "sex" not in records.features
    patients = load_diabetes(as_frame=True).frame
    assert "target" in make_records(make_table(patients, infer_schema(patients), label="target")).features


def test_rules_recompute_and_move_and_leave_sound_records_alone(schema, table):
    codes = schema.codes(table.frame)
    bmi, death, birth = (schema.names.index(name) for name in ("bmi", "death", "birth"))
    computed = codes[:, schema.names.index("weight")] / (codes[:, schema.names.index("height")] / 100) ** 2
    codes[0, death] = codes[0, birth] - 400
    codes[1, bmi] = 79
    mended = schema.mend(codes)
    assert mended[0, death] == codes[0, birth]
    assert mended[:, bmi] == pytest.approx(computed)
    assert schema.holds(mended).all()
    assert not schema.holds(codes)[0]
    others = [np.delete(records, [bmi, death], axis=1) for records in (mended, codes)]
    assert np.array_equal(*others, equal_nan=True)
    assert np.array_equal(mended[1:, death], codes[1:, death], equal_nan=True)


def test_chained_rules_hold_together():
    columns = [Column(name, "integer", 0, 100) for name in "abc"]
    chain = TableSchema.of(columns, ["b > a", "c >= b + 2"])
    codes = np.random.default_rng(0).integers(0, 90, (500, 3)).astype(float)
    assert chain.holds(chain.mend(codes)).all()


def test_a_formula_of_a_formula_is_computed_in_order_and_gaps_pass_through():
    columns = [Column(name, "numeric", -1000, 1000, nullable=True) for name in "abc"]
    chain = TableSchema.of(columns, ["a = b * 2", "b = c - 1"])
    assert chain.derive(np.array([[0, 0, 4.0], [0, 0, np.nan]]))[0].tolist() == [6, 3, 4]
    assert np.isnan(chain.derive(np.array([[0, 0, np.nan]]))).all()


@pytest.mark.parametrize(
    "rule",
    [
        "a = __import__('os').system('true')",
        "a = b.real",
        "a = [b for b in (1,)]",
        "a <= b if b else 1",
        "a = 'never'",
        "a = True",
        "a <= b <= 3",
        "a + b <= 3",
        "a = a + 1",
        "nothing >= a",
        "a",
        "a = " + "b+" * 300 + "b",
    ],
)
def test_rules_are_arithmetic_and_nothing_else(rule):
    columns = [Column(name, "numeric", 0, 1) for name in "ab"]
    message = told(lambda: TableSchema.of(columns, [rule], where="s.yaml"))
    assert "s.yaml: constraints" in message


def test_names_that_are_no_python_names_stand_in_backquotes():
    columns = [Column("body mass (kg)", "numeric", 0, 200), Column("class", "numeric", 0, 1)]
    held = TableSchema.of(columns, ["`body mass (kg)` >= 100 * `class`"])
    assert held.holds(np.array([[50, 0.5], [49, 0.5]])).tolist() == [True, False]


def test_everything_wrong_with_a_schema_is_said_at_once(tmp_path):
    (tmp_path / "s.yaml").write_text(
        "schema: 1\ncolumns:\n  a: {kind: number}\n  b: {kind: integer, range: [5, high]}\n"
        "  c: {kind: categorical, categories: F}\n  d: {kind: date, range: [2020-01-01]}\n"
        "  e: {kind: integer, range: [0, 1], colour: red}\n"
    )
    message = told(lambda: read_schema(tmp_path / "s.yaml"))
    assert "5 problems" in message
    assert all(f"s.yaml: {name}" in message for name in "abcde")
    ranges = [Column("a", "numeric", 3, 1), Column("b", "numeric", 0, 1), Column("b", "numeric", 0, float("inf"))]
    message = told(lambda: TableSchema.of(ranges, ["a = b", "a = 2 * b", "c < 1"]))
    assert "5 problems" in message
    assert "computed twice" in message
    circle = [Column(name, "numeric", 0, 1) for name in "ab"]
    assert "a -> b -> a" in told(lambda: TableSchema.of(circle, ["a = b", "b = a"])).replace(
        "b -> a -> b", "a -> b -> a"
    )


def test_everything_wrong_with_a_table_is_said_at_once(schema):
    spoilt = PATIENTS.astype({"age": object})
    spoilt.loc[0, "age"], spoilt.loc[1, "age"], spoilt.loc[2, "sex"] = "old", 200, "X"
    spoilt.loc[3, "weight"], spoilt.loc[4, "birth"], spoilt.loc[5, "stage"] = np.nan, "1951", None
    spoilt.loc[6, "death"], spoilt.loc[7, "birth"] = "1902-01-01", "01.02.1950"
    message = told(lambda: make_table(spoilt, schema, label="sex", where="p.csv"))
    for expected in (
        "p.csv: age: found 1 value ('old' in record 1)",
        "p.csv: age: found 1 value ('200' in record 2); expected values from 0 to 110",
        "p.csv: sex: found 1 value ('X' in record 3); expected one of F, M",
        "p.csv: weight: found 1 missing values",
        "p.csv: stage: found 1 missing values",
        "p.csv: death: found 1 value ('1902-01-01' in record 7); expected values from 1950-01-01",
        "p.csv: birth: found 1 value ('01.02.1950' in record 8); expected dates as YYYY-MM-DD",
        "p.csv: death >= birth: found 1 records that break it (record 7)",
    ):
        assert expected in message


def test_columns_that_are_not_there_or_twice_and_too_few_records_are_said_at_once(schema):
    twice = pd.concat([PATIENTS.drop(columns="age"), PATIENTS[["weight"]]], axis=1).iloc[:1]
    message = told(lambda: make_table(twice, schema, label="nothing", donor="ward"))
    assert "4 problems" not in message
    for expected in ("no column 'age'", "several columns named 'weight'", "no column 'nothing'", "'ward'", "1 record;"):
        assert expected in message
    assert "several columns named 'x'" in told(lambda: _read_text("x,x\n1,2\n2,3\n"))


def test_a_label_must_tell_records_apart(schema):
    same = PATIENTS.assign(sex="F", smoker=["yes"] + [None] * 7)
    assert "one value only ('F')" in told(lambda: make_table(same, schema, label="sex"))
    assert "7 missing values" in told(lambda: make_table(same, schema, label="smoker"))
    assert "computed from others" in told(lambda: make_table(PATIENTS, schema, label="bmi"))
    few = make_table(PATIENTS.iloc[:3], schema, label="stage", where="t")
    assert len(few) == 3
    assert "3 types and 2 records" in told(lambda: make_table(PATIENTS.iloc[:2], schema, label="stage"))


def _read_text(text: str):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "t.csv").write_text(text)
        return read_table(Path(folder) / "t.csv")


def test_tables_of_other_habits_are_told_what_to_do():
    assert "semicolons" in told(lambda: _read_text("a;b\n1;2\n3;4\n"))
    assert "decimal commas (1,5, 2,5" in told(lambda: _read_text('a,b\n"1,5",2\n"2,5",3\n"0,1",5\n'))
    mixed = told(lambda: _read_text("a,b\n1,2\n2,3\nmany,4\n3,2\n"))
    assert "numbers, and 1 other values ('many')" in mixed


def test_files_that_are_no_tables_are_told_apart(tmp_path, schema):
    (tmp_path / "empty.csv").touch()
    (tmp_path / "cells.h5ad").touch()
    (tmp_path / "broken.csv.gz").write_bytes(b"\x1f\x8b rubbish")
    assert "no such file" in told(lambda: read_table(tmp_path / "absent.csv"))
    assert "unreadable" in told(lambda: read_table(tmp_path / "empty.csv"))
    assert "a .h5ad file" in told(lambda: read_table(tmp_path / "cells.h5ad"))
    assert "unreadable" in told(lambda: read_table(tmp_path / "broken.csv.gz"))
    assert "no schema" not in told(lambda: read_schema(tmp_path / "absent.yaml"))
    assert "schema 'NoneType'" in told(lambda: read_schema(tmp_path / "empty.csv"))


@pytest.mark.skipif(find_spec("pyarrow") is not None, reason="pyarrow is installed")
def test_parquet_says_what_it_takes(table, tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    for work in (lambda: read_table(tmp_path / "t.parquet"), lambda: write_table(table, tmp_path / "u.parquet")):
        assert "pip install pyarrow" in told(work)
    assert not (tmp_path / "u.parquet").exists()


@pytest.mark.skipif(find_spec("pyarrow") is None, reason="needs pyarrow")
def test_parquet_keeps_a_table(schema, table, tmp_path):
    write_table(table, tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet", schema=schema, label="sex").frame, table.frame)


def test_removing_a_record_moves_no_other_to_another_side():
    frame = load_diabetes(as_frame=True).frame
    table = make_table(frame, infer_schema(frame))
    whole = split_cohort(table, fractions=(0.6, 0.4), seed=3)
    less = split_cohort(table.subset(np.delete(np.arange(len(table)), 7)), fractions=(0.6, 0.4), seed=3)
    for before, after in zip(whole, less, strict=True):
        assert set(before.names) - {"7"} == set(after.names)
    assert sum(map(len, whole)) == len(table)
