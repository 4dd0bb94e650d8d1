"""Proofs over boxes: balls against mpmath's intervals on one claim under one splitting rule; re-checking; Theorem 7.

The claim is dM_q/dq >= b^2/2 on [1/2, 15/16] x [1/2, 1], M_q the power mean of 1 + b and 1 - b.  Both sides bisect the
relatively wider variable until the direct enclosure is nonnegative, one box at a time, in one run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction

import mpmath
from flint import arb, fmpq

from hconsist.definitions import compile_expression, precision
from hconsist.derivations import simplified_gamma, threshold
from hconsist.rigorous import prove_nonnegative, recheck

BOX = ((fmpq(1, 2), fmpq(15, 16)), (fmpq(1, 2), fmpq(1)))
RUNS = 3


def bisect(accept: Callable[[fmpq, fmpq, fmpq, fmpq], bool]) -> int:
    """Boxes visited until every leaf is accepted."""
    stack, visited = [BOX], 0
    widths = [high - low for low, high in BOX]
    while stack:
        box = stack.pop()
        visited += 1
        if accept(*box[0], *box[1]):
            continue
        k = max((0, 1), key=lambda i: (box[i][1] - box[i][0]) / widths[i])
        low, high = box[k]
        middle = (low + high) / 2
        for part in ((middle, high), (low, middle)):
            stack.append((part, box[1]) if k == 0 else (box[0], part))
    return visited


def by_mpmath() -> Callable[..., bool]:
    """dM/dq = M (L/q - log(A)/q^2), A = (X + Y)/2, L = (X log x + Y log y)/(2A), written out for mpmath.iv."""
    iv = mpmath.iv
    iv.prec = 64

    def number(x: fmpq) -> mpmath.iv.mpf:
        return iv.mpf(int(x.p)) / int(x.q)

    def accept(b0: fmpq, b1: fmpq, q0: fmpq, q1: fmpq) -> bool:
        b, q = iv.mpf([number(b0).a, number(b1).b]), iv.mpf([number(q0).a, number(q1).b])
        log_x, log_y = iv.log(1 + b), iv.log(1 - b)
        x, y = iv.exp(q * log_x), iv.exp(q * log_y)
        mean = (x + y) / 2
        log_mean = iv.log(mean)
        slope = iv.exp(log_mean / q) * ((x * log_x + y * log_y) / (2 * mean * q) - log_mean / q**2)
        return bool((slope - b**2 / 2).a >= 0)

    return accept


def by_balls() -> Callable[..., bool]:
    """The package's compiled program of the same expression."""
    b, q = simplified_gamma.b, simplified_gamma.q
    ranges = {b: (Fraction(1, 2), Fraction(15, 16)), q: (Fraction(1, 2), Fraction(1))}
    program = compile_expression(simplified_gamma.SLOPE - simplified_gamma.SQUARE, (b, q), ranges)

    def accept(b0: fmpq, b1: fmpq, q0: fmpq, q1: fmpq) -> bool:
        value = program.arb(arb((b0 + b1) / 2, (b1 - b0) / 2), arb((q0 + q1) / 2, (q1 - q0) / 2))
        return value.is_finite() and bool(value >= 0)

    return accept


def timed(function: Callable[[], object]) -> tuple[float, object]:
    start = time.process_time()
    found = function()
    return time.process_time() - start, found


def main() -> None:
    with precision(64):
        theirs, boxes = min(timed(lambda: bisect(by_mpmath())) for _ in range(RUNS))
        ours, own = min(timed(lambda: bisect(by_balls())) for _ in range(RUNS))
    b, q = simplified_gamma.b, simplified_gamma.q
    ranges = {b: (Fraction(1, 2), Fraction(15, 16)), q: (Fraction(1, 2), Fraction(1))}
    slack = simplified_gamma.SLOPE - simplified_gamma.SQUARE
    full, evidence = min(
        (timed(lambda: prove_nonnegative(slack, ranges)) for _ in range(RUNS)), key=lambda found: found[0]
    )
    print(f"mpmath.iv {theirs:.2f} s on {boxes} boxes; balls, same rule {ours:.2f} s on {own} boxes")
    print(f"  ratio {theirs / ours:.0f}; per box {theirs / boxes / (ours / own):.0f}")
    print(f"the prover itself, mean value leaves: {full:.2f} s on {evidence.boxes} boxes, ratio {theirs / full:.0f}")

    certificates = threshold.evidence().certificates
    proving = sum(c.seconds for c in certificates)
    print(f"Theorem 7, ball part: {proving:.2f} s, {len(certificates)} certificates")
    claims = (simplified_gamma.claim_1, simplified_gamma.claim_2, simplified_gamma.claim_3, simplified_gamma.claim_4)
    for name, prove in [*((claim.__name__, claim) for claim in claims), ("Theorem 7", threshold.evidence)]:
        _, found = timed(prove)
        spent = sum(c.seconds for c in found.certificates)
        again, results = timed(lambda found=found: [recheck(c) for c in found.certificates])
        assert all(result.passed for result in results)
        print(f"re-check of {name}: {again:.2f} s, {again / spent:.2f} times its proving time")


if __name__ == "__main__":
    main()
