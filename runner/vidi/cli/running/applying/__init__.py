"""`--plan` and `--apply`: what an estimate has shown, written down, and carried out as it was."""
