"""What is asked for: a job file, read, checked and expanded. Knows nothing of models."""
