"""Whether a file is what it should be: signature, decoding, facts."""
