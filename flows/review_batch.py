"""One suspended run per batch: the operator decides in the Prefect form, the tables remember."""

from prefect import flow
from prefect.flow_runs import asuspend_flow_run

from tasks.forms import read_answer, review_form
from tasks.review import Applied, applied_before, apply_review, schedule_push


@flow(name="review-batch")
async def review_batch(batch: int, generation: int = 1) -> dict[str, int]:
    """
    Show a batch, wait without a process, apply what was decided; return counts of messages.

    On resume the body runs again from the top. Until the suspension it only reads; after it,
    everything is keyed in our own tables, and a run that died anywhere may be run again.
    """
    applied = await _decided(batch, generation)
    if applied is None:
        return {}
    await schedule_push(applied)
    return applied.counts


async def _decided(batch: int, generation: int) -> Applied | None:
    form = review_form(batch)
    if form is None:
        return applied_before(batch)
    response = await asuspend_flow_run(
        wait_for_input=form.model.with_initial_data(description=form.intro),
        key=f"batch-{batch}-{generation}",
        timeout=None,
    )
    return apply_review(batch, read_answer(form, response))
