"""Make prompts/tokens.tiktoken from the texts of this project: python tools/ranks.py"""

import base64
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "prompts" / "tokens.tiktoken"
TEXTS = (
    *("*.md", "*/*.md", "*/*.py", "*/*/*.py", "connectors/*.toml", "prompts/*.yaml", "prompts/messages/*.toml"),
    "connectors/sandbox/articles/*.md",
)
SIZE = 8192


def main() -> None:
    from assistant.budget import WORDS  # noqa: PLC0415  it reads what is made here

    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(WORDS), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=SIZE, min_frequency=2, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train([str(path) for pattern in TEXTS for path in sorted(ROOT.glob(pattern))], trainer)
    bytes_of = _bytes_of()
    merged = sorted((number, word) for word, number in tokenizer.get_vocab().items() if len(word) > 1)
    ranks = [bytes([byte]) for byte in range(256)] + [bytes(bytes_of[letter] for letter in word) for _, word in merged]
    SHIPPED.write_bytes(b"".join(base64.b64encode(token) + f" {rank}\n".encode() for rank, token in enumerate(ranks)))


def _bytes_of() -> dict[str, int]:
    """The byte that each letter of the byte-level alphabet stands for: printable ones for themselves, others moved up."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + at): byte for at, byte in enumerate(others)}


if __name__ == "__main__":
    main()
