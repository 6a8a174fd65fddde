"""CLIPScore: the agreement of a picture with a text."""

from __future__ import annotations

from dataclasses import dataclass

from engine.metrics.contract import FrameMeasure, Observed, Summary, mean, measures


@measures.register("clip_score")
@dataclass(frozen=True)
class ClipScore(FrameMeasure):
    """max(100 · cos(text, image), 0) of CLIP's directions.

    Its mean over the frames at g = k/(n−1) is the article's InterpScore(f, text, n). It measures
    the agreement with the text; the sharpness measures detail. Between two prompts the cosine is
    (1−γ) times that of the first prompt and γ times that of the second.
    """

    label = "CLIP score"
    tip = (
        "100 × cosine of the picture and its prompt, or the scoring text, in CLIP's space; between "
        "two prompts (1−γ) times the first one's cosine and γ times the second one's"
    )
    needs_scorer = True
    needs_text = True
    summaries = (Summary("InterpScore", mean, is_mean=True),)

    def of(self, frame: Observed) -> float:
        return max(100.0 * frame.cosine, 0.0)
