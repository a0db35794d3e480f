"""Checks token ids against the `tokenizers` library on tokenizers trained here, in the forms of published checkpoints.

    pip install tokenizers
    python Tests/Peers/tokenizers_check.py --winnow .build/release/winnow

Strings mix scripts, emoji, combining marks, white space of every kind, digits and special tokens. Prints a line for each form,
the first difference if there is one, and ends with status 1 then.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SPECIAL = ["<s>", "</s>", "<unk>", "<|im_start|>", "<|im_end|>"]
SCRIPTS = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x5FF), (0x600, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F),
    (0x1100, 0x11FF), (0x300, 0x36F), (0x2000, 0x206F), (0x2150, 0x218F), (0x3040, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xACFF),
    (0x1F300, 0x1F6FF), (0xFF00, 0xFFEF), (0x1D400, 0x1D4FF), (0x0, 0x1F),
]


def corpus():
    lines = [json.loads(line) for line in open(os.path.join(HERE, "..", "..", "sample-data", "pool.jsonl"))]
    draw = random.Random(1)
    text = [f"{row['instruction']} {row['input']} {row['output']}" for row in lines]
    return text + ["".join(chr(draw.randint(*draw.choice(SCRIPTS))) for _ in range(40)) for _ in range(400)]


def strings(count):
    draw = random.Random(2)
    words = " ".join(corpus()).split(" ")
    pieces = ["'s", "'LL", "\u017f", "'\u017f", "  ", "\t", "\r\n", "\n\n", " \n ", "\u3000", "\u00a0", "123", "4567890", "\u0661\u0662", "\u00bd", "e\u0301", "\u00e9", "\u212b",
              "\ud55c", "\U0001f469\u200d\U0001f680", "\u2581", "_", " ", "...", "?!", *SPECIAL]
    for number in range(count):
        parts = []
        for _ in range(draw.randint(0, 12)):
            kind = draw.random()
            if kind < 0.4:
                parts.append(draw.choice(words))
            elif kind < 0.7:
                parts.append(draw.choice(pieces))
            else:
                low, high = draw.choice(SCRIPTS)
                parts.append("".join(chr(draw.randint(low, high)) for _ in range(draw.randint(1, 4))))
        yield draw.choice(["", " "]).join(parts)


def byte_level(pre, normalizer=None):
    tokenizer = Tokenizer(models.BPE())
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=1200, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    return tokenizer


def sentence_piece(metaspace):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    if metaspace:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    else:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    fallback = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=1500, special_tokens=["<unk>", "<s>", "</s>"] + fallback, show_progress=False, max_token_length=12)
    tokenizer.train_from_iterator([word for line in corpus() for word in line.replace(" ", " ▁").split(" ")], trainer)
    # The bytes are entries of the vocabulary, not added tokens.
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = [token for token in state["added_tokens"] if token["content"] not in fallback]
    return Tokenizer.from_str(json.dumps(state))


def forms():
    level = pre_tokenizers.ByteLevel
    yield "gpt2", byte_level(level(add_prefix_space=False))
    yield "gpt2, prefix space", byte_level(level(add_prefix_space=True))
    yield "smollm2", byte_level(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), level(add_prefix_space=False)]))
    split = lambda text: pre_tokenizers.Split(Regex(text), behavior="isolated")
    yield "llama3", byte_level(pre_tokenizers.Sequence([split(LLAMA3), level(add_prefix_space=False, use_regex=False)]))
    qwen = LLAMA3.replace("{1,3}", "")
    yield "qwen2", byte_level(pre_tokenizers.Sequence([split(qwen), level(add_prefix_space=False, use_regex=False)]), normalizers.NFC())
    yield "llama2, mistral", sentence_piece(metaspace=False)
    yield "llama2, mistral, Metaspace", sentence_piece(metaspace=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--winnow", default=".build/release/winnow")
    parser.add_argument("--count", type=int, default=5000)
    options = parser.parse_args()
    texts = list(strings(options.count))
    failed = False
    for name, tokenizer in forms():
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save(os.path.join(folder, "tokenizer.json"))
            lines = "".join(json.dumps(text) + "\n" for text in texts)
            result = subprocess.run([options.winnow, "model", "tokenize", folder], input=lines, capture_output=True, text=True)
        found = [json.loads(line) for line in result.stdout.splitlines()]
        expected = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
        wrong = [number for number, pair in enumerate(zip(found, expected)) if pair[0] != pair[1]]
        ok = len(found) == len(texts) and not wrong
        failed = failed or not ok
        print(f"{'ok  ' if ok else 'FAIL'} {name}: {len(texts)} strings, {len(wrong)} different {result.stderr.strip()}")
        if wrong:
            print("    ", ascii(texts[wrong[0]]), found[wrong[0]], expected[wrong[0]])
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
