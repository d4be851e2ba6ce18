"""Other packages of the field at the same tasks; each module runs in the peers' own environment, not in ours.

`python -m benchmarks.peers.NAME TASK JSON` prints one JSON object. What a task is given: `database`, a URL
(`sqlite:///PATH` or `postgresql://…`), `kafka`, bootstrap servers, `topic`, and `n`, how many.
"""
