"""Figures, weekly reports, targets and audit sampling. Reads every app below; owns only what it derives from them."""
