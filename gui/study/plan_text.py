"""The plan of a study from the current walk, as text in TOML."""

from __future__ import annotations

import json

from engine.walk import MAX_SEED, Exploration, MethodChoice, ParameterValue

#: Pairs of noises of a new plan, and the methods if the walk compares none.
PAIRS, METHODS = 20, (MethodChoice("linear"), MethodChoice("normalized"), MethodChoice("slerp"))
#: Measures that tell methods apart.
MEASURES = ("clip_score", "sharpness", "step_length", "latent_std")
_FRAMES = 21


def plan_text(exploration: Exploration) -> str:
    """Returns a plan with the model, prompts, noise, methods and sampling of an exploration."""
    walk, sampling = exploration.walk, exploration.sampling
    prompts = dict.fromkeys(keyframe.prompt for keyframe in walk.keyframes)
    first = min(walk.keyframes[0].noise.seed, MAX_SEED - PAIRS + 1)
    lines = [
        'title = "Study"',
        f"models = [{_text(exploration.model)}]",
        f"prompts = [{', '.join(map(_text, prompts))}]",
        f"seeds = {{first = {first}, last = {first + PAIRS - 1}}}   # pairs of noises",
        f"methods = [{', '.join(map(_method, exploration.compare or METHODS))}]",
        f"frames = {_FRAMES}   # γ = k/{_FRAMES - 1}",
        f"steps = {sampling.steps}",
        f"guidance = {sampling.guidance}",
        f"width = {sampling.width}",
        f"height = {sampling.height}",
    ]
    texts = {
        "solver": sampling.solver,
        "negative": walk.negative,
        "scoring_text": exploration.scoring_text,
        "scorer": exploration.scorer,
    }
    lines += [f"{key} = {_text(text)}" for key, text in texts.items() if text]
    return "\n".join((*lines, f"measures = [{', '.join(map(_text, MEASURES))}]", ""))


def _text(text: str) -> str:
    """A text as TOML: JSON's escapes are a part of TOML's, but for the character DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _method(choice: MethodChoice) -> str:
    if not choice.params:
        return _text(choice.name)
    params = ", ".join(f"{key} = {_value(value)}" for key, value in choice.params)
    return f"{{name = {_text(choice.name)}, params = {{{params}}}}}"


def _value(value: ParameterValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(value) if isinstance(value, str) else repr(value)
