#!/usr/bin/env python3
"""Runs on a full disk, a disk quota, a read-only cache, a flipped bit and beside another process; see each case's words.

    swift build -c release && python3 Tests/Campaigns/faults.py

The cases that mount a file system need root, and say so where they are left out. Exit 1 at the first fault.
"""
import glob, json, os, random, resource, shutil, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))
top = os.path.dirname(os.path.dirname(here))
program = os.environ.get("WINNOW", os.path.join(top, ".build/release/winnow"))
home = tempfile.mkdtemp(prefix="winnow-faults-")
data = os.path.join(top, "sample-data")


def places(cache, state=None):
    return dict(os.environ, XDG_CONFIG_HOME=home + "/config", XDG_STATE_HOME=state or home + "/state",
                XDG_CACHE_HOME=cache, SWIFT_BACKTRACE="enable=no")


def select(where, *more, budget="10", limit=None):
    arguments = [program, "select", "--pool", data + "/pool.jsonl", "--limit", "100", "--model", data + "/model",
                 "--budget", budget, "--quiet", *more]
    def cap():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return subprocess.run(arguments, env=where, capture_output=True, text=True, preexec_fn=cap if limit else None)


def verify(where):
    done = subprocess.run([program, "cache", "verify", "--json"], env=where, capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else done.stderr


def expect(condition, name, seen):
    if not condition:
        print(f"FAULT: {name}: {seen} | kept: {home}", file=sys.stderr)
        sys.exit(1)


def mounted(name, options):
    folder = f"{home}/{name}"
    os.makedirs(folder)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True)
    return folder if done.returncode == 0 else None


def main():
    whole = select(places(home + "/whole"))
    expect(whole.returncode == 0, "an undisturbed run", whole)

    disk = mounted("disk", "size=200k")
    if disk:
        try:
            done = select(places(disk))
            expect(done.returncode == 1 and ("full" in done.stderr or "No space" in done.stderr), "full disk", done)
            print("full disk: exit 1:", done.stderr.strip().splitlines()[0])
            subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
            expect(verify(places(disk))[0] == 0, "full disk, then room", verify(places(disk)))
            again = select(places(disk))
            expect(again.returncode == 0 and again.stdout == whole.stdout, "full disk, then room", again)
            out = mounted("small", "size=8k")
            done = select(places(disk), "--out", out + "/chosen.jsonl", "--ranked")
            names = os.listdir(out)
            expect(done.returncode == 0 or (done.returncode == 1 and names == []), "export to a full disk", (done, names))
            for size in ["4k"]:
                subprocess.run(["umount", out], check=True)
                subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},nr_inodes=1k", "tmpfs", out], check=True)
                done = select(places(disk), "--out", out + "/chosen.jsonl", budget="100")
                expect(done.returncode == 1 and os.listdir(out) == [], "export to a full disk", (done, os.listdir(out)))
                print(f"export to a full disk: exit {done.returncode}:", done.stderr.strip().splitlines()[-2])
            subprocess.run(["umount", out])
        finally:
            subprocess.run(["umount", disk])
    else:
        print("full disk: left out, mounting is not permitted here")

    done = select(places(home + "/quota"), limit=160 << 10)
    # The index itself may not fit: then nothing is kept, and the answer is the same.
    expect(done.returncode == 1 and "winnow:" in done.stderr
           or done.returncode == 0 and "will not be kept" in done.stderr and done.stdout == whole.stdout,
           "a limit on file sizes", done)
    print(f"a limit on file sizes: exit {done.returncode}:", done.stderr.strip().splitlines()[0])
    again = select(places(home + "/quota"))
    expect(again.returncode == 0 and again.stdout == whole.stdout, "a limit on file sizes, then none", again)
    expect(verify(places(home + "/quota"))[0] == 0, "a limit on file sizes", verify(places(home + "/quota")))

    kept = mounted("readonly", "size=20m")
    if kept:
        try:
            expect(select(places(kept)).returncode == 0, "before read-only", kept)
            subprocess.run(["mount", "-o", "remount,ro", kept], check=True)
            done = select(places(kept))
            expect(done.returncode == 0 and done.stdout == whole.stdout and "scores will not be kept" in done.stderr,
                   "read-only cache", done)
            print("read-only cache: exit 0:", [l for l in done.stderr.splitlines() if "kept" in l][0])
        finally:
            subprocess.run(["umount", kept])
    else:
        print("read-only cache: left out, mounting is not permitted here")

    chance = random.Random(2)
    for round in range(20):
        where = places(home + "/whole")
        path = chance.choice(glob.glob(home + "/whole/winnow/scores/segment-*.f32"))
        content = bytearray(open(path, "rb").read())
        place = chance.randrange(len(content) * 8)
        content[place // 8] ^= 1 << place % 8
        open(path, "wb").write(content)
        status, found = verify(where)
        # Bytes of blocks that were forgotten in earlier rounds mean nothing any more.
        expect(status == 1 and found["damaged"] == 1 or status == 0 and found["unusedBytes"] > 0, "a flipped bit", found)
        done = select(where)
        expect(done.returncode == 0 and done.stdout == whole.stdout, "a flipped bit", done)
        expect(verify(where)[0] == 0, "a flipped bit, computed again", verify(where))
    print("a flipped bit, 20 times: found by verify (exit 1), the block computed again, the same answer")
    index = home + "/whole/winnow/scores/index.sqlite"
    for round in range(20):
        content = bytearray(open(index, "rb").read())
        place = chance.randrange(len(content) * 8)
        content[place // 8] ^= 1 << place % 8
        open(index, "wb").write(content)
        for beside in glob.glob(index + "-*"):
            os.remove(beside)
        done = select(places(home + "/whole"))
        expect(done.returncode in (0, 1) and (done.returncode or done.stdout == whole.stdout), "a flipped bit in the index", done)
        content[place // 8] ^= 1 << place % 8
        open(index, "wb").write(content)
        for beside in glob.glob(index + "-*"):
            os.remove(beside)
    print("a flipped bit in the index, 20 times: the same answer, or exit 1 and a message")

    where = places(home + "/race", home + "/racestate")
    arguments = [program, "select", "--pool", data + "/pool.jsonl", "--limit", "150", "--model", data + "/model", "--budget",
                 "10", "--quiet", "--threads", "1"]
    racing = [subprocess.Popen(arguments, env=where, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [process.communicate()[0] for process in racing]
    expect([p.returncode for p in racing] == [0, 0, 0] and len(set(outputs)) == 1, "three processes", outputs)
    status, found = verify(where)
    expect(status == 0 and found["duplicates"] == 0 and found["blocks"] == 151, "three processes", found)
    print("three processes at once: the same answer,", found["blocks"], "blocks, none computed twice")

    where = places(home + "/race2", home + "/racestate")
    arguments += ["--method", "influence", "--target", data + "/target.jsonl", "--landmarks", "all"]
    racing = [subprocess.Popen(arguments, env=where, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
              for _ in range(3)]
    outputs = [process.communicate()[0] for process in racing]
    expect([p.returncode for p in racing] == [0, 0, 0] and len(set(outputs)) == 1, "three processes, influence", outputs)
    status, found = verify(where)
    # Products of gradients are kept by eight samples.
    expect(status == 0 and found["duplicates"] == 0 and found["blocks"] == 19, "three processes, influence", found)
    print("three processes at once, influence: the same answer,", found["blocks"], "blocks, none computed twice")
    shutil.rmtree(home)


main()
