"""What runs leave behind, as another program or a flipped bit may leave it."""
