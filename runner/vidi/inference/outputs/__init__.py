"""What came out: results found, fetched, verified and named."""
