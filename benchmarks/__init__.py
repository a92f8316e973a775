"""How long it takes, how much memory and disk: measured, with what reproduces it.

    python -m benchmarks.compare    the plain Keras script, this pipeline and the stock TFX way,
                                    side by side on the same images; `make bench`
    python -m benchmarks.parts      single parts against what bounds them: ingest against decoding,
                                    the served model against the bare one
    python -m benchmarks.scale      1,000 to 100,000 images: time, memory and bytes per image;
                                    `make bench-scale`
    python -m benchmarks.publish    puts the tables of `compare` and `scale` into docs/benchmarks.md

Each prints tables and writes `results.json`, the same tables as Markdown and a plot into
`benchmarks/results/` (`--out`), which git ignores. What is measured runs in fresh processes; run it
on a machine that does nothing else.

How it is measured:

- **Seconds** are wall time of the whole command, imports and start-up included.
- **CPU time** and **largest process** (its peak resident memory) are the kernel's own accounts of
  the command and everything it started (`wait4`).
- **Peak memory** is that of all processes of the command together: the sum of their PSS
  (proportional set size: a page that two share counts half for each), read from `/proc` every half
  second.
- **Written** is what the command and everything it started sent towards the disk (`write_bytes` of
  `/proc/PID/io`), **left** what lies in its folder at the end.
- **Accuracy** is counted by one program, on the same images for all, with Wilson's interval at
  95 %.
"""
