"""Files told to be made by a model: XMP put into them, and not a pixel changed."""
