"""The interface of a family: models of one architecture that are opened and run in the same way.

A family is one file with a class that derives from `Family` and is registered. Checking, the files
to download, loading, the window's fields and the contract tests follow from it. Importing a family
loads no large library, because the window checks models before any is opened; its methods import
what they need. Networks are those of diffusers and transformers, except where a family has its own.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from engine.registry import Registry
from engine.walk import MAX_SIDE, Sampling

if TYPE_CHECKING:
    import torch

    from engine.conditioning import Conditioning, Guiding
    from engine.models.networks.tokens import TokenCount
    from engine.models.running.unet_runner import UnetRunner
    from engine.solvers.contract import Schedule

Config = Mapping[str, Any]
#: The config of each part by its name, and the folder's model_index.json as INDEX.
Configs = Mapping[str, Config]
#: The opened networks and tokenizers by the names of their folders.
Networks = Mapping[str, Any]
INDEX = "model_index"
_FEW_STEP_WORDS = ("turbo", "lightning")


@dataclass(frozen=True, slots=True)
class Part:
    """A network of a model: the name of its folder, and the classes that it may be of.

    Classes with "Model" from transformers, others from diffusers. A model without an `optional`
    part is whole.
    """

    name: str
    classes: tuple[str, ...]
    optional: bool = False

    @property
    def stem(self) -> str:
        """The name of its weights without suffix."""
        return "model" if self.name.startswith("text_encoder") else "diffusion_pytorch_model"


@dataclass(frozen=True, slots=True)
class Layout:
    """The data that a single file lacks: the configs of its parts, and the scheduler.

    `tokenizers` are those of CLIP by name, with the token that fills up a prompt.
    """

    configs: Configs = field(repr=False)
    scheduler: str
    schedule: Config
    tokenizers: Mapping[str, str]

    def scheduler_for(self, name: str) -> tuple[str, Config]:
        """The class and config of the scheduler of a file with this name.

        A file does not say that it was distilled to a few steps. Its name does.
        """
        if any(word in name.lower() for word in _FEW_STEP_WORDS):
            return "EulerDiscreteScheduler", {**self.schedule, "timestep_spacing": "trailing"}
        return self.scheduler, self.schedule


class Family(ABC):
    """One model of a family, described by its configs. Tensors have one row for each picture.

    `pipelines` are the classes in model_index.json that it claims. `denoiser` is the part that
    predicts. `patch` is the side in latent pixels of what the denoiser reads as one token; sizes
    and methods with a seam move in whole patches. `even_levels` is True if the pipeline starts its
    steps at the levels 1 … 1/n. A family with `own_networks` builds its parts from tensors; those
    of the others are opened by their libraries. With `parallel`, a CPU may compute the rows of a
    batch in parts. With `by_length`, a call of the denoiser has only texts of one length.
    """

    label: ClassVar[str]
    pipelines: ClassVar[tuple[str, ...]]
    parts: ClassVar[tuple[Part, ...]]
    tokenizers: ClassVar[tuple[str, ...]] = ("tokenizer",)
    denoiser: ClassVar[str] = "transformer"
    patch: ClassVar[int] = 1
    even_levels: ClassVar[bool] = False
    own_networks: ClassVar[bool] = False
    parallel: ClassVar[bool] = False
    by_length: ClassVar[bool] = False
    #: True if weights are used in the calls of their layers only. Then linear layers can have
    #: weights of 8 or 4 bits, and blocks can be moved to a GPU one after the other.
    plain_layers: ClassVar[bool] = True
    #: The half precision of GPUs. The values of many networks do not fit the range of float16.
    half: ClassVar[str] = "bfloat16"
    #: The configs of single files by the name of their kind; none if the family has no such files.
    layouts: ClassVar[Mapping[str, Layout]] = {}
    #: The tensor of a single file that marks a model that predicts v; "" if no file has one.
    velocity_mark: ClassVar[str] = ""

    def __init__(self, configs: Configs) -> None:
        self.configs = configs

    @property
    def encoders(self) -> tuple[str, ...]:
        """The names of the text encoders."""
        return tuple(name for name in self.configs if name.startswith("text_encoder"))

    # ── before a model is opened ─────────────────────────────────────────────────────────────

    @classmethod
    def claims(cls, index: Config) -> bool:
        """True if a folder with this model_index.json is a model of the family."""
        return index.get("_class_name") in cls.pipelines

    @classmethod
    def kind_of_file(cls, tensors: Collection[str]) -> str:
        """The key in `layouts` of a single file with tensors of these names, or ""."""
        return ""

    @property
    def description(self) -> str:
        """The name of the model's kind, as the window shows it."""
        return self.label

    def problems(self) -> list[str]:
        """Sentences about parts that do not fit together or that the family cannot use."""
        return []

    @abstractmethod
    def sampling(self) -> Sampling:
        """The recommended steps, guidance and size."""

    # ── facts ────────────────────────────────────────────────────────────────────────────────

    @property
    def guided_above(self) -> float:
        """Above this strength of guidance, a step has two rows: with and without the prompt.

        It is infinite for models that were distilled to one row.
        """
        return 1.0

    @property
    def embeds_guidance(self) -> bool:
        """True if the denoiser itself takes the strength of guidance."""
        return False

    @property
    def guiding(self) -> Guiding:
        """The way in which guidance changes a picture."""
        from engine.conditioning import Guiding

        if math.isfinite(self.guided_above):
            return Guiding.APART
        return Guiding.EMBEDDED if self.embeds_guidance else Guiding.NONE

    @property
    def downscale(self) -> int:
        """Pixels per latent pixel, in each direction."""
        levels = self.configs.get("vae", {}).get("block_out_channels")
        return int(2 ** (len(levels) - 1)) if isinstance(levels, list) and levels else 8

    @property
    def multiple(self) -> int:
        """Width and height are multiples of so many pixels."""
        return self.downscale * self.patch

    @property
    def channels(self) -> int:
        """The channels of a latent."""
        return number_in(self.configs.get(self.denoiser, {}), "in_channels", 4)

    @property
    def trained_side(self) -> int:
        """The side in pixels of the training pictures, by the config of the denoiser."""
        said = number_in(self.configs.get(self.denoiser, {}), "sample_size", 128)
        return min(self.downscale * said, MAX_SIDE)

    def noise_shape(self, width: int, height: int) -> tuple[int, int, int]:
        """The shape [C, h, w] of the latent of a picture of so many pixels."""
        return self.channels, height // self.downscale, width // self.downscale

    def scheduler_options(self) -> Config:
        """The options that the pipeline sets in its scheduler."""
        return {"timestep_spacing": "trailing"} if self.even_levels else {}

    def timestep_options(self, steps: int) -> dict[str, Any]:
        """The arguments that the pipeline gives its scheduler for so many steps."""
        return {"sigmas": [1.0 - k / steps for k in range(steps)]} if self.even_levels else {}

    def mu(self, schedule: Schedule, shape: tuple[int, int, int], steps: int) -> float | None:
        """The shift of a schedule that depends on the size [C, h, w]; None for all others."""
        return None

    def runner(self, network: Any, device: torch.device, dtype: torch.dtype) -> UnetRunner:
        """The runner of the denoiser, with states of timesteps and texts that are computed once."""
        from engine.models.running.unet_runner import FamilyRunner

        return FamilyRunner(self.predict, network)

    # ── networks ─────────────────────────────────────────────────────────────────────────────

    def build(self, name: str, config: Config, state: dict[str, torch.Tensor]) -> Any:
        """The network of a part with these weights, for a family with `own_networks`."""
        raise NotImplementedError(name)

    def uses(self, part: str, tensor: str) -> bool:
        """True if a tensor of a part's file is used."""
        return True

    @property
    def counts_with(self) -> str:
        """The name of the tokenizer that counts a prompt's tokens."""
        return "tokenizer"

    def limit(self, networks: Networks) -> int:
        """The most tokens of a prompt, for a tokenizer that does not say it."""
        return 75

    def count(self, networks: Networks, prompt: str) -> TokenCount:
        """The number of tokens of a prompt, and the limit."""
        from engine.models.running.texts import count_tokens

        return count_tokens(networks[self.counts_with], prompt, self.limit(networks))

    @abstractmethod
    def encode(self, networks: Networks, prompt: str, negative: bool) -> Conditioning:
        """The conditioning of a prompt, or of a negative prompt."""

    def times(self, timesteps: torch.Tensor, guidance: float) -> torch.Tensor:
        """The rows [n, 2] of timesteps [n] and a strength of guidance for `predict`."""
        import torch

        timesteps = timesteps.float()
        return torch.stack((timesteps, torch.full_like(timesteps, guidance)), 1)

    def enter(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents [n, C, h, w] in the form that the denoiser takes."""
        return latents

    def leave(self, inner: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
        """The inverse of `enter`, for latents of the shape [C, h, w]."""
        return inner

    @abstractmethod
    def predict(
        self,
        network: Any,
        x: torch.Tensor,
        times: torch.Tensor,
        texts: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        """The denoiser's output [n, C, h, w] for latents x [n, C, h, w].

        `times` [n, 2] holds each row's training timestep and its strength of guidance, float32.
        `texts` holds rows by role. The output is what the schedule's prediction type says, with
        the sign of diffusers' schedulers.
        """

    def guide(
        self, conditional: torch.Tensor, unconditional: torch.Tensor, guidance: float
    ) -> torch.Tensor:
        """The guided prediction [n, C, h, w]: u + g (c − u), Ho & Salimans 2022."""
        return unconditional + guidance * (conditional - unconditional)

    def pixels(self, vae: Any, latents: torch.Tensor) -> torch.Tensor:
        """Pixels [n, 3, H, W] about −1…1 of final latents [n, C, h, w]."""
        scaled = latents / vae.config.scaling_factor + (vae.config.get("shift_factor") or 0.0)
        decoded: torch.Tensor = vae.decode(scaled, return_dict=False)[0]
        return decoded


families: Registry[Family] = Registry("engine.models.families", "family of models")


def number_in(config: Config, name: str, default: int) -> int:
    """A positive whole number of a config; the default for a value of another kind."""
    value = config.get(name)
    return value if isinstance(value, int) and value > 0 else default


def family_of(index: Config) -> str:
    """The name of the family that claims a folder with this model_index.json, or ""."""
    return next((name for name in families.names() if families.get(name).claims(index)), "")


def known_families() -> str:
    """The labels of all families, for a sentence."""
    labels = list(dict.fromkeys(families.get(name).label for name in families.names()))
    return f"{', '.join(labels[:-1])} and {labels[-1]}"
