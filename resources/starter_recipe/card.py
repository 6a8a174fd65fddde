"""Puts the measured bars into the model card, between its two markers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BEGIN = "<!-- bars: written by evaluate -->"
END = "<!-- /bars -->"


def table(report: dict[str, Any]) -> str:
    """The bars as a Markdown table."""
    rows = [
        "| what | measured | 95 % interval | at least | aim | | on |",
        "|---|---|---|---|---|---|---|",
    ]
    for bar in report["bars"]:
        sign = "≤ " if bar["smaller_is_better"] else ""
        aim = "–" if bar["aim"] is None else f"{sign}{bar['aim']:g} {bar['unit']}"
        verdict = "pass" if bar["passed"] else "**below**"
        estimate, unit = bar["estimate"], bar["unit"]
        value, least = f"{estimate['value']:.2f} {unit}", f"{sign}{bar['least']:g} {unit}"
        spread = f"{estimate['low']:.2f}–{estimate['high']:.2f}"
        rows.append(
            f"| {bar['name']} | {value} | {spread} | {least} | {aim} | {verdict} "
            f"| {bar['sample']} |"
        )
    judge = ", ".join(f"{k} {v:g} %" for k, v in report["judge_on_drawn_scenes"].items())
    rows += [
        "",
        f"{report['steps']} steps, guidance {report['guidance']:g}. The judge names drawn scenes "
        f"rightly in: {judge}.",
    ]
    return "\n".join(rows)


def write_card(folder: Path, report: dict[str, Any]) -> None:
    """Replaces the card's table; does nothing where there is no card."""
    path = folder / "MODEL_CARD.md"
    if not path.exists():
        return
    text = path.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{table(report)}\n{END}{after}", "utf-8")
