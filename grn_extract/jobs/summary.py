"""What a run of a job came to, in words that do not let a failure pass for a success."""

from __future__ import annotations

from grn_extract.jobs.job import JobResult

MOSTLY = 0.5
"""A share of texts quarantined from which on the run as a whole has failed."""


def summary(result: JobResult, *, total: int, what: str = "texts") -> list[str]:
    """Sentences for the person who ran it, over `total` texts; what went wrong stands last and in capitals.

    `what` says what a text stands for, where it is none.
    """
    spent, whole = result.spent, result.total
    lines = [
        f"{result.read:,} of {total:,} {what} read with {spent.calls:,} questions to the model, "
        f"{spent.tokens:,} tokens, {spent.cost:.2f} US dollars"
    ]
    if result.known:
        lines.append(f"{result.known:,} had been read before")
    if whole.calls > spent.calls:
        lines.append(
            f"the whole job so far: {whole.calls:,} questions, {whole.tokens:,} tokens, {whole.cost:.2f} US dollars"
        )
    lines.append(
        f"{result.statements:,} statements, {result.new:,} of them new in the graph; {result.aside:,} set aside"
    )
    if result.noted:
        lines.append(f"{result.noted:,} of the statements noted as odd, and in the graph all the same")
    if result.asked_again:
        lines.append(
            f"the run before was killed: at most {result.asked_again:,} of its calls were under way then, and only "
            "those were asked again"
        )
    if result.stopped:
        lines.append(f"stopped at {result.stopped}; the same command with more goes on from here")
    return lines + _quarantine(result, what) + _alarms(result, what)


def _quarantine(result: JobResult, what: str) -> list[str]:
    both = result.quarantined + result.known_quarantined
    if not both:
        return []
    again = f"; {result.retryable:,} of them may be read with --retry" if result.retryable else ""
    return [f"{both:,} {what} could not be read ({result.quarantined:,} of them now){again}"]


def _alarms(result: JobResult, what: str) -> list[str]:
    alarms = []
    tried = result.read + result.quarantined
    if not result.texts:
        alarms.append("THERE WAS NOTHING TO READ: not one text in these sources")
    elif tried and result.quarantined >= MOSTLY * tried:
        share = f"{result.quarantined:,} of {tried:,}"
        alarms.append(
            f"MOST OF IT FAILED: {share} {what} could not be read. What the graph holds is no picture of them"
        )
    if result.read and not result.statements:
        why = f"{result.aside:,} were set aside" if result.aside else f"are these {what} about gene regulation?"
        alarms.append(f"NOT ONE STATEMENT WAS FOUND in the {result.read:,} {what} read: {why}")
    return alarms
