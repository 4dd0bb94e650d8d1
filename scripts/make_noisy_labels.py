"""Make hconsist/data/noisy_labels.csv: scores and labels drawn from conditional laws that are known exactly.

Each sample has a true label, uniform among five.  The label observed is the true one with probability 1/2 and each
other one with probability 1/8, so that the Bayes error is 1/2 and the least cross-entropy that any predictor can reach
is the entropy of (1/2, 1/8, 1/8, 1/8, 1/8), log 4.  The predictor nearly knows this law: its scores are the
log-probabilities with independent Gaussian noise of standard deviation 0.3.

    python scripts/make_noisy_labels.py
"""

from pathlib import Path

import numpy as np

FILE = Path(__file__).parents[1] / "hconsist" / "data" / "noisy_labels.csv"
SEED = 2023
SAMPLES, CLASSES = 3000, 5
KEPT = 0.5
NOISE = 0.3


def simulate() -> tuple[np.ndarray, np.ndarray]:
    """Observed labels ``(m,)`` and scores ``(m, n)``."""
    rng = np.random.default_rng(SEED)
    true = rng.integers(CLASSES, size=SAMPLES)
    other = (true + rng.integers(1, CLASSES, size=SAMPLES)) % CLASSES
    labels = np.where(rng.random(SAMPLES) < KEPT, true, other)
    law = np.where(np.arange(CLASSES) == true[:, None], KEPT, (1 - KEPT) / (CLASSES - 1))
    return labels, np.log(law) + NOISE * rng.standard_normal((SAMPLES, CLASSES))


def main() -> None:
    """Write the file."""
    labels, scores = simulate()
    header = ",".join(["label", *(f"score_{k}" for k in range(CLASSES))])
    table = np.column_stack([labels, scores])
    np.savetxt(FILE, table, fmt=["%d", *["%.2f"] * CLASSES], delimiter=",", header=header, comments="")


if __name__ == "__main__":
    main()
