"""The rows that `foreach` walks over."""
