"""How fast the engine is beside its peers: ``make bench``. Ratios from one run on one machine, never asserted."""
