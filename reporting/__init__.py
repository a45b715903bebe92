"""Reporting and audit: reads all below, owns only what it derives: weekly reports, samples, inspections."""
