"""Sessions of Latent Trails 0.1 open, and ask for the frames they asked for then."""

from __future__ import annotations

from dataclasses import replace

from engine.documents.session_file import Origin, decode, encode
from engine.view import View, ViewMode
from engine.walk import (
    ARTICLE_PROMPT,
    ARTICLE_SCORING_TEXT,
    Exploration,
    Keyframe,
    Lane,
    MethodChoice,
    NoiseSource,
    NoiseTerm,
    Sampling,
    Walk,
    lanes_of,
)

#: Written by 0.1.
SESSION = b"""{
 "format": "latent-trails",
 "version": 1,
 "exploration": {
  "model": "starter",
  "walk": {
   "keyframes": [
    {"prompt": "a cat", "noise": {"seed": 7, "draw": 0}, "scale": 1.0, "blend": []},
    {
     "prompt": "a dog",
     "noise": {"seed": 7, "draw": 1},
     "scale": 0.5,
     "blend": [{"source": {"seed": 3, "draw": 2}, "weight": -0.25}]
    },
    {"prompt": "a cat", "noise": {"seed": 7, "draw": 0}, "scale": 1.0, "blend": []}
   ],
   "methods": [
    {"name": "slerp", "params": []},
    {"name": "std-sweep", "params": [["low", 0.5]]}
   ],
   "negative": "blurry",
   "frames": 5
  },
  "compare": [{"name": "linear", "params": []}, {"name": "slerp", "params": []}],
  "rows": [
   {
    "keyframes": [
     {"prompt": "a fox", "noise": {"seed": 1, "draw": 0}, "scale": 1.0, "blend": []},
     {"prompt": "a fox", "noise": {"seed": 1, "draw": 1}, "scale": 1.0, "blend": []}
    ],
    "methods": [{"name": "slerp", "params": []}],
    "negative": "",
    "frames": 61
   }
  ],
  "sampling": {
   "steps": 10,
   "guidance": 4.0,
   "width": 32,
   "height": 32,
   "solver": "",
   "guidance_from": 0.0,
   "guidance_to": 1.0
  },
  "scoring_text": "A high resolution image of a cat",
  "scorer": "",
  "fps": 12.0
 },
 "origin": {"lane": 1, "index": 2, "time": 0.5, "model": "", "versions": {}, "machine": ""}
}"""
BLENDED = Keyframe("a dog", NoiseSource(7, 1), 0.5, (NoiseTerm(NoiseSource(3, 2), -0.25),))
CAT, FOX = Keyframe("a cat", NoiseSource(7, 0)), Keyframe("a fox", NoiseSource(1, 0))


def lane(number: int, method: str) -> Lane:
    """A lane of the session, written out."""
    choices = (MethodChoice(method),)
    if number == 1:
        return Lane(f"1 \u00b7 {method}", Walk((CAT, BLENDED, CAT), choices, "blurry", 5))
    second = Keyframe("a fox", NoiseSource(1, 1))
    return Lane(f"2 \u00b7 {method}", Walk((FOX, second), choices, "", 5))


def test_a_session_of_0_1_asks_for_the_same_frames() -> None:
    exploration, origin = decode(SESSION, "walk.trail")
    assert lanes_of(exploration) == tuple(
        lane(row, method) for row in (1, 2) for method in ("linear", "slerp")
    )
    assert exploration.sampling == Sampling(steps=10, guidance=4.0, width=32, height=32)
    assert exploration.walk.methods[1] == MethodChoice("std-sweep", (("low", 0.5),))
    assert (exploration.fps, origin) == (12.0, Origin(1, 2, 0.5))


def test_what_0_1_did_not_save_begins_anew() -> None:
    exploration, _ = decode(SESSION, "walk.trail")
    keyframes = exploration.walk.keyframes
    assert [(k.id, k.locked, k.previous) for k in keyframes] == [
        (1, False, None),
        (2, False, None),
        (3, False, None),
    ]
    assert [k.id for k in decode(SESSION)[0].walk.keyframes] == [1, 2, 3]
    assert not exploration.walk.one_prompt
    assert exploration.rows[0].one_prompt
    assert exploration.measures == Exploration().measures
    assert exploration.view == View()
    assert exploration.mode is ViewMode.SHEET


def test_the_old_default_of_the_scoring_text_gives_way_to_other_prompts() -> None:
    """Before version 3 every session held the article's text, typed or not."""
    assert decode(SESSION)[0].scoring_text == ""
    typed = SESSION.replace(b"A high resolution image of a cat", b"a sleepy animal")
    assert decode(typed)[0].scoring_text == "a sleepy animal"
    article = SESSION
    for prompt in (b"a cat", b"a dog", b"a fox"):
        article = article.replace(b'"prompt": "' + prompt, b'"prompt": "' + ARTICLE_PROMPT.encode())
    assert decode(article)[0].scoring_text == ARTICLE_SCORING_TEXT


def test_a_scoring_text_of_today_stays_whatever_it_is() -> None:
    fox = Exploration(walk=Walk((FOX, Keyframe("a fox", NoiseSource(1, 1)))))
    for text in ("", ARTICLE_SCORING_TEXT, "a dog"):
        exploration = replace(fox, scoring_text=text)
        assert decode(encode(exploration))[0].scoring_text == text
