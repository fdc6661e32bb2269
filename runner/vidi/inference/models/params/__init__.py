"""Params, checked against their schema, brought into its types, complained about."""
