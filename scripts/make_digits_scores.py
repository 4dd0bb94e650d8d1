"""Make hconsist/data/digits.csv: held-out scores of a softmax regression on the UCI optical digits.

Needs scikit-learn, which brings the data set along: ``pip install "hconsist[data]"``.  Nothing else here does.
The 1797 images are split in two halves, stratified by label; the regression sees one half, the file holds its scores
on the other.  Features are divided by 16 (their largest value); the penalty C = 1 is the library's default, not tuned.

    python scripts/make_digits_scores.py
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

FILE = Path(__file__).parents[1] / "hconsist" / "data" / "digits.csv"
SEED = 2023
DECIMALS = 4


def held_out_scores() -> tuple[np.ndarray, np.ndarray]:
    """Labels ``(899,)`` and scores ``(899, 10)`` of the half that the regression did not see."""
    features, labels = load_digits(return_X_y=True)
    seen, held_out, seen_labels, held_out_labels = train_test_split(
        features / 16, labels, test_size=0.5, stratify=labels, random_state=SEED
    )
    model = LogisticRegression(C=1.0, max_iter=10_000, tol=1e-8).fit(seen, seen_labels)
    return held_out_labels, model.decision_function(held_out)


def main() -> None:
    """Write the file."""
    labels, scores = held_out_scores()
    header = ",".join(["label", *(f"score_{k}" for k in range(scores.shape[1]))])
    np.savetxt(
        FILE,
        np.column_stack([labels, scores]),
        fmt=["%d", *[f"%.{DECIMALS}f"] * scores.shape[1]],
        delimiter=",",
        header=header,
        comments="",
    )


if __name__ == "__main__":
    main()
