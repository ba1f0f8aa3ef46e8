"""Metrics, against scikit-learn's and by hand."""

import numpy as np
import pytest

import earmark


def test_score_against_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(1)
    truth = random.random((60, 5)) < 0.3
    truth[0] = False
    scores = random.random((60, 5)).astype(np.float32)
    found = earmark.score(scores, truth, list("abcde"), k=2)
    per_class = metrics.average_precision_score(truth, scores, average=None)
    assert found["mAP"] == pytest.approx(per_class.mean(), abs=1e-12)
    assert [found["per_class"][name]["ap"] for name in "abcde"] == pytest.approx(list(per_class))
    labelled = truth.any(axis=1)
    weights = truth[labelled].sum(axis=1)
    lwlrap = metrics.label_ranking_average_precision_score(
        truth[labelled], scores[labelled], sample_weight=weights
    )
    assert found["lwlrap"] == pytest.approx(lwlrap, abs=1e-12)
    assert found["skipped"] == (~labelled).sum() and found["clips"] == 60


def test_map_at_k_by_hand():
    scores = np.array([[0.9, 0.5, 0.1], [0.2, 0.3, 0.4]])
    truth = np.array([[0, 1, 0], [0, 0, 1]])
    assert earmark.score(scores, truth, k=2)["map@2"] == (0.5 + 1.0) / 2
    assert earmark.score(scores, truth, k=1)["map@1"] == 0.5
    assert earmark.score(scores, truth, bootstrap=50)["intervals"]


@pytest.mark.parametrize(
    ("scores", "truth", "more", "words"),
    [
        ([[0.5]], [[2]], {}, "expected bool, or 0 and 1"),
        ([[0.5]], [[1, 0]], {}, "has shape [1, 2], and scores [1, 1]"),
        ([0.5], [1], {}, "expected floats [clips, classes]"),
        ([[np.nan]], [[1]], {}, "not a finite number"),
        ([[0.5]], [[1]], {"classes": ["a", "b"]}, "2 names for 1 columns"),
        ([[0.5, 0.1]], [[1, 0]], {"classes": ["a", "a"]}, "appears twice"),
    ],
)
def test_what_can_not_be_scored(scores, truth, more, words):
    with pytest.raises(earmark.DataError) as refused:
        earmark.score(scores, truth, **more)
    assert words in str(refused.value)
