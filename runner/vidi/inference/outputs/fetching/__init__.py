"""Files brought home: streamed, resumed, checked."""
