"""Fits the adapter: low-rank changes to the upper layers of the embedded model, and a head.

The layers below `FROZEN_LAYERS` never change, so what they make of a passage is computed once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grn_extract.adapter import CARD, SCHEMA, WEIGHTS, read_card
from grn_extract.models import GGUF_SHA256, MODEL
from grn_extract.prompting import load_prompt
from grn_extract.readers._network import (
    CHANGED,
    FROZEN_LAYERS,
    KEPT_LAYERS,
    LABELS,
    PROJECTIONS,
    PairNetwork,
    Row,
    check_base,
)
from grn_extract.readers._questions import questions_about
from grn_extract.training.examples import Example
from prisyn_base import atomic_folder, require, write_json

NAME = "regulation-lora-3"
"""What evidence calls the adapter; trained anew, it gets the next number."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`tokens` is the size of a batch; the learning rate rises over `warmup` steps and falls linearly to 0 at the last
    batch, or after `steps` where those are fewer.
    """

    rank: int = 32
    scale: float = 1.0
    learning_rate: float = 5e-4
    head_rate: float = 2e-3
    warmup: int = 30
    tokens: int = 1200
    clip: float = 1.0
    steps: int | None = None
    seed: int = 0


def fit_adapter(
    network: PairNetwork,
    passes: Sequence[Sequence[Example]],
    out: Path,
    *,
    settings: Settings,
    tell: Callable[[str], None],
    start: Path | None = None,
    every: int = 100,
) -> None:
    """Train on each of `passes` in turn, in a seeded order, and write `adapter.safetensors` and its card to `out`.

    `start` is the folder of an adapter to go on from. Written every `every` steps too, so that what a stopped training
    had learned is not lost.
    """
    torch = network.torch
    torch.manual_seed(settings.seed)
    changes = _add_changes(network, settings)
    if start is not None:
        _load_changes(network, start)
    optimiser = torch.optim.AdamW(
        [
            {"params": changes, "lr": settings.learning_rate},
            {"params": [*network.head.parameters(), network.model.norm.weight], "lr": settings.head_rate},
        ],
        weight_decay=0.0,
    )
    prompt = load_prompt("pair-judgement")
    examples = [example for one in passes for example in one]
    rows = [_row(network, prompt, example) for example in examples]
    batches: list[list[int]] = []
    for number, one in enumerate(passes):
        first = sum(map(len, passes[:number]))
        lengths = [row.length for row in rows[first : first + len(one)]]
        batches.extend(
            [first + i for i in batch] for batch in _batches(lengths, settings.seed + number, settings.tokens)
        )
    batches = batches[: settings.steps]
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / settings.warmup, 1 - step / (len(batches) + 1))
    )
    asked = sum(len(examples[i].questions) for batch in batches for i in batch)
    running: dict[str, list[float]] = {}
    started = time.perf_counter()
    for step, batch in enumerate(batches, 1):
        chosen, packed = [examples[i] for i in batch], network.pack([rows[i] for i in batch])
        with torch.no_grad():
            states = network.hidden(packed, last=FROZEN_LAYERS)
        logits = network.answer(packed, network.hidden(packed, first=FROZEN_LAYERS, states=states))
        losses = _losses(torch, logits, chosen)
        loss = losses.sum() / sum(q.presence for example in chosen for q in example.questions)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(changes, settings.clip)
        optimiser.step()
        schedule.step()
        _note(running, chosen, losses.detach())
        if step % 10 == 0 or step == len(batches):
            took = time.perf_counter() - started
            means = "  ".join(f"{name} {np.mean(values[-100:]):.3f}" for name, values in sorted(running.items()))
            tell(f"step {step}/{len(batches)}, {took:.0f} s: {means}")
        if step % every == 0 or step == len(batches):
            _write(network, out, settings, start=start, steps=step, questions=asked)


def _add_changes(network: PairNetwork, settings: Settings) -> list[Any]:
    """Put `peft`'s low-rank layers into the network; returns what is to be trained."""
    peft = require("peft", extra="llm")
    config = peft.LoraConfig(
        r=settings.rank,
        lora_alpha=settings.rank * settings.scale,
        lora_dropout=0.0,
        target_modules=[name.split(".")[1] for name in PROJECTIONS],
        layers_to_transform=list(range(FROZEN_LAYERS, KEPT_LAYERS)),
        layers_pattern="layers",
    )
    network.model.requires_grad_(False)
    peft.inject_adapter_in_model(config, network.model)
    network.model.train()
    network.model.norm.weight.requires_grad_(True)
    return [p for name, p in network.model.named_parameters() if "lora_" in name]


def _load_changes(network: PairNetwork, folder: Path) -> None:
    """Fill the low-rank layers, the norm and the head with those of a trained adapter of the same rank."""
    from safetensors.torch import load_file

    check_base(read_card(folder), folder)
    tensors = load_file(folder / WEIGHTS)
    with network.torch.no_grad():
        for key in CHANGED:
            layer = network.model.get_submodule(key)
            layer.lora_A["default"].weight.copy_(tensors[f"{key}.a"])
            layer.lora_B["default"].weight.copy_(tensors[f"{key}.b"])
    network.take_head(tensors)


def _row(network: PairNetwork, prompt: Any, example: Example) -> Row:
    shared, questions = questions_about(prompt, example.text, ((q.regulator, q.target) for q in example.questions))
    return network.row(shared, questions)


def _batches(lengths: Sequence[int], seed: int, tokens: int) -> Iterator[list[int]]:
    """Rows of like length together, the batches in random order."""
    rng = np.random.default_rng(seed)
    pools = np.array_split(rng.permutation(len(lengths)), max(1, len(lengths) // 400))
    batches: list[list[int]] = []
    for pool in pools:
        batch: list[int] = []
        for i in sorted(pool, key=lambda i: lengths[i]):
            if batch and (len(batch) + 1) * lengths[i] > tokens:
                batches.append(batch)
                batch = []
            batch.append(int(i))
        batches.append(batch)
    yield from (batches[i] for i in rng.permutation(len(batches)))


def _losses(torch: Any, logits: Any, examples: Sequence[Example]) -> Any:
    """Weighted negative log-likelihoods, one a question: of none or some, and of which sign given some."""
    questions = [question for example in examples for question in example.questions]
    labels = torch.tensor([LABELS.index(question.label) for question in questions])
    presence = torch.tensor([question.presence for question in questions])
    sign = torch.tensor([question.sign for question in questions])
    some = labels > 0
    log_none = logits.log_softmax(-1)[:, 0]
    log_some = logits[:, 1:].logsumexp(-1) - logits.logsumexp(-1)
    of_sign = torch.nn.functional.cross_entropy(logits[:, 1:], (labels - 1).clamp(min=0), reduction="none")
    return -presence * torch.where(some, log_some, log_none) + sign * some * of_sign


def _note(running: dict[str, list[float]], examples: Sequence[Example], losses: Any) -> None:
    at = 0
    for example in examples:
        running.setdefault(example.corpus, []).append(float(losses[at : at + len(example.questions)].mean()))
        at += len(example.questions)


def _write(
    network: PairNetwork, out: Path, settings: Settings, *, start: Path | None, steps: int, questions: int
) -> None:
    from safetensors.torch import save_file

    torch = network.torch
    tensors = {"norm": network.model.norm.weight.detach().clone()}
    tensors |= {f"head.{name}": value.detach().clone() for name, value in network.head.named_parameters()}
    for key in CHANGED:
        layer = network.model.get_submodule(key)
        for part, module in (("a", layer.lora_A), ("b", layer.lora_B)):
            tensors[f"{key}.{part}"] = module["default"].weight.detach().to(torch.bfloat16)
    card = {
        "schema": SCHEMA,
        "name": NAME,
        "base": MODEL,
        "base_sha256": GGUF_SHA256,
        "layers": KEPT_LAYERS,
        "frozen": FROZEN_LAYERS,
        "labels": list(LABELS),
        "scale": settings.scale,
        "prompt": load_prompt("pair-judgement").hash,
        "settings": asdict(settings),
        "threshold": 0.5,
        "started_from": read_card(start).name if start else None,
        "steps": steps,
        "questions": questions,
    }
    with atomic_folder(out) as folder:
        save_file(tensors, folder / WEIGHTS)
        write_json(folder / CARD, card)
