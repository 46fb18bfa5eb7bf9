"""Jobs: many documents read by one reader, inside a budget, through any crash. See `job.run_job`."""

from grn_extract.jobs.budget import JobBudget, Limits
from grn_extract.jobs.estimate import Estimate, draw_sample, extrapolate
from grn_extract.jobs.job import Engine, Graph, JobResult, MemoryGraph, run_job
from grn_extract.jobs.ray import RayEngine
from grn_extract.jobs.reading import Aside, DroppedStatements, Failure, Outcome, Reading, ReadText, text_reader
from grn_extract.jobs.state import JobState, QuarantinedText, Spent, Text, TextState, text_key
from grn_extract.jobs.summary import summary
from grn_extract.jobs.threads import ThreadEngine
from grn_extract.jobs.watch import JobSeen, RunSeen, look_at

__all__ = [
    "Aside",
    "DroppedStatements",
    "Engine",
    "Estimate",
    "Failure",
    "Graph",
    "JobBudget",
    "JobResult",
    "JobSeen",
    "JobState",
    "Limits",
    "MemoryGraph",
    "Outcome",
    "QuarantinedText",
    "RayEngine",
    "ReadText",
    "Reading",
    "RunSeen",
    "Spent",
    "Text",
    "TextState",
    "ThreadEngine",
    "draw_sample",
    "extrapolate",
    "look_at",
    "run_job",
    "summary",
    "text_key",
    "text_reader",
]
