"""Typesetting of checked chains: terminal text, Markdown, a LaTeX article and a notebook, from SymPy objects.

A :class:`Document` holds the very formulas that were checked; this module only prints them.  Prose may carry simple
inline mathematics between dollar signs, which Markdown and LaTeX keep and the terminal shows plainly.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import sympy as sp

from hconsist.domains import InputError

__all__ = ["FORMATS", "Block", "Document", "render"]

FORMATS = ("text", "markdown", "latex", "notebook")

_PLAIN = {
    r"\le": "<=", r"\ge": ">=", r"\ne": "!=", r"\in": "in", r"\to": "->", r"\infty": "inf", r"\sum": "sum",
    r"\cdot": "*", r"\psi": "psi", r"\tau": "tau", r"\alpha": "alpha", r"\beta": "beta", r"\gamma": "gamma",
    r"\sigma": "sigma", r"\Sigma": "Sigma", r"\lambda": "lambda", r"\rho": "rho", r"\bar": "mean ", r"\max": "max",
    r"\min": "min", r"\inf": "inf", r"\setminus": "\\", r"\ell": "l", r"\Delta": "Delta", r"\,": " ", r"\ ": " ",
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """One step as printed: its status ``mark``, its prose, its checked formulas and the ranges they were checked on."""

    title: str
    mark: str
    text: str = ""
    formulas: tuple[sp.Basic, ...] = ()
    where: tuple[sp.Basic, ...] = ()
    remark: str = ""


@dataclass(frozen=True)
class Document:
    """A derivation as printed; ``name`` is what the notebook asks the catalog for."""

    name: str
    title: str
    statement: str
    blocks: tuple[Block, ...]
    assumptions: tuple[str, ...] = ()
    conclusion: str = ""


def render(document: Document, style: str = "text") -> str:
    """``document`` in one of :data:`FORMATS`; InputError names them otherwise."""
    writers = {"text": _text, "markdown": _markdown, "latex": _latex, "notebook": _notebook}
    if style not in writers:
        raise InputError("format", f"one of {', '.join(FORMATS)}", style)
    return writers[style](document)


# --- terminal ----------------------------------------------------------------------------------------------------


def _text(document: Document) -> str:
    parts = [document.title, "=" * len(document.title), "", _plain(document.statement)]
    for number, block in enumerate(document.blocks, 1):
        parts += ["", f"{number}. {_plain(block.title)}  [{block.mark}]"]
        parts += [f"   {_plain(block.text)}"] if block.text else []
        for formula in block.formulas:
            parts += ["", _indent(sp.pretty(formula, use_unicode=True, wrap_line=False), 6)]
        if block.where:
            ranges = [sp.pretty(r, use_unicode=True, wrap_line=False) for r in block.where]
            short = "; ".join(r for r in ranges if "\n" not in r)
            parts += ["", f"   for {short}"] if short else [""]
            parts += [_indent(r, 6) for r in ranges if "\n" in r]
        parts += [f"   {_plain(block.remark)}"] if block.remark else []
    if document.assumptions:
        parts += ["", "Taken for granted:", *(f" - {_plain(a)}" for a in document.assumptions)]
    return "\n".join([*parts, "", _plain(document.conclusion), ""])


def _plain(text: str) -> str:
    """Inline mathematics without dollars and with the usual commands spelt out."""

    def spell(match: re.Match[str]) -> str:
        words = re.sub(r"\\([a-zA-Z]+|.)", lambda m: _PLAIN.get(m.group(), m.group()[1:]), match.group(1))
        return re.sub(r"\{([^{}]*)\}", r"\1" if "_{" not in words and "^{" not in words else r"(\1)", words)

    return re.sub(r"\$([^$]*)\$", spell, text)


def _indent(text: str, width: int) -> str:
    return "\n".join((" " * width + line).rstrip() for line in text.splitlines())


# --- Markdown and notebook ---------------------------------------------------------------------------------------


def _head(document: Document) -> str:
    return f"# {document.title}\n\n{document.statement}\n"


def _block(number: int, block: Block) -> str:
    parts = [f"## {number}. {block.title}", f"*{block.mark}*"]
    parts += [block.text] if block.text else []
    parts += [f"$$\n{sp.latex(f)}\n$$" for f in block.formulas]
    parts += ["for " + ", ".join(f"${sp.latex(r)}$" for r in block.where)] if block.where else []
    parts += [block.remark] if block.remark else []
    return "\n\n".join(parts) + "\n"


def _tail(document: Document) -> str:
    granted = [f"- {a}" for a in document.assumptions]
    return "\n".join([*(["**Taken for granted**", "", *granted, ""] if granted else []), document.conclusion, ""])


def _markdown(document: Document) -> str:
    blocks = (_block(k, b) for k, b in enumerate(document.blocks, 1))
    return "\n".join([_head(document), *blocks, _tail(document)])


def _notebook(document: Document) -> str:
    """nbformat 4: prose and formulas as Markdown, and after each step a cell that checks it again."""
    cells = [_cell("markdown", _head(document))]
    setup = f'from hconsist import catalog\n\nderivation = catalog.derivation("{document.name}")'
    cells.append(_cell("code", setup))
    for number, block in enumerate(document.blocks, 1):
        cells.append(_cell("markdown", _block(number, block)))
        cells.append(_cell("code", f"print(derivation.check({number}))"))
    cells.append(_cell("markdown", _tail(document)))
    cells.append(_cell("code", "evidence = derivation.run()\nassert evidence.passed, evidence.reason\nevidence"))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, source: str) -> dict:
    extra: dict = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)} | extra


# --- LaTeX -------------------------------------------------------------------------------------------------------

_PREAMBLE = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{amsmath,amssymb}
\usepackage{graphicx}
\usepackage[margin=25mm]{geometry}
\newcommand{\fit}[1]{\[\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{$\displaystyle #1$}\]}
"""


def _latex(document: Document) -> str:
    parts = [_PREAMBLE + rf"\title{{{_escape(document.title)}}}", r"\date{}", r"\begin{document}", r"\maketitle", ""]
    parts += [_escape(document.statement), "", r"\begin{enumerate}"]
    for block in document.blocks:
        parts.append(rf"\item \textbf{{{_escape(block.title)}}} [\textit{{{_escape(block.mark)}}}]")
        parts += [_escape(block.text)] if block.text else []
        for formula in block.formulas:
            parts.append(rf"\fit{{{sp.latex(formula)}}}")  # shrunk where it is wider than the line
        parts += ["for " + ", ".join(f"${sp.latex(r)}$" for r in block.where) + "."] if block.where else []
        parts += [_escape(block.remark)] if block.remark else []
    parts.append(r"\end{enumerate}")
    if document.assumptions:
        parts += ["Taken for granted:", r"\begin{itemize}"]
        parts += [rf"\item {_escape(a)}" for a in document.assumptions] + [r"\end{itemize}"]
    return "\n".join([*parts, _escape(document.conclusion), r"\end{document}", ""])


def _escape(text: str) -> str:
    """Prose for LaTeX: what stands between dollars is kept, the rest has its special characters escaped."""
    pieces = re.split(r"(\$[^$]*\$)", text)
    special = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
    special |= {c: rf"\{c}" for c in "&%#_{}"} | {"<": r"\textless{}", ">": r"\textgreater{}"}
    return "".join(p if p.startswith("$") else "".join(special.get(c, c) for c in p) for p in pieces)
