"""What the tests stand on: commands, servers, faults, models and media of their own."""
