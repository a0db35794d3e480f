"""Checks the language-model engine against PyTorch and transformers on models made up here, of every family.

    pip install torch transformers peft safetensors numpy
    python Tests/Peers/transformers_check.py --winnow .build/release/winnow

For each made model `winnow model verify` compares logits, loss and the gradient of every tensor with transformers' in float64;
then a checkpoint and an adapter trained by `winnow finetune` are loaded in transformers and PEFT, and their losses compared with
`winnow evaluate`. Prints a line for each and ends with status 1 if one is beyond its tolerance.
"""

import argparse
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile

import torch
import transformers
from safetensors.torch import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
TOKENIZER = os.path.join(HERE, "..", "..", "sample-data", "model")


def made_models():
    """(name, configuration) of models of every family, with the settings that differ between published checkpoints."""
    t = transformers
    small = dict(vocab_size=640, max_position_embeddings=256, bos_token_id=1, eos_token_id=2)
    base = dict(hidden_size=64, intermediate_size=112, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, **small)
    llama3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
    yield "llama-2 form", t.LlamaConfig(**{**base, "num_key_value_heads": 4}, tie_word_embeddings=False, rms_norm_eps=1e-5)
    yield "llama-3.1 form", t.LlamaConfig(**base, rope_theta=500000.0, rope_scaling=dict(llama3), tie_word_embeddings=False)
    yield "llama-3.2 form", t.LlamaConfig(**base, rope_theta=500000.0, rope_scaling={**llama3, "factor": 32.0}, tie_word_embeddings=True)
    yield "llama, linear scaling", t.LlamaConfig(**base, rope_scaling={"rope_type": "linear", "factor": 3.0})
    yield "llama, biases", t.LlamaConfig(**base, attention_bias=True, mlp_bias=True)
    yield "llama, odd sizes", t.LlamaConfig(**{**base, "hidden_size": 60, "intermediate_size": 77, "num_attention_heads": 6, "num_key_value_heads": 3})
    yield "llama, one head of keys", t.LlamaConfig(**{**base, "num_key_value_heads": 1})
    yield "smollm2 form", t.LlamaConfig(**{**base, "hidden_size": 72, "num_attention_heads": 9, "num_key_value_heads": 3}, rope_theta=100000.0, tie_word_embeddings=True)
    yield "qwen2.5 form, tied", t.Qwen2Config(**base, rope_theta=1000000.0, tie_word_embeddings=True)
    yield "qwen2 form, untied", t.Qwen2Config(**base, tie_word_embeddings=False)
    yield "qwen2, window in upper layers", t.Qwen2Config(**base, use_sliding_window=True, sliding_window=16, max_window_layers=1)
    yield "qwen3 form", t.Qwen3Config(**base, head_dim=32, tie_word_embeddings=True)
    yield "qwen3, head size 24", t.Qwen3Config(**base, head_dim=24, tie_word_embeddings=False)
    yield "mistral form", t.MistralConfig(**base, sliding_window=20)
    yield "mistral v0.3 form", t.MistralConfig(**base, sliding_window=None, rope_theta=1000000.0)
    yield "mistral nemo form", t.MistralConfig(**base, sliding_window=None, head_dim=32)
    yield "gpt2 form", t.GPT2Config(n_embd=64, n_layer=3, n_head=4, n_positions=256, vocab_size=640, bos_token_id=1, eos_token_id=2)
    yield "gpt2, inner 200", t.GPT2Config(n_embd=48, n_layer=2, n_head=3, n_inner=200, n_positions=256, vocab_size=640, bos_token_id=1, eos_token_id=2)


def build(configuration, seed):
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(configuration, attn_implementation="eager")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn_like(parameter) * (0.1 if parameter.dim() == 2 else 0.2)
            parameter.copy_(noise + (1 if parameter.dim() == 1 and "norm" in name or "ln_" in name and name.endswith("weight") else 0))
    return model


def write_reference(model, path, length, seed):
    """Logits, loss and gradients in float64 of one sequence with a response."""
    draw = random.Random(seed)
    ids = [draw.randrange(640) for _ in range(length)]
    labels = [-100] * (length // 2) + ids[length // 2 :]
    out = model(input_ids=torch.tensor([ids]))
    logits = out.logits[0]
    loss = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(labels[1:]), ignore_index=-100)
    loss.backward()
    tensors = {"input_ids": torch.tensor(ids), "labels": torch.tensor(labels), "logits": logits.detach(), "loss": loss.detach()}
    seen = set()
    for name, parameter in model.named_parameters():
        if parameter.data_ptr() not in seen:
            seen.add(parameter.data_ptr())
            tensors["grad." + name] = parameter.grad.contiguous()
    save_file({k: v.contiguous().float() if v.is_floating_point() else v for k, v in tensors.items()}, path)


def copy_tokenizer(folder):
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(os.path.join(TOKENIZER, name), folder)


def run(*arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, **options)


def check_made_models(winnow, folder):
    worst = True
    for number, (name, configuration) in enumerate(made_models()):
        for dtype in (torch.float32, torch.bfloat16, torch.float16):
            place = os.path.join(folder, "model")
            shutil.rmtree(place, ignore_errors=True)
            model = build(configuration, number).to(dtype)
            model.save_pretrained(place, max_shard_size="150KB" if number % 3 == 0 else "1GB")
            copy_tokenizer(place)
            reference = os.path.join(folder, "reference.safetensors")
            # Loaded again, so that what is no weight (rotary tables) has not been through the stored type.
            loaded = transformers.AutoModelForCausalLM.from_pretrained(place, dtype=torch.float64, attn_implementation="eager")
            write_reference(loaded.eval(), reference, 96, number)
            for precision in ("float32", "stored"):
                result = run(winnow, "model", "verify", place, "--reference", reference, "--precision", precision)
                errors = [float(line.split()[-1]) for line in result.stdout.splitlines()]
                ok = result.returncode == 0 and errors
                worst = worst and ok
                print(f"{'ok  ' if ok else 'FAIL'} {name}, {str(dtype)[6:]} {precision}: "
                      f"{len(errors)} tensors, largest error {max(errors, default=math.nan):.1e} {result.stderr.strip()}")
    return worst


def samples(folder):
    """Data with a response each, as rows of prompt and response tokens can be made from by both sides."""
    return os.path.join(HERE, "..", "..", "sample-data", "pool.jsonl")


def mean_loss(model, tokenizer, path, limit):
    """The mean response loss with DELIFT's prompt, tokenised as Winnow does: prompt and response apart, the end behind each."""
    end = tokenizer.eos_token_id
    losses = []
    for line in list(open(path))[:limit]:
        row = json.loads(line)
        text = f"Instruction: {row['instruction']}\nInput: {row['input']}\n"
        prompt = f"Instruction: Please generate a response to the following query.\n\n\nQuery: {text}\n"
        ids = tokenizer.encode(prompt, add_special_tokens=False) + [end]
        answer = tokenizer.encode(" " + row["output"], add_special_tokens=False) + [end]
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([ids + answer])).logits[0].double()
        losses.append(torch.nn.functional.cross_entropy(logits[len(ids) - 1 : -1], torch.tensor(answer)).item())
    return sum(losses) / len(losses)


def check_training(winnow, folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(TOKENIZER)
    data = os.path.join(folder, "train.jsonl")
    with open(data, "w") as file:
        file.writelines(list(open(samples(folder)))[:40])
    worst = True
    for form in ("full", "merged", "adapter"):
        out = os.path.join(folder, form)
        options = [] if form == "full" else ["--lora-rank", "4", "--rate", "0.01"] + (["--merge"] if form == "merged" else [])
        trained = run(winnow, "finetune", "--data", data, "--model", TOKENIZER, "--out", out, "--steps", "12", *options)
        if trained.returncode:
            print("FAIL", form, trained.stderr)
            worst = False
            continue
        if form == "adapter":
            import peft

            model = peft.PeftModel.from_pretrained(transformers.AutoModelForCausalLM.from_pretrained(TOKENIZER), out)
            evaluated = run(winnow, "evaluate", "--data", data, "--model", TOKENIZER, "--adapter", out, "--json")
        else:
            model = transformers.AutoModelForCausalLM.from_pretrained(out)
            evaluated = run(winnow, "evaluate", "--data", data, "--model", out, "--json")
        theirs = mean_loss(model.eval(), tokenizer, data, 40)
        ours = json.loads(evaluated.stdout)["all"]["loss"]
        ok = abs(ours - theirs) < 1e-4 * theirs
        worst = worst and ok
        print(f"{'ok  ' if ok else 'FAIL'} trained, {form}: loss {ours:.6f} here, {theirs:.6f} there")
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--winnow", default=".build/release/winnow")
    options = parser.parse_args()
    torch.set_num_threads(2)
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        ok = check_made_models(options.winnow, folder)
        ok = check_training(options.winnow, folder) and ok
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
