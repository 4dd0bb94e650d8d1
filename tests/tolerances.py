"""The relative error allowed to each (quantity, method), in one place; a failing test is a bug, not a reason to edit.

The reference is named in the test that uses the entry.
"""

TOLERANCES = {
    ("value", "two-label"): 1e-14,
    ("inverse", "two-label"): 1e-14,
    ("value", "published"): 1e-14,
    ("inverse", "published"): 1e-14,
    ("value", "pooled"): 1e-12,
    ("value", "bounded"): 1e-14,
    ("inverse", "bounded"): 1e-14,
    ("entropy", "power"): 1e-14,
}
