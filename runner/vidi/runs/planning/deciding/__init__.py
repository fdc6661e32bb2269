"""What becomes of each inference, and where it may come from for nothing."""
