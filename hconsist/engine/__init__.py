"""T of any loss: the numeric search, its proved lower bounds, and enclosures for three labels."""
