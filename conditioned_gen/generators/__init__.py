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
TABLE_COPULA = Method(
    name="table_copula",
    place="measurements",
    units=("cell", "donor"),
    cost="two noisy sums, closed form; seconds",
    reference="Gaussian copula (Li et al. 2014) on Haar coefficients (Xiao et al. 2010), with eigenvalue shrinkage",
    cohorts=("tables",),
)
WGAN_GP = Method(
    name="wgan_gp",
    place="none",
    units=(),
    cost="stochastic gradients; minutes",
    reference="Gulrajani et al. 2017 (WGAN-GP), conditional, on counts drawn (cf. Marouf et al. 2020, scGAN)",
    extra="train",
)
DP_GAN = Method(
    name="dp_gan",
    place="critic",
    units=("cell",),
    cost="DP-SGD with Opacus on the critic; minutes",
    reference="Xie et al. 2018 (DPGAN), with the schedule of Bie et al. 2023",
    extra="train",
)
PSG = Method(
    name="psg",
    place="own parameters",
    units=("cell",),
    cost="DP-SGD with Opacus on a classifier; minutes",
    reference="Chen, Kerkouche and Fritz 2022 (Private Set Generation)",
    extra="train",
)
VAE = Method(
    name="vae",
    place="none",
    units=(),
    cost="stochastic gradients; a minute",
    reference="conditional variational autoencoder (Kingma and Welling 2014; Sohn et al. 2015), multinomial counts",
    extra="train",
)
NEGATIVE_BINOMIAL = Method(
    name="negative_binomial",
    place="none",
    units=(),
    cost="likelihoods on a grid of dispersions; seconds",
    reference="negative binomial counts by type and gene (Robinson and Smyth 2008), log-normal library sizes",
)
COPULA = Method(
    name="copula",
    place="none",
    units=(),
    cost="likelihoods and a decomposition of each type's scores; seconds",
    reference="Sun et al. 2021 (scDesign2), with eigenvalue shrinkage (Donoho, Gavish and Johnstone 2018)",
)
GS_WGAN = Method(
    name="gs_wgan",
    place="sample gradients",
    units=("cell", "donor"),
    cost="many small critics; a minute or two",
    reference="Chen, Orekondy and Fritz 2020 (GS-WGAN), with the bound of a whole batch",
    extra="train",
)
DP_SINKHORN = Method(
    name="dp_sinkhorn",
    place="sample gradients",
    units=("cell", "donor"),
    cost="stochastic gradients without a critic; a minute",
    reference="Cao et al. 2021 (DP-Sinkhorn)",
    extra="train",
)
PATE_GAN = Method(
    name="pate_gan",
    place="critic",
    units=("cell", "donor"),
    cost="many small teachers and a student; a minute",
    reference="Jordon, Yoon and van der Schaar 2019 (PATE-GAN), with Gaussian noise on votes",
    extra="train",
)
PGAN = Method(
    name="pgan",
    place="none",
    units=(),
    cost="stochastic gradients; a minute",
    reference="Venugopal et al. 2022 (pGAN), as a conditional WGAN-GP (Gulrajani et al. 2017) on mixed columns",
    extra="train",
    cohorts=("tables",),
)
DP_MERF = Method(
    name="dp_merf",
    place="measurements",
    units=("cell", "donor"),
    cost="one noisy sum, then stochastic gradients; a minute or two",
    reference="Harder, Adamczewski and Park 2021 (DP-MERF), with a public kernel width",
    extra="train",
    cohorts=("cells", "tables"),
)
RON_GAUSS = Method(
    name="ron_gauss",
    place="measurements",
    units=("cell", "donor"),
    cost="one or two noisy sums, closed form; seconds",
    reference="Chanyaswad, Liu and Mittal 2019 (RON-Gauss), with bounded vectors and a public or released centre",
    cohorts=("cells", "tables"),
)
MARGINALS = Method(
    name="marginals",
    place="measurements",
    units=("cell", "donor"),
    cost="two noisy sums, then tables that agree along trees; seconds",
    reference="marginals on a forest (McKenna, Sheldon and Miklau 2019, Private-PGM) that the GRN chooses",
)
METHODS = (
    COPULA,
    DP_CVAE,
    DP_GAN,
    DP_MERF,
    DP_SINKHORN,
    GRN_CAUSAL,
    GRN_SUBSPACE,
    GS_WGAN,
    MARGINALS,
    NEGATIVE_BINOMIAL,
    PATE_GAN,
    PGAN,
    PSG,
    RON_GAUSS,
    TABLE_COPULA,
    VAE,
    WGAN_GP,
)

__all__ = [
    "COPULA",
    "DP_CVAE",
    "DP_GAN",
    "DP_MERF",
    "DP_SINKHORN",
    "GRN_CAUSAL",
    "GRN_SUBSPACE",
    "GS_WGAN",
    "MARGINALS",
    "METHODS",
    "NEGATIVE_BINOMIAL",
    "PATE_GAN",
    "PGAN",
    "PSG",
    "RON_GAUSS",
    "TABLE_COPULA",
    "VAE",
    "WGAN_GP",
]
