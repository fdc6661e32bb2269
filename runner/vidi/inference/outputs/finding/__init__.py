"""Where in an answer its outputs are, and what each file is called."""
