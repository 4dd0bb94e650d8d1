"""Executable derivations: one module per result; ``build()`` returns the chain, nothing is computed on import."""
