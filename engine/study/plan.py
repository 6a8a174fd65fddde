"""The plan of a study, as a person writes it. Imports no large library."""

from __future__ import annotations

from dataclasses import dataclass

from engine.walk import MethodChoice

#: The measures of a study that names none.
MEASURES = ("clip_score", "sharpness", "step_length", "latent_std")


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """Models × guidances × seeds × prompts × methods × γ.

    A seed is a pair of noises, as in the article: the first and the second draw of one generator.
    Its walk has `frames` frames at γ = k/(frames − 1). Steps, guidance and size that are None or ()
    are the model's own. `scoring_text` "" scores pictures with their prompts. `samples` is the
    number of pairs whose pictures the report shows. `threads` is the number of threads of a worker;
    it may change the last bits of a result, the number of workers does not.
    """

    title: str = "Study"
    models: tuple[str, ...] = ("starter",)
    prompts: tuple[str, ...] = ()
    seeds: tuple[int, ...] | range = ()
    methods: tuple[MethodChoice, ...] = ()
    frames: int = 21
    steps: int | None = None
    guidances: tuple[float, ...] = ()
    width: int | None = None
    height: int | None = None
    solver: str = ""
    negative: str = ""
    measures: tuple[str, ...] = MEASURES
    scoring_text: str = ""
    scorer: str = ""
    device: str = ""
    precision: str = ""
    samples: int = 3
    threads: int = 1


def method_label(choice: MethodChoice) -> str:
    """The name of a method in tables, with the parameters that are given."""
    if not choice.params:
        return choice.name
    return f"{choice.name} ({', '.join(f'{key}={value}' for key, value in choice.params)})"
