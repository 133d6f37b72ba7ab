"""How many cores a model uses: one for each process, unless you say otherwise.

Many small products gain little from threads; many texts at once gain more from a batch (see batch.py).
"""

import os
import time

from aiapp.transformer import Encoder, set_threads, thread_count

encoder = Encoder.load()
print(
    "after loading:", thread_count()
)  # 1, or what AIAPP_THREADS or OMP_NUM_THREADS says; None: the BLAS does not tell

sentences = [f"Every new parent gets {days} days of leave at full pay." for days in range(200)]
for count in sorted({1, os.cpu_count() or 1}):
    set_threads(count)
    began = time.perf_counter()
    encoder.embed(sentences)
    print(f"{thread_count()} threads: {len(sentences) / (time.perf_counter() - began):,.0f} sentences/s")
