"""The language model as a judge of marked pairs: a passage is run once, each question about it only for its own words.

SmolLM2's first `KEPT_LAYERS` layers (the later ones prepare the next word and know less of the relation: the area
under the ROC curve of a linear probe on 560 sentences peaked there) with low-rank changes (Hu et al. 2021) to
those above `FROZEN_LAYERS`, and a linear head on the last word of a question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grn_extract.adapter import CARD, WEIGHTS, AdapterCard, read_card
from grn_extract.models import GGUF_SHA256, load_transformers
from prisyn_base import InputError, Problem

KEPT_LAYERS = 21
FROZEN_LAYERS = 8
LABELS = ("none", "regulates", "activates", "represses")
PROJECTIONS = (
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.o_proj",
    "mlp.gate_proj",
    "mlp.up_proj",
    "mlp.down_proj",
)
_PAD = 2

CHANGED = tuple(f"layers.{number}.{name}" for number in range(FROZEN_LAYERS, KEPT_LAYERS) for name in PROJECTIONS)
"""The weights that an adapter changes, by their names in the model."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """The tokens of a passage, and of each question about it; a question ends on the word its answer is read from."""

    passage: tuple[int, ...]
    questions: tuple[tuple[int, ...], ...]

    @property
    def length(self) -> int:
        return len(self.passage) + sum(map(len, self.questions))


@dataclass(frozen=True, slots=True)
class Packed:
    """Rows as tensors: `ids` and `positions` (rows, tokens), `mask` (rows, 1, tokens, tokens) with 0 where a token is
    seen and -inf where not, `ends` (questions, 2) the row and the place where each question's answer is read.
    """

    ids: Any
    positions: Any
    mask: Any
    ends: Any


class PairNetwork:
    """`layers` on top of token embeddings, and a head: logits of `LABELS` for every question.

    Loaded in bfloat16 where the processor multiplies it natively, else in float32 (the stored weights are bfloat16, so
    nothing is lost). `adapter` is a folder with `adapter.safetensors` and `adapter.json`; its changes are added to
    the weights, so they cost nothing. Raises InputError where the adapter is of another base or schema.
    """

    def __init__(self, folder: Path, *, adapter: Path | None, threads: int, dtype: Any = None) -> None:
        self.torch, transformers = load_transformers()
        self.torch.set_num_threads(threads)
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
        config.num_hidden_layers = KEPT_LAYERS
        chosen = dtype or self._native()
        self.model = transformers.AutoModel.from_pretrained(
            folder, config=config, dtype=chosen, local_files_only=True
        ).eval()
        self.head = self.torch.nn.Linear(config.hidden_size, len(LABELS), dtype=self.torch.float32)
        if adapter is not None:
            self._apply(adapter)

    def encode(self, text: str) -> tuple[int, ...]:
        """Tokens of a text; one that spells a special token ("<|im_end|>") stays text."""
        ids = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids
        return tuple(ids)

    def row(self, shared: str, questions: Sequence[str]) -> Row:
        """A passage with its questions, behind the token that begins every text."""
        return Row((self.tokenizer.bos_token_id, *self.encode(shared)), tuple(map(self.encode, questions)))

    def pack(self, rows: Sequence[Row]) -> Packed:
        """Rows side by side, padded on the right. A question sees the passage and itself, never another question."""
        torch = self.torch
        longest = max(row.length for row in rows)
        ids = torch.full((len(rows), longest), _PAD, dtype=torch.long)
        positions = torch.zeros((len(rows), longest), dtype=torch.long)
        seen = torch.zeros((len(rows), 1, longest, longest), dtype=torch.bool)
        ends = []
        for number, row in enumerate(rows):
            start = len(row.passage)
            ids[number, :start] = torch.tensor(row.passage)
            positions[number, :start] = torch.arange(start)
            seen[number, 0, :start, :start] = torch.ones(start, start, dtype=torch.bool).tril()
            at = start
            for question in row.questions:
                stop = at + len(question)
                ids[number, at:stop] = torch.tensor(question)
                positions[number, at:stop] = torch.arange(start, start + len(question))
                seen[number, 0, at:stop, :start] = True
                seen[number, 0, at:stop, at:stop] = torch.ones(stop - at, stop - at, dtype=torch.bool).tril()
                ends.append((number, stop - 1))
                at = stop
            # A padding token must see something, or its softmax is 0/0.
            seen[number, 0, at:, 0] = True
        mask = torch.zeros(seen.shape, dtype=self.model.dtype).masked_fill(~seen, torch.finfo(self.model.dtype).min)
        return Packed(ids, positions, mask, torch.tensor(ends, dtype=torch.long).reshape(-1, 2))

    def hidden(self, packed: Packed, *, first: int = 0, last: int = KEPT_LAYERS, states: Any = None) -> Any:
        """The states after layers [first, last), shape (rows, tokens, width); from `states`, else from the tokens."""
        model = self.model
        states = model.embed_tokens(packed.ids) if states is None else states
        rotary = model.rotary_emb(states, packed.positions)
        for layer in model.layers[first:last]:
            states = layer(
                states,
                attention_mask=packed.mask,
                position_ids=packed.positions,
                position_embeddings=rotary,
                use_cache=False,
            )
        return states

    def answer(self, packed: Packed, states: Any) -> Any:
        """Logits of every question, shape (questions, labels), from the states after the last layer."""
        picked = states[packed.ends[:, 0], packed.ends[:, 1]]
        return self.head(self.model.norm(picked).float())

    def judge(self, rows: Sequence[Row], *, tokens: int) -> list[Floats]:
        """Probabilities of `LABELS` for each row's questions, shape (questions, labels); `tokens` bounds a batch."""
        order = sorted(range(len(rows)), key=lambda number: (rows[number].length, number))
        found: dict[int, Floats] = {}
        for batch in _batches([rows[number].length for number in order], tokens):
            numbers = [order[place] for place in batch]
            packed = self.pack([rows[number] for number in numbers])
            with self.torch.inference_mode():
                probabilities = self.answer(packed, self.hidden(packed)).softmax(-1).double().numpy()
            at = 0
            for number in numbers:
                found[number] = probabilities[at : at + len(rows[number].questions)]
                at += len(rows[number].questions)
        return [found[number] for number in range(len(rows))]

    def _native(self) -> Any:
        return self.torch.bfloat16 if _multiplies_bfloat16(self.torch) else self.torch.float32

    def _apply(self, folder: Path) -> None:
        from safetensors.torch import load_file

        card = read_card(folder)
        check_base(card, folder)
        tensors: Mapping[str, Any] = load_file(folder / WEIGHTS)
        with self.torch.no_grad():
            for key in CHANGED:
                weight = self.model.get_submodule(key).weight
                change = tensors[f"{key}.b"].float() @ tensors[f"{key}.a"].float()
                weight.copy_((weight.float() + card.scale * change).to(weight.dtype))
        self.take_head(tensors)

    def take_head(self, tensors: Mapping[str, Any]) -> None:
        """Put an adapter's norm and head, by the names in its file, in place of the network's."""
        with self.torch.no_grad():
            self.model.norm.weight.copy_(tensors["norm"].to(self.model.dtype))
            self.head.weight.copy_(tensors["head.weight"])
            self.head.bias.copy_(tensors["head.bias"])


def _batches(lengths: Sequence[int], tokens: int) -> list[list[int]]:
    """Places of sorted lengths, cut so that no padded batch holds more than `tokens` (but at least one row)."""
    batches: list[list[int]] = [[]]
    for place, length in enumerate(lengths):
        if batches[-1] and (len(batches[-1]) + 1) * length > tokens:
            batches.append([])
        batches[-1].append(place)
    return batches


def _multiplies_bfloat16(torch: Any) -> bool:
    # Without such instructions torch falls back to a loop that is five times slower than float32.
    capability = torch.backends.cpu.get_cpu_capability()
    if "AVX512" not in capability and "SVE" not in capability:
        return False
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def check_base(card: AdapterCard, folder: Path) -> None:
    """Raise InputError where an adapter was made for another base, other layers or other labels."""
    found = (card.base_sha256, card.layers, card.frozen, card.labels)
    wanted = (GGUF_SHA256, KEPT_LAYERS, FROZEN_LAYERS, LABELS)
    if found != wanted:
        raise InputError([Problem(str(folder / CARD), str(found), str(wanted), "install prisyn again")])
