"""What every PriSyn package may lean on: mendable errors, safe files, optional parts."""

from prisyn_base._files import atomic_folder, atomic_path, sha256_file, sha256_text, write_json
from prisyn_base._lock import folder_lock
from prisyn_base._optional import MissingExtraError, require
from prisyn_base._problems import InputError, Problem, Problems

__all__ = [
    "InputError",
    "MissingExtraError",
    "Problem",
    "Problems",
    "atomic_folder",
    "atomic_path",
    "folder_lock",
    "require",
    "sha256_file",
    "sha256_text",
    "write_json",
]
