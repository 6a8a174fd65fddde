"""Tiny text encoders that several families share."""

from __future__ import annotations

from typing import Any

from transformers import (
    Gemma2Config,
    Gemma2Model,
    Qwen3Config,
    Qwen3ForCausalLM,
    T5Config,
    T5EncoderModel,
)

from tests.support.tiny_families.contract import TinyFamily, make_word_tokenizer, vocabulary_size

MODELS: tuple[TinyFamily, ...] = ()


def make_t5(width: int = 16) -> T5EncoderModel:
    """T5's encoder of one layer."""
    return T5EncoderModel(
        T5Config(
            vocab_size=vocabulary_size(),
            d_model=width,
            d_ff=width,
            d_kv=8,
            num_layers=1,
            num_heads=2,
        )
    )


def make_gemma(width: int = 16) -> Gemma2Model:
    """Gemma 2 of two layers."""
    return Gemma2Model(
        Gemma2Config(
            vocab_size=vocabulary_size(),
            hidden_size=width,
            intermediate_size=width,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=8,
            max_position_embeddings=1024,
            pad_token_id=0,
        )
    )


def make_qwen3(layers: int = 2, width: int = 16) -> Qwen3ForCausalLM:
    """Qwen 3 with a head, of a few layers."""
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=vocabulary_size(),
            hidden_size=width,
            intermediate_size=width,
            num_hidden_layers=layers,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=8,
        )
    )


#: A chat with one message, and with the place for thoughts where they are switched off.
CHAT = (
    "{% for message in messages %}<|im_start|> user {{ message.content }} <|im_end|> {% endfor %}"
    "<|im_start|> assistant {% if not enable_thinking %}<think> </think> {% endif %}"
)


def make_chat_tokenizer(length: int) -> Any:
    """A tokenizer of whole words with a chat template, as Qwen's."""
    return make_word_tokenizer(length, end=False, chat_template=CHAT)
