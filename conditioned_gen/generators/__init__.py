"""One generator a file. Adding one: its file, named like the method, and its entry in `METHODS`."""

from conditioned_gen.generator import Method

GRN_SUBSPACE = Method(
    name="grn_subspace",
    place="measurements",
    units=("cell", "donor"),
    cost="two or three noisy sums, closed form; seconds",
    reference="Gaussian mechanism on root proportions, adaptive shrinkage along public axes, causal network on the GRN",
)
GRN_CAUSAL = Method(
    name="grn_causal",
    place="measurements",
    units=("cell", "donor"),
    cost="the sums of grn_subspace, then stochastic gradients on public cells; a minute",
    reference="functions trained on the GRN's edges (cf. Zinati et al. 2024, GRouNdGAN) by maximum likelihood",
    extra="train",
)
DP_CVAE = Method(
    name="dp_cvae",
    place="own parameters",
    units=("cell",),
    cost="DP-SGD with Opacus; minutes",
    reference="Abadi et al. 2016 (DP-SGD) on a conditional VAE (Sohn et al. 2015)",
    extra="train",
)
METHODS = (DP_CVAE, GRN_CAUSAL, GRN_SUBSPACE)

__all__ = ["DP_CVAE", "GRN_CAUSAL", "GRN_SUBSPACE", "METHODS"]
