"""A text becomes speech at fal.ai, is paid for and fetched."""


def test_text_to_speech_fal(open_engine, tmp_path):
    engine = open_engine("fal")
    inputs = {"text": "Hola mundo, esto es una prueba de síntesis de voz", "voice": "Rachel"}
    model = "fal/fal-ai/elevenlabs/tts/eleven-v3"
    result = engine.infer(model=model, **inputs)
    price = engine.estimate_cost(model, inputs)
    assert price.low <= result.cost <= price.high
    assert result.download(tmp_path / "voice.mp3").stat().st_size > 1000
