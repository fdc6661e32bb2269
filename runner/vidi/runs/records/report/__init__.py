"""report.html: what a run made, as a page to look at and to work in."""
