"""A run of a solver's table with any function in place of a network."""

from __future__ import annotations

from collections.abc import Callable

import torch

from engine.solvers.contract import SolverTable

Network = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def run_table(table: SolverTable, network: Network, noise: torch.Tensor) -> torch.Tensor:
    """Runs the table from `noise`; `network` takes a sample and a timestep."""
    x, previous = noise * table.initial_scale, torch.zeros_like(noise)
    for k in range(table.steps):
        output = network(table.input_scale[k] * x, torch.tensor(table.timesteps[k]))
        x0 = table.x0_sample[k] * x + table.x0_output[k] * output
        x = table.next_sample[k] * x + table.next_x0[k] * x0 + table.next_previous[k] * previous
        previous = x0
    return x
