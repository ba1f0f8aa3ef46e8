"""scikit-learn estimators: embeddings of recordings, and a linear classifier on them.

>>> from sklearn.pipeline import make_pipeline
>>> from earmark.sklearn import EarmarkEmbeddings, LinearProbe
>>> classifier = make_pipeline(EarmarkEmbeddings("efficientat-mn04-as"), LinearProbe())
>>> classifier.fit(paths, labels).predict(["new.wav"])
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _earmark
from ._model import Model, load


class EarmarkEmbeddings(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Paths of recordings to embeddings ``[recordings, embedding_size]``; nothing is trained.

    Args:
        model: a name, as :func:`earmark.load` takes it, or an opened model.
        device: as of :func:`earmark.load`.
        damaged: ``salvage`` what is whole of damaged recordings, or ``refuse`` them.
    """

    def __init__(
        self,
        model: str | Model = "efficientat-mn04-as",
        device: str | None = None,
        damaged: str = "salvage",
    ) -> None:
        self.model = model
        self.device = device
        self.damaged = damaged

    def fit(self, X: Iterable[str], y: object = None) -> EarmarkEmbeddings:
        """Opens the model."""
        if isinstance(self.model, Model):
            self.model_ = self.model
        else:
            self.model_ = load(self.model, device=self.device)
        return self

    def transform(self, X: Iterable[str]) -> npt.NDArray[np.float32]:
        """Embeddings of recordings, in their order; one that can't be read is an error."""
        check_is_fitted(self)
        paths = [str(path) for path in np.asarray(X, dtype=object).reshape(-1)]
        return self.model_.embed(paths, damaged=self.damaged)

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """``embedding0`` and so forth."""
        check_is_fitted(self)
        names = [f"embedding{k}" for k in range(self.model_.embedding_size)]
        return np.asarray(names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = True
        return tags


class LinearProbe(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Multinomial logistic regression on standardised features, as ``earmark probe`` fits it.

    Args:
        strength: of the regularisation: ``strength / 2`` times the squared weights on features of
            mean 0 and deviation 1 is added to the sum of cross-entropies. ``1 / C`` of
            scikit-learn's ``LogisticRegression``.

    Attributes:
        classes_: the classes, ``[classes]``.
        coef_: weights on the features as they are, float32 ``[classes, features]``.
        intercept_: biases, float32 ``[classes]``.
    """

    def __init__(self, strength: float = 1.0) -> None:
        self.strength = strength

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> LinearProbe:
        """Fits the weights to features ``[clips, features]`` and a class per clip."""
        if not 0 < self.strength < np.inf:
            raise ValueError(f"strength = {self.strength!r}: give a number above 0; 1 is usual")
        features, labels = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(labels)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "Classifier can't train when only one class is present: give clips of two classes "
                "or more"
            )
        targets = np.zeros((len(numbers), len(self.classes_)), dtype=np.float32)
        targets[np.arange(len(numbers)), numbers] = 1
        shape = (features.shape[1], len(self.classes_))
        flat = np.ascontiguousarray(features).reshape(-1)
        weight, bias = _earmark.fit_probe(
            flat, targets.reshape(-1), shape, True, float(self.strength)
        )
        self.coef_ = weight.reshape(len(self.classes_), features.shape[1])
        self.intercept_ = bias
        return self

    def decision_function(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Logits ``[clips, classes]``; of two classes, ``[clips]``, those of the second less those
        of the first."""
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Probabilities ``[clips, classes]``."""
        logits = self._logits(X)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        exponentials /= exponentials.sum(axis=1, keepdims=True)
        found: npt.NDArray[np.float64] = exponentials
        return found

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """The likeliest class of each clip."""
        best = self._logits(X).argmax(axis=1)
        labels: npt.NDArray[Any] = self.classes_[best]
        return labels

    def _logits(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:
        check_is_fitted(self)
        features = validate_data(self, X, dtype=np.float32, reset=False)
        products = features.astype(np.float64) @ self.coef_.astype(np.float64).T
        logits: npt.NDArray[np.float64] = products + self.intercept_.astype(np.float64)
        return logits
