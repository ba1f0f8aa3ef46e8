"""The estimators are scikit-learn's."""

import pickle

import numpy as np
import pytest

import earmark

pytest.importorskip("sklearn")

from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402

from earmark.sklearn import EarmarkEmbeddings, LinearProbe  # noqa: E402


def test_the_classifier_passes_all_checks():
    checks = check_estimator(LinearProbe(), on_skip=None)
    assert len(checks) > 40 and {check["status"] for check in checks} <= {"passed", "skipped"}


def test_the_classifier_is_logistic_regression():
    random = np.random.default_rng(2)
    for classes in (2, 4):
        centres = random.normal(size=(classes, 6))
        labels = np.repeat(np.arange(classes), 20)
        x = (centres[labels] + random.normal(size=(len(labels), 6))) * [1, 10, 0.1, 1, 1, 1]
        ours = LinearProbe(strength=2.0).fit(x, labels)
        # A softmax of two classes has both rows of weights, each of half the size.
        strength = 1.0 if classes == 2 else 2.0
        theirs = make_pipeline(
            StandardScaler(), LogisticRegression(C=1 / strength, tol=1e-9, max_iter=5_000)
        )
        wanted = theirs.fit(x, labels).predict_proba(x)
        assert np.abs(ours.predict_proba(x) - wanted).max() < 2e-4
        assert np.array_equal(ours.predict(x), theirs.predict(x))


def test_a_pipeline_of_recordings(run, lab):
    paths = earmark.recordings(lab / "tones")
    labels = [path.split("/")[-2] for path in paths]
    pipeline = make_pipeline(EarmarkEmbeddings(str(run)), LinearProbe()).fit(paths, labels)
    assert pipeline.score(paths, labels) > 0.6
    embeddings = pipeline[0]
    assert np.array_equal(embeddings.transform(paths), earmark.load(run).embed(paths))
    assert len(embeddings.get_feature_names_out()) == earmark.load(run).embedding_size
    again = pickle.loads(pickle.dumps(pipeline))
    assert np.array_equal(again.predict_proba(paths), pipeline.predict_proba(paths))
    check_estimator(EarmarkEmbeddings(str(run)), on_skip=None)
