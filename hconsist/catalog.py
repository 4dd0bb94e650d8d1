"""What ships with the package, as static tuples, and how to load and run it."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Sequence
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from hconsist.domains import InputError
from hconsist.evidence import Level

if TYPE_CHECKING:
    from hconsist.claims import Report
    from hconsist.steps import Derivation

__all__ = ["PAPERS", "DERIVATIONS", "FIGURES", "check", "derivation", "figure", "paper_check"]

PAPERS = (
    ("mao2023_cross_entropy", "Cross-Entropy Loss Functions: Theoretical Analysis and Applications"),
    ("awasthi2022_multiclass", "Multi-Class H-Consistency Bounds"),
    ("mao2023_characterization", "H-Consistency Bounds: Characterization and Extensions"),
    ("mao2024_growth_rate", "A Universal Growth Rate for Learning with Smooth Surrogate Losses"),
    (
        "zheng2023_discriminative_generative",
        "Revisiting Discriminative vs. Generative Classifiers: Theory and Implications",
    ),
    ("zhu2023_ldr", "Label Distributionally Robust Losses for Multi-class Classification"),
    ("hui2023_squentropy", "Cut your Losses with Squentropy"),
    ("martins2016_sparsemax", "From Softmax to Sparsemax"),
    ("osokin2017_calibration", "On Structured Prediction Theory with Calibrated Convex Surrogate Losses"),
    ("sao2026_ghosts", "Ghosts of Softmax: Complex Singularities That Limit Safe Step Sizes in Cross-Entropy"),
    (
        "tyurin2024_perceptron",
        "From Logistic Regression to the Perceptron Algorithm: Exploring Gradient Descent with Large Step Sizes",
    ),
    ("defazio2023_schedules", "When, Why and How Much? Adaptive Learning Rate Scheduling by Refinement"),
    ("hoffmann2022_chinchilla", "Training Compute-Optimal Large Language Models"),
    ("besiroglu2024_replication", "Chinchilla Scaling: A replication attempt"),
    ("porian2024_discrepancies", "Resolving Discrepancies in Compute-Optimal Scaling of Language Models"),
    ("tissue2024_annealing", "Scaling Law with Learning Rate Annealing"),
    ("kaplan2020_scaling_laws", "Scaling Laws for Neural Language Models"),
    ("henighan2020_autoregressive", "Scaling Laws for Autoregressive Generative Modeling"),
    ("ghorbani2021_nmt", "Scaling Laws for Neural Machine Translation"),
    ("pearce2024_reconciling", "Reconciling Kaplan and Chinchilla Scaling Laws"),
    ("kim2025_infinite_compute", "Pre-training under infinite compute"),
    ("vilares2017_learning_curves", "Modeling of learning curves with applications to POS tagging"),
    ("derived_losses", "Sharp transformations of further losses: theorems derived here"),
    ("derived_bounded_scores", "Bounded scores: theorems derived here"),
)

DERIVATIONS = (
    ("pooling", "the forced conditional risk is the entropy of a pooled law (Theorem 1)"),
    ("freezing", "freezing the other labels: T is the two-label curve for tau <= 1 (Theorem 2)"),
    ("two_label_sharpness", "T is the two-label curve for 1 <= tau <= 3/2, every n (Theorem 3)"),
    ("pooled_hull", "the hull of T_n is that of D_2, ..., D_n for 3/2 <= tau < 2 (Theorem 4)"),
    ("active_curve", "which of the curves D_2, ..., D_n touch their hull"),
    ("threshold", "T is the two-label curve for every n exactly up to tau_c = 1.66298... (Theorem 7)"),
    ("quadratic_floor", "the n-free quadratic floor on [3/2, 2) (Theorem 5)"),
    ("square_root_bound", "zero-one regret <= sqrt(2 x surrogate regret) on [1, 2], every n (Theorem 6)"),
    ("concave_hull", "mean absolute error and tau > 2: the hull of explicit vertices (Theorem 8)"),
    ("simplified_gamma", "the simplified Gamma on [0, 1], enclosed over the whole range"),
    ("bounded_zero_interval", "bounded scores: T = 0 exactly on [0, t0], for every smooth convex psi (Theorem 10)"),
    ("bounded_cross_entropy", "bounded scores: the sharp T of cross-entropy, every n (Theorem 11)"),
    ("bounded_power", "bounded scores: the sharp T for tau <= 1, every n (Theorem 11 for tau <= 1)"),
    ("adversarial_comp_sum", "rho-margin losses, under attack too: regret >= Phi^tau(1) x zero-one regret"),
    ("smooth_adversarial", "the weight that puts the smooth adversarial loss above the adversarial one"),
    ("minimizability_gaps", "gaps in tau: ordered for deterministic labels, not for stochastic ones"),
    ("constrained_entropies", "constrained exponential and squared hinge: the least conditional risks, every n"),
    ("constrained_losses", "constrained losses: pooling and bounds that hold for every n"),
    ("constrained_growth", "constrained losses: exact coefficients n/(4(n-1)) and n/(2(n-1)) at zero"),
    ("constrained_hinge", "the constrained hinge is n times the mean absolute error; the rho-margin"),
    ("max_losses", "max losses: no bound for convex losses, a linear one for the rho-margin"),
    ("sum_losses", "sum losses: rho-margin and exponential"),
    ("sum_hinge", "sum hinge: a wrong label at no surrogate regret; all of three labels"),
    ("sum_squared_hinge", "smooth sum losses; the squared hinge has the constant 4/(n+2)"),
    ("adversarial_margins", "adversarial margins: impossible for convex losses, linear for the rho-margin"),
    ("square_root_growth", "smooth losses: T is of order t^2 from both sides"),
    ("pair_bound", "what forcing a label to the top costs, for any loss that falls in its own score (Theorem 1')"),
    ("mass_condition", "a test on psi under which T is the two-label curve for every n (Theorem 9)"),
    ("small_gaps", "the quadratic constants of a smooth psi at zero, one for each number of tied labels"),
    ("poly_one", "poly-1: the two-label curve up to eps = 2, below it beyond sqrt 6"),
    ("one_inflection", "one inflection of -1/psi': the mass of scores is best at an end"),
    ("focal_inflection", "the focal loss: convex, with one inflection, every gamma"),
    ("focal_curvature", "the focal loss: its curvature condition, every gamma"),
    ("focal", "the focal loss: T is the two-label curve for every n and every gamma"),
    ("additive_entropies", "sparsemax, entmax and one-versus-all logistic: T for every n"),
    ("sum_logistic", "sum-logistic: T is that of cross-entropy, every n"),
    ("label_smoothing", "label smoothing: the sharp T, every n"),
    ("n_independence", "independence of n: the conditions on psi as a computer decides them"),
    ("enclosing", "three labels: T between proved numbers, from bounds at single laws"),
    ("calibration", "which losses are calibrated, and up to where T = 0 where they are not"),
    ("logit_adjustment", "logit adjustment: no bound near zero, the sharp T beyond, every n"),
    ("class_weights", "class weights: no bound near zero, the sharp T of weighted cross-entropy"),
    ("softmax_zeros", "complex singularities: the Taylor radius is the nearest zero of the softmax sum"),
    ("closed_form_radii", "complex singularities: the radius for two classes, three slopes, equal weights"),
    ("half_plane", "complex singularities: every zero has |Im t| >= pi/Delta"),
    ("top_one_radius", "complex singularities: the top-1 bound sqrt(margin^2 + pi^2)/Delta"),
    ("slope_moments", "slopes in an interval: |third cumulant| <= variance x sqrt(Delta^2 - 4 variance)"),
    ("strip_bound", "complex singularities: |Im t| >= pi/(2 sigma) on each vertical line, and in closed form"),
    ("batch_radius", "complex singularities: the radius of a mean loss is the least over the samples"),
    ("descent_step", "a step that surely lowers the loss: log(1 + g Delta/h)/Delta"),
    ("kl_remainder", "the remainders of both Kullback-Leibler divergences, with sharp constants"),
    ("compute_optimum", "the compute-optimal size, data and loss of a scaling law, and what other sizes cost"),
    ("isoflop_bias", "the vertex of an IsoFLOP parabola: shifted by w^2 (alpha - beta)/10, the exponent unbiased"),
    ("cross_entropy_entropy_kl", "cross-entropy = entropy + divergence: what an irreducible loss says about errors"),
    ("annealing_areas", "learning-rate annealing: the double sum S2 as a single sum, and in one pass"),
    ("absolute_likelihood", "least absolute deviations: the likelihood -n (1 + ln(2 mean|r|)), also of Huber fits"),
    ("encoder_decoder_split", "encoder and decoder: the best share p_e/(p_e + p_d), and what the law cannot tell"),
    ("pearce_song", "sizes without embeddings: the optimal exponent is not monotone in the size"),
    ("kaplan_identities", "compute, size, batch and steps: 1/a_C = 1/a_N + 1/a_B + 1/a_S"),
)

FIGURES = (
    ("phi_family", "the comp-sum family Phi^tau"),
    ("transformations", "published and sharp T with brute-force marks"),
    ("gamma", "Gamma, published and sharp"),
    ("improvement", "the improvement factor over (tau, n)"),
    ("threshold", "D_3 - D_2 touching zero at tau_c"),
    ("zero_interval", "bounded scores: T of cross-entropy and the interval on which it vanishes"),
    ("gallery", "T of every family of losses, for 2, 3 and 10 labels"),
    ("n_dependence", "squentropy and 3-entmax: T and its constant at zero against the number of labels"),
    ("failure_regions", "three labels: where minimisers of a loss predict the wrong label"),
    ("proof_tree", "two proofs by subdivision, box by box"),
    ("gaps_in_tau", "minimizability gaps in tau, for deterministic and for stochastic labels"),
    ("constants_ladder", "the quadratic constants at zero of all losses, with computed marks"),
    ("ghosts", "complex singularities: zeros of the softmax sum, the certified disc, and where no zero can be"),
    ("partial_sums", "complex singularities: Taylor polynomials of cross-entropy inside and beyond the radius"),
    ("radius_bounds", "complex singularities: each bound against the exact radius over random logits"),
    ("temperature_radius", "complex singularities: the radius against the temperature, and both its limits"),
    ("step_sweep", "simulation: one step of every length along the gradient, against it and at random"),
    ("temperature_sweep", "simulation: the step at which the loss doubles, over temperatures"),
    (
        "rate_spikes",
        "simulation: a thousandfold learning rate, capped by radii, by descent and by a plain trust region",
    ),
    ("scaling_fit", "scaling laws: a fit with its bootstrap band, and what the runs tell of each parameter"),
    ("isoflop_curves", "scaling laws: IsoFLOP parabolas, the bias of their vertices, and its correction"),
    ("profile_ridge", "scaling laws: profiles and resamples of A and alpha, without and with centring"),
    ("drop_path", "scaling laws: exponents without the largest losses and with other Huber thresholds"),
    ("annealing_curves", "scaling laws: losses along four learning-rate schedules, fitted on two"),
    ("compute_frontier", "scaling laws: the compute-optimal frontier with its band, far beyond the runs"),
)


def _find(kind: str, entries: Sequence[tuple[str, str]], name: str) -> str:
    names = [entry for entry, _ in entries]
    key = name.replace("-", "_") if isinstance(name, str) else name
    if key not in names:
        close = difflib.get_close_matches(str(key), names, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise InputError(kind, f"one of {', '.join(names)}{hint}", name)
    return key


def paper_check(name: str) -> ModuleType:
    """The module of one paper check; InputError lists the papers otherwise."""
    return importlib.import_module(f"hconsist.paper_checks.{_find('paper', PAPERS, name)}")


def derivation(name: str) -> Derivation:
    """One derivation; built once in a process, so that its steps are checked once however many others rest on it."""
    return _built(_find("derivation", DERIVATIONS, name))


@cache
def _built(name: str) -> Derivation:
    return importlib.import_module(f"hconsist.derivations.{name}").build()


def figure(name: str) -> ModuleType:
    """The module of one figure: ``data``, ``draw``, ``TITLE``."""
    return importlib.import_module(f"hconsist.figures.{_find('figure', FIGURES, name)}")


def check(
    paper: str | None = None,
    *,
    select: Sequence[str] = (),
    level: str = "cited",
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Decide the claims of one paper, or of every paper when ``paper`` is None.

    Parameters
    ----------
    select : claim ids ``PAPER:slug``; empty means all.  An unknown id is an InputError.
    level : the least evidence level that counts as expected for claims that hold.
    progress : called with each claim's id before it is decided.

    Returns
    -------
    Report
        prints as a table; ``to_json``, ``to_csv``, ``to_latex``, ``exit_code``.
    """
    from hconsist.claims import collect, run

    modules = [paper_check(name) for name in ([paper] if paper is not None else [entry for entry, _ in PAPERS])]
    known = [f"{found.id}:{claim.slug}" for found, claims in map(collect, modules) for claim in claims]
    by_key = {identifier.replace("-", "_"): identifier for identifier in known}
    wanted = []
    for claim in select:
        key = claim.replace("-", "_")
        if key not in by_key:
            close = difflib.get_close_matches(claim, known, n=1)
            raise InputError("claim", "the id of a claim" + (f" (did you mean {close[0]}?)" if close else ""), claim)
        wanted.append(by_key[key])
    try:
        minimum = Level.of(level)
    except ValueError:
        raise InputError("level", f"one of {', '.join(v.label for v in Level)}", level) from None
    return run(modules, select=wanted, minimum=minimum, progress=progress)
