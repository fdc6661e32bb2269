"""One inference: a model, its parameters, a result. The engine under the batch runner."""
