"""One suspended run per batch: the operator decides in the Prefect form, the tables remember."""

from collections import Counter

from prefect import flow
from prefect.flow_runs import asuspend_flow_run

from tasks.decisions import apply_review
from tasks.forms import read_answer, review_form
from tasks.pages import show_stories
from tasks.review import approved_so_far, schedule_push


@flow(name="review-batch")
async def review_batch(batch: int, generation: int = 1) -> dict[str, int]:
    """
    Show a batch, wait without a process, apply what was decided; return counts of persons.

    On resume the body runs again from the top. Until a suspension it only reads, shows why these
    persons, and sees that what is approved will be pushed; after it, everything is keyed in our
    own tables, so a run that died anywhere may be run again. Wordings whose edit broke a rule are
    shown once more.
    """
    counts: Counter[str] = Counter()
    while True:
        await schedule_push(approved_so_far(batch))
        form = review_form(batch, await show_stories(batch))
        if form is None:
            return dict(counts)
        response = await asuspend_flow_run(
            wait_for_input=form.model.with_initial_data(description=form.intro),
            key=f"batch-{batch}-{generation}-{form.round}",
            timeout=None,
        )
        counts.update(apply_review(batch, read_answer(form, response)))
