"""Optimising prompts."""

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
