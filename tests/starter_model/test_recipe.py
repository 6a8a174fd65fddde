"""Each step of the recipe, a step or two long, from drawing to an evaluated folder."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPModel

from resources.starter_recipe import (
    bars,
    card,
    choose_seeds,
    common,
    dataset,
    evaluate,
    export,
    samples,
    train_all,
    train_classifier,
    train_clip,
    train_text,
    train_tokenizer,
    train_vae,
    walk_bars,
)
from resources.starter_recipe.common import Budget, load_checkpoint
from resources.starter_recipe.generate import Generator, noise
from resources.starter_recipe.measures import detail
from resources.starter_recipe.pictures import GrowingPictures, open_pictures, to_tensor
from resources.starter_recipe.vocabulary import Animal, Attributes


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> argparse.Namespace:
    """A work folder with pictures, tokenizer and every part trained for a moment."""
    result = argparse.Namespace(
        work=tmp_path_factory.mktemp("work"),
        folder=tmp_path_factory.mktemp("model"),
        minutes=0.01,
        batch=2,
        seed=0,
        threads=0,
        rate=0.01,
        samples=6,
        workers=1,
        decoder_only=False,
        eager=False,
        drawing=10.0,
        pictures=12,
        seeds=8,
        steps=2,
        guidance=3.0,
        walks=1,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_vae, "ENOUGH", 6)
        for step in train_all.steps(result, train_all.Beside(result)).values():
            step()
    return result


def test_panoramas_are_the_scenes_of_their_seeds(options: argparse.Namespace) -> None:
    pictures = dataset.open_panoramas(options.work)
    assert pictures.shape == (6, 128, dataset.PANORAMA, 3)
    drawn = dataset.draw(dataset.attributes_of(3), 3)
    assert np.array_equal(pictures[3], drawn.picture)
    assert tuple(dataset.open_bounds(options.work)[3]) == (drawn.left, drawn.right)


def test_every_sixth_panorama_is_the_one_before_with_another_finish(
    options: argparse.Namespace,
) -> None:
    pictures, bounds = dataset.open_panoramas(options.work), dataset.open_bounds(options.work)
    first, twin = dataset.training_attributes(4), dataset.training_attributes(5)
    assert (first.finish, twin.finish) == ("sharp", "blurry")
    assert replace(twin, finish="sharp") == first
    assert np.array_equal(bounds[4], bounds[5])
    assert detail(pictures[5:6, :, :128])[0] < detail(pictures[4:5, :, :128])[0]
    shown, chosen = train_clip.batch_of(open_pictures(options.work), 8, np.random.default_rng(0))
    assert shown.shape == (8, 3, 128, 128)
    assert list(chosen[4:]) == [5, 5, 4, 4]


def test_drawing_stops_in_time_with_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "CHUNK", 1)
    dataset.render(tmp_path, 3, 1, minutes=0.0)
    assert len(dataset.open_panoramas(tmp_path)) == 1
    growing = GrowingPictures(tmp_path, torch.device("cpu"))
    assert len(growing) == 1
    dataset.render(tmp_path, 3, 1)
    growing.grow()
    assert len(growing) == len(dataset.open_panoramas(tmp_path)) == 3
    assert growing.crops(2, 64, np.random.default_rng(0)).shape == (2, 3, 128, 64)


def test_a_step_that_fails_beside_is_noticed(options: argparse.Namespace) -> None:
    changed = argparse.Namespace(**{**vars(options), "samples": "many"})
    changed.work = options.work / "nowhere"
    with pytest.raises(RuntimeError, match="dataset"):
        train_all.Beside(changed).wait()


def test_drawing_goes_on_with_the_chunks_that_lack(options: argparse.Namespace) -> None:
    chunk = next((options.work / "chunks").glob("*.npz"))
    before = chunk.stat().st_mtime_ns
    (options.work / "panoramas.npy").rename(options.work / "old.npy")
    dataset.render(options.work, 6, 1)
    assert chunk.stat().st_mtime_ns == before
    again = dataset.open_panoramas(options.work)
    assert np.array_equal(again, np.load(options.work / "old.npy"))


def test_any_text_tokenizes(options: argparse.Namespace) -> None:
    tokenizer = train_tokenizer.load(options.work)
    tokens = tokenizer("Ünknown 🐈", padding="max_length").input_ids
    assert len(tokens) == 77
    assert "ünknown" in tokenizer.decode(tokens, skip_special_tokens=True)


def test_the_steps_share_the_minutes(options: argparse.Namespace) -> None:
    assert sum(train_all.SHARES.values()) == pytest.approx(1)
    assert train_all.options_for("unet", options).minutes == pytest.approx(0.0044)
    assert train_all.options_for("decoder", options).decoder_only


def test_a_finished_step_resumes_without_training_on(options: argparse.Namespace) -> None:
    before = load_checkpoint(options.work / "unet.pt")
    train_all.steps(options, train_all.Beside(options))["unet"]()
    after = load_checkpoint(options.work / "unet.pt")
    assert before is not None
    assert after is not None
    assert before["step"] == after["step"] > 0


def test_latents_are_made_anew_for_another_autoencoder(options: argparse.Namespace) -> None:
    latents, final = options.work / "latents.pt", options.work / "vae-final.pt"
    samples.prepare_samples(options, torch.device("cpu"))
    made = latents.stat().st_mtime_ns
    samples.prepare_samples(options, torch.device("cpu"))
    assert latents.stat().st_mtime_ns == made
    newer = made + 10**9
    os.utime(final, ns=(newer, newer))
    samples.prepare_samples(options, torch.device("cpu"))
    assert latents.stat().st_mtime_ns != made


def test_the_scorer_sees_what_comes_out_of_the_autoencoder() -> None:
    torch.manual_seed(0)
    pictures = torch.full((3, 3, 128, 128), 0.2)
    shown = train_clip.decoded(train_vae.build().eval(), pictures, 1)
    kept = (shown == pictures).flatten(1).all(dim=1)
    assert int(kept.sum()) == 2


def test_a_resumed_budget_goes_on_where_it_stopped() -> None:
    steps = []
    for step, share in Budget(1.0, step=5, spent=59.99):
        steps.append(step)
        assert share > 0.99
    assert steps[0] == 5


def test_standardised_latents_decode_to_the_same_pictures() -> None:
    torch.manual_seed(0)
    vae = train_vae.build().eval()
    pictures = torch.rand(2, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        before = vae.decode(vae.encode(pictures).latent_dist.mean).sample
        train_vae.standardise(vae, pictures)
        latents = vae.encode(pictures).latent_dist.mean
        after = vae.decode(latents).sample
    assert torch.allclose(before, after, atol=1e-4)
    assert torch.allclose(latents.std(dim=(0, 2, 3)), torch.ones(4), atol=1e-3)
    assert train_vae.psnrs(vae, 2).shape == (2,)


def test_refining_the_decoder_leaves_the_encoder_alone(options: argparse.Namespace) -> None:
    refined = train_vae.load_final(options.work)
    first = train_vae.load_final(options.work, refined=False)
    for old, new in zip(first.encoder.parameters(), refined.encoder.parameters(), strict=True):
        assert torch.equal(old, new)
    changed = [
        not torch.equal(old, new)
        for old, new in zip(first.decoder.parameters(), refined.decoder.parameters(), strict=True)
    ]
    assert any(changed)


def test_export_and_evaluation(
    options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    vae, unet = export.trained_parts(options)
    tower = train_text.load_tower(options)
    tokenizer = train_tokenizer.load(options.work)
    pipeline = export.assemble(vae, tower, tokenizer, unet)
    export.write(options.folder, pipeline, train_clip.load_model(options))
    starter = json.loads((options.folder / "starter.json").read_text("utf-8"))
    assert starter["width"] == 128
    pictures = Generator(options.folder, 2).pictures(noise(2, 0), ["a cat", "a dog"])
    assert pictures.shape == (2, 128, 128, 3)
    clip = CLIPModel.from_pretrained(options.folder / "clip", dtype=torch.float32)
    assert clip.config.vision_config.image_size == 128
    evaluation = evaluate.Evaluation(options)
    known = evaluation.measured("size")
    assert known
    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "size", None)
        assert evaluation.measured("size") == known
        patch.setattr(options, "walks", 2)
        assert evaluation.measured("size") == known
        patch.setattr(options, "guidance", 2.0)
        assert evaluation.measured("size", anew=False) is None
    found = [*evaluation.prompts(), *evaluation.diversity()]
    assert all(np.isfinite(bar.estimate.value) for bar in found)
    assert found[0].name == "all told: animal"


def test_the_bars_of_walks(options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk_bars, "WALK_FRAMES", 4)
    generator = Generator(options.folder, 1)
    clip = CLIPModel.from_pretrained(options.folder / "clip", dtype=torch.float32)
    found = [
        *walk_bars.fading(generator, 2),
        *walk_bars.sweep(generator, clip, 2),
        *walk_bars.translation(generator, 1),
        *walk_bars.straight(generator, 2),
        *walk_bars.steps_of_walks(generator, 1),
    ]
    assert all(np.isfinite(bar.estimate.value) for bar in found)


def test_seeds_are_sorted_by_what_fades(options: argparse.Namespace) -> None:
    generator = Generator(options.folder, 1)
    counts = {"pair": 4, "glide": 13, "prompts": 4, "sweep": 5, "several": 5, "loop": 5}
    assert set(counts) == set(choose_seeds.KINDS)
    for kind, count in counts.items():
        found = choose_seeds.KINDS[kind](generator, "a cat", "cat", 3)
        assert found.pictures.shape == (count, 128, 128, 3)
        assert len(found.animals) == count
    source = torch.Generator().manual_seed(3)
    for latent in choose_seeds.draws(generator, 3, 2).split(1):
        assert torch.equal(latent, torch.randn(1, *latent.shape[1:], generator=source))
    judge = train_classifier.load_model(options)
    ranks = [f.rank for f in choose_seeds.search(generator, judge, "pair", "a cat", "cat", 2)]
    assert ranks == sorted(ranks)


def test_the_judge_is_not_asked_who_stands_on_the_left() -> None:
    cat, fox = Animal("cat", "red"), Animal("fox", "blue")
    left, right, one = (
        Attributes(animals, "snow").labels() for animals in ((cat, fox), (fox, cat), (fox,))
    )
    made = train_classifier.unordered(torch.tensor([left, right, one])).tolist()
    assert made == [left, left, one]
    torch.manual_seed(0)
    pictures = np.random.default_rng(0).integers(0, 256, (64, 128, 128, 3), np.uint8)
    found = train_classifier.predictions(train_classifier.Classifier().eval(), pictures)
    assert torch.equal(found, train_classifier.unordered(found))


def test_numbers_too_small_for_the_fast_path_are_zero(options: argparse.Namespace) -> None:
    faded = torch.full((4,), 1e-40)
    common.prepare(options)
    assert not (faded * 1.0).any()


def test_a_step_begins_with_the_weights_of_a_model_folder(
    options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trained for no time, they are what the folder holds. Its scorer can be kept."""
    work = options.work / "again"
    common_options = ["--work", str(work), "--start", str(common.MODEL_FOLDER), "--minutes", "0"]
    work.mkdir()
    for name in ("panoramas.npy", "bounds.npy"):
        (work / name).symlink_to(options.work / name)
    monkeypatch.setattr(train_vae, "psnrs", lambda _vae: np.zeros(1))
    monkeypatch.setattr(train_clip, "top1", lambda _model, _options: np.ones(1))
    for step in (train_tokenizer, train_text, train_vae, train_clip):
        extra = common_options[:-2] if step is train_tokenizer else common_options
        monkeypatch.setattr("sys.argv", ["step", *extra])
        step.main()
    again = argparse.Namespace(**{**vars(options), "work": work})
    shipped = Generator(common.MODEL_FOLDER, 1).pipeline
    assert len(train_tokenizer.load(work)) == len(shipped.tokenizer)
    pairs = (
        (train_text.load_tower(again), shipped.text_encoder),
        (train_vae.load_final(work), shipped.vae),
    )
    for made, kept in pairs:
        for name, weights in made.state_dict().items():
            assert torch.equal(weights, kept.state_dict()[name]), name
    theirs = CLIPModel.from_pretrained(common.MODEL_FOLDER / "clip").vision_model.state_dict()
    ours = train_clip.load_model(again).vision_model.state_dict()
    assert all(torch.equal(weights, theirs[name]) for name, weights in ours.items())
    again.scorer = common.MODEL_FOLDER
    theirs = CLIPModel.from_pretrained(common.MODEL_FOLDER / "clip").state_dict()
    ours = export.scorer(again).state_dict()
    assert all(torch.equal(weights, theirs[name]) for name, weights in ours.items())


def test_bfloat16_is_measured_where_gradients_are_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoding asks first; the measurement needs gradients. CPUs without bf16 are not measured."""
    common.has_fast_bfloat16.cache_clear()
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "avx512_bf16")
    with torch.no_grad(), common.autocast(torch.device("cpu")):
        assert not torch.is_grad_enabled()
    common.has_fast_bfloat16.cache_clear()


def test_the_card_gets_its_table(tmp_path: Path) -> None:
    (tmp_path / "MODEL_CARD.md").write_text(f"a\n{card.BEGIN}\nold\n{card.END}\nz\n", "utf-8")
    bar = bars.Bar("size", bars.exactly(16.0), 40, 25, "all files", "MB", smaller_is_better=True)
    report = {
        "steps": 20,
        "guidance": 2.5,
        "judge_on_drawn_scenes": {"animal": 99.0},
        "bars": [{**asdict(bar), "passed": bar.passed}],
    }
    card.write_card(tmp_path, report)
    text = (tmp_path / "MODEL_CARD.md").read_text("utf-8")
    assert "old" not in text
    assert "| size | 16.00 MB | 16.00–16.00 | ≤ 40 MB | ≤ 25 MB | pass | all files |" in text
    assert text.endswith("\nz\n")


def test_crops_stand_in_step_with_the_latents(options: argparse.Namespace) -> None:
    source, width = open_pictures(options.work), 144
    shown = source.crops(8, width, np.random.default_rng(0))
    assert shown.shape == (8, 3, 128, width)
    columns = range(0, dataset.PANORAMA - width + 1, 8)
    every = [to_tensor(source.panoramas[:, :, x : x + width]) for x in columns]
    possible = torch.cat(every)
    assert all((possible == crop).flatten(1).all(dim=1).any() for crop in shown)
