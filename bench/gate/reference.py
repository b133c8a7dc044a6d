"""The gate's costly computations as one would write them in NumPy, timed: `python reference.py DIRECTORY WORKLOAD`.

Reads the workload's input from DIRECTORY and prints {"ms", "answer", "library"}. Straightforward on purpose: nothing is cached
between looks but the sums of finished restart epochs, as in the TypeScript version.
"""

import hashlib
import json
import math
import sys
import time
from pathlib import Path

import numpy as np

ETAS = 0.005 * (0.95 / 0.005) ** (np.arange(24) / 23)
RESTART_EVERY = 24
CONTROL, CANDIDATE, CONCENTRATION, SHARE = 950, 50, 1000, 0.05


def log_sum_exp(terms, axis=-1):
    top = terms.max(axis=axis, keepdims=True)
    return np.squeeze(top, axis) + np.log(np.exp(terms - top).sum(axis=axis))


def log_products(histogram, margin, direction):
    """ln of the product of factors per betting fraction."""
    values = np.array([num / den for num, den in histogram])
    counts = np.array(list(histogram.values()))
    if direction == "harm":
        stakes = (values - margin) / (1 + margin)
    else:
        stakes = -(values - margin) / (1 - margin)
    return counts @ np.log1p(np.outer(stakes, ETAS))


def add(histogram, triples):
    for num, den, count in triples:
        histogram[num, den] = histogram.get((num, den), 0) + count


def log_restart(epochs):
    """Mixture over restart epochs of the products of each epoch, one row per epoch."""
    from_epoch = log_sum_exp(np.cumsum(epochs[::-1], axis=0)[::-1]) - math.log(len(ETAS))
    j = np.arange(1, len(epochs))
    weights = np.concatenate([[math.log(0.75)], -np.log(4 * j * (j + 1))])
    unstarted = -math.log(4 * len(epochs))
    return float(log_sum_exp(np.append(from_epoch + weights, unstarted)))


def log_beta(x):
    return sum(map(math.lgamma, x)) - math.lgamma(sum(x))


def log_sample_ratio(control, candidate):
    prior = [CONCENTRATION * (1 - SHARE), CONCENTRATION * SHARE]
    after = [prior[0] + control, prior[1] + candidate]
    return log_beta(after) - log_beta(prior) - control * math.log(1 - SHARE) - candidate * math.log(SHARE)


def look(given):
    harm, safe = [], []
    for _ in range(given["streams"]):
        histogram = {}
        add(histogram, given["million"])
        add(histogram, given["next"])
        harm.append(log_restart(log_products(histogram, given["HARM_MARGIN"], "harm")[None, :]))
        products = log_products(histogram, given["SAFE_MARGIN"], "safe")
        safe.append(float(log_sum_exp(products)) - math.log(len(ETAS)))
    log_sample_ratio(2 * CONTROL, 2 * CANDIDATE)
    return [harm, safe]


def cohorts(given):
    streams = range(given["streams"])
    histograms = given["histograms"]
    running = [{} for _ in streams]
    finished_harm = [[] for _ in streams]
    finished_safe = [np.zeros(len(ETAS)) for _ in streams]
    for cohort in range(1, given["cohorts"] + 1):
        harm, safe = [], []
        for i in streams:
            if cohort > 1 and (cohort - 1) % RESTART_EVERY == 0:
                finished_harm[i].append(log_products(running[i], given["HARM_MARGIN"], "harm"))
                finished_safe[i] += log_products(running[i], given["SAFE_MARGIN"], "safe")
                running[i] = {}
            add(running[i], histograms[(cohort + 7 * i) % len(histograms)])
            epochs = [*finished_harm[i], log_products(running[i], given["HARM_MARGIN"], "harm")]
            harm.append(log_restart(np.array(epochs)))
            products = finished_safe[i] + log_products(running[i], given["SAFE_MARGIN"], "safe")
            safe.append(float(log_sum_exp(products)) - math.log(len(ETAS)))
        log_sample_ratio(cohort * CONTROL, cohort * CANDIDATE)
    return [harm, safe]


def matching(losses):
    digests = [hashlib.sha256(f"rollout:unit-{i}".encode()).digest() for i in range(len(losses))]
    order = np.array(sorted(range(len(losses)), key=digests.__getitem__))
    is_candidate = order % 10 == 0
    candidate, control = losses[order[is_candidate]], losses[order[~is_candidate]]
    k = min(20, len(control) // len(candidate))
    bad = control[: len(candidate) * k].reshape(-1, k).sum(axis=1, dtype=int)
    numerators, counts = np.unique(k * candidate.astype(int) - bad, return_counts=True)
    divisors = np.gcd(numerators, k)
    return [[int(n // d), int(k // d), int(c)] for n, d, c in zip(numerators, divisors, counts)]


def auc(scores, outcomes):
    _, inverse = np.unique(scores, return_inverse=True)
    positives = np.bincount(inverse, weights=outcomes)
    negatives = np.bincount(inverse, weights=1 - outcomes.astype(int))
    below = np.cumsum(negatives) - negatives
    return float((positives * (below + negatives / 2)).sum() / (positives.sum() * negatives.sum()))


def path(differences):
    """The capital process of Waudby-Smith & Ramdas (2024) by their own package, over the whole path."""
    from confseq.betting import diversified_betting_mart

    margin = 0.01
    null_mean = (margin + 1) / 2
    bets = [lambda x, m, eta=eta: np.full(len(x), eta / null_mean) for eta in ETAS]
    capital = diversified_betting_mart((differences + 1) / 2, null_mean, bets, theta=1, trunc_scale=1)
    return float(np.log(capital[-1]))


def prepared(directory, workload):
    """The computation with its input read."""
    if workload == "look":
        given = json.loads((directory / "look.json").read_text())
        return lambda: look(given)
    if workload == "cohorts":
        given = json.loads((directory / "cohorts.json").read_text())
        return lambda: cohorts(given)
    if workload == "matching":
        losses = np.fromfile(directory / "losses.bin", dtype=np.uint8)
        return lambda: matching(losses)
    if workload == "auc":
        scores = np.fromfile(directory / "scores.bin")
        outcomes = np.fromfile(directory / "outcomes.bin", dtype=np.uint8)
        return lambda: auc(scores, outcomes)
    differences = np.fromfile(directory / "path.bin", dtype=np.int8)
    return lambda: path(differences)


def main():
    directory, workload = Path(sys.argv[1]), sys.argv[2]
    run = prepared(directory, workload)
    times = []
    for _ in range(1 if workload == "cohorts" else 3):
        start = time.perf_counter()
        answer = run()
        times.append(time.perf_counter() - start)
    library = f"Python {sys.version.split()[0]}, NumPy {np.__version__}"
    if workload == "path":
        from importlib.metadata import version

        library = f"confseq {version('confseq')}"
    print(json.dumps({"ms": 1000 * min(times), "answer": answer, "library": library}))


if __name__ == "__main__":
    main()
