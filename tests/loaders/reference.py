"""What the examples compute, computed by others: BERT in numpy from its definition, Magika by ONNX Runtime."""

import json
import math
import pathlib

import numpy
import onnxruntime
import safetensors.numpy

erf = numpy.vectorize(math.erf)


def embedding(model: pathlib.Path, words: list[str]) -> numpy.ndarray:
    """The sentence embedding of all-MiniLM-L6-v2: the mean of the last layer, of length 1."""
    config = json.loads((model / "config.json").read_text())
    weights = safetensors.numpy.load_file(model / "model.safetensors")
    weights = {name: tensor.astype(numpy.float64) for name, tensor in weights.items() if tensor.dtype == numpy.float32}
    vocabulary = (model / "vocab.txt").read_text(encoding="utf-8").splitlines()
    tokens = [vocabulary.index(word) for word in ("[CLS]", *words, "[SEP]")]

    def linear(x, name):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        x = x / numpy.sqrt((x * x).mean(-1, keepdims=True) + config["layer_norm_eps"])
        return x * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def heads(x):
        return x.reshape(len(tokens), config["num_attention_heads"], -1).transpose(1, 0, 2)

    def attention(x, name):
        query, key, value = (heads(linear(x, f"{name}.self.{part}")) for part in ("query", "key", "value"))
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        scores = numpy.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ value
        mixed = mixed.transpose(1, 0, 2).reshape(len(tokens), -1)
        return norm(linear(mixed, f"{name}.output.dense") + x, f"{name}.output.LayerNorm")

    x = weights["embeddings.word_embeddings.weight"][tokens]
    x = x + weights["embeddings.position_embeddings.weight"][: len(tokens)]
    x = x + weights["embeddings.token_type_embeddings.weight"][0]
    x = norm(x, "embeddings.LayerNorm")
    for number in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{number}"
        x = attention(x, f"{layer}.attention")
        inner = linear(x, f"{layer}.intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
        x = norm(linear(inner, f"{layer}.output.dense") + x, f"{layer}.output.LayerNorm")
    mean = x.mean(0)
    return mean / numpy.linalg.norm(mean)


def magika(model: pathlib.Path, content: bytes) -> numpy.ndarray:
    """The scores for the first and the last 1024 bytes, without the white space around the content."""
    content = content.strip()
    padding = [256] * 1024
    features = (list(content[:1024]) + padding)[:1024] + (padding + list(content[-1024:]))[-1024:]
    session = onnxruntime.InferenceSession(model / "model.onnx")
    return session.run(None, {"bytes": numpy.array([features], dtype=numpy.int32)})[0][0]
