"""The scikit-learn side of the parity check: the same learners, set as in learners.ts."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def boosting(categorical):
    return HistGradientBoostingClassifier(
        max_iter=100,
        max_leaf_nodes=31,
        learning_rate=0.1,
        min_samples_leaf=20,
        l2_regularization=0,
        categorical_features=categorical,
        early_stopping=False,
    )


class Linear:
    """C = 1 on standardised numbers (missing = mean, with an indicator) and one-hot categories."""

    def __init__(self, categorical):
        self.categorical = categorical

    def design(self, x, fit):
        numeric = x[:, ~self.categorical]
        if fit:
            self.scaler = StandardScaler().fit(numeric)
            self.gaps = np.isnan(numeric).any(axis=0)
            self.encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(x[:, self.categorical])
        parts = [np.nan_to_num(self.scaler.transform(numeric)), np.isnan(numeric)[:, self.gaps]]
        if self.categorical.any():
            parts.append(self.encoder.transform(x[:, self.categorical]))
        return np.column_stack(parts)

    def fit(self, x, y):
        self.model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-8).fit(self.design(x, True), y)
        return self

    def predict_proba(self, x):
        return self.model.predict_proba(self.design(x, False))


def measure(model, train, test):
    (x, y), (x_test, y_test) = train, test
    model.fit(x, y)
    p = model.predict_proba(x_test)[:, 1]
    return {
        "rocAuc": roc_auc_score(y_test, p),
        "logLoss": log_loss(y_test, p),
        "trainLogLoss": log_loss(y, model.predict_proba(x)[:, 1]),
        "firstPredictions": [float(v) for v in p[:10]],
    }


def compare(train, test, categorical):
    return {
        "gradientBoosting": measure(boosting(categorical), train, test),
        "logisticRegression": measure(Linear(categorical), train, test),
    }
