"""Checks the family, completeness and safety of a model before it is opened.

Reads configs and the headers of weights, but never the weights. Imports no large library, because
the window calls it directly. Files that can run code (pickles, Python) are recognised by name and
never opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.families.contract import (
    INDEX,
    Family,
    Part,
    families,
    family_of,
    known_families,
)
from engine.models.inspection.checkpoint import check_checkpoint
from engine.models.inspection.config_limits import read_config
from engine.models.inspection.folder_parts import (
    absent,
    missing_words,
    read_part,
    unreadable_words,
)
from engine.models.inspection.report import (
    ModelForm,
    ModelPart,
    ModelReport,
    read_object,
    refused,
)
from engine.models.schedules.scheduler_config import (
    prediction_type,
    replaced_scheduler,
    solver_name,
)

#: The model that ships with the program.
STARTER_FOLDER = Path(__file__).parents[3] / "resources" / "starter_model"

_LIBRARIES = frozenset({"diffusers", "transformers", "stable_diffusion"})
_SCHEDULE = "scheduler/scheduler_config.json"


def check_model(path: Path, half: bool = False) -> ModelReport:
    """Checks the model folder or file at `path`. `half` prefers weights in half precision.

    Does not raise errors for problems of the model. The report contains all problems.
    """
    path = Path(path)
    try:
        if path.is_dir():
            return _check_folder(path, half)
        if path.is_file():
            return check_checkpoint(path)
    except OSError as error:
        return refused(path, f"{path} cannot be read ({error.strerror}).")
    return refused(path, f"There is no model at {path}; choose a folder, a file or a hub id.")


def _check_folder(path: Path, half: bool) -> ModelReport:
    if not any(path.iterdir()):
        return refused(path, f"The folder {path} is empty; choose one with a model in it.")
    try:
        index = read_object(path / "model_index.json")
        problem = _code_in(path, index) or _unknown(path, index)
        return refused(path, problem) if problem else _examine_parts(path, index, half)
    except ModelError as error:
        return refused(path, str(error))


def check_configs(path: Path) -> str:
    """Returns the reason why the model with configs at `path` cannot generate images, or "".

    The weights may be missing, because this check runs before their download.
    """
    try:
        index = read_object(path / "model_index.json")
        problem = _code_in(path, index) or _unknown(path, index)
        if problem:
            return problem
        family = families.get(family_of(index))
        configs = {
            part.name: read_config(path / part.name / "config.json")
            for part in _parts(family, index)
        }
        schedule = read_config(path / _SCHEDULE)
    except ModelError as error:
        return str(error)
    return " ".join(family({**configs, "scheduler": schedule, INDEX: index}).problems())


def _examine_parts(path: Path, index: Mapping[str, Any], half: bool) -> ModelReport:
    name = family_of(index)
    family = families.get(name)
    missing = [
        f"{folder}/{file}"
        for folder in family.tokenizers
        if not absent(index, folder)
        for file in missing_words(path / folder)
    ]
    parts, scheduler = [], {}
    words = (unreadable_words(path / folder) for folder in family.tokenizers)
    problems = [problem for problem in words if problem]
    if (path / _SCHEDULE).is_file():
        scheduler = read_config(path / _SCHEDULE)
    else:
        missing.append(_SCHEDULE)
    for wanted in _parts(family, index):
        try:
            part = read_part(path, wanted, index, half)
        except ModelError as error:
            problems.append(str(error))
            continue
        if part is None:
            missing.append(f"{wanted.name}/")
        else:
            parts.append(part)
    if missing:
        problems.insert(0, f"{path} lacks {', '.join(sorted(missing))}; fetch the model again.")
    return _report(path, name, index, scheduler, tuple(parts), problems)


def _report(
    path: Path,
    name: str,
    index: Mapping[str, Any],
    schedule: Mapping[str, Any],
    parts: tuple[ModelPart, ...],
    problems: list[str],
) -> ModelReport:
    configs = {part.name: part.config for part in parts}
    family = families.get(name)({**configs, "scheduler": schedule, INDEX: index})
    scheduler = str(schedule.get("_class_name", ""))
    return ModelReport(
        path,
        ModelForm.FOLDER,
        family=name,
        label=family.description,
        prediction=prediction_type(scheduler, schedule),
        scheduler=scheduler,
        schedule=schedule,
        index=index,
        parts=parts,
        bytes=sum(part.bytes for part in parts),
        problems=(*problems, *family.problems()),
        notes=_notes(scheduler, {**schedule, **family.scheduler_options()}),
    )


def _parts(family: type[Family], index: Mapping[str, Any]) -> list[Part]:
    """Returns the parts that a folder with this index must have."""
    return [part for part in family.parts if not (part.optional and absent(index, part.name))]


def _notes(scheduler: str, schedule: Mapping[str, Any]) -> tuple[str, ...]:
    replaced = replaced_scheduler(scheduler, schedule)
    if not replaced:
        return ()
    return (f"The solver {solver_name(scheduler, schedule)} stands in for its own, {replaced}.",)


def _code_in(path: Path, index: Mapping[str, Any]) -> str:
    """Returns the reason why the folder is unsafe to open (its own Python code), or ""."""
    scripts = sorted([*path.glob("*.py"), *path.glob("*/*.py")])
    if scripts:
        return (
            f"{path} holds Python code ({scripts[0].relative_to(path)}), which a model does not "
            "need; it was not opened: remove the code if you trust the rest."
        )
    for name, entry in index.items():
        if not _is_plain(name, entry):
            return (
                f"{path / 'model_index.json'} names code of its own for {name!r}; it was not "
                "opened: get the model in the plain diffusers layout."
            )
    return ""


def _is_plain(name: str, entry: object) -> bool:
    """True if an entry of model_index.json names only classes of known libraries.

    A part is a list of a library and a class. All other values are data. The class of the pipeline
    must be one name. A list in its place loads code, and so do options with the name of a module
    or pipeline.
    """
    if name == "_class_name":
        return isinstance(entry, str)
    if name.startswith("_") or "custom" in name:
        return "module" not in name and "pipeline" not in name
    if isinstance(entry, list):
        return len(entry) == 2 and (entry[0] is None or str(entry[0]) in _LIBRARIES)
    return True


def _unknown(path: Path, index: Mapping[str, Any]) -> str:
    """Returns the reason why a folder is of no family that can be opened, by its index, or ""."""
    name = family_of(index)
    if not name:
        pipeline = str(index.get("_class_name", ""))[:100]
        return f"{path} is a model of {pipeline}; this program draws with {known_families()}."
    for part in families.get(name).parts:
        entry = index.get(part.name)
        if isinstance(entry, list) and entry[1] not in (*part.classes, None):
            return (
                f"The {part.name} of {path} is a {str(entry[1])[:100]}; "
                f"{families.get(name).label} models have a {part.classes[0]}."
            )
    return ""
