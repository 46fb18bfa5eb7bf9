"""Real cells that come with an installed package: the demo's cohort."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path

import anndata
import numpy as np
import scipy.sparse as sp

from cohort._cohort import Cohort
from cohort._read import make_cohort
from prisyn_base import MissingExtraError

PBMC68K_TYPES = (
    "CD14+ Monocyte",
    "CD19+ B",
    "CD34+",
    "CD4+/CD25 T Reg",
    "CD4+/CD45RA+/CD25- Naive T",
    "CD4+/CD45RO+ Memory",
    "CD56+ NK",
    "CD8+ Cytotoxic T",
    "CD8+/CD45RA+ Naive Cytotoxic",
    "Dendritic",
)
"""The ten reference populations the cells were annotated against in the original publication."""


def pbmc68k() -> Cohort:
    """700 peripheral blood cells x 765 genes with raw counts and ten types (Zheng et al., 2017).

    The file is the `pbmc68k_reduced` of the scanpy package. Its `.raw` holds log(1 + counts scaled to 10,000 a
    cell over all genes); a cell's smallest non-zero value is then one count, which gives the counts back.
    """
    scanpy = find_spec("scanpy")
    if scanpy is None or scanpy.origin is None:
        raise MissingExtraError("scanpy, which carries the demo's cells, is not installed: pip install prisyn")
    with warnings.catch_warnings():
        # The file is of an older layout, which anndata reads and announces.
        warnings.filterwarnings("ignore", message="Moving element", category=FutureWarning)
        source = anndata.read_h5ad(Path(scanpy.origin).parent / "datasets" / "10x_pbmc68k_reduced.h5ad")
    scaled = sp.csr_matrix(source.raw.X, dtype=np.float64)
    scaled.data = np.expm1(scaled.data)
    starts = scaled.indptr[:-1]
    one_count = np.minimum.reduceat(scaled.data, starts)
    counts = sp.csr_matrix(sp.diags_array(1.0 / one_count) @ scaled)
    counts.data = np.rint(counts.data)
    return make_cohort(
        counts,
        genes=[str(gene) for gene in source.raw.var_names],
        labels=source.obs["bulk_labels"].astype(str).tolist(),
        cells=[str(cell) for cell in source.obs_names],
    )
