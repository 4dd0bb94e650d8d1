"""psi(softmax): the theorems that are tried, in order, and the search for a witness where none applies."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy

from hconsist.definitions import compile_expression, precision, to_ball
from hconsist.domains import UnsupportedError
from hconsist.evidence import Level
from hconsist.losses import CompSum, Focal, Poly1
from hconsist.symbolic import counterexample, quick, vanishes
from hconsist.theorems.expansions import Undecided
from hconsist.theorems.psi import PsiFacts
from hconsist.theorems.result import Answer, Attempt, Hypothesis, Status, Witness
from hconsist.theorems.witnesses import Search, small_gaps

__all__ = ["Decision", "comp_sum"]

THRESHOLD = Fraction("1.66298382906821319"), Fraction("1.66298382906821320")
"""tau_c lies strictly between (derivation ``threshold``)."""
HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Decision:
    """The attempts in order, the last of which decides if it applies, and the witness of a dependence."""

    attempts: tuple[Attempt, ...]
    witness: Witness | None = None


def comp_sum(loss: CompSum, seconds: float, most: int) -> Decision:
    """Theorem 2, the theorems for a psi of known form, one inflection, Theorem 9; then necessary conditions."""
    try:
        definition = loss.definition()
    except UnsupportedError:
        found = Hypothesis("psi is a formula", Status.REFUTED, "a callable has values only, and values prove nothing")
        return Decision((Attempt("Theorem 2", "freezing", (found,)),))
    facts = PsiFacts(definition.expression, definition.symbols[0], seconds / 5)
    tried: list[Attempt] = []
    for rule in (_freezing, _power, _poly_one, _focal, _one_inflection, _mass):
        attempt = rule(loss, facts)
        if attempt is not None:
            tried.append(attempt)
            if attempt.applies:
                break
    if tried[-1].applies and tried[-1].concludes is Answer.INDEPENDENT:
        return Decision(tuple(tried))
    tau = power_parameter(loss, facts)
    if tau is not None and tau >= 2:
        return Decision(tuple(tried), _concave_witness(tau, facts))
    return _necessary(loss, facts, tuple(tried), most)


def _freezing(loss: CompSum, facts: PsiFacts) -> Attempt:
    needed = facts.falls, facts.convex, facts.steep, facts.g_convex
    return Attempt("Theorem 2: g = -1/psi' is convex and g(0+) = 0", "freezing", needed)


def _one_inflection(loss: CompSum, facts: PsiFacts) -> Attempt:
    needed = facts.falls, facts.convex, facts.strictly_convex, facts.steep, facts.one_inflection
    name = "Theorem 2 with one inflection of g: R_Sigma >= min(R_0+, R_1) = R_1"
    return Attempt(name, "one_inflection", (*needed, facts.logarithmic, facts.curvature))


def _mass(loss: CompSum, facts: PsiFacts) -> Attempt:
    cheap = facts.falls, facts.convex, facts.steep, facts.light
    statement = "(M2), on pairs of scores"
    if all(hypothesis.holds for hypothesis in cheap):
        last = facts.mass
    else:
        last = Hypothesis(statement, Status.NOT_EXAMINED, "another hypothesis of Theorem 9 is not proved")
    return Attempt("Theorem 9: the mass condition", "mass_condition", (*cheap, last))


# --- psi of a known form ------------------------------------------------------------------------


def power_parameter(loss: CompSum, facts: PsiFacts) -> Fraction | None:
    """tau where psi = a (1 - s^(tau-1))/(tau-1) + b with a > 0, as s psi''/psi' = tau - 2 says; else None."""
    if loss.tau is not None:
        return Fraction(loss.tau)
    first, second, _ = facts.derivatives
    return _constant(facts.s * second / first + 2, facts.s)


def _constant(e: sympy.Expr, s: sympy.Symbol) -> Fraction | None:
    """The value of an expression that does not depend on s, if it is a fraction and SymPy sees it."""
    inside = {s: 1 / (1 + sympy.Symbol("u", positive=True))}
    slope = e.diff(s).subs(inside)
    if not quick(slope) or counterexample("==", slope) or not vanishes(slope):
        return None
    value = sympy.simplify(e.subs(s, sympy.Rational(1, 2)))
    return Fraction(int(value.p), int(value.q)) if value.is_Rational else None


def _power(loss: CompSum, facts: PsiFacts) -> Attempt | None:
    tau = power_parameter(loss, facts)
    if tau is None or tau <= 1 or not facts.falls.holds:
        return None
    if tau >= 2:
        return _concave(tau)
    low, high = THRESHOLD
    shape = _exactly("psi is (1 - s^(tau-1))/(tau-1), up to a factor and a constant", True, f"tau = {_short(tau)}")
    if tau <= Fraction(3, 2):
        needed = _exactly("1 <= tau <= 3/2", True, f"tau = {_short(tau)}")
        return Attempt("Theorem 3: power losses, 1 <= tau <= 3/2", "two_label_sharpness", (shape, needed))
    if tau >= high:
        needed = _exactly("tau > tau_c", True, f"tau = {_short(tau)}, tau_c < {float(high):.6f}", Level.ENCLOSED)
        name = "Theorem 7: beyond tau_c = 1.66298... T_3 < T_2 somewhere"
        return Attempt(name, "threshold", (shape, needed), Answer.DEPENDENT)
    needed = _exactly("tau <= tau_c", tau <= low, f"tau = {_short(tau)}, tau_c > {float(low):.6f}", Level.ENCLOSED)
    return Attempt("Theorem 7: power losses, tau <= tau_c = 1.66298...", "threshold", (shape, needed))


def _concave(tau: Fraction) -> Attempt:
    """Theorem 8: the hull of the vertices (1/k, (1 - max (m-1) m^-b)/(k b)), 2 <= m <= k + 1, b = tau - 1.

    It is the segment to k = 1, for every n, if (m-1) m^-b <= 2^-b for all m >= 3.  In m it falls from m = b/(b-1) on,
    which is below 3 for b > 3/2; so for b > 3/2 the case m = 3 decides.  It also fails for b <= 3/2: (3/2)^b < 2.
    """
    b = tau - 1
    with precision(128):
        gain = to_ball(2) * to_ball(3) ** to_ball(-b) - to_ball(2) ** to_ball(-b)
    shape = _exactly("psi is (1 - s^(tau-1))/(tau-1), up to a factor and a constant", True, f"tau = {_short(tau)}")
    power = "2*3^(1-tau) > 2^(1-tau): the vertex at t = 1/2 lies below the segment to t = 1"
    if gain > 0:
        needed = _exactly(power, True, "balls", Level.ENCLOSED)
        return Attempt("Theorem 8: tau >= 2", "concave_hull", (shape, needed), Answer.DEPENDENT)
    needed = _exactly("2*3^(1-tau) <= 2^(1-tau), tau > 5/2: all vertices on or above the segment to t = 1",
                      bool(gain < 0), "balls", Level.ENCLOSED)  # fmt: skip
    return Attempt("Theorem 8: the convex hull of T_n is a line", "concave_hull", (shape, needed))


def _concave_witness(tau: Fraction, facts: PsiFacts) -> Witness:
    """p = (1/2, 0, 1/2), label 2: regret at most a (1/2 - 3^-b)/b, hull of T_2 a (1/2 - 2^-b/2)/b, a = -psi'(1)."""
    with precision(128):
        b = to_ball(tau - 1)
        scale = compile_expression(-facts.derivatives[0], (facts.s,)).arb(to_ball(1)) / b
        below = scale * (to_ball(HALF) - to_ball(3) ** -b)
        above = scale * (to_ball(HALF) - to_ball(2) ** -b / 2)
    return Witness(3, HALF, float(below.upper()), float(above.lower()), (HALF, Fraction(0), HALF))


def _poly_one(loss: CompSum, facts: PsiFacts) -> Attempt | None:
    """-log s + eps (1 - s), eps > 0; for eps <= 0 Theorem 2 applies."""
    eps = Fraction(loss.eps) if isinstance(loss, Poly1) else _poly_parameter(facts)
    if eps is None or eps <= 0:
        return None
    shape = _exactly("psi is -log s + eps (1 - s), up to a factor and a constant", True, f"eps = {_short(eps)}")
    if eps**2 > 6:
        needed = _exactly("eps > sqrt 6", True, f"eps = {_short(eps)}")
        name = "poly-1 beyond eps = sqrt 6: T_3 < T_2 at small t"
        return Attempt(name, "poly_one", (shape, needed), Answer.DEPENDENT)
    needed = _exactly("eps <= 2", eps <= 2, f"eps = {_short(eps)}")
    return Attempt("Theorem 9 for poly-1: (M1) and (M2) hold up to eps = 2", "poly_one", (shape, needed))


def _poly_parameter(facts: PsiFacts) -> Fraction | None:
    """eps where -s psi' is a (1 + eps s), a > 0."""
    al = sympy.expand(-facts.s * facts.derivatives[0])
    if not al.is_polynomial(facts.s) or sympy.degree(al, facts.s) != 1:
        return None
    constant, slope = al.coeff(facts.s, 0), al.coeff(facts.s, 1)
    if not constant.is_positive:
        return None
    ratio = sympy.simplify(slope / constant)
    return Fraction(int(ratio.p), int(ratio.q)) if ratio.is_Rational else None


def _focal(loss: CompSum, facts: PsiFacts) -> Attempt | None:
    if not isinstance(loss, Focal):
        return None
    needed = _exactly("gamma >= 0", True, f"gamma = {loss.gamma:g}")
    return Attempt("one inflection of g, for the focal loss with every gamma", "focal", (needed,))


def _exactly(statement: str, true: bool, how: str, level: Level = Level.SYMBOLIC) -> Hypothesis:
    status = Status.PROVED if true else Status.REFUTED
    return Hypothesis(statement, status, how, "" if true else how, level)


def _short(x: Fraction) -> str:
    return str(x) if x.denominator < 1000 else f"{float(x)!r}"


# --- necessary conditions -----------------------------------------------------------------------


def _necessary(loss: CompSum, facts: PsiFacts, tried: tuple[Attempt, ...], most: int) -> Decision:
    """The least n at which T_n < T_2 is proved, at small t or by a law; the search for a law stops at that n."""
    shape = facts.falls, facts.convex
    if not all(hypothesis.holds for hypothesis in shape):
        return Decision(tried)
    small, first = small_gaps(facts.psi, facts.s, most)
    witness = _search(loss, first or most)
    if tried[-1].applies:  # a theorem on this family has said so already
        return Decision(tried, witness)
    if first is not None:
        fails = Hypothesis(f"c_{first} < c_2: {small.witness}", Status.PROVED, small.how)
        name = f"T_{first}(t) < T_2(t) for all small t: the quadratic constants at 0"
        return Decision((*tried, Attempt(name, "small_gaps", (*shape, fails), Answer.DEPENDENT)), witness)
    if witness is not None:
        n = witness.n_classes
        law = Hypothesis("a law of zero-one regret t has surrogate regret below T_2(t)", Status.PROVED, "balls")
        attempt = Attempt(f"T_{n}(t) < T_2(t) at a law of {n} labels", "enclosing", (*shape, law), Answer.DEPENDENT)
        return Decision((*tried, attempt), witness)
    none = Hypothesis(
        f"no law of 3, ..., {most} labels has surrogate regret below T_2(t)",
        Status.UNDECIDED,
        "laws (y + t, y, r, ..., r): a search found none",
        level=Level.SAMPLED,
    )
    return Decision((*tried, Attempt("necessary conditions for T_n = T_2", "small_gaps", (*shape, small, none))))


def _search(loss: CompSum, most: int) -> Witness | None:
    search = Search(loss)
    for n in range(3, most + 1):
        try:
            witness = search.run(n)
        except (Undecided, UnsupportedError):
            return None
        if witness is not None:
            return witness
    return None
