"""What the sandbox answers: a model's tree, plain JSON, refusals."""
