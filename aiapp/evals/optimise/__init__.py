"""Optimising a prompt: instructions and examples are searched within a budget, and judged on cases held out.

    found = optimise(prompt, cases, metric, "0.50", client=client, proposer=Client("openai:NAME"))
    print(found)                                                     # what is shown, and how sure that is
    Path("better.prompt").write_text(found.chosen.prompt.source)     # then: aiapp prompts diff NAME better.prompt

`forecast_optimise` says beforehand what it takes; the same at the command line is `aiapp prompts optimise`.

How it searches is learnt from three others. From GEPA (Agrawal et al. 2025): a model reads wrong answers and writes
other instructions, a parent is drawn from those that are the best on some case, and a candidate is measured on a few
cases before all. From MIPRO (Opsahl-Ong et al. 2024): instructions and examples are searched together, and what was
tried is told to whoever proposes. From BootstrapFewShot (Khattab et al. 2023): where what is expected is no answer
itself, the examples are the model's own answers that the metric passed. Added here is what the best is worth: measured
on cases that the search never saw, beside the original, with an interval.

The engine is our own. `gepa` 0.1.4 was judged as one, by its source and by `tests/benchmarks/optimise.py --gepa`. For
it: a small core (5,800 lines of 23,700), no dependency, an import of 0.1 s that opens no socket, a seed of its own, one
`evaluate` to write for any system, a run that can be resumed, MIT. Against it, for what is wanted here:

- Money is no limit of its search. It counts calls of the metric, and looks at the count between rounds: 40 calls were
  made where 10 were allowed, and 86 where 60 were. `max_reflection_cost` is of the proposals alone, and looked at as
  late. An adapter that raises at a limit loses what was found, or is asked on until something else stops the search.
- It reports its best on the cases by which it was chosen. With a model that answers by the toss of a coin it reported
  something better in 8 of 12 runs; the search here in none.
- It evolves texts: it chooses no examples, forecasts nothing and gives no interval; it blocks, its checkpoints are
  pickles, and it prints its progress unless told otherwise.

All of that would have to stand around it, and what it would do inside is the loop of `search.py`.
"""

from aiapp.evals.optimise.candidate import Candidate
from aiapp.evals.optimise.examiner import Graded
from aiapp.evals.optimise.forecasting import OptimiseForecast, Take
from aiapp.evals.optimise.optimising import aoptimise, forecast_optimise, optimise
from aiapp.evals.optimise.result import Finalist, Optimised, Trial
from aiapp.evals.optimise.setup import Effort

__all__ = [
    "Candidate",
    "Effort",
    "Finalist",
    "Graded",
    "OptimiseForecast",
    "Optimised",
    "Take",
    "Trial",
    "aoptimise",
    "forecast_optimise",
    "optimise",
]
