"""The data of an exploration: keyframes, the walk between them, and the sampling.

Imports no large library.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace

from engine.timing import Pace, Pacing, PromptKey, pace, share_of
from engine.view import View, ViewMode

#: The model that ships with the program.
STARTER = "starter"
#: The article's prompt, in the article's spelling.
ARTICLE_PROMPT = "An high resolution photo of a cat"
#: The article scores with another text than it generates with.
ARTICLE_SCORING_TEXT = "A high resolution image of a cat"

MAX_SEED = 2**64 - 1
MAX_FRAMES = 100_000
#: Steps of a frame, and the largest share of them that frames may share.
MAX_STEPS, MAX_SHARED = 1000, 0.8
MAX_KEYFRAMES, MAX_SIDE = 1000, 4096
#: Least time between two keyframes.
LEAST_GAP = 1e-6

ParameterValue = float | int | str | bool


def frame_text(index: int, count: int = 0) -> str:
    """Formats the frame with the index `index` for people, who count from 1: "frame 6 of 21"."""
    return f"frame {index + 1} of {count}" if count else f"frame {index + 1}"


@dataclass(frozen=True, slots=True)
class NoiseSource:
    """One z_T ~ N(0, I): draw number `draw`, from 0, of a CPU generator seeded with `seed`."""

    seed: int = 1
    draw: int = 0


@dataclass(frozen=True, slots=True)
class NoiseTerm:
    """A noise source with its weight in a sum of noises."""

    source: NoiseSource
    weight: float


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A prompt and a noise that the walk passes through.

    Its latent is scale · z(noise) + Σ weight · z(source) over `blend`; by default, this is the draw
    z(noise). Points that were picked in the plane of a walk are such sums.

    The other fields are for editing and influence no pixel. `id` is unique in its walk and stays
    with the keyframe through edits and moves; with 0, the walk assigns an id; equality ignores it.
    `locked` noise is kept when new noise is drawn for the walk. `previous` is the noise that the
    keyframe had before.
    """

    prompt: str = ARTICLE_PROMPT
    noise: NoiseSource = NoiseSource()
    scale: float = 1.0
    blend: tuple[NoiseTerm, ...] = ()
    id: int = field(default=0, compare=False)
    locked: bool = False
    previous: NoiseSource | None = None


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """An interpolation method by name, with the parameters that differ from its defaults."""

    name: str = "slerp"
    params: tuple[tuple[str, ParameterValue], ...] = ()


def _numbered(keyframes: tuple[Keyframe, ...]) -> tuple[Keyframe, ...]:
    """Returns the keyframes with ids from 1 on. A keyframe without an id, or with the id of an
    earlier one, gets the next larger id."""
    ids = {keyframe.id for keyframe in keyframes}
    if len(ids) == len(keyframes) and min(ids, default=1) > 0:
        return keyframes
    taken: set[int] = set()
    largest = max(0, *ids)
    numbered = []
    for keyframe in keyframes:
        if keyframe.id <= 0 or keyframe.id in taken:
            largest += 1
            keyframe = replace(keyframe, id=largest)
        taken.add(keyframe.id)
        numbered.append(keyframe)
    return tuple(numbered)


@dataclass(frozen=True, slots=True)
class Walk:
    """A chain of keyframes with a method for each segment, sampled by `frames` frames.

    `methods` holds one choice for each segment, or a single one for all segments. `one_prompt` is
    True if the keyframes are edited with one common prompt; it is False if their prompts differ.

    `times` are those of the keyframes in [0, 1], increasing; () are equal intervals. `paces` hold
    the easing and hold of each segment; () is constant speed. In a `loop`, the last segment leads
    back to the first keyframe, which has the times 0 and 1 and is shown once. `pacing` gives the
    time at each share of the frames (see `engine.timing`); () is the share. `prompts` have times of
    their own (see `engine.tracks.prompts`); () are those of the keyframes.
    """

    keyframes: tuple[Keyframe, ...] = (Keyframe(id=1), Keyframe(noise=NoiseSource(1, 1), id=2))
    methods: tuple[MethodChoice, ...] = (MethodChoice(),)
    negative: str = ""
    frames: int = 61
    one_prompt: bool = True
    loop: bool = False
    times: tuple[float, ...] = ()
    paces: tuple[Pace, ...] = ()
    pacing: Pacing = ()
    prompts: tuple[PromptKey, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "keyframes", _numbered(self.keyframes))
        if len({keyframe.prompt for keyframe in self.keyframes}) > 1:
            object.__setattr__(self, "one_prompt", False)

    @property
    def segments(self) -> int:
        return len(self.keyframes) - (0 if self.loop else 1)

    @property
    def intervals(self) -> int:
        """The number of steps between frames; in a loop, also that from the last to the first."""
        return self.frames if self.loop else self.frames - 1

    def method_of(self, segment: int) -> MethodChoice:
        """The method of `segment`."""
        return self.methods[segment if len(self.methods) > 1 else 0]

    def pace_of(self, segment: int) -> Pace:
        """The easing and the hold of `segment`."""
        return self.paces[segment] if self.paces else Pace()

    def end_of(self, segment: int) -> int:
        """The number of the keyframe at the end of `segment`."""
        return (segment + 1) % len(self.keyframes)

    def nearest(self, time: float) -> Keyframe:
        """The keyframe at the nearer end of the segment at `time`."""
        segment, gamma = self.locate(time)
        return self.keyframes[self.end_of(segment) if round(gamma) else segment]

    def stops(self) -> tuple[float, ...]:
        """The times of the starts and ends of all segments, from 0 to 1: [segments + 1]."""
        if not self.times:
            return tuple(k / max(self.segments, 1) for k in range(self.segments + 1))
        return (*self.times, 1.0) if self.loop else self.times

    def time_of(self, index: int) -> float:
        """The time in [0, 1] of frame `index`: at the share k/(n−1) of all, in a loop k/n."""
        share = index / self.intervals if self.intervals > 0 else 0.0
        return pace(self.pacing, share)

    def times_of_frames(self) -> tuple[float, ...]:
        """The time in [0, 1] of each frame."""
        return tuple(self.time_of(index) for index in range(self.frames))

    def locate(self, time: float) -> tuple[int, float]:
        """Segment number and the γ in [0, 1] inside it, for a time in [0, 1] of the whole walk."""
        segment, share = self.place(time)
        return segment, self.pace_of(segment).at(share)

    def place(self, time: float) -> tuple[int, float]:
        """Segment number and the share in [0, 1] of its time, for a time of the whole walk."""
        position = self._position(min(max(time, 0.0), 1.0))
        if abs(position - round(position)) < 1e-9:
            # k/(n−1) times n−1 is not always k; a frame at a keyframe is the keyframe, bit for bit.
            position = float(round(position))
        segment = min(int(position), self.segments - 1)
        return segment, position - segment

    def _position(self, time: float) -> float:
        """The segment number plus the share of the segment's time."""
        if not self.times:
            return time * self.segments
        stops = self.stops()
        segment = min(max(bisect_right(stops, time) - 1, 0), self.segments - 1)
        span = stops[segment + 1] - stops[segment]
        return segment + min(max(time - stops[segment], 0.0) / span, 1.0)

    def keyframe_indices(self) -> tuple[int, ...]:
        """The frame nearest to each keyframe."""
        last = self.frames - 1
        if not self.times and not self.pacing and not self.loop:
            return tuple(round(k * last / self.segments) for k in range(self.segments + 1))
        shares = (share_of(self.pacing, time) for time in self.stops()[: len(self.keyframes)])
        return tuple(min(round(share * self.intervals), last) for share in shares)


@dataclass(frozen=True, slots=True)
class Sampling:
    """The settings by which a latent becomes a picture. All of them influence pixels.

    `solver` "" is the default solver: the one that equals the model's scheduler, or stands in for
    it. The guidance interval is an approximation (arXiv 2404.07724): outside of that share of the
    steps, only the conditional prediction is used. So is `shared_steps`, the share of the steps
    that most frames share with their neighbours. (0, 1) and 0 turn them off.
    """

    steps: int = 30
    guidance: float = 7.5
    width: int = 512
    height: int = 512
    solver: str = ""
    guidance_from: float = 0.0
    guidance_to: float = 1.0
    shared_steps: float = 0.0


@dataclass(frozen=True, slots=True)
class Exploration:
    """The content of a session file, from which requests are built.

    `walk` is the walk that is edited. `compare` renders it once for each of these methods. `rows`
    are further walks, as in the article's sheets. `scoring_text` is what CLIP compares the pictures
    with; "" means the prompt of each walk. `scorer` is the CLIP model for scores, a folder or a hub
    id; "" is the one in the model's folder. `measures` are the names of the shown measures.
    Equality ignores `view`.
    """

    model: str = STARTER
    walk: Walk = Walk()
    compare: tuple[MethodChoice, ...] = ()
    rows: tuple[Walk, ...] = ()
    sampling: Sampling = Sampling(steps=14, guidance=3.0, width=128, height=128)
    scoring_text: str = ""
    scorer: str = ""
    fps: float = 24.0
    measures: tuple[str, ...] = ("latent_std",)
    view: View = field(default=View(), compare=False)

    @property
    def mode(self) -> ViewMode:
        """The mode of the view. Without a chosen mode, it is the sheet for rows, and the comparison
        for compared methods. Without anything to compare, no comparing mode is used."""
        several = bool(self.compare or self.rows)
        if self.view.mode is None and several:
            return ViewMode.SHEET if self.rows else ViewMode.COMPARE
        side_by_side = self.view.mode in (ViewMode.COMPARE, ViewMode.DIFFERENCE)
        if self.view.mode is None or (side_by_side and not several):
            return ViewMode.SINGLE
        return self.view.mode

    @property
    def side_by_side(self) -> tuple[MethodChoice, ...]:
        """The compared methods that are visible; none if one picture is shown."""
        return () if self.mode is ViewMode.SINGLE else self.compare


@dataclass(frozen=True, slots=True)
class Lane:
    """One walk of a request, with the title of its pane."""

    title: str
    walk: Walk


def with_method(walk: Walk, choice: MethodChoice) -> Walk:
    """Returns the walk with one method for all segments."""
    return replace(walk, methods=(choice,))


def content_of(walk: Walk) -> Walk:
    """Returns the walk without the fields for editing. Walks of equal content have equal frames."""
    keyframes = tuple(Keyframe(k.prompt, k.noise, k.scale, k.blend) for k in walk.keyframes)
    return replace(walk, keyframes=keyframes, one_prompt=True)


def lanes_of(exploration: Exploration) -> tuple[Lane, ...]:
    """Returns the walks to render, as `content_of` has them: every row by every compared method; if
    one picture is shown, the edited walk alone. All have as many frames as the edited walk."""
    frames = exploration.walk.frames
    rows = () if exploration.mode is ViewMode.SINGLE else exploration.rows
    walks = [content_of(replace(walk, frames=frames)) for walk in (exploration.walk, *rows)]
    lanes = []
    for number, walk in enumerate(walks, 1):
        choices = exploration.side_by_side or (None,)
        for choice in choices:
            title = choice.name if choice else walk.method_of(0).name
            if len(walks) > 1:
                title = f"{number} · {title}"
            lanes.append(Lane(title, with_method(walk, choice) if choice else walk))
    return tuple(lanes)
