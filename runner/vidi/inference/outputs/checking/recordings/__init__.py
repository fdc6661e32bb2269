"""Video and audio, checked to their last packet."""
