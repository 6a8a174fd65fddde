"""bfloat16 on a CPU: chosen by measurement, for large models only, and remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine import messages as m
from engine.errors import Cancelled
from engine.mailbox import JobControl
from engine.models.load import open_model
from engine.models.loaded import DiffusionModel
from engine.models.running.precision import PrecisionTrials, product_speedup, seconds_of_step
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Lane, Sampling, Walk
from tests.support.tiny_models import make_tiny_model


class Memory:
    """Numbers by key, and how often one was stored."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.stored = 0

    def get(self, key: str) -> int | None:
        return self.numbers.get(key)

    def put(self, key: str, number: int) -> None:
        self.numbers[key] = number
        self.stored += 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_tiny_model(tmp_path_factory.mktemp("models") / "tiny"))


def _trials(speedup: float, memory: Memory | None = None) -> PrecisionTrials:
    """Trials that take every model for large, with steps of so different a pace."""

    def step_s(model: DiffusionModel) -> float:
        seconds_of_step(model)  # it can be measured
        return speedup if model.dtype == torch.float32 else 1.0

    return PrecisionTrials(
        memory or Memory(), product_speedup=lambda: 2.0, step_s=step_s, is_large=lambda *_: True
    )


def _opened(folder: str, trials: PrecisionTrials, **options: Any) -> DiffusionModel:
    return open_model(folder, "cpu", trials=trials, **options)


@pytest.mark.parametrize(
    ("speedup", "dtype"), [(1.29, torch.float32), (1.31, torch.bfloat16), (4.6, torch.bfloat16)]
)
def test_bfloat16_must_be_a_third_faster(folder: str, speedup: float, dtype: torch.dtype) -> None:
    model = _opened(folder, _trials(speedup))
    assert model.dtype == dtype
    info = model.info(batch=1, batch_exact=True)
    assert info.precision == str(dtype).removeprefix("torch.")
    said = f"{speedup:.1f}× as fast" in info.precision_note
    assert said == (dtype == torch.bfloat16)


@pytest.mark.parametrize("speedup", [1.1, 3.0])
def test_a_model_is_measured_once(folder: str, speedup: float) -> None:
    memory = Memory()
    first = _opened(folder, _trials(speedup, memory))

    def unexpected(_: DiffusionModel) -> float:
        raise AssertionError("measured again")

    again = _opened(folder, replace(_trials(speedup, memory), step_s=unexpected))
    assert (again.dtype, again.precision_note) == (first.dtype, first.precision_note)
    assert memory.stored == 1


def test_asking_for_a_precision_ends_the_choice(folder: str) -> None:
    memory = Memory()
    assert _opened(folder, _trials(5.0, memory), precision="fp32").dtype == torch.float32
    assert _opened(folder, _trials(1.0, memory), precision="bf16").dtype == torch.bfloat16
    assert memory.stored == 0


def test_small_models_and_cpus_without_instructions_stay_exact(folder: str) -> None:
    memory = Memory()
    trials = _trials(5.0, memory)
    slow = replace(trials, product_speedup=lambda: 1.0)
    small = PrecisionTrials(memory, step_s=trials.step_s)  # by the model's real size
    for some in (slow, small):
        assert _opened(folder, some).dtype == torch.float32
    assert memory.stored == 0


def test_where_memory_ends_during_the_measurement_the_model_stays_exact(folder: str) -> None:
    def fails(wanted: torch.dtype) -> Callable[[DiffusionModel], float]:
        def step_s(model: DiffusionModel) -> float:
            if model.dtype == wanted:
                raise MemoryError
            return 1.0

        return step_s

    for dtype in (torch.float32, torch.bfloat16):
        model = _opened(folder, replace(_trials(5.0), step_s=fails(dtype)))
        assert (model.dtype, model.precision_note) == (torch.float32, "")
        assert len(model.encode(["a cat"])) == 1  # it is open


def test_loading_says_what_is_measured_and_is_cancelled_there(folder: str) -> None:
    stages: list[str] = []
    _opened(folder, _trials(2.0), progress=lambda stage, _: stages.append(stage))
    assert {"Measuring float32", "Measuring bfloat16"} <= set(stages)

    def cancel(stage: str, _: float) -> None:
        if stage == "Measuring float32":
            raise Cancelled

    with pytest.raises(Cancelled):
        _opened(folder, _trials(2.0), progress=cancel)


def test_a_chosen_precision_draws_nearly_the_same(folder: str, tmp_path: Path) -> None:
    sampling = Sampling(steps=4, guidance=4.0, width=32, height=32)

    def final(precision: str) -> Any:
        request = m.RenderRequest(
            1,
            folder,
            (Lane("walk", Walk(frames=1)),),
            sampling,
            device="cpu",
            precision=precision,
            latents=True,
        )
        events = Renderer(FrameStore()).run(request, JobControl())
        return next(e.final for e in events if isinstance(e, m.FrameReady) and e.final is not None)

    exact, fast = final("fp32"), final("bf16")
    off = abs(exact - fast).max() / abs(exact).max()
    assert 0.0 < off < 0.05


def test_products_and_steps_are_really_timed(folder: str) -> None:
    assert product_speedup() > 0.0
    assert 0.0 < seconds_of_step(open_model(folder, "cpu")) < 2.0
