"""What `vidi doctor` looks at: the machine, the project and, where it may, the providers."""
