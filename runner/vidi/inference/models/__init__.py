"""The models: their templates, their parameters, their prices."""
