"""`vidi diff`: what two states of a project's job files differ in."""
