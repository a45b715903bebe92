"""Pages of the territory and its people."""
