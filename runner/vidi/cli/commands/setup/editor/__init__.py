"""Schemas where editors look for them."""
