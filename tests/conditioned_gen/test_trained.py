"""A causal network with trained functions on its edges."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from scipy.special import gammaln
from scipy.stats import nbinom

from conditioned_gen.networks import EdgeArrays
from conditioned_gen.networks.cells import CausalCells, OwnNoise, roots
from conditioned_gen.networks.levels import levels
from conditioned_gen.networks.profiles import fit_profiles
from conditioned_gen.networks.trained import ROUNDS, EdgeNetwork
from conditioned_gen.networks.training import Training, _negative_binomial, train

CHAIN = [(0, 1), (1, 2), (0, 2), (3, 4), (4, 3), (3, 5), (5, 6)]
"""0 -> 1 -> 2 and 0 -> 2; a loop of 3 and 4 that leads to 5 and 6; gene 7 stands alone."""


def arrays(pairs, genes=8, *, signs=None, beliefs=None) -> EdgeArrays:
    regulators, targets = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    ones = np.ones(len(pairs))
    return EdgeArrays(
        genes, regulators, targets, ones if signs is None else signs, ones if beliefs is None else beliefs
    )


def bent(edges: EdgeArrays, seed: int = 0, hidden: int = 3) -> EdgeNetwork:
    """A network all of whose functions bend."""
    torch.manual_seed(seed)
    network = EdgeNetwork(edges, hidden=hidden, gain=0.5)
    for name, parameter in network.named_parameters():
        if "amplitude" in name:
            parameter.data.normal_()
    return network


def jacobian(network: EdgeNetwork, at: torch.Tensor, held=None) -> np.ndarray:
    """d deviation of the row / d free part of the column."""
    return torch.autograd.functional.jacobian(lambda free: network(free[:, None], held)[:, 0], at).numpy()


def reach(pairs, genes=8, steps=None) -> np.ndarray:
    """Whether a way of at most `steps` edges leads from the column to the row."""
    step = np.eye(genes, dtype=int)
    for regulator, target in pairs:
        step[target, regulator] = 1
    return np.linalg.matrix_power(step, genes if steps is None else steps) > 0


def test_the_jacobian_is_zero_wherever_the_graph_has_no_path():
    found = jacobian(bent(arrays(CHAIN)), torch.randn(8, generator=torch.Generator().manual_seed(1)))
    assert np.array_equal(found != 0, reach(CHAIN))


def test_so_it_is_on_random_graphs_with_loops_where_echoes_are_cut_off():
    rng = np.random.default_rng(0)
    for seed in range(5):
        pairs = [(a, b) for a in range(12) for b in range(12) if a != b and rng.random() < 0.12]
        found = jacobian(bent(arrays(pairs, 12), seed), torch.randn(12, generator=torch.Generator().manual_seed(seed)))
        assert not np.any((found != 0) & ~reach(pairs, 12))
        assert np.all((found != 0)[reach(pairs, 12, steps=1)])


def test_with_everything_else_held_only_a_genes_own_regulators_move_it():
    network = bent(arrays(CHAIN))
    for target in range(8):
        others = [gene for gene in range(8) if gene != target]

        def moved(values, others=others, target=target):
            # A held gene's value is its free part here, so that the derivative with respect to it can be taken.
            deviations = values.clone()
            deviations[target] = 0
            return network.responses(deviations[:, None])[target, 0]

        gradient = torch.autograd.functional.jacobian(moved, torch.randn(8, generator=torch.Generator().manual_seed(2)))
        assert set(np.flatnonzero(gradient.numpy())) == {a for a, b in CHAIN if b == target}


def test_a_held_gene_stays_where_it_is_and_its_causes_no_longer_pass_it():
    network = bent(arrays(CHAIN))
    found = jacobian(network, torch.zeros(8), {1: 0.7, 4: -1.0})
    assert found[2, 0] != 0  # directly
    assert found[1].tolist() == [0] * 8
    assert found[4].tolist() == [0] * 8
    values = network(torch.zeros(8, 1), {1: 0.7, 4: -1.0})[:, 0].tolist()
    assert values[1] == pytest.approx(0.7)
    assert values[4] == pytest.approx(-1.0)


def test_regulators_at_their_normal_level_leave_a_target_at_its_own():
    free = torch.zeros(8, 1)
    free[7] = 1.5
    assert torch.equal(bent(arrays(CHAIN))(free), free)


def test_groups_compute_what_each_target_by_itself_would():
    rng = np.random.default_rng(0)
    pairs = [(regulator, 20 + target) for target in range(9) for regulator in rng.permutation(20)[: 1 + target]]
    network = bent(arrays(pairs, 29))
    deviations = torch.randn(29, 4, generator=torch.Generator().manual_seed(0))
    found = network.responses(deviations)
    for group in network.groups:
        for row, target in enumerate(group.targets.tolist()):
            own = [regulator for regulator, other in pairs if other == target]
            order = [group.index[row].tolist().index(regulator) for regulator in own]
            inputs = deviations[own]
            inner, offset = group.bend[row][:, order] @ inputs, group.offset[row]
            units = (torch.tanh(inner + offset) - torch.tanh(offset)) * group.amplitude[row]
            assert torch.allclose(found[target], group.linear[row, order] @ inputs + units.sum(dim=0), atol=1e-5)


def test_causes_come_before_what_follows_from_them_and_loops_are_gone_round_together():
    order = levels(arrays(CHAIN))
    assert [set(level.targets.tolist()) for level in order if level.cyclic] == [{3, 4}]
    place = {gene: number for number, level in enumerate(order) for gene in level.targets.tolist()}
    for regulator, target in CHAIN:
        assert place.get(regulator, -1) <= place[target]
        assert place.get(regulator, -1) < place[target] or {regulator, target} == {3, 4}


def test_a_loop_answers_twice_and_then_falls_silent():
    loop = arrays([(0, 1), (1, 0)], 2)
    network = EdgeNetwork(loop, hidden=1, gain=0.5)
    assert ROUNDS == 2
    assert network(torch.tensor([[1.0], [0.0]]))[:, 0].tolist() == pytest.approx([1.25, 0.5])


def test_before_training_the_network_is_the_graphs_prior():
    edges = arrays([(0, 2), (1, 2)], 3, signs=np.array([1.0, -1.0]), beliefs=np.array([0.9, 0.5]))
    network = EdgeNetwork(edges, hidden=2, gain=0.4)
    free = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    assert network(free)[2].tolist() == pytest.approx([0.4 * 0.9 / 2**0.5, -0.4 * 0.5 / 2**0.5])


def test_an_edge_that_is_hardly_believed_pays_more_for_the_same_weight():
    sure, doubtful = (EdgeNetwork(arrays([(0, 1)], 2, beliefs=np.array([b])), hidden=1, gain=0.3) for b in (1.0, 0.1))
    costs = []
    for network in (sure, doubtful):
        before = network.penalty()
        network.groups[0].linear.data += 1.0
        costs.append((network.penalty() - before).item())
    assert costs[1] == pytest.approx(100 * costs[0], rel=1e-3)


def test_numbers_grow_with_edges_and_not_with_genes_squared():
    def size(genes, targets, regulators):
        pairs = [((7 * target + r) % 50, 50 + target) for target in range(targets) for r in range(regulators)]
        return sum(p.numel() for p in EdgeNetwork(arrays(pairs, genes), hidden=4, gain=0.3).parameters())

    assert size(50_000, 500, 8) == size(1_000, 500, 8)
    assert size(1_000, 400, 15) == pytest.approx(4 * size(1_000, 100, 15), rel=1e-6)
    assert size(1_000, 100, 15) < 2 * 100 * 15 * 5 + 100 * 10


def test_drawn_are_those_that_regulate_or_that_nothing_regulates():
    assert roots(arrays(CHAIN)).tolist() == [0, 1, 3, 4, 5, 7]


def test_the_likelihood_is_that_of_the_negative_binomial():
    counts, means = np.array([0.0, 1.0, 7.0, 40.0]), np.array([0.2, 2.0, 5.0, 60.0])
    shapes = np.array([0.5, 1.0, 3.0, 10.0])

    def ours(at):
        return _negative_binomial(torch.tensor(at), torch.tensor(means).log(), torch.tensor(shapes).log()).numpy()

    def theirs(at):
        return nbinom.logpmf(at, shapes, shapes / (shapes + means)) + gammaln(at + 1)

    assert ours(counts) == pytest.approx(theirs(counts))
    assert ours(np.zeros(4)) == pytest.approx(theirs(np.zeros(4)))


@pytest.fixture(scope="module")
def simulated() -> tuple[sp.csr_matrix, np.ndarray, EdgeArrays]:
    """Two regulators that vary by themselves; gene 2 follows the first, 3 goes against it, 4 and 5 follow nobody."""
    rng = np.random.default_rng(0)
    free = 0.8 * rng.standard_normal((1500, 2))
    logs = np.column_stack([free, free[:, 0], -free[:, 0], np.zeros((1500, 2))])
    # The last gene outweighs the others, so that none of them moves a cell's total.
    counts = rng.poisson([40, 40, 40, 40, 40, 4000] * np.exp(logs)).astype(np.float32)
    edges = arrays([(0, 2), (1, 2), (0, 3), (1, 3), (0, 4), (1, 4)], 6, signs=np.zeros(6))
    return sp.csr_matrix(counts), np.zeros(1500, dtype=np.intp), edges


def test_training_finds_which_way_targets_follow_their_regulators(simulated):
    counts, codes, edges = simulated
    settings = Training(latent=3, width=16, hidden=2, steps=250, learning_rate=2e-2)
    cells = train(counts, codes, edges, types=1, settings=settings, seed=0)
    with torch.no_grad():
        of_first, of_second = (cells.network(torch.zeros(6, 1), {gene: 0.5})[:, 0].tolist() for gene in (0, 1))
    assert of_first[2] > 0.25
    assert of_first[3] < -0.25
    assert max(abs(of_first[4]), *map(abs, of_second[2:5])) < 0.15


def test_training_is_the_same_for_the_same_seed_and_leaves_the_global_generator_alone(simulated):
    counts, codes, edges = simulated
    settings = Training(latent=2, width=4, hidden=1, steps=3)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, two = (train(counts, codes, edges, types=1, settings=settings, seed=3) for _ in range(2))
    assert torch.equal(torch.rand(1), expected)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_genes_that_were_not_measured_keep_the_graphs_prior(simulated):
    counts, codes, _ = simulated
    edges = arrays([(0, 2), (0, 3)], 6)
    measured = np.arange(6) != 3
    settings = Training(latent=2, width=4, hidden=1, steps=30, learning_rate=1e-2)
    cells = train(counts, codes, edges, types=1, settings=settings, seed=0, measured=measured)
    moved = cells.network.responses(torch.eye(6))[:, 0].tolist()
    prior = edges.prior(settings.gain)
    assert moved[3] == pytest.approx(prior[1], abs=1e-3)
    assert abs(moved[2] - prior[0]) > 0.01


def test_types_that_differ_in_a_regulator_tell_how_its_targets_follow():
    levels_of_types = np.linspace(-2, 2, 8)
    logs = np.column_stack([levels_of_types, 0.8 * levels_of_types, -0.8 * levels_of_types, np.zeros(8)]) - 5
    torch.manual_seed(0)
    network = EdgeNetwork(arrays([(0, 1), (0, 2), (0, 3)], 4, signs=np.zeros(3)), hidden=2, gain=0.3)
    fit_profiles(network, np.exp(logs), np.ones(8))
    response = network.responses(torch.tensor([[1.0], [0.0], [0.0], [0.0]]))[:, 0].tolist()
    assert response[1] > 0.5
    assert response[2] < -0.5
    assert abs(response[3]) < 0.1


def test_the_average_of_a_gene_lies_as_far_above_its_level_as_it_says():
    network = EdgeNetwork(arrays([(0, 1)], 2), hidden=1, gain=0.5)
    cells = CausalCells(OwnNoise(torch.tensor([0.4, 0.2])), network, types=1)
    variance = np.array([0.16, 0.04 + 0.25 * 0.16])
    assert cells.log_mean_fold(chunks=800).numpy() == pytest.approx(variance / 2, abs=0.01)
