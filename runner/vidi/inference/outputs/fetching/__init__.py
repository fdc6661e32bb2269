"""Files brought home: streamed, resumed, published whole."""
