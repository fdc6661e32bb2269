"""What became of each inference, and what it cost."""
