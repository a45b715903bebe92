"""What every view of the API stands on: rows by acting post, pages, filters, errors, rates, and the API of jobs."""
