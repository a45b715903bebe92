"""The territory: institution, branches, staff, posts, grids and who covers what. Knows nothing of customers."""
