"""Reads settings of ComfyUI from its graph of nodes.

Follows the links of the sampler's inputs to the nodes with texts and sizes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from engine.documents.foreign.contract import (
    ForeignReader,
    ForeignSettings,
    number,
    readers,
    whole_number,
)

KEY = "prompt"
MAX_NODES = 2000
#: Maximum number of nodes to search for a text, a size or a noise.
_FAR = 200
_SEEDS = ("seed", "noise_seed")
_TEXTS = ("text", "text_g", "string", "value", "prompt")
_KNOWN = frozenset(("KSampler", "CLIPTextEncode", "EmptyLatentImage", "VAEDecode", "SaveImage"))

Graph = Mapping[str, Mapping[str, Any]]


@readers.register("comfyui")
class ComfyUI(ForeignReader):
    """Reads `prompt`: node ids with their classes and inputs. [id, number] is a node's output."""

    @classmethod
    def read(cls, texts: Mapping[str, str]) -> ForeignSettings | None:
        if not texts.get(KEY, "").lstrip().startswith("{"):
            return None
        nodes = msgspec.json.decode(texts[KEY], type=dict[str, Any])
        graph = {key: node for key, node in nodes.items() if _is_node(node)}
        if not 0 < len(graph) <= MAX_NODES:
            return None
        sampler = next((key for key, node in graph.items() if "positive" in node["inputs"]), None)
        if sampler is None:
            sampler = next((key for key in graph if _own(graph, key, _SEEDS) is not None), None)
        if sampler is None:
            return None
        return ForeignSettings(
            "ComfyUI",
            _text(graph, sampler, "positive"),
            _text(graph, sampler, "negative"),
            whole_number(_first(graph, sampler, _SEEDS)),
            whole_number(_first(graph, sampler, ("steps",))),
            number(_first(graph, sampler, ("cfg", "guidance"))),
            whole_number(_first(graph, sampler, ("width",))),
            whole_number(_first(graph, sampler, ("height",))),
            tuple(_others(graph)),
        )


def _is_node(node: object) -> bool:
    return (
        isinstance(node, dict)
        and isinstance(node.get("inputs"), dict)
        and isinstance(node.get("class_type"), str)
    )


def _own(graph: Graph, key: str, names: tuple[str, ...]) -> object:
    """Returns the first of these inputs that is a value and not a link."""
    inputs = graph[key]["inputs"]
    held = (inputs[name] for name in names if isinstance(inputs.get(name), int | float | str))
    return next(held, None)


def _first(graph: Graph, start: str, names: tuple[str, ...]) -> object:
    """Returns the value of one of these inputs from `start` or its nearest dependency."""
    values = (_own(graph, key, names) for key in _behind(graph, start))
    return next((value for value in values if value is not None), None)


def _text(graph: Graph, sampler: str, name: str) -> str:
    """Returns the nearest text among the dependencies of an input of the sampler."""
    link = graph[sampler]["inputs"].get(name)
    start = _target(graph, link)
    if start is None:
        return ""
    found = (_own(graph, key, _TEXTS) for key in _behind(graph, start))
    return next((text for text in found if isinstance(text, str)), "")


def _behind(graph: Graph, start: str) -> Iterator[str]:
    """Returns `start` and its dependencies, nearest first, each once, at most _FAR nodes."""
    waiting, seen = deque([start]), {start}
    while waiting:
        key = waiting.popleft()
        yield key
        for link in graph[key]["inputs"].values():
            target = _target(graph, link)
            if target is not None and target not in seen and len(seen) < _FAR:
                seen.add(target)
                waiting.append(target)


def _target(graph: Graph, link: object) -> str | None:
    is_link = isinstance(link, list) and len(link) == 2 and isinstance(link[0], str)
    return link[0] if is_link and link[0] in graph else None  # type: ignore[index]


def _others(graph: Graph) -> Iterator[str]:
    """Returns the rest of the graph: names of the model and sampler, and nodes of other kinds."""
    for key in graph:
        for name in ("ckpt_name", "unet_name", "lora_name", "sampler_name", "scheduler"):
            value = _own(graph, key, (name,))
            if value is not None:
                yield f"{name.removesuffix('_name')} {str(value)[:20]}"
    yield from sorted({str(node["class_type"]) for node in graph.values()} - _KNOWN)
