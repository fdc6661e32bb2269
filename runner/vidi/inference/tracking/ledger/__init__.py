"""The ledger of all runs: reservations, costs, caps, pace."""
