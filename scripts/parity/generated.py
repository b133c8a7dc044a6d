"""Writes test/domain/learning/generated.sklearn.json: what scikit-learn makes of the matrix that generatedMatrix() in
test/domain/learning/generated-matrix.ts draws, drawn here by the same arithmetic. Run from the repository."""

import json
import pathlib

import numpy as np
import sklearn

from learners import compare

CATEGORIES = 40
WORD = 0xFFFFFFFF


def uniforms(seed):
    state = seed & WORD
    while True:
        state = (state + 0x6D2B79F5) & WORD
        mixed = ((state ^ (state >> 15)) * (state | 1)) & WORD
        mixed ^= (mixed + (((mixed ^ (mixed >> 7)) * (mixed | 61)) & WORD)) & WORD
        yield ((mixed ^ (mixed >> 14)) & WORD) / 2**32


def generated(rows, seed):
    draws = uniforms(seed)
    x = np.empty((rows, 4))
    y = np.empty(rows)
    for row in range(rows):
        a = next(draws) * 4 - 2
        b = float("nan") if next(draws) < 0.1 else next(draws) * 10
        noise = next(draws)
        category = int(next(draws) * next(draws) * CATEGORIES)
        effect = (category * 17 % CATEGORIES) / CATEGORIES - 0.5
        missing = 0.8 if b != b else (b - 5) / 5
        z = a * a * 0.7 - 1 + missing * (1 if a > 0 else -0.3) + effect * 2
        y[row] = next(draws) < 0.5 + 0.5 * z / (1 + abs(z))
        x[row] = (a, b, noise, category)
    return x, y


train, test = generated(20_000, 1), generated(20_000, 2)
result = compare(train, test, np.array([False, False, False, True]))
sums = {"labels": float(train[1].sum()), "a": float(train[0][:, 0].sum()), "category": float(train[0][:, 3].sum())}
document = {"scikitLearn": sklearn.__version__, "trainSums": sums, **result}
pathlib.Path("test/domain/learning/generated.sklearn.json").write_text(json.dumps(document, indent=2) + "\n")
print(json.dumps(document, indent=2))
