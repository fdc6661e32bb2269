"""`vidi models pull`: a template from the provider's own schema."""
