#!/usr/bin/env python3
"""Runs submodlib-py, apricot-select and the built winnow on the same kernels, checks that they choose alike, and prints
how long each took as a Markdown table.

    swift build -c release --product winnow
    python3 Tests/Peers/compare.py            # n = 10,000: some minutes and 3 GB, nearly all of it the peers'
    python3 Tests/Peers/compare.py --n 1000

The peers are installed from PyPI into a virtual environment of their own in a temporary folder (--venv DIR keeps one).
Seconds are of the selection alone: for submodlib and apricot what `maximize` and `fit` take on kernels that are in
memory, for winnow what its answer calls seconds.select, which holds the objective's set-up and the first pass.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

PEERS = ["numpy==1.26.4", "scipy<1.16", "submodlib-py==0.0.3", "apricot-select==0.6.1"]
REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=10_000, help="rows of the kernel")
    parser.add_argument("--share", type=float, default=0.3, help="picks, as a share of n")
    parser.add_argument("--others", type=int, default=100, help="targets, and existing samples")
    parser.add_argument("--neighbours", type=int, default=100, help="neighbours a row of the sparse kernel")
    parser.add_argument("--repeats", type=int, default=5, help="winnow's runs, the median of which counts")
    parser.add_argument("--winnow", default=os.path.join(REPOSITORY, ".build/release/winnow"))
    parser.add_argument("--venv", help="a virtual environment to make or to use again")
    parser.add_argument("--only", help="comma-separated cases: fl, flmi, flqmi, flcg, sparse")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def enter_environment(options):
    """Makes the virtual environment and runs this script again inside it."""
    with tempfile.TemporaryDirectory(prefix="winnow-peers-") as folder:
        venv = options.venv or os.path.join(folder, "venv")
        python = os.path.join(venv, "bin/python")
        if not os.path.exists(python):
            subprocess.run([sys.executable, "-m", "venv", venv], check=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
        return subprocess.run([python, os.path.abspath(__file__), "--inside", *sys.argv[1:]]).returncode


def unit_vectors(numpy, chance, centres, count, spread=0.5):
    points = centres[chance.integers(len(centres), size=count)]
    points = points + spread * chance.standard_normal(points.shape)
    return (points / numpy.linalg.norm(points, axis=1, keepdims=True)).astype(numpy.float32)


def make_kernels(numpy, n, others):
    """Cosines of clustered points, those below 0 as 0; rows are represented, columns represent."""
    chance = numpy.random.default_rng(7)
    centres = chance.standard_normal((100, 64))
    pool = unit_vectors(numpy, chance, centres, n)
    target = unit_vectors(numpy, chance, centres[:20], others)
    existing = unit_vectors(numpy, chance, centres[20:60], others)
    cosine = lambda a, b: numpy.clip(a @ b.T, 0, 1).astype(numpy.float32)
    return pool, cosine(pool, pool), cosine(pool, target), cosine(pool, existing)


class Case:
    """One objective: what each program is asked, and the gains by the formula."""

    def __init__(self, title, winnow, submodlib, gains, apricot=None, as_submodlib_reads_it=None):
        self.title, self.winnow, self.submodlib, self.gains, self.apricot = title, winnow, submodlib, gains, apricot
        # What winnow is asked, and the gains, where submodlib makes another kernel of the same entries.
        self.as_submodlib_reads_it = as_submodlib_reads_it


def replay(numpy, kernel, floor, ceiling, bonus, order):
    """Gains of an order by the formulas, in float64."""
    coverage = numpy.minimum(floor, ceiling)
    gains = []
    for pick in order:
        raised = numpy.maximum(coverage, numpy.minimum(kernel[:, pick], ceiling))
        gains.append(float((raised - coverage).sum() + bonus[pick]))
        coverage = raised
    return gains


def run_winnow(options, budget, flags):
    """Median seconds, order and gains of the built program."""
    command = [options.winnow, "select", "--rescale", "none", "--budget", str(budget), "--json", *flags]
    answers = []
    for _ in range(options.repeats):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            return None, done.stderr.strip().splitlines()
        answers.append(json.loads(done.stdout))
    seconds = sorted(answer["seconds"]["select"] for answer in answers)[len(answers) // 2]
    picks = answers[0]["selected"]
    return (seconds, [pick["index"] for pick in picks], [pick["gain"] for pick in picks]), None


def main(options):
    import numpy
    import scipy.sparse
    import apricot
    import submodlib

    n, budget = options.n, max(1, int(options.share * options.n))
    pool, kernel, target, existing = make_kernels(numpy, n, options.others)
    files = tempfile.TemporaryDirectory(prefix="winnow-peers-kernels-")

    def save(name, array):
        path = os.path.join(files.name, name + ".npy")
        numpy.save(path, numpy.ascontiguousarray(array))
        return path

    u, q, p = save("pool", kernel), save("target", target), save("existing", existing)
    e = save("embeddings", pool)
    none, zeros, unlimited = numpy.zeros(n), numpy.zeros(n), numpy.full(n, numpy.inf)

    def neighbours():
        """The largest entries of each row, the lowest index on ties, as a dense array and as a sparse one."""
        order = numpy.argsort(-kernel, axis=1, kind="stable")[:, : options.neighbours]
        thinned = numpy.zeros_like(kernel)
        numpy.put_along_axis(thinned, order, numpy.take_along_axis(kernel, order, axis=1), axis=1)
        return thinned

    def dense(order):
        return replay(numpy, kernel, none, unlimited, zeros, order)

    cases = {
        "fl": lambda: Case(
            "facility location, dense", ["--method", "delift-instruction", "--utilities", u],
            lambda: submodlib.FacilityLocationFunction(n=n, mode="dense", sijs=kernel, separate_rep=False), dense,
            lambda: (apricot.FacilityLocationSelection(budget, metric="precomputed", optimizer="lazy"), kernel)),
        "flmi": lambda: Case(
            "mutual information (FLMI)", ["--method", "delift-task", "--utilities", u, "--target-utilities", q],
            lambda: submodlib.FacilityLocationMutualInformationFunction(
                n=n, num_queries=options.others, data_sijs=kernel, query_sijs=target, magnificationEta=1),
            lambda order: replay(numpy, kernel, none, target.max(axis=1).astype(float), zeros, order)),
        "flqmi": lambda: Case(
            "query mutual information (FLQMI)",
            ["--method", "delift-task", "--objective", "flqmi", "--utilities", u, "--target-utilities", save("flqmi", target.T)],
            lambda: submodlib.FacilityLocationVariantMutualInformationFunction(
                n=n, num_queries=options.others, query_sijs=target, queryDiversityEta=1),
            lambda order: replay(
                numpy, target.T, numpy.zeros(options.others), numpy.full(options.others, numpy.inf),
                target.max(axis=1).astype(float), order)),
        "flcg": lambda: Case(
            "conditional gain (FLCG)", ["--method", "delift-continual", "--utilities", u, "--existing-utilities", p],
            lambda: submodlib.FacilityLocationConditionalGainFunction(
                n=n, num_privates=options.others, data_sijs=kernel, private_sijs=existing, privacyHardness=1),
            lambda order: replay(numpy, kernel, existing.max(axis=1).astype(float), unlimited, zeros, order)),
    }

    def sparse_case():
        thinned = neighbours()
        sparse = scipy.sparse.csr_matrix(thinned)
        # submodlib counts an entry that either of its two rows has, so its order is compared with winnow's on that
        # kernel; apricot's rows represent and its columns are represented.
        either = numpy.maximum(thinned, thinned.T)
        return Case(
            f"facility location, {options.neighbours} neighbours",
            ["--method", "delift-instruction", "--embeddings", e, "--neighbours", str(options.neighbours)],
            lambda: submodlib.FacilityLocationFunction(
                n=n, mode="sparse", sijs=sparse, num_neighbors=options.neighbours),
            lambda order: replay(numpy, thinned, none, unlimited, zeros, order),
            lambda: (
                apricot.FacilityLocationSelection(budget, metric="precomputed", optimizer="lazy"), sparse.T.tocsr()),
            (["--method", "delift-instruction", "--utilities", save("either", either)],
             lambda order: replay(numpy, either, none, unlimited, zeros, order)))

    cases["sparse"] = sparse_case

    print(f"n = {n}, {budget} picks, float32 cosines of clustered points, {os.cpu_count()} cores\n")
    print("| objective | winnow | submodlib 0.0.3 `LazyGreedy` | | apricot 0.6.1 `lazy` | |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    disagreements, notes = [], []
    # Compiles what apricot compiles when it first runs.
    apricot.FacilityLocationSelection(2, metric="precomputed", optimizer="lazy").fit(kernel[:9, :9])
    apricot.FacilityLocationSelection(2, metric="precomputed", optimizer="lazy").fit(
        scipy.sparse.csr_matrix(kernel[:9, :9]))
    for name in options.only.split(",") if options.only else cases:
        case = cases[name]()
        ours, refusal = run_winnow(options, budget, case.winnow)
        if ours is None:
            disagreements.append(f"{case.title}: winnow refused: {refusal}")
            continue
        seconds, order, gains = ours
        check(disagreements, case.title, "winnow's gains and the formula", gains, case.gains(order))

        function = case.submodlib()
        start = time.perf_counter()
        theirs = function.maximize(budget=budget, optimizer="LazyGreedy", show_progress=False)
        peer = time.perf_counter() - start
        their_order = [pick for pick, _ in theirs]
        if case.as_submodlib_reads_it:
            flags, by_formula = case.as_submodlib_reads_it
            (_, same_order, _), _ = run_winnow(options, budget, flags)
            agreement(disagreements, notes, case.title, by_formula, "submodlib", same_order, their_order)
        else:
            agreement(disagreements, notes, case.title, case.gains, "submodlib", order, their_order)
        cells = [f"{1e3 * seconds:.1f} ms", f"{peer:.2f} s", f"{peer / seconds:.0f} ×"]

        if case.apricot:
            selector, data = case.apricot()
            start = time.perf_counter()
            selector.fit(data)
            peer = time.perf_counter() - start
            agreement(
                disagreements, notes, case.title, case.gains, "apricot", order,
                [int(pick) for pick in selector.ranking])
            cells += [f"{peer:.2f} s", f"{peer / seconds:.0f} ×"]
        else:
            cells += ["", ""]
        print(f"| {case.title} | " + " | ".join(cells) + " |", flush=True)
    print()
    for line in notes + disagreements:
        print(f"- {line}")
    print()
    print("All choose alike." if not disagreements else "They do not choose alike.")
    return 1 if disagreements else 0


def check(disagreements, title, what, some, others, slack=1e-6):
    """Notes the first step at which two lists of gains part."""
    scale = max(abs(others[0]), 1e-12)
    for step, (one, other) in enumerate(zip(some, others)):
        if abs(one - other) > slack * scale:
            disagreements.append(f"{title}: {what} part at step {step}: {one} and {other}")
            return


def agreement(disagreements, notes, title, by_formula, peer, order, their_order):
    """Orders must be equal up to ties. Where they first part, both picks' gains for the common picks before are computed
    by the formula: equal ones are a tie, which the peers break otherwise; a smaller one of the peer's is float rounding
    on its side; a smaller one of winnow's is a disagreement. The values in the end must be alike whatever the path."""
    ours, theirs = by_formula(order), by_formula(their_order)
    step = next((i for i, (a, b) in enumerate(zip(order, their_order)) if a != b), None)
    if step is not None:
        one, other = ours[step], theirs[step]
        where = f"{title}: winnow and {peer} part at step {step} of {len(order)}"
        if other > one + 1e-9 * max(1, abs(ours[0])):
            disagreements.append(f"{where}: {other} was to be had, winnow took {one}")
        elif one - other <= 1e-9 * max(1, abs(ours[0])):
            notes.append(f"{where}, at a tie of {one}")
        else:
            notes.append(f"{where}: winnow's pick gains {one - other:.2g} more by the formula in float64")
    if abs(sum(ours) - sum(theirs)) > 1e-3 * sum(ours):
        disagreements.append(f"{title}: values {sum(ours)} (winnow) and {sum(theirs)} ({peer})")


if __name__ == "__main__":
    options = arguments()
    sys.exit(main(options) if options.inside else enter_environment(options))
