from __future__ import annotations

import os

import pytest

from prisyn_base import InputError, MissingExtraError, Problems, atomic_folder, atomic_path, require, write_json


def test_an_interrupted_write_leaves_the_old_file_and_no_litter(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("old")

    def write():
        with atomic_path(file) as temporary:
            temporary.write_text("half of the n")
            raise RuntimeError("cut off")

    with pytest.raises(RuntimeError, match="cut off"):
        write()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_no_file_is_never_replaced_by_one(tmp_path):
    os.mkfifo(pipe := tmp_path / "pipe")
    with pytest.raises(FileExistsError), atomic_path(pipe) as temporary:
        temporary.write_text("a rename would take the pipe away")
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_an_interrupted_folder_leaves_the_old_folder_and_no_litter(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights").write_text("old")

    def write():
        with atomic_folder(folder) as temporary:
            (temporary / "weights").write_text("new")
            raise RuntimeError("cut off")

    with pytest.raises(RuntimeError, match="cut off"):
        write()
    assert (folder / "weights").read_text() == "old"
    assert list(tmp_path.iterdir()) == [folder]


def test_json_that_no_reader_could_parse_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"epsilon": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_all_problems_are_told_together_with_how_to_mend_them():
    problems = Problems()
    problems.add("run.yaml: epsilon", "-1", "a positive number", "write 5")
    problems.add("run.yaml: delta", "2", "less than 1", "write 1e-5")
    with pytest.raises(InputError) as caught:
        problems.raise_if_any()
    assert len(caught.value.problems) == 2
    assert "run.yaml: epsilon: found -1; expected a positive number. To mend: write 5." in str(caught.value)


def test_a_missing_extra_is_answered_with_its_install_line():
    with pytest.raises(MissingExtraError, match=r"pip install 'prisyn\[fpga\]'"):
        require("a_package_that_nobody_has", extra="fpga")
