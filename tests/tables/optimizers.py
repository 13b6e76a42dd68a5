"""Every optimizer, with every setting that changes its rule, and its twin in torch.optim."""

from __future__ import annotations

from typing import Any

from micrograd_numpy.optimizers import SGD, Adam, AdamW, Optimizer

# Ours, the name of theirs, and the arguments of both.
CATALOGUE: dict[str, tuple[type[Optimizer], str, dict[str, Any]]] = {
    "SGD": (SGD, "SGD", {"lr": 0.01}),
    "SGD by default": (SGD, "SGD", {}),
    "SGD, lr 0": (SGD, "SGD", {"lr": 0.0, "momentum": 0.9}),
    "SGD, momentum": (SGD, "SGD", {"lr": 0.01, "momentum": 0.9}),
    "SGD, nesterov": (SGD, "SGD", {"lr": 0.01, "momentum": 0.8, "nesterov": True}),
    "SGD, weight decay": (SGD, "SGD", {"lr": 0.01, "weight_decay": 0.1}),
    "SGD, all": (SGD, "SGD", {"lr": 0.01, "momentum": 0.8, "weight_decay": 0.1, "nesterov": True}),
    "Adam by default": (Adam, "Adam", {}),
    "Adam": (Adam, "Adam", {"lr": 0.1}),
    "Adam, betas": (Adam, "Adam", {"lr": 0.005, "betas": (0.3, 0.6), "eps": 0.01}),
    "Adam, betas 0": (Adam, "Adam", {"lr": 0.05, "betas": (0.0, 0.0), "eps": 1.0}),
    "Adam, eps 0": (Adam, "Adam", {"lr": 0.01, "eps": 0.0}),
    "Adam, eps": (Adam, "Adam", {"lr": 0.05, "eps": 0.1}),
    "Adam, weight decay": (Adam, "Adam", {"lr": 0.05, "weight_decay": 0.1}),
    "AdamW by default": (AdamW, "AdamW", {}),
    "AdamW": (AdamW, "AdamW", {"lr": 0.1}),
    "AdamW, weight decay": (AdamW, "AdamW", {"lr": 0.05, "weight_decay": 0.3}),
    "AdamW, no decay": (AdamW, "AdamW", {"lr": 0.05, "weight_decay": 0.0}),
    "AdamW, betas and eps": (AdamW, "AdamW", {"lr": 0.01, "betas": (0.5, 0.9), "eps": 1e-3}),
}
OPTIMIZERS = list(dict.fromkeys(kind for kind, _, _ in CATALOGUE.values()))
# The settings on the page "The contract": of each optimizer the one with its name alone, and momentum.
TELLING = [name for name in CATALOGUE if name in {"SGD, momentum", *(kind.__name__ for kind in OPTIMIZERS)}]
