"""Front ends and augmentation in training loops of one's own."""

import os
import pickle
import shutil

import numpy as np
import pytest
from conftest import read_wav

import earmark


def test_features_in_two_halves_and_segments(lab, clips):
    front_end = earmark.FrontEnd(lab / "tiny.toml")
    log_mel = front_end.log_mel(clips[0])
    assert log_mel.shape[:2] == (1, 32) and log_mel.dtype == np.float32
    assert np.array_equal(front_end.postprocess(log_mel), front_end(clips[0]))
    segments = front_end.segments(log_mel)
    assert segments.shape[1:] == (1, 32, front_end.segment_frames)
    assert np.array_equal(segments[0], log_mel[:, :, : front_end.segment_frames])
    hop = front_end.segment_hop_frames
    assert np.array_equal(segments[1], log_mel[:, :, hop : hop + front_end.segment_frames])
    assert len(segments) == -(-log_mel.shape[2] // hop)


def test_pickling_is_by_content(lab, clips, tmp_path):
    recipe = shutil.copy(lab / "tiny.toml", tmp_path / "t.toml")
    front_end = earmark.FrontEnd(recipe, set={"front-end.mel.bands": 16})
    text = pickle.dumps((front_end, earmark.Augmentation(recipe, seed=2)))
    os.remove(recipe)
    again, augmentation = pickle.loads(text)
    assert again.bands == 16 and np.array_equal(again(clips[0]), front_end(clips[0]))
    assert augmentation.sample_rate == 8_000


def test_segments_of_absurd_size_are_refused(lab):
    long = {"front-end.segments.length-seconds": 100.0, "front-end.segments.hop-seconds": 0.1}
    front_end = earmark.FrontEnd(lab / "tiny.toml", set=long)
    count = 2**29 // (32 * front_end.segment_frames) + 2
    log_mel = np.zeros((1, 32, count * front_end.segment_hop_frames), dtype=np.float32)
    with pytest.raises(earmark.AudioError, match="numbers: at most 536870912 are cut at a time"):
        front_end.segments(log_mel)


def test_draws_depend_on_seed_epoch_and_item_alone(lab, clips):
    augmentation = earmark.Augmentation(lab / "tiny.toml", seed=3)
    front_end = earmark.FrontEnd(lab / "tiny.toml")
    samples, _ = read_wav(clips[0])
    log_mel = front_end.log_mel(clips[0])

    def draw(by, epoch, item):
        return (
            by.waveform(samples, epoch=epoch, item=item),
            by.spectrogram(log_mel, epoch=epoch, item=item, segment=1),
        )

    first = draw(augmentation, 0, 5)
    assert augmentation.changes_samples and augmentation.last_changes
    # A gain on all samples.
    gain = first[0][1_000] / samples[1_000]
    assert abs(gain - 1) > 1e-3 and np.allclose(first[0], samples * gain, rtol=1e-5)
    # One mask of frames: every other frame is the segment's.
    segment = front_end.segments(log_mel)[1]
    masked = [
        (draw(augmentation, 0, item)[1] != segment).any(axis=(0, 1)).sum() for item in range(10)
    ]
    assert 0 < max(masked) <= 0.2 * front_end.segment_frames and len(set(masked)) > 3
    draw(augmentation, 0, 5)
    others = [draw(augmentation, 1, 5), draw(augmentation, 0, 6)]
    others.append(draw(earmark.Augmentation(lab / "tiny.toml", seed=4), 0, 5))
    assert not any(np.array_equal(first[0], other[0]) for other in others)
    for same in (augmentation, pickle.loads(pickle.dumps(augmentation))):
        assert all(np.array_equal(a, b) for a, b in zip(first, draw(same, 0, 5), strict=True))
    with pytest.raises(earmark.ConfigError, match="epoch = -1"):
        draw(augmentation, -1, 0)
    with pytest.raises(earmark.AudioError, match="segment 99 does not exist"):
        augmentation.spectrogram(log_mel, epoch=0, item=0, segment=99)


def test_a_pytorch_dataset(lab, clips):
    torch = pytest.importorskip("torch")
    front_end = earmark.FrontEnd(lab / "tiny.toml")
    augmentation = earmark.Augmentation(lab / "tiny.toml")

    class Clips(torch.utils.data.Dataset):
        def __len__(self):
            return len(clips)

        def __getitem__(self, item):
            log_mel = front_end.log_mel(clips[item])
            segment = augmentation.spectrogram(log_mel, epoch=0, item=item)
            return torch.from_numpy(front_end.postprocess(segment))

    alone = torch.stack([Clips()[item] for item in range(len(clips))])
    loader = torch.utils.data.DataLoader(Clips(), batch_size=3, num_workers=2)
    assert torch.equal(next(iter(loader)), alone)
