"""The exact threshold of Theorem 7, which the engine and the transformations share."""

__all__ = ["TAU_C"]

TAU_C = 1.662983829068213
"""The largest double tau at which D_2 is the sharp transformation for every number of labels (Theorem 7, derived here:
tau_c lies between 1.66298382906821319 and 1.66298382906821320, see the derivation ``threshold``)."""
