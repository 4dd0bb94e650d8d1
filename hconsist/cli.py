"""The ``hconsist`` command.  Only click is imported at the top, so that ``--help`` answers at once.

Results go to stdout, progress to stderr and only on a terminal.  Exit codes: 0 everything as expected; 1 an unexpected
refutation or a vacuous claim; 2 wrong usage or input; 3 an unexpected inconclusive; 4 an internal error.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path

    from hconsist.claims import Outcome, Report

__all__ = ["cli", "main"]

USAGE, INCONCLUSIVE, INTERNAL, INTERRUPTED = 2, 3, 4, 130
PICTURE_FORMATS = ("png", "pdf", "svg")
DERIVATION_FORMATS = ("text", "markdown", "latex", "notebook")
METHODS = "sharp, published, optimize or enclose (n = 3)."
DEFAULT = "sharp where a theorem gives it, else optimize"
FIT_LAWS = {
    "chinchilla": "L = E + A N^-alpha + B D^-beta; columns params, tokens (or flop)",
    "over-training": "the same with beta = alpha; columns as above",
    "power": "L = E + A x^-alpha; column x, or the only one beside loss",
    "isoflop": "a parabola for each budget; columns params, flop (or tokens)",
    "envelope": "the best run at each budget; columns params, tokens (or flop)",
    "encoder-decoder": "L = E + A Ne^-pe Nd^-pd; columns encoder, decoder",
    "annealing": "L = L0 + A S1^-alpha - C S2; columns S1, S2, or step, lr, run",
}
LEVELS = ("cited", "simulated", "sampled", "high_precision", "enclosed", "symbolic")


class _Group(click.Group):
    """A group whose failures are one line on stderr and an exit code of the contract."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        state = {"debug": False}
        try:
            code = super().main(
                *arguments, **options | {"prog_name": "hconsist", "standalone_mode": False, "obj": state}
            )
        except Exception as error:  # the outermost boundary: whatever is left becomes an exit code
            code = _complain(error, state["debug"])
        sys.exit(code if isinstance(code, int) else 0)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise _unknown("command", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)


def _complain(error: Exception, debug: bool) -> int:
    """Say in one line what went wrong; the exit code."""
    import traceback

    from hconsist.domains import InputError

    if isinstance(error, click.exceptions.Abort):
        click.echo("hconsist: interrupted", err=True)
        return INTERRUPTED
    if isinstance(error, click.ClickException):
        code, text = USAGE, f"error: {error.format_message()}"
    elif isinstance(error, InputError):
        code, text = USAGE, f"error: {error}"
    elif debug:
        traceback.print_exception(error)
        return INTERNAL
    else:
        code, text = INTERNAL, f"internal error: {type(error).__name__}: {error} (--debug shows the traceback)"
    click.echo(f"hconsist: {' '.join(text.split())}", err=True)
    return code


def _unknown(argument: str, value: str, names: Sequence[str]) -> Exception:
    import difflib

    from hconsist.domains import InputError

    close = difflib.get_close_matches(value, names, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return InputError(argument, f"one of {', '.join(names)}{hint}", value)


class _Number(click.ParamType):
    """A number, or with ``many`` a comma-separated list; NaN and ranges are left to the domain of the argument."""

    name = "number"

    def __init__(self, integer: bool = False, many: bool = False):
        self.integer, self.many = integer, many

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from hconsist.domains import InputError

        if not isinstance(value, str):
            return value
        words = "an integer" if self.integer else "numbers separated by commas" if self.many else "a number"
        try:
            numbers = [float(part) for part in (value.split(",") if self.many else [value])]
            if "_" in value or (self.integer and not numbers[0].is_integer()):
                raise ValueError
        except ValueError:
            raise InputError(param.opts[0] if param else "value", words, value) from None
        if self.many:
            return numbers
        return int(numbers[0]) if self.integer else numbers[0]


def _set_debug(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and context.obj is not None:
        context.obj["debug"] = True


_debug = click.option(
    "--debug", is_flag=True, expose_value=False, callback=_set_debug, help="Show the traceback of an internal error."
)


def _formats(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The flags ``--json``, ``--csv`` and so on, all setting ``output``."""
    texts = {"json": "Strict JSON.", "csv": "The table as CSV.", "latex": "The table as a LaTeX tabular."}

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            function = click.option(f"--{name}", "output", flag_value=name, default=None, help=texts[name])(function)
        return _debug(function)

    return decorate


def _emit(text: str) -> None:
    """Write a result.  A reader that has gone away (``| head``) must not change the exit code."""
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{text}", err=True, nl=False)


@contextlib.contextmanager
def _writing(option: str, path: Path) -> Iterator[None]:
    """Turn a path that cannot be written into an input error."""
    from hconsist.domains import InputError

    try:
        yield
    except OSError as error:
        raise InputError(option, f"a path that can be written ({error.strerror})", str(path)) from None


def _picture_path(file: str | None) -> tuple[Path | None, str]:
    """The path of ``--plot`` and its format."""
    from pathlib import Path

    if file is None:
        return None, ""
    path = Path(file)
    kind = path.suffix.removeprefix(".")
    if kind not in PICTURE_FORMATS:
        raise _unknown("--plot", file, [f"FILE.{known}" for known in PICTURE_FORMATS])
    return path, kind


_NUMBER, _INTEGER = _Number(), _Number(integer=True)
_classes = click.option("-n", "--n-classes", "n_classes", type=_INTEGER, metavar="N", help="Number of labels, >= 2.")
_hypotheses = click.option("--hypotheses", default="complete", show_default=True, metavar="H", help="Hypothesis set.")


@click.group(
    cls=_Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="hconsist", message="hconsist %(version)s")
@_debug
@click.pass_context
def cli(context: click.Context) -> None:
    """H-consistency bounds as numbers, proofs and pictures.

    A loss is NAME or NAME:key=value,... such as logistic or gce:q=0.7; "hconsist list" shows all names.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@cli.command("list", short_help="Names of losses, hypotheses, methods, papers, derivations, figures.")
@click.argument("kind", required=False)
@_formats("json", "csv", "latex")
def list_(kind: str | None, output: str | None) -> None:
    """List losses, hypotheses, methods, papers, derivations and figures (or one KIND of them)."""
    from hconsist import cli_output

    kinds = cli_output.catalog()
    if kind is not None and kind not in kinds:
        raise _unknown("KIND", kind, list(kinds))
    _emit(cli_output.listing({kind: kinds[kind]} if kind else kinds, output))


@cli.command(short_help="Everything known of one loss.")
@click.argument("name")
@_classes
@_hypotheses
@click.option("--plot", "file", metavar="FILE", help="Also draw T and Gamma there; the suffix is png, pdf or svg.")
@_formats("json", "latex")
def loss(name: str, n_classes: int | None, hypotheses: str, file: str | None, output: str | None) -> None:
    """The verdict card of a loss: formula, properties, T, Gamma, growth, dependence on n, calibration, references."""
    from hconsist import cli_output
    from hconsist.cards import card

    path, kind = _picture_path(file)
    found = card(name, 10 if n_classes is None else n_classes, hypotheses)
    if path:
        from hconsist import plotting
        from hconsist.card_picture import picture

        with _writing("--plot", path):
            plotting.save(picture(found), path.with_suffix(""), (kind,))
    _emit(cli_output.render_card(found, output))


@cli.command(short_help="Losses side by side.")
@click.argument("names", nargs=-1, required=True, metavar="LOSS...")
@_classes
@_hypotheses
@click.option(
    "--excess",
    type=_Number(many=True),
    default="0.01,0.1",
    show_default=True,
    metavar="X,...",
    help="Surrogate estimation errors, >= 0, in the units of each loss.",
)
@_formats("json", "csv", "latex")
def compare(
    names: tuple[str, ...], n_classes: int | None, hypotheses: str, excess: list[float], output: str | None
) -> None:
    """Losses side by side: T(1), growth at zero, dependence on n, calibration, and Gamma at each excess."""
    from hconsist import cli_output

    _emit(cli_output.comparison(names, _required("-n", n_classes), excess, hypotheses, output))


@cli.command(short_help="The transformation T on a grid.")
@click.argument("name")
@_classes
@_hypotheses
@click.option("--method", metavar="M", help=f"{METHODS}  [default: {DEFAULT}]")
@click.option("-t", "--t", "t", type=_Number(many=True), metavar="T,...", help="Zero-one regrets, in [0, 1].")
@click.option("--points", type=_INTEGER, metavar="K", help="Instead of --t: K equal steps from 0 to 1.  [default: 11]")
@_formats("json", "csv", "latex")
def transform(
    name: str,
    n_classes: int | None,
    hypotheses: str,
    method: str | None,
    t: list[float] | None,
    points: int | None,
    output: str | None,
) -> None:
    """The transformation T of a loss: the least surrogate regret at zero-one regret t."""
    from hconsist import cli_output

    n = _required("-n", n_classes)
    if t is not None and points is not None:
        raise click.UsageError("--t and --points exclude each other")
    grid = t if t is not None else cli_output.grid(11 if points is None else points)
    _emit(cli_output.curve(name, n, hypotheses, method, grid, output))


@cli.command(short_help="A limit on the zero-one error, from an excess or from scores.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@_classes
@_hypotheses
@click.option(
    "--method", "methods", multiple=True, metavar="M", help=f"{METHODS} May be repeated.  [default: {DEFAULT}]"
)
@click.option("--excess", type=_NUMBER, metavar="X", help="Surrogate estimation error, >= 0.")
@click.option("--scores", metavar="FILE", help="CSV of label,score,score,...; or digits, noisy-labels (bundled).")
@click.option("--floor", type=_NUMBER, metavar="F", help="With --scores: least possible surrogate risk.  [default: 0]")
@click.option("--surrogate-gap", type=_NUMBER, default=0.0, metavar="M", help="Minimizability gap of the surrogate.")
@click.option("--target-gap", type=_NUMBER, default=0.0, metavar="M", help="Minimizability gap of the zero-one loss.")
@_formats("json", "csv", "latex")
def bound(
    names: tuple[str, ...],
    n_classes: int | None,
    hypotheses: str,
    methods: tuple[str, ...],
    excess: float | None,
    scores: str | None,
    floor: float | None,
    surrogate_gap: float,
    target_gap: float,
    output: str | None,
) -> None:
    """A limit on the zero-one error, from a surrogate excess (-n, --excess) or from scores and labels (--scores).

    Several losses and several --method make one row each.
    """
    from hconsist import cli_output

    if (excess is None) == (scores is None):
        raise click.UsageError("give either --excess X or --scores FILE")
    if floor is not None and scores is None:
        raise click.UsageError("--floor needs --scores FILE")
    shared = {"hypotheses": hypotheses, "surrogate_gap": surrogate_gap, "target_gap": target_gap}
    pairs = [(name, method) for name in names for method in methods or (None,)]
    if scores is None:
        found = cli_output.bounds(pairs, n_classes=_required("-n", n_classes), excess=excess, **shared)
    else:
        found = cli_output.bounds_from_file(pairs, scores, n_classes=n_classes, floor=floor or 0.0, **shared)
    _emit(cli_output.render_bounds(found, output))


def _required(option: str, value: int | None) -> int:
    if value is None:
        raise click.UsageError(f"Missing option '{option}'.")
    return value


@cli.command(short_help="Minimizability gaps of input-free predictors.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--laws", metavar="FILE", required=True, help="CSV of weight,p_0,p_1,...: one row an input.")
@_formats("json", "csv", "latex")
def gap(names: tuple[str, ...], laws: str, output: str | None) -> None:
    """Minimizability gaps of predictors that ignore the input, and the zero-one error that these gaps leave possible.

    FILE lists the inputs of a finite distribution: the weight of each, then the probability of each label there.
    """
    from hconsist import cli_output

    _emit(cli_output.gaps(names, laws, output))


@cli.command(short_help="How far the loss converges along a direction, exactly.")
@click.argument("files", nargs=-1, required=True, metavar="FILE | LOGITS SLOPES")
@click.option(
    "--certify", default="float", show_default=True, metavar="C", help="float, or ball: a proof for each row."
)
@click.option("--plot", "file", metavar="FILE", help="Draw the zeros of a row there; the suffix is png, pdf or svg.")
@click.option("--row", type=_INTEGER, metavar="K", help="With --plot: which row, from 0.  [default: of least radius]")
@_formats("json", "csv", "latex")
def radius(files: tuple[str, ...], certify: str, file: str | None, row: int | None, output: str | None) -> int:
    """The radius within which the Taylor series of cross-entropy along a direction converges, for each row.

    FILE is an .npz with arrays logits and slopes, both m x K; or give two CSV files.  Exit code 3 if a row could not be
    certified.
    """
    from hconsist import cli_radius

    if len(files) > 2:
        raise click.UsageError("give one .npz file, or two CSV files: LOGITS SLOPES")
    path, kind = _picture_path(file)
    logits, slopes, parts = cli_radius.computed(files, certify, _progress)
    _progress("")
    if path:
        from hconsist import plotting
        from hconsist.radius_picture import picture

        chosen = cli_radius.chosen_row(parts, row)
        drawn = picture(logits[chosen], slopes[chosen], chosen)
        with _writing("--plot", path):
            plotting.save(drawn, path.with_suffix(""), (kind,))
    _emit(cli_radius.render(parts, output))
    return 0 if all(part.certified for part in parts) else INCONCLUSIVE


@cli.command(
    short_help="Fit a scaling law to a table of runs, with intervals and a plan.",
    epilog="\b\nLaws:\n" + "\n".join(f"  {name:16} {text}" for name, text in FIT_LAWS.items()),
)
@click.argument("path", metavar="FILE")
@click.option("--law", required=True, metavar="LAW", help="One of the laws below.")
@click.option(
    "--columns", metavar="N=..,D=..,L=..", help="Headers of the file; N params, D tokens, C flop, L loss, or any name."
)
@click.option("--fit-by", metavar="R", help="huber, absolute or squares.  [default: huber]")
@click.option("--delta", type=_NUMBER, metavar="D", help="Huber's threshold, on ln L.  [default: 0.001]")
@click.option("--tied", is_flag=True, help="With chinchilla: one exponent for both terms.")
@click.option(
    "--exponents", type=_Number(many=True), metavar="ALPHA,BETA", help="With isoflop: remove the vertex bias."
)
@click.option("--decay", type=_NUMBER, metavar="LAMBDA", help="With annealing.  [default: 0.999]")
@click.option(
    "--warmup", type=_INTEGER, metavar="K", help="With annealing: steps of linear warm-up before the first row."
)
@click.option("--bootstrap", type=_INTEGER, default=4000, show_default=True, metavar="M", help="Resamples, >= 2.")
@click.option("--seed", type=_INTEGER, default=0, show_default=True, metavar="S", help="Of the resamples.")
@click.option("--confidence", type=_NUMBER, default=0.95, show_default=True, metavar="P", help="Of all intervals.")
@click.option(
    "--drop-largest", type=_INTEGER, default=0, show_default=True, metavar="K", help="Leave out the K largest losses."
)
@click.option("--budget", type=_NUMBER, metavar="C", help="Plan for C FLOP (encoder-decoder: for C parameters).")
@click.option(
    "--measured-loss", type=_NUMBER, metavar="L", help="Limit the top-1 error of a model with this loss, in nats."
)
@click.option("--plot", "file", metavar="FILE", help="Also draw the fit there; the suffix is png, pdf or svg.")
@_formats("json", "csv", "latex")
def fit(path: str, law: str, file: str | None, output: str | None, **options: Any) -> int:
    """Fit a law to a CSV table of runs: optimum, intervals, diagnostics, and with --budget a plan.

    Losses are natural-log cross-entropy.  Rows in error messages count from 0, below the header.  Exit code 3 if a plan
    was asked for and the data cannot give one.
    """
    from hconsist import cli_fit

    if law not in FIT_LAWS:
        raise _unknown("--law", law, list(FIT_LAWS))
    where, kind = _picture_path(file)
    found = cli_fit.fitted(path, law, cli_fit.Options(**options), _progress)
    text = cli_fit.render(found, output)
    _progress("")
    if where:
        from hconsist import plotting
        from hconsist.fit_picture import picture

        drawn = picture(found.fit, found.options.confidence)
        with _writing("--plot", where):
            plotting.save(drawn, where.with_suffix(""), (kind,))
    _emit(text)
    if output in ("csv", "latex"):  # a bare table has no room for them
        for warning in found.notes:
            click.echo(f"hconsist: warning: {warning}", err=True)
    return INCONCLUSIVE if found.no_plan else 0


@cli.command(short_help="Decide the claims of papers one by one.")
@click.argument("papers", nargs=-1, metavar="[PAPER...]")
@click.option("--all", "every", is_flag=True, help="Every paper that ships with the package.")
@click.option("--claim", "claims", multiple=True, metavar="ID", help="Only this claim, PAPER:slug; may be repeated.")
@click.option(
    "--level", default="cited", show_default=True, metavar="L", help=f"Least level asked for: {', '.join(LEVELS)}."
)
@click.option("--strict", is_flag=True, help="Also fail on skipped claims.")
@click.option("--save", "folder", metavar="DIR", help="Write the certificates of proofs by subdivision there.")
@click.option(
    "--recheck", "files", multiple=True, metavar="FILE", help="Verify a certificate (or all in a folder) instead."
)
@click.option("--evaluator", default="balls", show_default=True, help="With --recheck: balls, mpmath or z3.")
@_formats("json", "csv", "latex")
def check(
    papers: tuple[str, ...],
    every: bool,
    claims: tuple[str, ...],
    level: str,
    strict: bool,
    folder: str | None,
    files: tuple[str, ...],
    evaluator: str,
    output: str | None,
) -> int:
    """Decide the claims of papers one by one; each false twin must be refuted.

    With --recheck, verify certificates that --save has written, by another evaluator than the prover's.
    """
    from pathlib import Path

    from hconsist import cli_certificates
    from hconsist.evidence import Verdict

    if files:
        if papers or every or claims or folder is not None:
            raise click.UsageError("--recheck takes no PAPER, --all, --claim or --save")
        verified = cli_certificates.recheck_files(files, evaluator, _progress)
        _progress("")
        _emit(cli_certificates.render(verified, output))
        return cli_certificates.exit_code(verified)
    report = _decide(papers, every, claims, level)
    if folder is not None:
        with _writing("--save", Path(folder)):
            cli_certificates.save(report, Path(folder))
    writers = {"json": report.to_json, "csv": report.to_csv, "latex": report.to_latex}
    _emit(writers[output]() if output else str(report))
    if strict and report.exit_code == 0:
        return int(any(o.evidence.verdict is Verdict.SKIPPED for o in report.outcomes))
    return report.exit_code


def _decide(papers: tuple[str, ...], every: bool, claims: tuple[str, ...], level: str) -> Report:
    from hconsist import catalog
    from hconsist.claims import Report

    if every and papers:
        raise click.UsageError("--all and PAPER exclude each other")
    if every:
        papers = tuple(name for name, _ in catalog.PAPERS)
    if not papers:
        papers = tuple(dict.fromkeys(claim.partition(":")[0] for claim in claims))
    if not papers:
        raise click.UsageError("give a PAPER, --claim ID or --all; 'hconsist list papers' shows them")
    wanted: dict[str, list[str]] = {paper.replace("-", "_"): [] for paper in papers}
    for claim in claims:
        paper = claim.partition(":")[0].replace("-", "_")
        if paper not in wanted:
            raise _unknown("--claim", claim, [f"{paper}:..." for paper in wanted])
        wanted[paper].append(claim)
    outcomes: list[Outcome] = []
    for paper, select in wanted.items():
        if select or not claims:
            outcomes += catalog.check(paper, select=select, level=level, progress=_progress).outcomes
    _progress("")
    return Report(tuple(outcomes))


@cli.command(short_help="Run a derivation and typeset what was checked.")
@click.argument("name")
@click.option("--format", "format_", type=click.Choice(DERIVATION_FORMATS), default="text", show_default=True)
@click.option("-o", "--output", "file", metavar="FILE", help="Write there instead of to stdout.")
@_formats("json")
def derive(name: str, format_: str, file: str | None, output: str | None) -> int:
    """Run a derivation and typeset exactly the steps that were checked."""
    from pathlib import Path

    from hconsist import catalog, cli_output
    from hconsist.evidence import Verdict

    derivation = catalog.derivation(name)
    evidence = derivation.run()
    text = cli_output.derivation_json(derivation, evidence) if output == "json" else derivation.render(format_)
    if file is None:
        _emit(text)
    else:
        with _writing("-o", Path(file)):
            Path(file).write_text(text, encoding="utf-8")
    if evidence.passed:
        return 0
    return INCONCLUSIVE if evidence.verdict is Verdict.INCONCLUSIVE else 1


@cli.command(short_help="Draw figures.")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--all", "every", is_flag=True, help="Every figure.")
@click.option("--format", "formats", default="png", show_default=True, metavar="F,...", help="png, pdf, svg.")
@click.option("--output", "folder", default="out", show_default=True, metavar="DIR", help="Folder, made if missing.")
@_formats("json")
def figure(names: tuple[str, ...], every: bool, formats: str, folder: str, output: str | None) -> None:
    """Draw figures; prints the files written."""
    from pathlib import Path

    from hconsist import catalog, plotting
    from hconsist.results import to_json

    if every == bool(names):
        raise click.UsageError("give figure NAMEs or --all; 'hconsist list figures' shows them")
    kinds = tuple(dict.fromkeys(formats.split(",")))
    for kind in kinds:
        if kind not in PICTURE_FORMATS:
            raise _unknown("--format", kind, PICTURE_FORMATS)
    chosen = [catalog.figure(name) for name in (names or [name for name, _ in catalog.FIGURES])]
    rows = []
    for module in chosen:
        name = module.__name__.rpartition(".")[2]
        _progress(name)
        picture = plotting.render(module)
        with _writing("--output", Path(folder)):
            files = plotting.save(picture, Path(folder) / name, kinds)
        rows.append({"name": name, "title": module.TITLE, "caption": module.CAPTION, "files": [str(f) for f in files]})
    _progress("")
    _emit(to_json({"figures": rows}) if output else "\n".join(file for row in rows for file in row["files"]))


def main() -> None:
    """The console entry point: runs the command line and exits."""
    cli()
