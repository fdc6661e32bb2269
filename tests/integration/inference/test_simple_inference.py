"""The seed's two examples, as written, in the sandbox."""

from decimal import Decimal

from vidi.inference import InferenceEngine


def test_simple_inference(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    engine = InferenceEngine(sandbox=True)
    result = engine.infer(
        model="replicate/black-forest-labs/flux-schnell",
        prompt="Una imagen de un bosque negro",
        aspect_ratio="16:9",
        num_outputs=1,
    )
    assert f"Imagen generada: {result.url}".startswith("Imagen generada: https://")
    assert f"Costo: ${result.cost}" == "Costo: $0.003"

    result = engine.infer(
        model="fal/fal-ai/elevenlabs/tts/eleven-v3",
        text="Hola mundo, esto es una prueba de síntesis de voz",
        voice="Rachel",
    )
    audio_path = result.download("./audio_output.mp3")
    assert f"Audio guardado en: {audio_path}" == "Audio guardado en: audio_output.mp3"
    assert audio_path.stat().st_size > 0
    assert engine.get_total_cost() == Decimal("0.003") + result.cost
    engine.close()
