"""Scores through an inference server against scores by the model itself.

Serves a checkpoint with PyTorch and transformers behind OpenAI's completions API (echo and logprobs, float32), lets `winnow
score` ask it with tokens and with text, and compares with `winnow score --model` and with the formula on the text.

    python3 -m venv venv && venv/bin/pip install torch transformers numpy
    swift build -c release
    venv/bin/python Tests/Peers/endpoint_check.py --winnow .build/release/winnow
"""

import argparse
import json
import math
import os
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

CONTEXT = 1024


def serve(directory):
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForCausalLM.from_pretrained(directory, torch_dtype=torch.float32).eval()
    lock = threading.Lock()
    count = [0]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status, value):
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            if self.path != "/v1/models":
                return self.answer(404, {"error": {"message": "not found"}})
            self.answer(200, {"object": "list", "data": [{"id": "sample", "max_model_len": CONTEXT}]})

        def do_POST(self):
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            prompt = question["prompt"]
            ids = prompt
            if isinstance(prompt, str):
                ids = tokenizer(prompt, add_special_tokens=question.get("add_special_tokens", True)).input_ids
            if len(ids) + question["max_tokens"] > CONTEXT:
                message = f"This model's maximum context length is {CONTEXT} tokens, and {len(ids)} were sent."
                return self.answer(400, {"error": {"message": message}})
            with lock, torch.no_grad():
                count[0] += 1
                logits = model(torch.tensor([ids])).logits[0]
            rows = torch.log_softmax(logits.float(), -1)
            told = [None] + rows[range(len(ids) - 1), ids[1:]].tolist()
            own = int(rows[-1].argmax())
            tokens = [tokenizer.decode([i]) for i in ids + [own]]
            offsets = [0]
            for token in tokens[:-1]:
                offsets.append(offsets[-1] + len(token))
            self.answer(200, {
                "object": "text_completion", "model": question["model"],
                "choices": [{
                    "index": 0, "text": tokenizer.decode(ids + [own]), "finish_reason": "length",
                    "logprobs": {
                        "tokens": tokens, "token_logprobs": told + [float(rows[-1, own])], "text_offset": offsets,
                        "top_logprobs": [None] * len(tokens)}}],
                "usage": {"prompt_tokens": len(ids), "completion_tokens": 1, "total_tokens": len(ids) + 1}})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def distance(prompt, response):
        """sqrt(mean (1 - p)^2) over the tokens that the response adds to the prompt (no end-of-sequence token)."""
        before = len(tokenizer(prompt, add_special_tokens=False).input_ids)
        ids = tokenizer(prompt + response, add_special_tokens=False).input_ids
        with torch.no_grad():
            rows = torch.log_softmax(model(torch.tensor([ids])).logits[0].double(), -1)
        p = [math.exp(rows[i - 1, ids[i]]) for i in range(before, len(ids))]
        return math.sqrt(sum((1 - x) ** 2 for x in p) / len(p))

    return f"http://127.0.0.1:{server.server_address[1]}", distance, count


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--winnow", default=".build/release/winnow")
    parser.add_argument("--model", default="sample-data/model")
    parser.add_argument("--pool", default="sample-data/pool.jsonl")
    parser.add_argument("--rows", type=int, default=24)
    options = parser.parse_args()
    url, distance, count = serve(options.model)

    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, XDG_CACHE_HOME=folder, XDG_STATE_HOME=folder, XDG_CONFIG_HOME=folder)

        def score(*source):
            out = os.path.join(folder, "u.npy")
            before = count[0]
            command = [
                options.winnow, "score", "--pool", options.pool, "--limit", str(options.rows), "--raw", "--quiet",
                "--force", "--out", out, *source]
            subprocess.run(command, check=True, env=environment)
            return numpy.load(out), count[0] - before

        local, _ = score("--model", options.model)
        tokens, asked = score("--endpoint", url, "--tokenizer", options.model)
        _, again = score("--endpoint", url + "/v1/", "--tokenizer", options.model)
        text, texts = score("--endpoint", url)

    with open(options.pool) as file:
        rows = [json.loads(line) for line in list(file)[: options.rows]]

    def query(row):
        return f"Instruction: {row['instruction']}\nInput: {row.get('input', '')}\n"

    def expected(i, j):
        alone = distance(
            "Instruction: Please generate a response to the following query.\n\n\nQuery: " + query(rows[i]) + "\n",
            " " + rows[i]["output"])
        behind = distance(
            "Instruction:\nUse the following example as a guide to answer the query in the same format and style, "
            "providing a clear and concise response.\n\n\nExample:\n" + query(rows[j]) + "\n " + rows[j]["output"]
            + "\n\n\nQuery:\n" + query(rows[i]) + "\n", " " + rows[i]["output"])
        return alone - behind

    some = [(i, j) for i in range(0, options.rows, 5) for j in range(0, options.rows, 5)]
    by_tokens = float(abs(tokens - local).max())
    by_text = max(abs(float(text[i, j]) - expected(i, j)) for i, j in some)
    print(f"as tokens: {asked} requests, largest difference from --model {by_tokens:.2e}")
    print(f"again: {again} requests (all of it is in the cache)")
    print(f"as text: {texts} requests, largest difference from the formula {by_text:.2e} over {len(some)} pairs, "
          f"correlation with --model {numpy.corrcoef(text.ravel(), local.ravel())[0, 1]:.4f}")
    assert by_tokens < 1e-4 and again == 0 and by_text < 1e-4


if __name__ == "__main__":
    main()
