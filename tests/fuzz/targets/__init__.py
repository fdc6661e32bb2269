"""What is fuzzed, one target a file: each has a `TARGET`. A new file is a new target."""
