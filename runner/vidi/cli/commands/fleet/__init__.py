"""Commands for jobs that several machines share."""
