#!/usr/bin/env python3
"""Influence Distillation's cost: landmarks against all gradients, and Winnow's passes beside PyTorch's.

    pip install torch transformers
    swift build -c release && python3 Tests/Peers/influence_speed.py

Makes two Llamas of random weights (32 layers of width 256; 8 layers of width 512) and samples of about 120 tokens, runs
`winnow bench influence` on them, and times the same tangent embeddings and per-sample gradients in PyTorch, in this order:
winnow, torch, winnow. All in float32 on 2 threads. Nothing is left behind.
"""
import argparse
import json
import pathlib
import random
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WINNOW = ROOT / ".build/release/winnow"
WORDS = "autumn basket bridge candle desert engine farmer garden harbour island journey kitchen lantern meadow".split()

# The prompt that Winnow gives a sample by itself.
PROMPT = "Instruction: Please generate a response to the following query.\n\n\nQuery: Instruction: {}\nInput: \n"


def rows(count, tokens, tokenizer, seed):
    """Samples of about so many tokens, a third of them in the response."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        wanted = chance.randint(tokens - 15, tokens + 10)
        question, answer = [], []
        while len(tokenizer(PROMPT.format(" ".join(question)) + " " + " ".join(answer))["input_ids"]) < wanted:
            (answer if len(answer) * 2 < len(question) else question).append(chance.choice(WORDS))
        found.append({"id": str(number), "instruction": " ".join(question), "input": "", "output": " ".join(answer)})
    return found


def write(path, found):
    path.write_text("".join(json.dumps(row) + "\n" for row in found))


def model(folder, **size):
    options = [part for name, value in size.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    subprocess.run([WINNOW, "sample-model", *options, "--out", folder], check=True, stdout=subprocess.DEVNULL)


def bench(folder, data, landmarks, limit, embeddings):
    done = subprocess.run(
        [WINNOW, "bench", "influence", "--pool", data / "pool.jsonl", "--target", data / "target.jsonl", "--model", folder,
         "--landmarks", landmarks, "--limit", str(limit), "--embeddings", embeddings, "--propagations", "krr,corrected",
         "--blocks", "4", "--tangents", "2", "--draws", "3", "--threads", "2", "--json"],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout)


def torch_seconds(folder, found, blocks, tangents):
    """Seconds a sample: tangent embedding, gradient."""
    import torch
    import transformers

    torch.set_num_threads(2)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    net = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    sequences = []
    for row in found:
        prompt = tokenizer(PROMPT.format(row["instruction"]))["input_ids"]
        sequences.append((len(prompt), torch.tensor(prompt + tokenizer(" " + row["output"])["input_ids"])))

    def gradient(prompt, tokens):
        net.zero_grad(set_to_none=True)
        labels = tokens.clone()
        labels[:prompt] = -100
        net(input_ids=tokens[None], labels=labels[None], use_cache=False).loss.backward()

    cut = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    cut.layers = cut.layers[:blocks]
    parameters = {name: value.detach() for name, value in cut.named_parameters()}
    directions = [{name: torch.randn_like(value) for name, value in parameters.items()} for _ in range(tangents)]

    def embedding(tokens):
        def last(weights):
            return torch.func.functional_call(
                cut, weights, kwargs={"input_ids": tokens[None], "use_cache": False}).last_hidden_state[0, -1]
        return [torch.func.jvp(last, (parameters,), (direction,))[1] for direction in directions]

    def seconds(work, inputs):
        work(*inputs[0])
        start = time.perf_counter()
        for each in inputs[1:]:
            work(*each)
        return (time.perf_counter() - start) / (len(inputs) - 1)

    with torch.no_grad():
        tangent = seconds(embedding, [(tokens,) for _, tokens in sequences])
    return tangent, seconds(gradient, sequences)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--samples", type=int, default=1000)
    options.add_argument("--torch-samples", type=int, default=17)
    chosen = options.parse_args()
    import transformers

    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        deep, shallow = folder / "deep", folder / "shallow"
        model(deep, hidden=256, heads=8, key_value_heads=8, ffn=704, layers=32, vocab=8192)
        model(shallow, hidden=512, heads=8, key_value_heads=8, ffn=1408, layers=8, vocab=8192)
        tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(deep / "tokenizer.json"))
        pool = rows(chosen.samples, 120, tokenizer, 1)
        write(folder / "pool.jsonl", pool)
        write(folder / "target.jsonl", rows(8, 120, tokenizer, 2))

        print("32 layers, width 256, 5% landmarks: all gradients against embeddings and landmarks, end to end")
        result = bench(deep, folder, "5%", chosen.samples, "jvp,cut-gradient,output,tables")
        print(f"  a gradient {result['gradientSeconds']:.4f} s")
        for row in result["rows"]:
            print(f"  {row['embedding']:28} {row['propagation']:10} {row['gain']:5.2f} times faster, "
                  f"rank correlation {row['correlation']:.2f}")

        limit = min(200, chosen.samples)
        first = bench(shallow, folder, "10%", limit, "jvp")
        tangent, gradient = torch_seconds(shallow, pool[: chosen.torch_samples], 4, 2)
        second = bench(shallow, folder, "10%", limit, "jvp")
        print("8 layers, width 512, seconds a sample")
        ours = min(first["rows"][0]["embeddingSeconds"], second["rows"][0]["embeddingSeconds"])
        print(f"  embedding (4 blocks, 2 tangents)   winnow {ours:.4f}   torch {tangent:.4f}   {tangent / ours:.1f} times")
        ours = min(first["gradientSeconds"], second["gradientSeconds"])
        print(f"  gradient                           winnow {ours:.4f}   torch {gradient:.4f}   {gradient / ours:.1f} times")


if __name__ == "__main__":
    main()
